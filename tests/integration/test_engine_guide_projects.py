"""The guide's projects: written in its order and never to the source, also where projects or parts need each other."""

from __future__ import annotations

import pytest

from tests.guide import assert_settled, open_reasons, qa_scenario
from tests.pair import ROUTE, Document, pair, row, script
from worker.plan.values import Op
from worker.sync.run import Result

# ── what is written, and when ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.guide("truth-one-way")
async def test_nothing_is_ever_written_to_the_source() -> None:
    async with pair() as both:
        await qa_scenario(both)
        before = both.source.writes

        await both.sync("*")

        assert both.source.writes == before


@pytest.mark.guide("order-project")
async def test_the_order_of_writing_is_the_guides() -> None:
    """Settings, channels without rules, process, runbooks, variables, then channel rules and release creation."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        runbook = await both.source.runbook(project, "Restart")
        await both.source.edit(f"runbookProcesses/RunbookProcess-{runbook['Id']}", Steps=[script("Restart")])
        await both.source.variables(project, row("A", "1"))

        outcome = await both.sync("*")

        written = [action.kind for action in outcome.plan.actions if action.op is Op.CREATE]
        order = ["project", "channel", "deployment-process", "runbook", "runbook-process", "variable-set"]
        assert [kind for kind in written if kind in order] == sorted(
            [kind for kind in written if kind in order], key=order.index
        )
        assert outcome.plan.route == ROUTE


# ── projects that need each other ─────────────────────────────────────────────────────────────────────────────────────


def deploy_release(name: str, project: Document) -> Document:
    properties = {
        "Octopus.Action.DeployRelease.ProjectId": project["Id"],
        "Octopus.Action.DeployRelease.DeploymentCondition": "Always",
    }
    package = {"Name": "", "PackageId": project["Id"], "FeedId": "feeds-builtin-releases"}
    return {
        "Name": name,
        "Actions": [
            {"Name": name, "ActionType": "Octopus.DeployRelease", "Properties": properties, "Packages": [package]}
        ],
    }


async def test_a_project_that_deploys_another_brings_it_along() -> None:
    async with pair(include={"project": ["Parent"]}) as both:
        child = await both.source.project("Child")
        await both.source.steps(child, script("Work"))
        parent = await both.source.project("Parent")
        await both.source.steps(parent, deploy_release("Deploy the child", child))

        outcome = await both.sync(f"{parent['Id']}/*")

        assert outcome.result is Result.CHANGED, [a.decisions for a in outcome.plan.blocked]
        there = await both.destination.named("projects", "Child")
        action = (await both.destination.process("Parent"))[0]["Actions"][0]
        assert action["Properties"]["Octopus.Action.DeployRelease.ProjectId"] == there["Id"]
        assert action["Packages"][0]["PackageId"] == there["Id"]
        assert [step["Name"] for step in await both.destination.process("Child")] == ["Work"]
        await assert_settled(both)


@pytest.mark.spacecloner("feature-26")
async def test_two_projects_that_deploy_each_other() -> None:
    async with pair() as both:
        one = await both.source.project("One")
        two = await both.source.project("Two")
        await both.source.steps(one, deploy_release("Deploy two", two))
        await both.source.steps(two, deploy_release("Deploy one", one))

        outcome = await both.sync(f"{one['Id']}/*")

        assert outcome.result is Result.CHANGED, [a.decisions for a in outcome.plan.blocked]
        ids = {name: (await both.destination.named("projects", name))["Id"] for name in ("One", "Two")}
        for name, other in (("One", "Two"), ("Two", "One")):
            action = (await both.destination.process(name))[0]["Actions"][0]
            assert action["Properties"]["Octopus.Action.DeployRelease.ProjectId"] == ids[other]
        await assert_settled(both)


# ── parts that name each other ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.guide("data-settings", "data-channels", "order-project")
@pytest.mark.spacecloner("feature-22")
async def test_a_project_that_makes_releases_for_its_own_channel() -> None:
    """The project names a channel, the channel's rules name a step, the step's process belongs to the project."""
    async with pair() as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        await both.source.steps(project, script("Deploy", Packages=[package]), script("Api", Packages=[package]))
        channel = await both.source.post(
            "channels",
            {
                "Name": "Beta",
                "ProjectId": project["Id"],
                "Rules": [
                    {
                        "VersionRange": "[1.0,2.0)",
                        "Tag": "^beta$",
                        "ActionPackages": [{"DeploymentAction": "Deploy", "PackageReference": ""}],
                    }
                ],
            },
        )
        await both.source.edit(
            f"projects/{project['Id']}",
            AutoCreateRelease=True,
            ReleaseCreationStrategy={
                "ChannelId": channel["Id"],
                "ReleaseCreationPackage": {"DeploymentAction": "Deploy", "PackageReference": ""},
            },
        )
        settings = f"projects/{project['Id']}/deploymentsettings"
        donor = {"DeploymentAction": "Api", "PackageReference": ""}
        await both.source.edit(settings, VersioningStrategy={"Template": None, "DonorPackage": donor})

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.message
        copy = await both.destination.named("projects", "OctoFX")
        beta = await both.destination.named("channels", "Beta")
        assert copy["AutoCreateRelease"] is True
        assert copy["ReleaseCreationStrategy"]["ChannelId"] == beta["Id"]
        assert beta["Rules"][0]["ActionPackages"] == [{"DeploymentAction": "Deploy", "PackageReference": ""}]
        there = await both.destination.get(f"projects/{copy['Id']}/deploymentsettings")
        assert there["VersioningStrategy"]["DonorPackage"] == donor
        await assert_settled(both)


@pytest.mark.parametrize("target", ["the process", "the project"])
async def test_a_step_that_versioning_names_goes_only_when_nothing_names_it(target: str) -> None:
    """Removed too early it leaves a project that the server cannot list."""
    async with pair(rules={"removed": "remove-ours"}) as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        saved = await both.source.steps(project, script("A", Packages=[package]), script("B", Packages=[package]))
        settings = f"projects/{project['Id']}/deploymentsettings"

        async def donor(step: str) -> None:
            named = {"DeploymentAction": step, "PackageReference": ""}
            await both.source.edit(settings, VersioningStrategy={"Template": None, "DonorPackage": named})

        await donor("A")
        await both.sync("*")
        await donor("B")
        await both.source.steps(project, saved["Steps"][1])

        target_id = f"deploymentprocess-{project['Id']}" if target == "the process" else f"{project['Id']}/*"
        outcome = await both.sync(target_id)

        assert outcome.result is Result.CHANGED, outcome.message
        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["B"]
        copy = await both.destination.named("projects", "OctoFX")
        found = await both.destination.get(f"projects/{copy['Id']}/deploymentsettings")
        assert found["VersioningStrategy"]["DonorPackage"]["DeploymentAction"] == "B"
        assert await open_reasons(both) == set()
        await assert_settled(both)


async def test_a_step_that_the_destinations_own_versioning_names_stays() -> None:
    async with pair(rules={"removed": "remove-ours"}) as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        saved = await both.source.steps(project, script("A", Packages=[package]), script("B"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        named = {"DeploymentAction": "A", "PackageReference": ""}
        await both.destination.edit(
            f"projects/{copy['Id']}/deploymentsettings", VersioningStrategy={"Template": None, "DonorPackage": named}
        )

        await both.source.steps(project, saved["Steps"][1])
        await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["A", "B"]
        assert await open_reasons(both) == {("project/OctoFX/deployment-process", "still-in-use")}
        await assert_settled(both)
