"""Triggers: what they name is translated, and none of them acts where nobody has asked for it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Fault
from sandbox.settings import Settings
from tests.pair import Document, Pair, Server, pair, script
from worker.octopus.errors import OctopusError
from worker.plan.values import Op
from worker.sync.run import Result

ENVIRONMENTS = ("Test", "Staging", "Production")
AUTO_DEPLOY = {"ActionType": "AutoDeploy", "ShouldRedeployWhenMachineHasBeenDeployedTo": True}
CRON = {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * Mon-Fri", "Timezone": "UTC"}

SCHEDULES: list[Document] = [
    CRON,
    {
        "FilterType": "OnceDailySchedule",
        "StartTime": "2022-09-14T09:00:00.000",
        "DaysOfWeek": ["Tuesday", "Friday"],
        "Timezone": "Singapore Standard Time",
    },
    {
        "FilterType": "ContinuousDailySchedule",
        "RunAfter": "2022-09-14T09:00:00.000",
        "RunUntil": "2022-09-14T17:00:00.000",
        "Interval": "OnceHourly",
        "HourInterval": 2,
        "DaysOfWeek": ["Monday"],
        "Timezone": "UTC",
    },
    {
        "FilterType": "DaysPerMonthSchedule",
        "StartTime": "2022-09-13T21:00:00.000",
        "MonthlyScheduleType": "DateOfMonth",
        "DateOfMonth": "L",
        "Timezone": "UTC",
    },
    {
        "FilterType": "DaysPerMonthSchedule",
        "StartTime": "2022-09-13T21:00:00.000",
        "MonthlyScheduleType": "DayOfMonth",
        "DayNumberOfMonth": "2",
        "DayOfWeek": "Wednesday",
        "Timezone": "UTC",
    },
    {"FilterType": "DailySchedule", "RunType": "ScheduledTime", "StartTime": "2022-09-13T21:00:00.000"},
    {"FilterType": "DaysPerWeekSchedule", "RunType": "ScheduledTime", "Monday": True, "Sunday": True},
]
LATER = "2024.1"
"""Types of filters and actions that came by this release."""


class House:
    """A project that triggers can be made of, on the source; its environments are on both sides."""

    def __init__(self, both: Pair, *, tags: bool = False) -> None:
        self.both = both
        self.tags = tags
        self.environments: dict[str, str] = {}
        self.project: Document = {}
        self.channel = self.runbook = ""

    async def build(self, *there: str) -> House:
        source = self.both.source
        self.environments = await source.environments(*ENVIRONMENTS)
        await self.both.destination.environments(*(there or ENVIRONMENTS))
        self.project = await source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": None}
        git = {"Name": "Config", "RepositoryUri": "https://git.example/x", "DefaultBranch": "main"}
        await source.steps(self.project, script("Deploy web", Packages=[package], GitDependencies=[git]))
        self.channel = (await source.post("channels", {"Name": "Beta", "ProjectId": self.project["Id"]}))["Id"]
        self.runbook = (await source.runbook(self.project, "Restart", script("Restart")))["Id"]
        return self

    def all(self, *names: str) -> list[str]:
        return [self.environments[name] for name in names]

    async def trigger(self, name: str, filter: Document, action: Document, **more: Any) -> Document:
        body = {"Name": name, "ProjectId": self.project["Id"], "Filter": filter, "Action": action, **more}
        return await self.both.source.post("projecttriggers", body)

    async def crossed(self, name: str = "T") -> Document:
        """The destination's trigger of that name; fails the test if there is none."""
        found = {one["Name"]: one for one in (await self.both.destination.get("projecttriggers"))["Items"]}
        assert name in found, sorted(found)
        return found[name]

    async def there(self) -> list[str]:
        return sorted(one["Name"] for one in (await self.both.destination.get("projecttriggers"))["Items"])


def filters(house: House, release: str) -> list[Document]:
    machine = {
        "FilterType": "MachineFilter",
        "EnvironmentIds": house.all("Staging", "Production"),
        "Roles": ["web", "db"],
        "EventGroups": ["MachineAvailableForDeployment"],
        "EventCategories": ["MachineAdded", "MachineHealthy"],
    }
    feeds: list[Document] = [
        {"FilterType": "FeedFilter", "Packages": [{"DeploymentActionSlug": "deploy-web", "PackageReference": ""}]},
        {"FilterType": "ArcFeedFilter", "Packages": [{"DeploymentAction": "Deploy web", "PackageReference": ""}]},
        {
            "FilterType": "GitFilter",
            "Sources": [
                {
                    "DeploymentActionSlug": "deploy-web",
                    "GitDependencyName": "Config",
                    "IncludeFilePaths": ["app/**"],
                    "ExcludeFilePaths": ["*.md"],
                }
            ],
        },
    ]
    return [machine, *SCHEDULES, *(feeds if release >= LATER else [])]


