"""Faults of SpaceCloner, the sample tool that the guide "Sync multiple instances" names, that we do not have:
what it did not see, take along or bring up to date.

Numbered as in a reading of its source (OctopusDeployLabs/SpaceCloner, October 2024), worst first;
docs/spacecloner.md says where the others are.
"""

from __future__ import annotations

import pytest

from tests.pair import Document, pair, row, script
from worker.sync.run import Result


@pytest.mark.spacecloner("bug-4", "feature-16")
async def test_4_properties_of_a_step_follow() -> None:
    """It never updated what belongs to the step rather than to its actions."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        saved = await both.source.steps(project, script("A"), script("B"))
        await both.sync("*")
        saved["Steps"][1] |= {
            "Condition": "Always",
            "StartTrigger": "StartWithPrevious",
            "Properties": {"Octopus.Action.TargetRoles": "web"},
        }
        await both.source.steps(project, *saved["Steps"])

        await both.sync("*")

        found = (await both.destination.process("OctoFX"))[1]
        assert (found["Condition"], found["StartTrigger"]) == ("Always", "StartWithPrevious")
        assert found["Properties"] == {"Octopus.Action.TargetRoles": "web"}


@pytest.mark.spacecloner("bug-9", "feature-7")
async def test_9_more_than_a_page() -> None:
    """It read thirty runbooks and channels, and made those again that it had not seen."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        for number in range(33):
            await both.source.runbook(project, f"Runbook {number:02}")
            await both.source.post("channels", {"Name": f"Channel {number:02}", "ProjectId": project["Id"]})

        assert (await both.sync("*")).result is Result.CHANGED
        assert (await both.sync("*")).result is Result.UNCHANGED

        assert len(await both.destination.names("runbooks")) == 33
        assert len(await both.destination.names("channels")) == 34


@pytest.mark.spacecloner("bug-10")
async def test_10_what_a_project_needs_comes_with_it() -> None:
    """Syncing one project did not collect its lifecycle's environments and lost the exclusions for runbooks."""
    include = {"project": ["OctoFX"], "environment": ["*"]}
    async with pair(include=include, exclude={"environment": ["Test"], "runbook": ["Secret*"]}) as both:
        here = await both.source.environments("Test", "Production")
        phase = {"Name": "Live", "OptionalDeploymentTargets": list(here.values()), "AutomaticDeploymentTargets": []}
        lifecycle = await both.source.post("lifecycles", {"Name": "Application", "Phases": [phase]})
        project = await both.source.project("OctoFX", LifecycleId=lifecycle["Id"])
        steps = [script("All"), script("Test", Environments=[here["Test"]])]
        await both.source.runbook(project, "Restart", *steps)
        await both.source.runbook(project, "Secret work", script("x"))

        await both.sync(f"{project['Id']}/*")

        assert await both.destination.names("environments") == ["Production"]
        there = await both.destination.named("environments", "Production")
        found = await both.destination.named("lifecycles", "Application")
        assert found["Phases"][0]["OptionalDeploymentTargets"] == [there["Id"]]
        assert await both.destination.names("runbooks") == ["Restart"]
        runbook = await both.destination.named("runbooks", "Restart")
        process = await both.destination.get(f"runbookProcesses/RunbookProcess-{runbook['Id']}")
        assert [step["Name"] for step in process["Steps"]] == ["All"]


@pytest.mark.spacecloner("bug-19", "feature-21")
async def test_19_the_details_of_a_lifecycle_follow_where_the_route_says_so() -> None:
    """Its switch for that crashed when it was on."""
    include = {"project": ["*"], "lifecycle": ["*"]}
    async with pair(include=include, rules={"update": ["lifecycle"]}, first_contact="adopt") as both:
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")

        def phase(name: str) -> Document:
            return {"Name": name, "OptionalDeploymentTargets": [here[name]], "AutomaticDeploymentTargets": []}

        lifecycle = await both.source.post("lifecycles", {"Name": "Application", "Phases": [phase("Staging")]})
        await both.sync("*")
        path = f"lifecycles/{lifecycle['Id']}"
        await both.source.edit(path, Phases=[*(await both.source.get(path))["Phases"], phase("Production")])

        await both.sync("*")

        found = await both.destination.named("lifecycles", "Application")
        assert [one["OptionalDeploymentTargets"] for one in found["Phases"]] == [
            [there["Staging"]],
            [there["Production"]],
        ]


ODD = ["Deploy [Prod]", "A, B", "a/b", "1st 😀", "what?*", "#{x}"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.spacecloner("bug-28")
async def test_28_names_may_hold_anything(name: str) -> None:
    """Brackets were wildcards to it, and a comma split a name in two."""
    async with pair(include={"project": [name.replace("*", "\\*")]}) as both:
        environment = await both.source.environments(name)
        there = await both.destination.environments(name)
        project = await both.source.project(name)
        await both.source.project("Another")
        await both.source.steps(project, script(name, Environments=[environment[name]]))
        await both.source.runbook(project, name, script(name))
        await both.source.post("channels", {"Name": name, "ProjectId": project["Id"]})
        await both.source.variables(project, row(name, name, {"Environment": [environment[name]]}))

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert await both.destination.names("projects") == [name]
        assert (await both.destination.process(name))[0]["Actions"][0]["Environments"] == [there[name]]
        assert await both.destination.names("runbooks") == [name]
        assert sorted(await both.destination.names("channels")) == sorted(["Default", name])
        assert [(one["Name"], one["Value"]) for one in await both.destination.rows(name)] == [(name, name)]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.spacecloner("bug-28")
async def test_28_a_filter_for_one_project_is_for_that_project() -> None:
    exclude = {"runbook": [{"project": "A", "name": "Restart"}], "channel": [{"project": "A", "name": "Beta"}]}
    async with pair(exclude=exclude) as both:
        for name in ("A", "B"):
            project = await both.source.project(name)
            await both.source.runbook(project, "Restart")
            await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})

        await both.sync("*")

        ids = {(await both.destination.named("projects", name))["Id"]: name for name in ("A", "B")}
        for collection in ("runbooks", "channels"):
            found = await both.destination.get(f"{collection}/all")
            owners = [ids[one["ProjectId"]] for one in found if one["Name"] != "Default"]
            assert owners == ["B"]


@pytest.mark.spacecloner("bug-29")
async def test_29_channels_and_runbooks_cross_by_themselves() -> None:
    """Without being asked it took none of them, and then no step that was scoped to one."""
    async with pair(include={"project": ["*"]}) as both:
        project = await both.source.project("OctoFX")
        channel = await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        await both.source.steps(project, script("A"), script("B", Channels=[channel["Id"]]))
        await both.source.runbook(project, "Restart")

        await both.sync("*")

        there = await both.destination.named("channels", "Beta")
        found = await both.destination.process("OctoFX")
        assert [step["Actions"][0]["Channels"] for step in found] == [[], [there["Id"]]]
        assert await both.destination.names("runbooks") == ["Restart"]
