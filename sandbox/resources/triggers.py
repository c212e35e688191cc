"""Project triggers: when (the filter) and what (the action), each of a type with properties of its own.

Both carry a null `Id` and empty `Links` in answers, as resources inside a resource do (webhooks and clients' tests of
real servers). What a type does not know is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox import crud, secrets, texts
from sandbox.errors import bad_request, not_found
from sandbox.indexes import by_project
from sandbox.kind import KINDS, Field, Kind, Reference, Save, declare
from sandbox.resources.actions import find_action
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, filled, objects
from sandbox.store import Document
from sandbox.versions import at_least

__all__ = ["OF_2024", "TRIGGERS", "add_routes"]

_DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]


@dataclass(frozen=True, slots=True)
class PartType:
    """A type of filter or action: its properties with their defaults, those that must be there, and since when."""

    properties: Document
    required: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: str = ""


OF_2024 = "2024.1"
"""Not in the Swagger of 2023.4, in that of 2026.1. (?) They came in some release of 2024."""
_TENANTS: Document = {"TenantIds": [], "TenantTags": []}
_DEPLOY: Document = {"Variables": None, "ChannelId": None, **_TENANTS}
_MONTHLY = {"MonthlyScheduleType": ("DateOfMonth", "DayOfMonth")}
_RUN_TYPE = {"RunType": ("ScheduledTime", "Continuously")}
_RUNS: Document = {
    "StartTime": None,
    "RunType": "ScheduledTime",
    "RunAfter": None,
    "RunUntil": None,
    "Interval": None,
    "HourInterval": None,
    "MinuteInterval": None,
    "Timezone": "UTC",
}

# Octopus API reference, 2026. (?) What is required beyond the type: what the type cannot be without.
_FILTERS: dict[str, PartType] = {
    "MachineFilter": PartType({"EnvironmentIds": [], "Roles": [], "EventGroups": [], "EventCategories": []}),
    "OnceDailySchedule": PartType({"StartTime": None, "DaysOfWeek": [], "Timezone": "UTC"}, ("StartTime",)),
    "ContinuousDailySchedule": PartType(
        {
            "RunAfter": None,
            "RunUntil": None,
            "Interval": None,
            "HourInterval": None,
            "MinuteInterval": None,
            "DaysOfWeek": [],
            "Timezone": "UTC",
        },
        ("Interval",),
        {"Interval": ("OnceHourly", "OnceEveryMinute", "OnceDaily")},
    ),
    "DaysPerMonthSchedule": PartType(
        {
            "StartTime": None,
            "MonthlyScheduleType": None,
            "DateOfMonth": None,
            "DayNumberOfMonth": None,
            "DayOfWeek": None,
            "Timezone": "UTC",
        },
        ("StartTime", "MonthlyScheduleType"),
        _MONTHLY,
    ),
    "CronExpressionSchedule": PartType({"CronExpression": None, "Timezone": "UTC"}, ("CronExpression",)),
    "DailySchedule": PartType(_RUNS, choices=_RUN_TYPE),
    "DaysPerWeekSchedule": PartType({**_RUNS, **dict.fromkeys(_DAYS, False)}, choices=_RUN_TYPE),
    "FeedFilter": PartType({"Packages": []}, since=OF_2024),
    "ArcFeedFilter": PartType({"Packages": []}, since=OF_2024),
    "GitFilter": PartType({"Sources": []}, since=OF_2024),
    # Not in 2026.1.9674. The server gives the id.
    "WebhookFilter": PartType({"WebhookId": None, "Secret": None, "RequireApiKey": False}, since="2026.2"),
}
_ACTIONS: dict[str, PartType] = {
    "AutoDeploy": PartType({"ShouldRedeployWhenMachineHasBeenDeployedTo": False}),
    "DeployLatestRelease": PartType(
        {
            **_DEPLOY,
            "SourceEnvironmentIds": [],
            "DestinationEnvironmentId": None,
            "ShouldRedeployWhenReleaseIsCurrent": True,
        },
        ("DestinationEnvironmentId",),
    ),
    "DeployLatestReleaseToEnvironment": PartType(
        {**_DEPLOY, "EnvironmentId": None, "ShouldRedeployWhenReleaseIsCurrent": True},
        ("EnvironmentId",),
        since=OF_2024,
    ),
    "DeployNewRelease": PartType(
        {**_DEPLOY, "EnvironmentId": None, "VersionControlReference": None}, ("EnvironmentId",)
    ),
    "RunRunbook": PartType({**_TENANTS, "RunbookId": None, "RunbookTags": [], "EnvironmentIds": [], "FormValues": {}}),
    "CreateRelease": PartType({"ChannelId": None}, ("ChannelId",), since=OF_2024),
}
# Properties that list actions of the project's process: the key that names one, and what else an element has.
_SOURCES: dict[tuple[str, str], tuple[str, Document]] = {
    ("FeedFilter", "Packages"): ("DeploymentActionSlug", {"PackageReference": ""}),
    ("ArcFeedFilter", "Packages"): ("DeploymentAction", {"PackageReference": ""}),
    ("GitFilter", "Sources"): (
        "DeploymentActionSlug",
        {"GitDependencyName": "", "IncludeFilePaths": [], "ExcludeFilePaths": []},
    ),
}


def _prepare(save: Save) -> None:
    trigger, call = save.after, save.call
    if save.before and save.body.get("ProjectId", trigger["ProjectId"]) != trigger["ProjectId"]:
        raise bad_request(texts.mismatch("ProjectId", save.body["ProjectId"], trigger["ProjectId"]))
    trigger["ProjectId"] = call.find("projects", trigger["ProjectId"])["Id"]
    if save.before is None and _born_enabled(call.settings.version):
        trigger["IsDisabled"] = False
    trigger["Filter"] = _part(call, trigger["Filter"], "Filter", _FILTERS)
    trigger["Action"] = _part(call, trigger["Action"], "Action", _ACTIONS)
    _check_actions(call, trigger["ProjectId"], trigger["Filter"])
    _check_owner(call, trigger, "ChannelId", "channels")
    _check_owner(call, trigger, "RunbookId", "runbooks")
    action = trigger["Action"]
    if action["ActionType"] == "RunRunbook" and not (action["RunbookId"] or action["RunbookTags"]):
        raise bad_request(texts.required("Action.RunbookId"))
    if trigger["Filter"]["FilterType"] == "WebhookFilter":
        _give_webhook(save)


def _born_enabled(version: str) -> bool:
    """CreateProjectTriggerCommand has IsDisabled in the Swagger of 2026.1 and not in that of 2023.4. In 2021.2 the
    resource itself was sent. (?) Commands came with the routes of 2021.3."""
    return at_least(version, "2021.3") and not at_least(version, "2026.1")


def _part(call: Call, given: Document, name: str, types: Mapping[str, PartType]) -> Document:
    """A filter or an action as its type has it. Raises ApiError 400 for a type that is missing or unknown."""
    sent = next((value for key, value in given.items() if key.lower() == f"{name}Type".lower()), None)
    if not sent:
        raise bad_request(texts.required(f"{name}.{name}Type"))
    found = next((one for one in types if one.lower() == str(sent).lower()), None)
    if found is None or not at_least(call.settings.version, types[found].since):
        raise bad_request(texts.wrong_choice(sent, f"{name}.{name}Type"))
    part = filled(given, types[found].properties)
    for required in types[found].required:
        if not part[required]:
            raise bad_request(texts.required(f"{name}.{required}"))
    for key, choices in types[found].choices.items():
        chosen = next((one for one in choices if one.lower() == str(part[key]).lower()), None)
        if chosen is None:
            raise bad_request(texts.wrong_choice(part[key], f"{name}.{key}"))
        part[key] = chosen
    return {
        f"{name}Type": found,
        **part,
        "Id": None,
        "LastModifiedOn": None,
        "LastModifiedBy": None,
        "Links": {},
    }


def _check_actions(call: Call, project_id: str, given: Document) -> None:
    for (filter_type, name), (key, defaults) in _SOURCES.items():
        if given["FilterType"] != filter_type:
            continue
        elements = [filled(one, {key: None, **defaults}) for one in objects(given[name], f"Filter.{name}")]
        for element in elements:
            if find_action(call, project_id, element[key]) is None:
                raise not_found(element[key])
        given[name] = elements


def _check_owner(call: Call, trigger: Document, name: str, collection: str) -> None:
    """A channel or runbook must be of the trigger's own project."""
    other = call.scope.find(collection, trigger["Action"].get(name))
    if other and other.get("ProjectId", trigger["ProjectId"]) != trigger["ProjectId"]:
        raise not_found(trigger["Action"][name])