def actions(house: House, release: str) -> list[Document]:
    later: list[Document] = [
        {"ActionType": "CreateRelease", "ChannelId": house.channel},
        {"ActionType": "DeployLatestReleaseToEnvironment", "EnvironmentId": house.environments["Test"]},
    ]
    return [
        AUTO_DEPLOY,
        {
            "ActionType": "DeployLatestRelease",
            "SourceEnvironmentIds": house.all("Test", "Staging"),
            "DestinationEnvironmentId": house.environments["Production"],
            "ChannelId": house.channel,
            "ShouldRedeployWhenReleaseIsCurrent": False,
        },
        {
            "ActionType": "DeployNewRelease",
            "EnvironmentId": house.environments["Staging"],
            "ChannelId": None,
            "VersionControlReference": {"GitRef": "refs/heads/main", "GitCommit": None},
        },
        {
            "ActionType": "RunRunbook",
            "RunbookId": house.runbook,
            "EnvironmentIds": house.all("Staging", "Production"),
        },
        *(later if release >= LATER else []),
    ]


async def names_of(server: Server) -> dict[str, str]:
    """Id → what the item is called, of all that a trigger can name."""
    found = {}
    for collection in ("environments", "channels", "runbooks", "tenants"):
        found |= {one["Id"]: f"<{one['Name']}>" for one in await server.get(f"{collection}/all")}
    return found


