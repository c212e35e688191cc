"""What a tenant may say something for: the templates of its projects and of their library sets; and what it has not
said yet."""

from __future__ import annotations

from sandbox.resources import tenant_values as values
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["COMMON", "PROJECT", "add_routes", "known", "missing", "owners_of"]

# The two halves of what a tenant says, by the prefix of the owners' ids.
COMMON, PROJECT = "LibraryVariableSets-", "Projects-"


def add_routes(router: Router) -> None:
    router.add("GET", "tenants/variables-missing", _missing_of_tenants)


def owners_of(call: Call, tenant: Document, half: str) -> dict[str, Document]:
    """The documents whose templates the tenant answers, by id: its projects, or their library sets."""
    if half == COMMON:
        return {one["Id"]: one for one in values.library_sets_of(call, tenant)}
    found = (call.scope.find("projects", project_id) for project_id in tenant["ProjectEnvironments"])
    return {project["Id"]: project for project in found if project}


def known(owners: dict[str, Document], tenant_values: list[Document]) -> list[Document]:
    """The values of templates that are there; those of a removed template are orphans (OctopusDeploy/Issues#2715)."""
    templates = {owner_id: {one["Id"] for one in owner["Templates"]} for owner_id, owner in owners.items()}
    return [one for one in tenant_values if one["VariableTemplateId"] in templates.get(one["OwnerId"], ())]


def _has_default(template: Document) -> bool:
    default = template["DefaultValue"]
    return bool(default.get("HasValue")) if isinstance(default, dict) else default not in (None, "")


def missing(call: Call, tenant: Document, half: str) -> list[tuple[Document, Document, str | None]]:
    """Templates that still want a value: owner, template, and for a project's the environment."""
    owners = owners_of(call, tenant, half)
    said: set[tuple[str, str, str | None]] = set()
    for value in known(owners, values.of_tenant(call, tenant["Id"])):
        key = (value["OwnerId"], value["VariableTemplateId"])
        said |= {(*key, None)} if half == COMMON else {(*key, one) for one in value["EnvironmentIds"]}
    return [
        (owner, template, environment)
        for owner_id, owner in owners.items()
        for environment in ([None] if half == COMMON else tenant["ProjectEnvironments"][owner_id])
        for template in owner["Templates"]
        if not _has_default(template) and (owner_id, template["Id"], environment) not in said
    ]


def _missing_of_tenants(call: Call) -> Answer:
    tenants = call.scope.collection("tenants").values()
    wanted, projects, environments = (call.arguments(name) for name in ("tenantId", "projectId", "environmentId"))
    details = (call.argument("includeDetails") or "").lower() == "true"
    answer = []
    for tenant in tenants:
        if wanted and tenant["Id"] not in wanted:
            continue
        lacks = [
            {
                "VariableTemplateId": template["Id"],
                "VariableTemplateName": template["Name"],
                "ProjectId": owner["Id"] if half == PROJECT else None,
                "LibraryVariableSetId": owner["Id"] if half == COMMON else None,
                "EnvironmentId": environment,
                "Links": {},
            }
            for half in (COMMON, PROJECT)
            for owner, template, environment in missing(call, tenant, half)
            if (not projects or half == COMMON or owner["Id"] in projects)
            and (not environments or environment is None or environment in environments)
        ]
        if lacks:
            answer.append({"TenantId": tenant["Id"], "MissingVariables": lacks if details else [], "Links": {}})
    return Answer(answer)
