"""Environments, accounts and worker pools, and what is only looked up: targets, certificates, machine policies.

Facts: Octopus API reference 2026, "Accounts", "Environments", "Worker pools".
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode
from worker.kinds.references import Empty, Form, Ref, Scope
from worker.kinds.shape import SERVER_FIELDS, Shape

ENVIRONMENT = Kind(
    name="environment",
    prefix="Environments",
    route="environments",
    bulk="environments",
    mode=Mode.SHARED_NAME,
    listed_by="environments/all",
    # What runs where is the first thing that two instances differ in: only a person decides that one exists.
    created_by_closure=False,
    shape=Shape(
        # SortOrder is a position among the environments of one server.
        server=SERVER_FIELDS | {"SortOrder"},
        refs={"EnvironmentTags": Ref("tag", Form.TAG)},
    ),
)

ACCOUNT = Kind(
    name="account",
    prefix="Accounts",
    route="accounts",
    mode=Mode.SHARED_NAME,
    listed_by="accounts/all",
    type_field="AccountType",
    scope_rules="infrastructure",
    legacy_prefixes=(
        "amazonwebservicesaccount",
        "azureserviceprincipal",
        "azuresubscription",
        "sshkeypair",
        "token",
        "usernamepassword",
    ),
    shape=Shape(
        fixed=frozenset({"AccountType"}),
        refs={
            "EnvironmentIds": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
            "TenantIds": Ref("tenant", Form.LIST, empty=Empty.ANYWHERE),
            "TenantTags": Ref("tag", Form.TAG, empty=Empty.ANYWHERE),
        },
        scopes=(
            Scope(("EnvironmentIds",), "environment"),
            Scope(("TenantIds", "TenantTags"), "tenant"),
        ),
    ),
)

WORKER_POOL = Kind(
    name="worker-pool",
    prefix="WorkerPools",
    route="workerpools",
    bulk="workerpools",
    mode=Mode.SHARED_NAME,
    listed_by="workerpools/all",
    shape=Shape(
        server=SERVER_FIELDS | {"SortOrder", "CanAddWorkers"},
        fixed=frozenset({"WorkerPoolType"}),
        # Which pool is the default one is a choice of each server; a second one would take the first one's place.
        own=frozenset({"IsDefault"}),
    ),
    pristine={"IsDefault": False},
)

MACHINE = Kind("machine", "Machines", "machines", Mode.LOOKUP, listed_by="machines/all")
CERTIFICATE = Kind("certificate", "Certificates", "certificates", Mode.LOOKUP, listed_by="certificates/all")
MACHINE_POLICY = Kind(
    "machine-policy", "MachinePolicies", "machinepolicies", Mode.LOOKUP, listed_by="machinepolicies/all"
)
TEAM = Kind("team", "Teams", "teams", Mode.LOOKUP, listed_by="teams/all")

KINDS = (ENVIRONMENT, ACCOUNT, WORKER_POOL, MACHINE, CERTIFICATE, MACHINE_POLICY, TEAM)