def _give_webhook(save: Save) -> None:
    """A webhook keeps its id; without RequireApiKey it has a secret to know the caller by."""
    mine = save.after["Filter"]
    before = save.before["Filter"] if save.before else {}
    mine["WebhookId"] = before.get("WebhookId") or save.call.store.next_guid()
    if mine["Secret"] is not None and not secrets.is_sensitive_value(mine["Secret"]):
        raise bad_request(texts.wrong_type(mine["Secret"], "Filter.Secret"))


def _is_of_runbooks(trigger: Document, values: list[str]) -> bool:
    return trigger["Action"].get("RunbookId") in values


def _has_action_type(trigger: Document, values: list[str]) -> bool:
    return trigger["Action"]["ActionType"].lower() in {value.lower() for value in values}


def _has_category(trigger: Document, values: list[str]) -> bool:
    category = "runbook" if trigger["Action"]["ActionType"] == "RunRunbook" else "deployment"
    return category in {value.lower() for value in values}


TRIGGERS = declare(
    Kind(
        collection="projecttriggers",
        prefix="ProjectTriggers",
        name="ProjectTrigger",
        fields=(
            NAME,
            Field("Description"),
            Field("ProjectId", writable="create", required=True),
            Field("IsDisabled", False),
            Field("Filter", {}, required=True),
            Field("Action", {}, required=True),
        ),
        order="Id",
        unique_within=("ProjectId",),
        references=(
            Reference("Filter.EnvironmentIds[]", "environments", "remove"),
            Reference("Action.ChannelId", "channels", "remove"),
            Reference("Action.EnvironmentId", "environments", "remove"),
            Reference("Action.DestinationEnvironmentId", "environments", "remove"),
            Reference("Action.SourceEnvironmentIds[]", "environments", "remove"),
            Reference("Action.EnvironmentIds[]", "environments", "remove"),
            Reference("Action.RunbookId", "runbooks"),
            Reference("Action.TenantIds[]", "tenants", "remove"),
            Reference("Action.TenantTags[]", "tags"),
            Reference("Action.RunbookTags[]", "tags"),
        ),
        tagged={"runbookTags": "Action.RunbookTags[]"},
        filters={
            "runbooks": _is_of_runbooks,
            "triggerActionType": _has_action_type,
            "triggerActionCategory": _has_category,
        },
        links={"Project": "projects/{ProjectId}"},
        routes=("list", "get", "create", "update", "delete"),
        prepare=_prepare,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, TRIGGERS)
    router.add("GET", "projects/{project}/triggers", _of_project)
    for method, template, handler in (
        ("POST", "projects/{project}/triggers", _create),
        ("GET", "projects/{project}/triggers/{id}", lambda call: Answer(crud.show(call, TRIGGERS, _one(call)))),
        ("PUT", "projects/{project}/triggers/{id}", _put),
        ("DELETE", "projects/{project}/triggers/{id}", _delete),
    ):
        router.add(method, template, handler, since="2023.4")


def _project(call: Call) -> str:
    return str(crud.find(call, KINDS["projects"], call.params["project"])["Id"])


def _one(call: Call) -> Document:
    trigger = crud.find(call, TRIGGERS, call.params["id"])
    if trigger["ProjectId"] != _project(call):
        raise not_found(call.params["id"])
    return trigger


def _of_project(call: Call) -> Answer:
    project = _project(call)
    triggers = call.lookup("projecttriggers", by_project, project)
    return crud.list_page(call, TRIGGERS, triggers, f"projects/{project}/triggers")


def _create(call: Call) -> Answer:
    trigger = crud.create(call, TRIGGERS, {**call.json(), "ProjectId": _project(call)})
    return Answer(crud.show(call, TRIGGERS, trigger), status=201)


def _put(call: Call) -> Answer:
    return Answer(crud.show(call, TRIGGERS, crud.update(call, TRIGGERS, _one(call), call.json())))


def _delete(call: Call) -> Answer:
    crud.delete(call, TRIGGERS, _one(call))
    return Answer()
