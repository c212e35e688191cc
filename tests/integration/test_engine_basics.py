"""The engine against two sandboxes: what a user expects first of all."""

from __future__ import annotations

from tests.pair import pair, row, script
from worker.sync.run import Result


async def test_a_project_crosses_with_its_parts_and_a_second_run_writes_nothing() -> None:
    async with pair() as both:
        source = await both.source.environments("Development", "Production")
        there = await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"), script("Smoke test", Environments=[source["Production"]]))
        await both.source.variables(project, row("Url", "https://x", {"Environment": [source["Production"]]}))

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.message
        copy = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{copy['Id']}")
        assert [step["Name"] for step in process["Steps"]] == ["Deploy", "Smoke test"]
        assert process["Steps"][1]["Actions"][0]["Environments"] == [there["Production"]]
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        assert [(one["Name"], one["Value"], one["Scope"]) for one in rows] == [
            ("Url", "https://x", {"Environment": [there["Production"]]})
        ]

        before = both.destination.writes
        assert (await both.sync("*")).result is Result.UNCHANGED
        assert both.destination.writes == before


async def test_a_rename_on_the_source_is_a_rename_on_the_destination() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")

        await both.source.edit(f"projects/{project['Id']}", Name="OctoFX 2")
        await both.sync(project["Id"])

        assert (await both.destination.get(f"projects/{copy['Id']}"))["Name"] == "OctoFX 2"
        assert await both.destination.names("projects") == ["OctoFX 2"]


async def test_a_step_added_in_the_middle_stands_in_the_middle() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("A"), script("B"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        path = f"deploymentprocesses/deploymentprocess-{copy['Id']}"
        theirs = await both.destination.get(path)
        first, second = theirs["Steps"]
        await both.destination.edit(path, Steps=[first, script("Only here"), second])

        process = await both.source.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        a, b = process["Steps"]
        await both.source.steps(project, a, script("New"), b)
        await both.sync(f"deploymentprocess-{project['Id']}")

        names = [step["Name"] for step in (await both.destination.get(path))["Steps"]]
        assert names == ["A", "Only here", "New", "B"]
