"""Parent and ephemeral environments, and the list that has all three types.

They share ids and names with static environments and live in the same collection, with a `Type`; the older routes show
static ones alone (?). An ephemeral environment is made for a project, under the parent that a channel of the project
names, and goes when it is deprovisioned; nothing is run for it here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox import crud, tags, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Field, Kind, Reference, Save, own
from sandbox.paging import page, select
from sandbox.resources.environments import BEHIND_ALL, ENVIRONMENTS, last_sort_order, type_of, without_environment
from sandbox.resources.runbooks import environments_of, in_project
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import filled
from sandbox.store import Document
from sandbox.versions import at_least

__all__ = ["LISTED", "add_routes", "item", "of_types"]


def _prepare_parent(save: Save) -> None:
    if save.after["Type"] == "Parent":
        last_sort_order(save)
    rule = save.after["AutomaticDeprovisioningRule"]
    save.after["AutomaticDeprovisioningRule"] = (
        filled(rule or {}, {"ExpiryDays": 0, "ExpiryHours": 0}) if rule else None
    )


# Not declared: the collection is that of `ENVIRONMENTS`.
_PARENT = Kind(
    collection="environments",
    prefix="Environments",
    name="Environment",
    fields=(
        Field("Name", required=True, max_length=50),
        Field("Description"),
        Field("SortOrder", 0, writable="update"),
        Field("UseGuidedFailure", False),
        Field("EnvironmentTags", []),
        Field("AutomaticDeprovisioningRule"),
        own("Type", "Parent"),
        own("AllowDynamicInfrastructure", False),
        own("ExtensionSettings", []),
    ),
    slug=True,
    references=(Reference("EnvironmentTags[]", "tags"),),
    prepare=_prepare_parent,
    deleting=without_environment,
)


def add_routes(router: Router) -> None:
    for method, template, handler in (
        ("GET", "environments/v2", _list),
        ("GET", "environments/{id}/v2", lambda call: Answer(item(call, crud.find(call, _PARENT, call.params["id"])))),
        ("POST", "parentenvironments", _create),
        ("GET", "parentenvironments/{id}", lambda call: Answer(_parent(call, _find_parent(call)))),
        ("PUT", "parentenvironments/{id}", _put),
        ("DELETE", "parentenvironments/{id}", _delete),
        ("GET", "projects/{project}/environments", _of_project),
        ("GET", "projects/{project}/runbooks/{id}/environments/v2", _of_runbook),
        ("POST", "projects/{project}/environments/ephemeral", _create_ephemeral),
        ("GET", "projects/{project}/environments/ephemeral/{id}/status", _status),
        ("POST", "projects/{project}/environments/ephemeral/{id}/deprovision", _deprovision),
        ("POST", "environments/ephemeral/{id}/deprovision", _deprovision_everywhere),
    ):
        router.add(method, template, handler, scope="named-space", since="2026.1")


def item(call: Call, environment: Document) -> Document:
    """An environment of any type, as the new list shows it."""
    shown = tags.shown(call, _PARENT, environment)
    names = ["Id", "Name", "Slug", "Description", "SpaceId", "SortOrder", "EnvironmentTags", "UseGuidedFailure"]
    of_type = {"Static": ["AllowDynamicInfrastructure"], "Ephemeral": ["ParentEnvironmentId"]}
    names += of_type.get(type_of(environment), [])
    return {"Type": type_of(environment), **{name: shown.get(name) for name in names}}


def of_types(call: Call, environments: Iterable[Document]) -> list[Document]:
    """Those of the types that the request names in `type`; without it all."""
    types = {one.lower() for one in call.arguments("type")}
    return [one for one in environments if not types or type_of(one).lower() in types]


def _page(call: Call, environments: list[Document], path: str) -> Answer:
    found = of_types(call, environments)
    name = call.argument("name")
    if name and at_least(call.settings.version, "2026.2"):
        found = [one for one in found if one["Name"].casefold() == name.casefold()]
    # Unlike the older list's, its pages have no links.
    answer = page(call, "BaseEnvironmentV2", path, select(call, LISTED, found), show=lambda one: item(call, one))
    del answer.body["Links"]
    return answer


LISTED = Kind(collection="environments", prefix="Environments", name="Environment", fields=(), order="SortOrder")


def _list(call: Call) -> Answer:
    return _page(call, list(call.scope.collection("environments").values()), "environments/v2")


def _find_parent(call: Call) -> Document:
    environment = crud.find(call, _PARENT, call.params["id"])
    if type_of(environment) != "Parent":
        raise not_found(call.params["id"])
    return environment


def _parent(call: Call, environment: Document) -> Document:
    names = ["Id", "Name", "Slug", "Description", "SpaceId", "SortOrder", "UseGuidedFailure"]
    if at_least(call.settings.version, "2026.2"):  # in the reference of 2026, not in the Swagger of 2026.1
        names.append("EnvironmentTags")
    shown = tags.shown(call, _PARENT, environment)
    return {name: shown[name] for name in (*names, "AutomaticDeprovisioningRule")}


def _create(call: Call) -> Answer:
    """Answers the id and no more."""
    return Answer({"Id": crud.create(call, _PARENT, call.json())["Id"]}, status=201)


def _put(call: Call) -> Answer:
    return Answer(_parent(call, crud.update(call, _PARENT, _find_parent(call), call.json())))


def _delete(call: Call) -> Answer:
    crud.delete(call, ENVIRONMENTS, _find_parent(call))
    return Answer()


def _project(call: Call) -> Document:
    return crud.find(call, KINDS["projects"], call.params["project"])


def _of_project(call: Call) -> Answer:
    """The environments of the project's lifecycles, and its ephemeral ones."""
    project = _project(call)
    channels = [one for one in call.scope.collection("channels").values() if one["ProjectId"] == project["Id"]]
    lifecycles = {project["LifecycleId"], *(one["LifecycleId"] for one in channels)}
    phases = [
        phase
        for lifecycle in call.scope.collection("lifecycles").values()
        if lifecycle["Id"] in lifecycles
        for phase in lifecycle["Phases"]
    ]
    named = {one for p in phases for one in (*p["AutomaticDeploymentTargets"], *p["OptionalDeploymentTargets"])}
    found = [
        one
        for one in call.scope.collection("environments").values()
        if one["Id"] in named
        or (type_of(one) == "Ephemeral" and project["Id"] in one["ProjectIds"])
        or (not phases and type_of(one) == "Static")
    ]
    return _page(call, found, f"projects/{project['Id']}/environments")


