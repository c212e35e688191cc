"""What a project or a tenant of a generated space has besides: channels, triggers, templates and values for them.

Bodies only, as a client would send them; `sandbox.generator` saves them. All is told apart by its number, so that the
same space comes out each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sandbox.resources.tenant_templates import COMMON, PROJECT
from sandbox.resources.triggers import OF_2024
from sandbox.store import Document
from sandbox.versions import at_least

__all__ = ["LIBRARY_TEMPLATES", "PROJECT_TEMPLATES", "channel", "package", "tenant_rows", "trigger"]

# Channel: the versions that it takes, and the pattern of what is before their release.
_CHANNELS = (
    ("Hotfix", "[1.0,)", "^hotfix"),
    ("Preview", "[1.0,)", "^(alpha|beta|rc)"),
    ("Long-term", "[1.0,2.0)", "^$"),
)
_WORKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]


def _template(name: str, label: str, control: str) -> Document:
    return {"Name": name, "Label": label, "DisplaySettings": {"Octopus.ControlType": control}}


PROJECT_TEMPLATES = [
    _template("Customer.Url", "Where the customer finds it", "SingleLineText"),
    _template("Customer.ApiKey", "The customer's key", "Sensitive"),
]
LIBRARY_TEMPLATES = [_template("Customer.Contact", "Who is told of an outage", "SingleLineText")]


def package(name: str, feed_id: str) -> Document:
    """The primary package of a step that deploys something, called after its project."""
    return {"Name": "", "PackageId": name.replace(" ", "."), "FeedId": feed_id, "AcquisitionLocation": "Server"}


def channel(index: int, action: str | None, lifecycle_id: str, tags: list[str]) -> Document:
    """The channel of this number: the first is for hotfixes and has a lifecycle of its own, the second is for some
    tenants. `action` names the step whose package's versions decide; None leaves the channel without a rule."""
    lap, kind = divmod(index, len(_CHANNELS))
    name, versions, pre_release = _CHANNELS[kind]
    packages = [{"DeploymentAction": action, "PackageReference": ""}] if action else []
    return {
        "Name": f"{name} {lap + 1}" if lap else name,
        "LifecycleId": lifecycle_id if kind == 0 else None,
        "TenantTags": tags if kind == 1 else [],
        "Rules": [{"VersionRange": versions, "Tag": pre_release, "ActionPackages": packages}] if packages else [],
    }


def trigger(
    index: int,
    chance: Random,
    environments: list[str],
    roles: tuple[str, ...],
    channel_id: str,
    runbook_id: str | None,
    version: str,
) -> Document:
    """The trigger of this number: four ways to deploy, and two to run a runbook where the project has one. `version`:
    of the server; older ones have fewer types."""
    refresh = "DeployLatestReleaseToEnvironment" if at_least(version, OF_2024) else "DeployNewRelease"
    first, last = environments[0], environments[-1]
    kinds: list[tuple[str, Document, Document]] = [
        (
            "Deploy to new machines",
            {
                "FilterType": "MachineFilter",
                "EnvironmentIds": [last],
                "Roles": [chance.choice(roles)],
                "EventGroups": ["MachineAvailableForDeployment"],
            },
            {"ActionType": "AutoDeploy", "ShouldRedeployWhenMachineHasBeenDeployedTo": False},
        ),
        (
            "Promote in the evening",
            {
                "FilterType": "OnceDailySchedule",
                "StartTime": f"2026-01-05T{chance.randrange(18, 24)}:00:00.000Z",
                "DaysOfWeek": _WORKDAYS,
            },
            {
                "ActionType": "DeployLatestRelease",
                "ChannelId": channel_id,
                "SourceEnvironmentIds": [first],
                "DestinationEnvironmentId": last,
            },
        ),
        (
            "Rebuild each month",
            {
                "FilterType": "DaysPerMonthSchedule",
                "StartTime": "2026-01-05T06:00:00.000Z",
                "MonthlyScheduleType": "DateOfMonth",
                "DateOfMonth": str(chance.randrange(1, 29)),
            },
            {"ActionType": "DeployNewRelease", "ChannelId": channel_id, "EnvironmentId": first},
        ),
        (
            "Refresh before work",
            {"FilterType": "CronExpressionSchedule", "CronExpression": f"0 {chance.randrange(60)} 05 * * Mon-Fri"},
            {"ActionType": refresh, "ChannelId": channel_id, "EnvironmentId": first},
        ),
    ]
    if runbook_id:
        run = {"ActionType": "RunRunbook", "RunbookId": runbook_id, "EnvironmentIds": [last]}
        nightly = f"0 {chance.randrange(60)} 02 * * *"
        kinds[:0] = [
            ("Maintain at night", {"FilterType": "CronExpressionSchedule", "CronExpression": nightly}, run),
            (
                "Look after it every hour",
                {"FilterType": "ContinuousDailySchedule", "Interval": "OnceHourly", "HourInterval": 1}
                | {"RunAfter": "2026-01-05T08:00:00.000Z", "RunUntil": "2026-01-05T18:00:00.000Z"}
                | {"DaysOfWeek": _WORKDAYS},
                run,
            ),
        ]
    lap, kind = divmod(index, len(kinds))
    name, on, act = kinds[kind]
    return {"Name": f"{name} {lap + 1}" if lap else name, "Filter": on, "Action": act}


def tenant_rows(
    tenant: Document, libraries: list[Document], projects: list[Document], chance: Random
) -> Iterator[tuple[str, Document]]:
    """What a tenant can say, each with the half that it belongs to: first for its library sets, then for its projects,
    environment by environment."""
    short = str(tenant["Slug"])
    for library in libraries:
        for template in library["Templates"]:
            owner = {"LibraryVariableSetId": library["Id"], "TemplateId": template["Id"]}
            yield COMMON, {**owner, "Value": f"operations@{short}.example"}
    for project in projects:
        for environment in tenant["ProjectEnvironments"][project["Id"]]:
            for template in project["Templates"]:
                owner = {"ProjectId": project["Id"], "TemplateId": template["Id"]}
                value: object = f"https://{project['Slug']}.{short}.example"
                if template["DisplaySettings"]["Octopus.ControlType"] == "Sensitive":
                    value = {"HasValue": True, "NewValue": f"{chance.getrandbits(64):016x}"}
                yield PROJECT, {**owner, "Scope": {"EnvironmentIds": [environment]}, "Value": value}
