"""Tenants and project triggers: what a synchronisation refers to, kept as it is sent."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Field, Kind, Reference, Save, declare, own
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME
from sandbox.store import Document

__all__ = ["TENANTS", "TRIGGERS", "add_routes"]


def _prepare_tenant(save: Save) -> None:
    links = save.after["ProjectEnvironments"]
    for project, environments in links.items():
        if save.call.scope.find("projects", project) is None:
            raise not_found(project)
        if not isinstance(environments, list):
            raise bad_request(texts.wrong_type(environments, f"ProjectEnvironments.{project}"))
        for environment in environments:
            if save.call.scope.find("environments", environment) is None:
                raise not_found(environment)


TENANTS = declare(
    Kind(
        collection="tenants",
        prefix="Tenants",
        name="Tenant",
        fields=(
            NAME,
            Field("Description"),
            Field("TenantTags", []),
            Field("ProjectEnvironments", {}),
            Field("IsDisabled", False),
            own("ClonedFromTenantId"),
            own("Icon"),
            own("CustomFields", []),
        ),
        slug=True,
        name_filter="contains",
        references=(Reference("TenantTags[]", "tags"),),
        links={"Variables": "tenants/{Id}/variables"},
        filters={"projectId": lambda tenant, values: any(value in tenant["ProjectEnvironments"] for value in values)},
        prepare=_prepare_tenant,
    )
)


def _prepare_trigger(save: Save) -> None:
    trigger = save.after
    trigger["ProjectId"] = save.call.find("projects", trigger["ProjectId"])["Id"]
    if save.before and save.body.get("ProjectId", trigger["ProjectId"]) != trigger["ProjectId"]:
        raise bad_request(texts.mismatch("ProjectId", save.body["ProjectId"], trigger["ProjectId"]))
    for part, key in (("Filter", "FilterType"), ("Action", "ActionType")):
        if not trigger[part].get(key):
            raise bad_request(texts.required(f"{part}.{key}"))


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
        ),
        links={"Project": "projects/{ProjectId}"},
        routes=("list", "get", "create", "update", "delete"),
        prepare=_prepare_trigger,
    )
)


def add_routes(router: Router) -> None:
    for kind in (TENANTS, TRIGGERS):
        crud.add_routes(router, kind)
    router.add("GET", "projects/{project}/triggers", _triggers_of_project)


def _triggers_of_project(call: Call) -> Answer:
    project: Document = crud.find(call, KINDS["projects"], call.params["project"])
    triggers = [one for one in call.scope.collection("projecttriggers").values() if one["ProjectId"] == project["Id"]]
    return crud.list_page(call, TRIGGERS, triggers, f"projects/{project['Id']}/triggers")
