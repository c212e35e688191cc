"""Environments: ten to a page, sorted by hand."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox import crud
from sandbox.errors import bad_request, not_found
from sandbox.kind import Field, Kind, Reference, Save, declare
from sandbox.resources import tenant_values, variables
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write

__all__ = [
    "BEHIND_ALL",
    "ENVIRONMENTS",
    "add_routes",
    "last_sort_order",
    "singly_scoped",
    "sort_documents",
    "static_environments",
    "type_of",
    "without_environment",
]


BEHIND_ALL = 2147483647
"""The place of ephemeral environments."""


def last_sort_order(save: Save) -> None:
    """A document that says nothing of its place stands last."""
    if save.before is None and not any(key.lower() == "sortorder" for key in save.body):
        others = save.call.scope.collection(save.kind.collection).values()
        places = (other["SortOrder"] for other in others if other["SortOrder"] != BEHIND_ALL)
        save.after["SortOrder"] = 1 + max(places, default=-1)


def type_of(environment: Document) -> str:
    """Static, Parent or Ephemeral. Only the latter two say so (`sandbox.resources.environments_v2`)."""
    return str(environment.get("Type", "Static"))


def without_environment(call: Call, environment: Document) -> list[Write]:
    """Its scopes, the tenants' links to it and what they say for it go (OctopusDeploy/Issues#2695, #3029)."""
    writes = variables.without_scope(call, "Environment", [environment["Id"]])
    writes += tenant_values.without_environment(call, environment["Id"])
    for tenant in call.scope.collection("tenants").values():
        links = {
            project: [one for one in environments if one != environment["Id"]]
            for project, environments in tenant["ProjectEnvironments"].items()
        }
        if links != tenant["ProjectEnvironments"]:
            writes.append(Write("tenants", tenant, {**tenant, "ProjectEnvironments": links}, side_effect=True))
    return writes


ENVIRONMENTS = declare(
    Kind(
        collection="environments",
        prefix="Environments",
        name="Environment",
        fields=(
            Field("Name", required=True, max_length=50),
            Field("Description"),
            Field("SortOrder", 0),
            Field("UseGuidedFailure", False),
            Field("AllowDynamicInfrastructure", False),
            Field("EnvironmentTags", []),
            Field("ExtensionSettings", []),
        ),
        take=10,
        order="SortOrder",
        slug=True,
        name_filter="contains",
        links={
            "Machines": "environments/{Id}/machines{?skip,take,partialName}",
            "SinglyScopedVariableDetails": "environments/{Id}/singlyScopedVariableDetails",
        },
        references=(
            Reference("EnvironmentTags[]", "tags"),
            Reference("ParentEnvironmentId", "environments", "block"),
        ),
        routes=("create",),
        prepare=last_sort_order,
        deleting=without_environment,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, ENVIRONMENTS)
    for method, template, handler in (
        ("GET", "environments", lambda call: crud.list_page(call, ENVIRONMENTS, static_environments(call))),
        ("GET", "environments/all", _all),
        ("GET", "environments/{id}", lambda call: Answer(crud.show(call, ENVIRONMENTS, _find(call)))),
        ("PUT", "environments/{id}", _put),
        ("DELETE", "environments/{id}", _delete),
        ("PUT", "environments/sortorder", lambda call: sort_documents(call, ENVIRONMENTS, static_environments(call))),
        (
            "GET",
            "environments/{id}/singlyscopedvariabledetails",
            lambda call: Answer(singly_scoped(call, "Environment", _find(call)["Id"])),
        ),
    ):
        router.add(method, template, handler)


def static_environments(call: Call) -> list[Document]:
    """Those that the older routes show."""
    return [one for one in call.scope.collection("environments").values() if type_of(one) == "Static"]


def _all(call: Call) -> Answer:
    """All, or with `projectId` or `channelId` those that its lifecycle leads through."""
    environments = static_environments(call)
    for collection, name in (("projects", "projectId"), ("channels", "channelId")):
        if call.argument(name):
            owner = call.find(collection, str(call.argument(name)))
            lifecycle = owner["LifecycleId"] or call.find("projects", owner.get("ProjectId", ""))["LifecycleId"]
            covered = tenant_values.covered_environments(call, [lifecycle])
            environments = [one for one in environments if covered is None or one["Id"] in covered]
    return crud.all_of(call, ENVIRONMENTS, environments)


def _find(call: Call) -> Document:
    environment = crud.find(call, ENVIRONMENTS, call.params["id"])
    if type_of(environment) != "Static":
        raise not_found(call.params["id"])
    return environment


def _put(call: Call) -> Answer:
    return Answer(crud.show(call, ENVIRONMENTS, crud.update(call, ENVIRONMENTS, _find(call), call.json())))


def _delete(call: Call) -> Answer:
    crud.delete(call, ENVIRONMENTS, _find(call))
    return Answer()


def singly_scoped(call: Call, dimension: str, document_id: str) -> Document:
    """The variables that would go with a document: how many of each name, by the owner of their set (?)."""
    found: dict[str, dict[str, int]] = {}
    for variable_set in call.scope.collection("variables").values():
        for variable in variable_set["Variables"]:
            if variable["Scope"].get(dimension) == [document_id]:
                names = found.setdefault(variable_set["OwnerId"], {})
                names[variable["Name"]] = names.get(variable["Name"], 0) + 1
    return {
        "VariableMap": found,
        "HasUnauthorizedProjectVariables": False,
        "HasUnauthorizedLibraryVariableSetVariables": False,
    }


def sort_documents(call: Call, kind: Kind, documents: Iterable[Document] | None = None) -> Answer:
    """Number all documents of a kind as the body lists their ids. Every id must be there, once."""
    ids = call.json_list()
    all_of_them = call.scope.collection(kind.collection).values() if documents is None else documents
    by_id = {one["Id"]: one for one in all_of_them}
    if sorted(map(str, ids)) != sorted(by_id):
        raise bad_request(f"The sort order must name every {kind.name.lower()} exactly once.")
    writes = [
        Write(kind.collection, by_id[item], {**by_id[item], "SortOrder": place})
        for place, item in enumerate(ids)
        if by_id[item]["SortOrder"] != place
    ]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer()
