"""Variable sets, of projects and of library sets.

Facts: Octopus API reference 2026, "Variables". The rows have no shape of their own here: what a variable is, and
which of two is the same one, takes more than a name (see :mod:`worker.sync.variables.merge`).
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import Form, Ref
from worker.kinds.shape import SERVER_FIELDS, Shape

VARIABLE_SET = Kind(
    name="variable-set",
    prefix="variableset",
    route="variables",
    versioned=True,
    bulk="variables/all",
    mode=Mode.MERGE,
    owner_kinds=("project", "library-variable-set"),
    place=Place.WITH_OWNER,
    segment="variables",
    shape=Shape(server=SERVER_FIELDS | {"OwnerId", "ScopeValues"}),
)

SCOPE_REFERENCES = {
    "Environment": Ref("environment", Form.LIST),
    "Machine": Ref("machine", Form.LIST),
    "Channel": Ref("channel", Form.LIST),
    "Action": Ref("action", Form.LIST),
    "ProcessOwner": Ref("process-owner", Form.LIST),
    "Tenant": Ref("tenant", Form.LIST),
    "TenantTag": Ref("tag", Form.TAG),
}
"""What each scope key names. Roles are plain strings, the same on every server."""

SCOPE_DIMENSIONS = {
    "Environment": "environment",
    "Machine": "target",
    "Channel": "channel",
    "Action": "step",
    "ProcessOwner": "process_owner",
    "Tenant": "target",
    "TenantTag": "tenant_tag",
}
"""Which rule of the routes file answers for a scope key."""


VALUE_REFERENCES = {
    "AmazonWebServicesAccount": "account",
    "AzureAccount": "account",
    "GoogleCloudAccount": "account",
    "UsernamePasswordAccount": "account",
    "GenericOidcAccount": "account",
    "Certificate": "certificate",
    "WorkerPool": "worker-pool",
}
"""Variable types whose value is an id, and of which kind."""

KINDS = (VARIABLE_SET,)
