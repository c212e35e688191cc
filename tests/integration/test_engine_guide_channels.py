"""The guide's "Lifecycles and Channels": what stays at home with a channel, and what a channel takes along."""

from __future__ import annotations

import pytest

from tests.guide import assert_settled, lifecycle, qa_scenario, table
from tests.pair import pair, script
from worker.sync.run import Result

# ── the QA channel ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["by itself", "excluded"])
@pytest.mark.guide(
    "channel-excluded",
    "channel-step",
    "channel-variable",
    "environments-channels",
    "scoping-channels",
    "environments-lifecycles",
)
async def test_the_qa_channel_stays_at_home_with_all_that_hangs_on_it(how: str) -> None:
    exclude = {"lifecycle": ["QA"], "channel": ["QA"]} if how == "excluded" else {}
    async with pair(exclude=exclude) as both:
        world = await qa_scenario(both)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.message
        assert "QA" not in await both.destination.names("lifecycles")
        assert await both.destination.names("channels") == ["Default"]
        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["Deploy", "Verify"]
        phases = (await both.destination.named("lifecycles", "Application"))["Phases"]
        assert [phase["OptionalDeploymentTargets"] for phase in phases] == [
            [world["there"]["Staging"]],
            [world["there"]["Production"]],
        ]
        # The names are there, since other steps may use them, but with nothing of QA's in them.
        assert await table(both.destination, "OctoFX") == [
            ("Notes", "REPLACE ME", {}),
            ("Title", "all", {}),
            ("Checklist", "REPLACE ME", {}),
        ]
        assert not outcome.plan.blocked
        await assert_settled(both)


@pytest.mark.guide("step-elsewhere", "channel-step")
async def test_a_step_of_the_qa_channel_can_be_pinned_to_run_in_staging() -> None:
    """ "QA runs integration tests in Staging. It should be cloned but scoped to run in Staging." """
    pins = [{"project": "OctoFX", "step": "Sign off", "environments": ["Staging"], "channels": ["Default"]}]
    async with pair(rules={"steps": {"pins": pins}}) as both:
        world = await qa_scenario(both)

        await both.sync("*")

        steps = await both.destination.process("OctoFX")
        assert [step["Name"] for step in steps] == ["Deploy", "Sign off", "Verify"]
        action = steps[1]["Actions"][0]
        assert action["Environments"] == [world["there"]["Staging"]]
        assert action["Channels"] == [(await both.destination.named("channels", "Default"))["Id"]]
        # The step is there now, so what is scoped to it crosses.
        assert ("Checklist", "long", {"Action": [action["Id"]]}) in await table(both.destination, "OctoFX")
        await assert_settled(both)


@pytest.mark.guide("step-elsewhere")
async def test_a_step_that_is_pinned_to_what_is_not_there_stays_at_home() -> None:
    """Without the scope that it shall have it would run everywhere."""
    pins = [{"project": "OctoFX", "step": "Sign off", "environments": ["Quality"]}]
    async with pair(rules={"steps": {"pins": pins}}) as both:
        await qa_scenario(both)

        await both.sync("*")

        steps = await both.destination.process("OctoFX")
        assert [(step["Name"], step["Actions"][0]["Environments"]) for step in steps] == [
            ("Deploy", []),
            ("Verify", []),
        ]
        await assert_settled(both)


# ── other channels ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_channel_whose_lifecycle_lost_its_phases_later_is_left_alone() -> None:
    async with pair() as both:
        here = await both.source.environments("Test", "Production")
        await both.destination.environments("Production")
        fast = await lifecycle(both.source, "Fast", [here["Production"]])
        project = await both.source.project("OctoFX")
        await both.source.post("channels", {"Name": "Hotfix", "ProjectId": project["Id"], "LifecycleId": fast["Id"]})
        await both.sync("*")
        phases = (await both.source.get(f"lifecycles/{fast['Id']}"))["Phases"]
        await both.source.edit(
            f"lifecycles/{fast['Id']}", Phases=[{**phases[0], "OptionalDeploymentTargets": [here["Test"]]}]
        )

        await both.sync("*")

        # The details of a lifecycle are each instance's own: it stays, and so does the channel.
        assert sorted(await both.destination.names("channels")) == ["Default", "Hotfix"]
        there = await both.destination.named("lifecycles", "Fast")
        assert len(there["Phases"]) == 1


async def test_an_excluded_channel_takes_release_creation_with_it_and_not_the_project() -> None:
    async with pair(exclude={"channel": ["Beta"]}) as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        await both.source.steps(project, script("Deploy", Packages=[package]))
        channel = await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        await both.source.edit(
            f"projects/{project['Id']}",
            AutoCreateRelease=True,
            ReleaseCreationStrategy={
                "ChannelId": channel["Id"],
                "ReleaseCreationPackage": {"DeploymentAction": "Deploy", "PackageReference": ""},
            },
        )

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, [action.decisions for action in outcome.plan.blocked]
        assert (await both.destination.named("projects", "OctoFX"))["AutoCreateRelease"] is False
        await assert_settled(both)


async def test_another_channel_becomes_the_default_one() -> None:
    """The server takes the mark from the old one by itself, while we write."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.post("channels", {"Name": "Next", "ProjectId": project["Id"], "IsDefault": True})

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert outcome.writes > 0
        channels = await both.destination.get("channels/all")
        assert {one["Name"]: one["IsDefault"] for one in channels} == {"Default": False, "Next": True}
        await assert_settled(both)
