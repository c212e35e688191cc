"""Tenants, their links to projects and environments, and the values that they give to variable templates.

Facts: Octopus API reference 2026, "Tenants", "Tenant variables". A tenant is created with its name only: the projects
that it is linked to may not exist yet. A PUT replaces all links, and the server deletes the tenant's values for what is
no longer linked.

The values have no shape here: what a value belongs to are a template (of a project or of a library set), whose id each
server makes for itself, and an environment (see :mod:`worker.sync.tenants.merge`). Nor are they one document for the
server, which keeps each value by itself; for us they are one, named for its tenant (``TenantVariables-Tenants-3``), as
they are read and written together.
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import Form, Ref
from worker.kinds.shape import SERVER_FIELDS, Keyed, Shape

TENANT = Kind(
    name="tenant",
    prefix="Tenants",
    route="tenants",
    keeps={"machines?tenantIds={id}": "targets", "deployments?tenants={id}": "deployments"},
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

TENANT_VARIABLES = Kind(
    name="tenant-variables",
    prefix="TenantVariables",
    route="tenantvariables",
    bulk="tenantvariables/all",
    bulk_by_ids=False,
    mode=Mode.MERGE,
    owner_kinds=("tenant",),
    place=Place.WITH_OWNER,
    segment="variables",
    document_route="tenants/{owner}/variables",
    # Each value is compared with what was observed, right before the write (worker.sync.tenant_exchange).
    versioned=True,
)

KINDS = (TENANT, TENANT_VARIABLES)
