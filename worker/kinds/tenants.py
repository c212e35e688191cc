"""Tenants, and their links to projects and environments.

Facts: Octopus API reference 2026, "Tenants". A tenant is created with its name only: the projects that it is linked to
may not exist yet. A PUT replaces all links, and the server deletes the tenant's values for what is no longer linked.
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode
from worker.kinds.references import Form, Ref
from worker.kinds.shape import SERVER_FIELDS, Keyed, Shape

TENANT = Kind(
    name="tenant",
    prefix="Tenants",
    route="tenants",
    bulk="tenants",
    mode=Mode.MERGE,
    listed_by="tenants/all",
    # Who the customers of an instance are, only a person decides.
    created_by_closure=False,
    scope_rules="tenants",
    shape=Shape(
        server=SERVER_FIELDS | {"ClonedFromTenantId", "CustomFields"},
        own=frozenset({"IsDisabled"}),
        refs={"TenantTags": Ref("tag", Form.TAG)},
        keyed={
            "ProjectEnvironments": Keyed(
                # That a tenant is linked to a project is no reason to have the project there.
                key=Ref("project", closure=False),
                # Linked without an environment: the tenant has the project, and no deployment is possible.
                each=Ref("environment", Form.LIST),
                dimension="environment",
            )
        },
        late=frozenset({"ProjectEnvironments"}),
    ),
)

KINDS = (TENANT,)