def said(value: Any, names: dict[str, str]) -> Any:
    """With names for ids."""
    if isinstance(value, dict):
        return {key: said(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [said(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("release", ["2021.2.7580", "2024.1.1", "2026.1.9674"])
@pytest.mark.spacecloner("feature-24")
async def test_triggers_of_all_types_cross_switched_off_and_name_what_the_source_names(release: str) -> None:
    one, two = Settings(version=release, first_id=1), Settings(version=release, first_id=5001, seed=7)
    async with pair(source=one, destination=two) as both:
        house = await House(both).build()
        for number, filter in enumerate(filters(house, release)):
            await house.trigger(f"filter {number}", filter, AUTO_DEPLOY, Description="why")
        for number, action in enumerate(actions(house, release)):
            await house.trigger(f"action {number}", CRON, action)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.plan.blocked
        here, there = await names_of(both.source), await names_of(both.destination)
        for theirs in (await both.source.get("projecttriggers"))["Items"]:
            ours = await house.crossed(theirs["Name"])
            assert ours["IsDisabled"], "nothing acts before somebody has looked at it"
            for part in ("Filter", "Action", "Description"):
                assert said(ours[part], there) == said(theirs[part], here)

        before = both.destination.writes
        assert (await both.sync("*")).result is Result.UNCHANGED
        assert both.destination.writes == before


@pytest.mark.spacecloner("feature-24")
async def test_whether_it_is_switched_on_is_the_destination_s() -> None:
    async with pair() as both:
        house = await House(both).build()
        on = await house.trigger("T", CRON, AUTO_DEPLOY)
        await house.trigger("Off", CRON, AUTO_DEPLOY, IsDisabled=True)
        await both.sync("*")
        listed = [(one.entry.item[-1], one.entry.where) for one in await both.clean_ups()]
        assert listed == [("T", "IsDisabled")], "what is on at the source is worth a look"

        copy = await house.crossed()
        await both.destination.edit(f"projecttriggers/{copy['Id']}", IsDisabled=False)
        await both.source.edit(f"projecttriggers/{on['Id']}", IsDisabled=True, Description="changed")
        await both.sync("*")

        copy = await house.crossed()
        assert (copy["Description"], copy["IsDisabled"]) == ("changed", False)


@pytest.mark.spacecloner("feature-24")
async def test_one_that_has_lost_all_of_what_it_is_limited_to_does_not_cross() -> None:
    async with pair() as both:
        house = await House(both).build("Staging", "Production")
        machines = {"FilterType": "MachineFilter", "EventGroups": ["Machine"]}
        await house.trigger("only test", {**machines, "EnvironmentIds": house.all("Test")}, AUTO_DEPLOY)
        await house.trigger("test too", {**machines, "EnvironmentIds": house.all("Test", "Staging")}, AUTO_DEPLOY)
        await house.trigger("anywhere", machines, AUTO_DEPLOY)
        promote = {
            "ActionType": "DeployLatestRelease",
            "SourceEnvironmentIds": house.all("Test"),
            "DestinationEnvironmentId": house.environments["Staging"],
        }
        await house.trigger("from test", CRON, promote)
        to_test = {"ActionType": "DeployNewRelease", "EnvironmentId": house.environments["Test"]}
        await house.trigger("to test", CRON, to_test)
        only = house.all("Test")
        run = {"ActionType": "RunRunbook", "RunbookId": house.runbook, "EnvironmentIds": only}
        await house.trigger("run in test", CRON, run)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, "nothing is wrong, and nobody waits"
        assert await house.there() == ["anywhere", "test too"]
        names = await names_of(both.destination)
        limited = (await house.crossed("test too"))["Filter"]["EnvironmentIds"]
        assert said(limited, names) == ["<Staging>"]
        left = [one for one in outcome.plan if one.kind == "trigger" and one.op is Op.SKIP]
        assert {one.path[-1] for one in left} == {"only test", "from test", "to test", "run in test"}
        assert all("not on the destination" in one.decisions[-1].text for one in left)


async def test_one_that_leaves_the_destination_s_world_stays_there_and_is_listed() -> None:
    async with pair() as both:
        house = await House(both).build("Staging")
        machines = {"FilterType": "MachineFilter", "EventGroups": ["Machine"]}
        trigger = await house.trigger("T", {**machines, "EnvironmentIds": house.all("Staging")}, AUTO_DEPLOY)
        await both.sync("*")

        changed = {**machines, "EnvironmentIds": house.all("Test")}
        await both.source.edit(f"projecttriggers/{trigger['Id']}", Filter=changed)
        await both.sync("*")

        copy = await house.crossed()
        assert said(copy["Filter"]["EnvironmentIds"], await names_of(both.destination)) == ["<Staging>"]
        assert "left-behind" in {one.entry.reason for one in await both.clean_ups()}


async def test_steps_are_named_as_the_destination_knows_them() -> None:
    """Slugs are each server's own, and the destination may call a step as it likes."""
    async with pair() as both:
        house = await House(both).build()
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        route = f"deploymentprocesses/deploymentprocess-{copy['Id']}"
        step = (await both.destination.get(route))["Steps"][0]
        step["Actions"][0] |= {"Name": "Roll out", "Slug": "roll-out"}
        await both.destination.edit(route, Steps=[{**step, "Name": "Roll out"}])

        by_slug = {"DeploymentActionSlug": "deploy-web", "PackageReference": ""}
        by_name = {"DeploymentAction": "Deploy web", "PackageReference": ""}
        await house.trigger("slug", {"FilterType": "FeedFilter", "Packages": [by_slug]}, AUTO_DEPLOY)
        await house.trigger("name", {"FilterType": "ArcFeedFilter", "Packages": [by_name]}, AUTO_DEPLOY)
        await both.sync("*")

        assert (await house.crossed("slug"))["Filter"]["Packages"][0]["DeploymentActionSlug"] == "roll-out"
        assert (await house.crossed("name"))["Filter"]["Packages"][0]["DeploymentAction"] == "Roll out"
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_a_new_step_is_named_by_the_slug_that_the_destination_gives_it() -> None:
    async with pair() as both:
        house = await House(both).build()
        process = await both.source.get(f"deploymentprocesses/deploymentprocess-{house.project['Id']}")
        process["Steps"][0]["Actions"][0] |= {"Slug": "old-name"}
        await both.source.edit(f"deploymentprocesses/{process['Id']}", Steps=process["Steps"])
        named = {"DeploymentActionSlug": "old-name", "PackageReference": ""}
        await house.trigger("T", {"FilterType": "FeedFilter", "Packages": [named]}, AUTO_DEPLOY)

        assert (await both.sync("*")).result is Result.CHANGED

        copy = await both.destination.named("projects", "OctoFX")
        step = (await both.destination.get(f"deploymentprocesses/deploymentprocess-{copy['Id']}"))["Steps"][0]
        slug = step["Actions"][0]["Slug"]
        assert slug != "old-name"
        assert (await house.crossed())["Filter"]["Packages"][0]["DeploymentActionSlug"] == slug


async def test_another_type_of_filter_takes_the_place_of_the_old_one_as_a_whole() -> None:
    async with pair() as both:
        house = await House(both).build()
        trigger = await house.trigger("T", SCHEDULES[1], AUTO_DEPLOY)
        await both.sync("*")

        promote = {"ActionType": "DeployNewRelease", "EnvironmentId": house.environments["Staging"]}
        await both.source.edit(f"projecttriggers/{trigger['Id']}", Name="T 2", Filter=CRON, Action=promote)
        await both.sync(trigger["Id"])

        copy = await house.crossed("T 2")
        assert await house.there() == ["T 2"]
        assert {key: copy["Filter"][key] for key in CRON} == CRON
        assert "DaysOfWeek" not in copy["Filter"]
        assert said(copy["Action"]["EnvironmentId"], await names_of(both.destination)) == "<Staging>"
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_what_the_destination_has_added_stays() -> None:
    async with pair() as both:
        house = await House(both).build()
        mine = await both.destination.environments("Only here")
        machines = {"FilterType": "MachineFilter", "EventGroups": ["Machine"], "EnvironmentIds": house.all("Staging")}
        trigger = await house.trigger("T", machines, AUTO_DEPLOY)
        await both.sync("*")
        copy = await house.crossed()
        more = [*copy["Filter"]["EnvironmentIds"], mine["Only here"]]
        await both.destination.edit(
            f"projecttriggers/{copy['Id']}", Filter={**copy["Filter"], "EnvironmentIds": more, "Roles": ["mine"]}
        )

        changed = {**machines, "EnvironmentIds": house.all("Staging", "Production")}
        await both.source.edit(f"projecttriggers/{trigger['Id']}", Filter=changed)
        await both.sync("*")

        filter = (await house.crossed())["Filter"]
        names = said(filter["EnvironmentIds"], await names_of(both.destination))
        assert sorted(names) == ["<Only here>", "<Production>", "<Staging>"]
        assert filter["Roles"] == ["mine"]


async def test_a_step_that_a_trigger_still_names_goes_last() -> None:
    async with pair(rules={"preset": "mirror"}, first_contact="adopt") as both:
        house = await House(both).build()
        named = {"DeploymentActionSlug": "deploy-web", "PackageReference": ""}
        trigger = await house.trigger("T", {"FilterType": "FeedFilter", "Packages": [named]}, AUTO_DEPLOY)
        await both.sync("*")

        await both.source.edit(f"projecttriggers/{trigger['Id']}", Filter=CRON)
        await both.source.steps(house.project, script("Another"))
        await both.sync("*")

        assert await both.destination.step_names("OctoFX") == ["Another"]
        assert (await house.crossed())["Filter"]["FilterType"] == "CronExpressionSchedule"


async def test_the_secret_of_a_webhook_is_for_a_person_to_enter() -> None:
    newest = "2026.3.15581"
    one, two = Settings(version=newest, first_id=1), Settings(version=newest, first_id=5001, seed=7)
    async with pair(source=one, destination=two) as both:
        house = await House(both).build()
        hook = {"FilterType": "WebhookFilter", "Secret": {"HasValue": True, "NewValue": "s3cret"}}
        trigger = await house.trigger("T", hook, {"ActionType": "CreateRelease", "ChannelId": house.channel})
        await both.sync("*")

        assert "placeholder-secret" in {one.entry.reason for one in await both.clean_ups()}
        copy = await house.crossed()
        assert copy["Filter"]["WebhookId"] not in (None, trigger["Filter"]["WebhookId"])
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_one_that_was_refused_is_written_by_the_next_run() -> None:
    async with pair() as both:
        house = await House(both).build()
        await house.trigger("T", CRON, AUTO_DEPLOY)
        both.destination.sandbox.faults.add(Fault("status", method="POST", path="projecttriggers", status=400, count=2))
        with pytest.raises(OctopusError):
            await both.sync("*")
        assert await house.there() == []
        assert await both.destination.step_names("OctoFX") == ["Deploy web"], "it is no reason to withhold the rest"

        assert (await both.sync("*")).result is Result.CHANGED
        assert await house.there() == ["T"]
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_cut_off_before_it_was_switched_off_it_is_switched_off_by_the_next_run() -> None:
    """A server of 2023.4 creates a trigger switched on, whatever it is asked for."""
    release = "2023.4.8290"
    one, two = Settings(version=release, first_id=1), Settings(version=release, first_id=5001, seed=7)
    async with pair(source=one, destination=two) as both:
        house = await House(both).build()
        await house.trigger("T", CRON, AUTO_DEPLOY)
        both.destination.sandbox.faults.add(Fault("status", method="PUT", path="projecttriggers", status=500, count=10))
        with pytest.raises(OctopusError):
            await both.sync("*")
        assert not (await house.crossed())["IsDisabled"]

        both.destination.sandbox.faults.clear()
        await both.sync("*")

        assert (await house.crossed())["IsDisabled"]
        assert "created-disabled" in {one.entry.reason for one in await both.clean_ups()}
        assert (await both.sync("*")).result is Result.UNCHANGED
