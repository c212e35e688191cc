"""What a user wants to see of a space: `dashboardconfiguration`, of which the sandbox shows no dashboard.

One document for each user and space, which is there once it was saved; before that all is empty. An empty body sets it
back (Issues#7833). It counts as a use of the tags that it names (Issues#3436); ids of other things go with them (?).
"""

from __future__ import annotations

from sandbox import crud
from sandbox.kind import Field, Kind, Reference, declare, own
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["DASHBOARDS", "add_routes"]

_REFERRED = {
    "IncludedProjectGroupIds": "projectgroups",
    "IncludedProjectIds": "projects",
    "IncludedEnvironmentIds": "environments",
    "IncludedTenantIds": "tenants",
}
_TAGS = ("IncludedTenantTags", "IncludedProjectTags", "IncludedEnvironmentTags")

DASHBOARDS = declare(
    Kind(
        collection="dashboardconfigurations",
        prefix="DashboardConfigurations",
        name="DashboardConfiguration",
        fields=(
            *(Field(name, []) for name in (*_REFERRED, *_TAGS)),
            Field("ProjectLimit", 200),
            own("UserId"),
        ),
        unique_name=False,
        routes=(),
        references=(
            *(Reference(f"{name}[]", collection, "remove") for name, collection in _REFERRED.items()),
            *(Reference(f"{name}[]", "tags") for name in _TAGS),
        ),
    )
)


def add_routes(router: Router) -> None:
    router.add("GET", "dashboardconfiguration", _get)
    router.add("PUT", "dashboardconfiguration", _put)


def _stored(call: Call) -> Document | None:
    documents = call.scope.collection(DASHBOARDS.collection).values()
    return next((one for one in documents if one["UserId"] == call.actor.user_id), None)


def _shown(call: Call, document: Document) -> Answer:
    shown = crud.show(call, DASHBOARDS, document)
    links = {"Self": call.link("dashboardconfiguration")}
    return Answer({key: value for key, value in shown.items() if key != "UserId"} | {"Links": links})


def _get(call: Call) -> Answer:
    empty = {field.name: field.default for field in DASHBOARDS.fields}
    unsaved = {"Id": f"{DASHBOARDS.prefix}-0", "SpaceId": call.space_id, **empty}
    return _shown(call, _stored(call) or unsaved)


def _put(call: Call) -> Answer:
    before, body = _stored(call), call.json() if call.raw_body.strip() else {}
    if before is None:
        return _shown(call, crud.create(call, DASHBOARDS, body, UserId=call.actor.user_id))
    return _shown(call, crud.update(call, DASHBOARDS, before, {**body, "Id": before["Id"]}))