def _of_runbook(call: Call) -> Answer:
    return Answer({"Environments": [item(call, one) for one in environments_of(call, in_project(call))]})


def _create_ephemeral(call: Call) -> Answer:
    project, name = _project(call), call.json().get("EnvironmentName")
    if not isinstance(name, str) or not name.strip():
        raise bad_request(texts.required("EnvironmentName"))
    channels = call.scope.collection("channels").values()
    parents = [
        one["ParentEnvironmentId"]
        for one in channels
        if one["ProjectId"] == project["Id"] and one["Type"] == "EphemeralEnvironment"
    ]
    if not parents:
        raise bad_request("The project has no channel for ephemeral environments.")
    given = {
        "Type": "Ephemeral",
        "ParentEnvironmentId": parents[0],
        "ProjectIds": [project["Id"]],
        "SortOrder": BEHIND_ALL,
    }
    environment = crud.create(call, _PARENT, {"Name": name}, **given)
    return Answer({"Id": environment["Id"]}, status=201)


def _find_ephemeral(call: Call) -> Document:
    environment = crud.find(call, _PARENT, call.params["id"])
    if type_of(environment) != "Ephemeral":
        raise not_found(call.params["id"])
    if "project" in call.params and _project(call)["Id"] not in environment["ProjectIds"]:
        raise not_found(call.params["id"])
    return environment


def _status(call: Call) -> Answer:
    _find_ephemeral(call)
    return Answer({"Status": "Provisioned"})


def _deprovision(call: Call) -> Answer:
    crud.delete(call, ENVIRONMENTS, _find_ephemeral(call))
    return Answer({"DeprovisioningRun": None})


def _deprovision_everywhere(call: Call) -> Answer:
    crud.delete(call, ENVIRONMENTS, _find_ephemeral(call))
    return Answer({"DeprovisioningRuns": []})
