"""The values that a tenant gives to the templates of projects and library sets, one document each.

`OwnerId` is a project or a library variable set, `VariableTemplateId` one of its templates, `EnvironmentIds` where the
value holds: at least one environment for a project's, none (everywhere) or some for a library set's. A value that is a
secret lies at the place `Value`. The rows are what the server audits (`TenantVariables-761` in a real export); the API
shows them gathered by tenant (`sandbox.resources.tenant_variables`).

Links decide which values can be: what is no longer linked is forgotten. That a change of lifecycle forgets values too,
without a word, is OctopusDeploy/Issues#7860.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from sandbox import secrets
from sandbox.indexes import by_owner, by_tenant
from sandbox.kind import Kind, Reference, declare
from sandbox.routing import Call
from sandbox.store import Document, Write

__all__ = [
    "PLACE",
    "TENANT_VALUES",
    "covered_environments",
    "library_sets_of",
    "new_value",
    "of_tenant",
    "token",
    "without_environment",
    "without_owner",
    "without_tenant",
    "without_uncovered",
    "without_unlinked",
]

PLACE = "Value"

TENANT_VALUES = declare(
    Kind(
        collection="tenantvariables",
        prefix="TenantVariables",
        name="TenantVariable",
        fields=(),
        order="Id",
        unique_name=False,
        routes=(),
        # An account or a certificate that a tenant uses is not deleted under it.
        references=(Reference("Value", "accounts", "block"), Reference("Value", "certificates", "block")),
    )
)


def of_tenant(call: Call, tenant_id: str) -> list[Document]:
    """The values of a tenant, oldest first."""
    return call.lookup(TENANT_VALUES.collection, by_tenant, tenant_id)


def _of_owner(call: Call, owner_id: str) -> list[Document]:
    return call.lookup(TENANT_VALUES.collection, by_owner, owner_id)


def new_value(
    call: Call, tenant_id: str, owner_id: str, template_id: str, environment_ids: list[str], value: Any
) -> Write:
    """The write of a new value. `value` is a string or a SensitiveValue that brings a secret."""
    document: Document = {
        "Id": call.store.next_id(TENANT_VALUES.prefix),
        "SpaceId": call.space_id,
        "TenantId": tenant_id,
        "OwnerId": owner_id,
        "VariableTemplateId": template_id,
        "EnvironmentIds": environment_ids,
        "Value": value,
        "Revision": 1,
    }
    clean, taken = secrets.separate(document, {})
    return Write(TENANT_VALUES.collection, None, clean, taken)


def token(values: Iterable[Document]) -> str:
    """The ConcurrencyToken of some values: another one after each change."""
    state = sorted(f"{value['Id']}/{value['Revision']}" for value in values)
    return hashlib.sha256("\n".join(state).encode()).hexdigest()[:32]


def library_sets_of(call: Call, tenant: Document) -> list[Document]:
    """The library sets with templates that some project of the tenant includes, in the order of their inclusion."""
    found: dict[str, Document] = {}
    for project_id in tenant["ProjectEnvironments"]:
        project = call.scope.find("projects", project_id)
        for set_id in project["IncludedLibraryVariableSetIds"] if project else ():
            library_set = call.scope.find("libraryvariablesets", set_id)
            if library_set and library_set["Templates"]:
                found.setdefault(library_set["Id"], library_set)
    return list(found.values())


def covered_environments(call: Call, lifecycle_ids: Iterable[str]) -> set[str] | None:
    """The environments that some lifecycles deploy to; None for all, which an empty phase (or no phase) means."""
    covered: set[str] = set()
    for lifecycle_id in lifecycle_ids:
        lifecycle = call.scope.find("lifecycles", lifecycle_id)
        phases = lifecycle["Phases"] if lifecycle else []
        targets = [{*p["AutomaticDeploymentTargets"], *p["OptionalDeploymentTargets"]} for p in phases]
        if not targets or not all(targets):
            return None
        covered |= set().union(*targets)
    return covered


def without_unlinked(call: Call, tenant: Document) -> list[Write]:
    """The writes that forget the project values for which a tenant, as it shall be, has no link any more.

    (?) Values of library sets stay, unseen, until a linked project includes the set again.
    """
    links = tenant["ProjectEnvironments"]
    return _narrowed(
        (value for value in of_tenant(call, tenant["Id"]) if value["OwnerId"].startswith("Projects-")),
        lambda value: [one for one in value["EnvironmentIds"] if one in links.get(value["OwnerId"], ())],
    )


def without_uncovered(call: Call, project_id: str, covered: set[str]) -> list[Write]:
    """The writes that forget a project's values in environments that its lifecycles do not cover."""
    return _narrowed(
        _of_owner(call, project_id), lambda value: [one for one in value["EnvironmentIds"] if one in covered]
    )


def without_environment(call: Call, environment_id: str) -> list[Write]:
    """The writes that forget what was said for a deleted environment."""
    everywhere = call.scope.collection(TENANT_VALUES.collection).values()
    return _narrowed(
        (value for value in everywhere if environment_id in value["EnvironmentIds"]),
        lambda value: [one for one in value["EnvironmentIds"] if one != environment_id],
    )


def without_owner(call: Call, owner_id: str) -> list[Write]:
    """The writes that forget all values of a deleted project or library set."""
    return _narrowed(_of_owner(call, owner_id), lambda _: [])


def without_tenant(call: Call, tenant_id: str) -> list[Write]:
    """The writes that forget all values of a deleted tenant."""
    return _narrowed(of_tenant(call, tenant_id), lambda _: [])


def _narrowed(concerned: Iterable[Document], left: Callable[[Document], list[str]]) -> list[Write]:
    """Leave each value only the environments of `left`; one that has none left goes."""
    writes: list[Write] = []
    for value in concerned:
        environments = left(value)
        if not environments:
            writes.append(Write(TENANT_VALUES.collection, value, None, side_effect=True))
        elif environments != value["EnvironmentIds"]:
            after = {**value, "EnvironmentIds": environments, "Revision": value["Revision"] + 1}
            writes.append(Write(TENANT_VALUES.collection, value, after, side_effect=True))
    return writes
