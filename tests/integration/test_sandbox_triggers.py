"""Project triggers of the sandbox: every type of filter and action."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_http import Http, action, http

from sandbox.settings import Settings

NEWEST = Settings(version="2026.3.15581")
AUTO = {"ActionType": "AutoDeploy", "ShouldRedeployWhenMachineHasBeenDeployedTo": True}
DAILY = {"FilterType": "OnceDailySchedule", "StartTime": "2026-01-01T09:00:00.000", "DaysOfWeek": ["Monday"]}
PACKAGE = {"Name": "web", "PackageId": "Web", "FeedId": "feeds-builtin"}
GIT = {"Name": "repo", "RepositoryUri": "https://git.example/x.git"}

FILTERS: list[dict[str, Any]] = [
    {"FilterType": "MachineFilter", "EnvironmentIds": ["{environment}"], "Roles": ["web"], "EventGroups": ["Machine"]},
    DAILY,
    {"FilterType": "ContinuousDailySchedule", "RunAfter": "2026-01-01T09:00:00.000", "Interval": "OnceHourly"},
    {"FilterType": "DaysPerMonthSchedule", "StartTime": "x", "MonthlyScheduleType": "DateOfMonth", "DateOfMonth": "6"},
    {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * Mon-Fri", "Timezone": "UTC"},
    {"FilterType": "DailySchedule", "StartTime": "2020-01-01T09:00:00.000"},
    {"FilterType": "DaysPerWeekSchedule", "StartTime": "2020-01-01T09:00:00.000", "Monday": True},
    {"FilterType": "FeedFilter", "Packages": [{"DeploymentActionSlug": "run", "PackageReference": "web"}]},
    {"FilterType": "ArcFeedFilter", "Packages": [{"DeploymentAction": "Run", "PackageReference": "web"}]},
    {
        "FilterType": "GitFilter",
        "Sources": [{"DeploymentActionSlug": "run", "GitDependencyName": "repo", "IncludeFilePaths": ["a/**"]}],
    },
    {"FilterType": "WebhookFilter", "Secret": {"HasValue": True, "NewValue": "s3cret"}},
]
ACTIONS: list[dict[str, Any]] = [
    AUTO,
    {
        "ActionType": "DeployLatestRelease",
        "SourceEnvironmentIds": ["{environment}"],
        "DestinationEnvironmentId": "{environment}",
        "ChannelId": "{channel}",
        "Variables": "{}",
    },
    {"ActionType": "DeployLatestReleaseToEnvironment", "EnvironmentId": "{environment}", "TenantIds": ["{tenant}"]},
    {
        "ActionType": "DeployNewRelease",
        "EnvironmentId": "{environment}",
        "VersionControlReference": {"GitRef": "main", "GitCommit": None},
        "TenantTags": ["Region/a"],
    },
    {
        "ActionType": "RunRunbook",
        "RunbookId": "{runbook}",
        "EnvironmentIds": ["{environment}"],
        "FormValues": {"a": "b"},
    },
    {"ActionType": "CreateRelease", "ChannelId": "{channel}"},
]


class Yard:
    """A project with a step, a channel, a runbook, and everything that a trigger may name."""

    def __init__(self, api: Http) -> None:
        self.api = api
        self.ids: dict[str, str] = {}

    async def build(self) -> Yard:
        api = self.api
        await api.post("tagsets", {"Name": "Region", "Tags": [{"Name": "a"}]})
        project = await api.project()
        await api.save_steps(project, [action("Run", Packages=[PACKAGE], GitDependencies=[GIT])])
        runbook = {"Name": "R", "ProjectId": project["Id"], "RunRetentionPolicy": {"QuantityToKeep": 1}}
        made = {
            "project": project,
            "environment": await api.environment(),
            "channel": await api.post("channels", {"Name": "Beta", "ProjectId": project["Id"]}),
            "tenant": await api.post("tenants", {"Name": "Acme"}),
            "runbook": await api.post("runbooks", runbook),
        }
        self.ids = {name: document["Id"] for name, document in made.items()}
        return self

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return self.ids.get(value[1:-1], value) if isinstance(value, str) and value.startswith("{") else value

    def body(self, given: dict[str, Any] = DAILY, then: dict[str, Any] = AUTO, name: str = "T") -> dict[str, Any]:
        parts = {"Filter": self.filled(given), "Action": self.filled(then)}
        return {"Name": name, "ProjectId": self.ids["project"], **parts}


@pytest.mark.parametrize("given", FILTERS, ids=[str(one["FilterType"]) for one in FILTERS])
async def test_a_filter_comes_back_with_the_properties_of_its_type(given: dict[str, Any]) -> None:
    async with http(NEWEST) as api:
        yard = await Yard(api).build()
        sent = yard.body(given)
        made = await api.post("projecttriggers", {**sent, "Filter": {**sent["Filter"], "Stray": 1}})
        shown = made["Filter"]
        expected = {key: value for key, value in sent["Filter"].items() if key not in ("Secret", "Packages", "Sources")}
        assert expected.items() <= shown.items()
        assert "Stray" not in shown
        assert (shown["Id"], shown["Links"]) == (None, {})
        for key in ("Packages", "Sources"):
            for one, other in zip(sent["Filter"].get(key, []), shown.get(key, []), strict=True):
                assert one.items() <= other.items()
        again = await api.put(f"projecttriggers/{made['Id']}", made)
        assert again["Filter"] == shown


@pytest.mark.parametrize("then", ACTIONS, ids=[str(one["ActionType"]) for one in ACTIONS])
async def test_an_action_comes_back_with_the_properties_of_its_type(then: dict[str, Any]) -> None:
    async with http(NEWEST) as api:
        yard = await Yard(api).build()
        made = await api.post("projecttriggers", yard.body(then=then))
        assert yard.filled(then).items() <= made["Action"].items()
        assert await api.get(f"projecttriggers/{made['Id']}") == made


async def test_a_webhook_keeps_its_id_and_hides_its_secret() -> None:
    async with http(NEWEST) as api:
        yard = await Yard(api).build()
        made = await api.post("projecttriggers", yard.body(FILTERS[-1]))
        assert made["Filter"]["Secret"] == {"HasValue": True, "NewValue": None, "Hint": None}
        again = await api.put(f"projecttriggers/{made['Id']}", {**made, "Filter": {**made["Filter"], "WebhookId": "x"}})
        assert again["Filter"]["WebhookId"] == made["Filter"]["WebhookId"]
        assert api.sandbox.store.secret(made["Id"], "Filter.Secret") == "s3cret"


async def test_bad_triggers_are_refused() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        other = await api.project("Other")
        channel = (await api.get(f"projects/{other['Id']}/channels"))["Items"][0]["Id"]
        for body, status in (
            (yard.body({"FilterType": "MoonFilter"}), 400),
            (yard.body({"EnvironmentIds": []}), 400),
            (yard.body(FILTERS[-1]), 400),  # not known to 2026.1
            (yard.body({"FilterType": "OnceDailySchedule"}), 400),
            (yard.body({**FILTERS[2], "Interval": "Yearly"}), 400),
            (yard.body({"FilterType": "FeedFilter", "Packages": [{"DeploymentActionSlug": "gone"}]}), 404),
            (yard.body(then={"ActionType": "RunRunbook"}), 400),
            (yard.body(then={"ActionType": "CreateRelease", "ChannelId": channel}), 404),
            (yard.body(then={"ActionType": "DeployNewRelease", "EnvironmentId": "Environments-99"}), 404),
        ):
            await api.refused("POST", "projecttriggers", body, status=status)


async def test_triggers_of_a_project_are_filtered_and_go_with_their_runbook() -> None:
    async with http() as api:
        yard = await Yard(api).build()
        project = f"projects/{yard.ids['project']}/triggers"
        deploy = await api.post(project, yard.body(name="Deploy"))
        run = await api.post(project, yard.body(then=ACTIONS[4], name="Run"))
        assert deploy["ProjectId"] == yard.ids["project"]

        async def names(query: str) -> list[str]:
            return [one["Name"] for one in (await api.get(f"{project}?{query}"))["Items"]]

        assert await names("triggerActionCategory=Runbook") == ["Run"]
        assert await names("triggerActionType=AutoDeploy") == ["Deploy"]
        assert await names(f"runbooks={yard.ids['runbook']}") == ["Run"]
        await api.put(f"{project}/{deploy['Id']}", {**deploy, "IsDisabled": True})
        assert (await api.get(f"{project}/{deploy['Id']}"))["IsDisabled"] is True
        await api.delete(f"runbooks/{yard.ids['runbook']}")
        await api.refused("GET", f"projecttriggers/{run['Id']}", status=404)
        await api.delete(f"{project}/{deploy['Id']}")
        assert await names("") == []
