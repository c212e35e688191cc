"""Environments: ten to a page, sorted by hand."""

from __future__ import annotations

from sandbox import crud
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Reference, Save, declare
from sandbox.resources import tenant_values, variables
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write

__all__ = ["ENVIRONMENTS", "add_routes", "last_sort_order", "sort_documents"]


def last_sort_order(save: Save) -> None:
    """A document that says nothing of its place stands last."""
    if save.before is None and not any(key.lower() == "sortorder" for key in save.body):
        others = save.call.scope.collection(save.kind.collection).values()
        save.after["SortOrder"] = 1 + max((other["SortOrder"] for other in others), default=-1)


def _deleting(call: Call, environment: Document) -> list[Write]:
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
        references=(Reference("EnvironmentTags[]", "tags"),),
        prepare=last_sort_order,
        deleting=_deleting,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, ENVIRONMENTS)
    router.add("PUT", "environments/sortorder", lambda call: sort_documents(call, ENVIRONMENTS))


def sort_documents(call: Call, kind: Kind) -> Answer:
    """Number all documents of a kind as the body lists their ids. Every id must be there, once."""
    ids = call.json_list()
    documents = call.scope.collection(kind.collection)
    if sorted(map(str, ids)) != sorted(documents):
        raise bad_request(f"The sort order must name every {kind.name.lower()} exactly once.")
    writes = [
        Write(kind.collection, documents[item], {**documents[item], "SortOrder": place})
        for place, item in enumerate(ids)
        if documents[item]["SortOrder"] != place
    ]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer()
