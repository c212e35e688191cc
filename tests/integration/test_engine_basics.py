"""The engine against two sandboxes: what a user expects first of all."""

from __future__ import annotations

import uuid

import pytest

from sandbox.faults import Fault
from tests.pair import ROUTE, pair, row, script
from worker.octopus import errors
from worker.sync.run import Result


@pytest.mark.guide("data-processes", "data-runbooks", "data-variables", "data-channels")
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


@pytest.mark.spacecloner("feature-3", "feature-4")
async def test_a_rename_on_the_source_is_a_rename_on_the_destination() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")

        await both.source.edit(f"projects/{project['Id']}", Name="OctoFX 2")
        await both.sync(project["Id"])

        assert (await both.destination.get(f"projects/{copy['Id']}"))["Name"] == "OctoFX 2"
        assert await both.destination.names("projects") == ["OctoFX 2"]


@pytest.mark.spacecloner("feature-17")
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


@pytest.mark.parametrize("how", ["its lifecycle has nothing there", "excluded"])
async def test_a_default_channel_that_stays_at_home_is_the_new_projects_own_all_the_same(how: str) -> None:
    """Else a row that is scoped to it would be left out by the first plan and added by the second."""
    exclude = {"channel": ["Default"]} if how == "excluded" else {}
    async with pair(exclude=exclude) as both:
        ids = await both.source.environments("Test")
        phase = {"Name": "Test", "OptionalDeploymentTargets": [ids["Test"]]}
        lifecycle = await both.source.post("lifecycles", {"Name": "Only test", "Phases": [phase]})
        project = await both.source.project("OctoFX")
        channel = await both.source.named("channels", "Default")
        if not exclude:
            await both.source.edit(f"channels/{channel['Id']}", LifecycleId=lifecycle["Id"])
        await both.source.variables(project, row("Url", "a"), row("Url", "b", {"Channel": [channel["Id"]]}))

        await both.sync("*")

        there = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        assert sorted(one["Value"] for one in rows) == ["a", "b"]
        assert (await both.plan("*")).plan.is_empty


async def test_a_new_row_gets_its_id_from_the_destination() -> None:
    """Not one that only we know what it means: sent twice, the server refuses the whole set."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "a"))
        await both.sync("*")
        there = await both.destination.named("projects", "OctoFX")
        [made] = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        uuid.UUID(made["Id"])


async def test_a_route_goes_on_when_what_a_person_approved_is_refused() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "a"))
        await both.sync("*")
        await both.source.variables(project, row("Url", "a"), row("Port", "80"))
        other = both.with_route(rules={"removed": "remove-ours"})
        held = await other.sync("*")
        assert held.result is Result.HELD
        refusal = Fault("status", method="PUT", path="variables", count=2, status=400, message="No.")
        both.destination.sandbox.faults.add(refusal)

        with pytest.raises(errors.Refused):
            await other.sync("*", approved_hash=held.plan.hash)

        assert refusal.hits == 2
        assert await both.ledger.held.get(ROUTE) is None


async def test_everything_includes_what_crossed_because_something_needed_it() -> None:
    async with pair(rules={"update": ["lifecycle"]}) as both:
        ids = await both.source.environments("Production")
        await both.destination.environments("Production")
        lifecycle = await both.source.post("lifecycles", {"Name": "Standard", "Phases": []})
        await both.source.project("OctoFX", LifecycleId=lifecycle["Id"])
        await both.sync("*")
        phase = {"Name": "Production", "OptionalDeploymentTargets": [ids["Production"]]}
        await both.source.edit(f"lifecycles/{lifecycle['Id']}", Phases=[phase])
        await both.sync("*")
        there = await both.destination.named("lifecycles", "Standard")
        assert [one["Name"] for one in there["Phases"]] == ["Production"]
