"""Tenants, and their links to projects and environments.

A link is a project's id with the environments in which the tenant has it. A save replaces all links; the tenant's
values for what is no longer linked are forgotten.
"""

from __future__ import annotations

from typing import Any

from sandbox import crud, tags, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.resources import tenant_values
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME
from sandbox.store import Document, Write

__all__ = ["TENANTS", "add_routes"]


def _prepare(save: Save) -> None:
    tenant, call = save.after, save.call
    links: dict[str, list[str]] = {}
    for project_id, environments in tenant["ProjectEnvironments"].items():
        project = call.scope.find("projects", project_id)
        if project is None:
            raise not_found(project_id)
        if not isinstance(environments, list):
            raise bad_request(texts.wrong_type(environments, f"ProjectEnvironments.{project_id}"))
        links[project["Id"]] = list(dict.fromkeys(_environment(call, one) for one in environments))
    tenant["ProjectEnvironments"] = links
    if save.before:
        save.besides += tenant_values.without_unlinked(call, tenant)


def _environment(call: Call, environment_id: Any) -> str:
    environment = call.scope.find("environments", environment_id)
    if environment is None:
        raise not_found(environment_id)
    return str(environment["Id"])


def _deleting(call: Call, tenant: Document) -> list[Write]:
    return tenant_values.without_tenant(call, tenant["Id"])


def _has_project(tenant: Document, values: list[str]) -> bool:
    return any(value in tenant["ProjectEnvironments"] for value in values)


def _is_disabled(tenant: Document, values: list[str]) -> bool:
    return str(tenant["IsDisabled"]).lower() in {value.lower() for value in values}


def _is_clone_of(tenant: Document, values: list[str]) -> bool:
    return tenant["ClonedFromTenantId"] in values


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
        links={"Variables": "tenants/{Id}/variables", "Logo": "tenants/{Id}/logo"},
        filters={"projectId": _has_project, "isDisabled": _is_disabled, "clonedFromTenantId": _is_clone_of},
        routes=("get", "update", "delete"),
        prepare=_prepare,
        deleting=_deleting,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, TENANTS)
    router.add("GET", "tenants", lambda call: crud.list_page(call, TENANTS, _tagged(call)))
    router.add("GET", "tenants/all", _all)
    router.add("POST", "tenants", _create)
    router.add("GET", "tenants/status", _status)
    router.add("GET", "tenants/tag-test", _tag_test)


def _tagged(call: Call) -> list[Document]:
    """The tenants that carry the tags of the query: one of each tag set named, and all sets."""
    tenants = list(call.scope.collection("tenants").values())
    wanted = [tags.to_id(call, value) for value in call.arguments("tags")]
    return [tenant for tenant in tenants if not _missing(tenant, wanted)]


def _missing(tenant: Document, wanted: list[str]) -> list[str]:
    """The wanted tags of every tag set of which the tenant has none of them."""
    by_set: dict[str, list[str]] = {}
    for tag in wanted:
        by_set.setdefault(tag.split("/", 1)[0], []).append(tag)
    return [tag for group in by_set.values() if not set(group) & set(tenant["TenantTags"]) for tag in group]


def _all(call: Call) -> Answer:
    return crud.all_of(call, TENANTS, _tagged(call))


def _create(call: Call) -> Answer:
    """A new tenant; with `Clone` (a query parameter before 2023), one with the links, tags and values of another."""
    body = call.json()
    given = {key.lower(): value for key, value in body.items()}
    original_id = given.get("clone") or call.argument("clone")
    if not original_id:
        return Answer(crud.show(call, TENANTS, crud.create(call, TENANTS, body)), status=201)
    original = call.find("tenants", original_id)
    kept = {"TenantTags": original["TenantTags"], "ProjectEnvironments": original["ProjectEnvironments"]}
    body = {**{key: value for key, value in kept.items() if key.lower() not in given}, **body}
    tenant = crud.create(call, TENANTS, body, ClonedFromTenantId=original["Id"])
    call.store.commit(call.space_id, _copied_values(call, original, tenant), call.actor)
    return Answer(crud.show(call, TENANTS, tenant), status=201)


def _copied_values(call: Call, original: Document, tenant: Document) -> list[Write]:
    writes: list[Write] = []
    for value in tenant_values.of_tenant(call, original["Id"]):
        secret = call.store.secret(value["Id"], tenant_values.PLACE)
        copied = value["Value"] if secret is None else {"HasValue": True, "NewValue": secret}
        place = (value["OwnerId"], value["VariableTemplateId"], value["EnvironmentIds"])
        writes.append(tenant_values.new_value(call, tenant["Id"], *place, copied))
    return writes


def _status(call: Call) -> Answer:
    return Answer({"Id": None, "Enabled": bool(call.scope.collection("tenants")), "Links": {}})


def _tag_test(call: Call) -> Answer:
    """For each tenant, whether it carries the tags: those of one set are alternatives, sets add up."""
    wanted = [tags.to_id(call, value) for value in call.arguments("tags")]
    answer: Document = {}
    for tenant_id in call.arguments("tenantIds"):
        tenant = call.find("tenants", tenant_id)
        missing = _missing(tenant, wanted)
        answer[tenant["Id"]] = {
            "IsDisabled": tenant["IsDisabled"],
            "IsMatched": not missing,
            "MissingTags": [tags.to_name(call, tag) for tag in missing],
            "Reason": "The tenant does not have the tags." if missing else "",
        }
    return Answer(answer)
