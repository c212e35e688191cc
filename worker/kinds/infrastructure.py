"""Environments, accounts, certificates, worker pools and machine policies, and what is only looked up: targets.

Facts: Octopus API reference 2026, "Accounts", "Environments", "Environments v2", "Worker pools, workers, machines,
policies, proxies", "Certificates".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.kinds.kind import Kind, Mode
from worker.kinds.references import Empty, Form, Ref, Scope
from worker.kinds.shape import PLAIN_FIELDS, SERVER_FIELDS, Shape

EPHEMERAL = "Ephemeral"


def type_of_environment(environment: Mapping[str, Any]) -> str:
    """Only servers since 2026.1 say so, and only in their newer list."""
    return environment.get("Type") or "Static"


ENVIRONMENT = Kind(
    name="environment",
    prefix="Environments",
    route="environments",
    never_deleted="its deletion takes variables along that are scoped to it, and widens others",
    bulk="environments",
    mode=Mode.SHARED_NAME,
    listed_by="environments/all",
    # The newer list has less in it; see worker.sync.servers.environments.
    listed_whole=False,
    type_of=type_of_environment,
    # They come with a release and go with it.
    never_types=frozenset({EPHEMERAL}),
    # What runs where is the first thing that two instances differ in: only a person decides that one exists.
    created_by_closure=False,
    shape=Shape(
        # SortOrder is a position among the environments of one server.
        server=SERVER_FIELDS | {"SortOrder"},
        fixed=frozenset({"Type"}),
        refs={"EnvironmentTags": Ref("tag", Form.TAG)},
    ),
)

_MAY_BE_USED = {
    "EnvironmentIds": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
    "TenantIds": Ref("tenant", Form.LIST, empty=Empty.ANYWHERE),
    "TenantTags": Ref("tag", Form.TAG, empty=Empty.ANYWHERE),
}
_WHERE = (Scope(("EnvironmentIds",), "environment"), Scope(("TenantIds", "TenantTags"), "tenant"))

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
        "googlecloudaccount",
        "sshkeypair",
        "token",
        "usernamepassword",
    ),
    shape=Shape(
        # The thumbprint is read from the certificate, which is a secret.
        server=SERVER_FIELDS | {"CertificateThumbprint"},
        fixed=frozenset({"AccountType"}),
        plain=PLAIN_FIELDS | {"TenantId", "ClientId", "SubscriptionNumber"},
        refs=_MAY_BE_USED,
        scopes=_WHERE,
    ),
)
"""Of all types: one flat document, in which the type decides about the fields. ``TenantId`` and ``ClientId`` of Azure
accounts look like ids and are Entra's."""

WORKER_POOL = Kind(
    name="worker-pool",
    prefix="WorkerPools",
    route="workerpools",
    never_deleted="nothing tells which variables name it",
    bulk="workerpools",
    mode=Mode.SHARED_NAME,
    listed_by="workerpools/all",
    # A pool of Octopus Cloud's own workers may well be one of somebody's own elsewhere: no type is compared.
    shape=Shape(
        server=SERVER_FIELDS | {"SortOrder", "CanAddWorkers"},
        fixed=frozenset({"WorkerPoolType"}),
        # Which pool is the default one is a choice of each server; a second one would take the first one's place.
        own=frozenset({"IsDefault"}),
    ),
    pristine={"IsDefault": False},
)

MACHINE_POLICY = Kind(
    name="machine-policy",
    prefix="MachinePolicies",
    route="machinepolicies",
    never_deleted="its targets would fall back on the default one",
    bulk="machinepolicies",
    mode=Mode.SHARED_NAME,
    listed_by="machinepolicies/all",
    shape=Shape(
        own=frozenset({"IsDefault"}),
        children={
            "MachineUpdatePolicy": Shape(server=frozenset(), refs={"TentacleUpdateAccountId": Ref("account")}),
        },
    ),
    pristine={"IsDefault": False},
)


def type_of_certificate(certificate: Mapping[str, Any]) -> str:
    """What those who use it depend on. In which format it was uploaded they do not see."""
    return "with a private key" if certificate.get("HasPrivateKey") else "without a private key"


CERTIFICATE = Kind(
    name="certificate",
    prefix="Certificates",
    route="certificates",
    mode=Mode.SHARED_NAME,
    listed_by="certificates/all",
    # One that was replaced lies in the archive, under the same name.
    among=("Archived", None),
    type_of=type_of_certificate,
    scope_rules="infrastructure",
    never_created="cannot be made without its private key, which the API does not give: upload one by hand",
    shape=Shape(
        server=SERVER_FIELDS
        | {
            "CertificateData",
            "Password",
            "CertificateDataFormat",
            "Archived",
            "ReplacedBy",
            "SubjectDistinguishedName",
            "SubjectCommonName",
            "SubjectOrganization",
            "IssuerDistinguishedName",
            "IssuerCommonName",
            "IssuerOrganization",
            "SelfSigned",
            "Thumbprint",
            "NotBefore",
            "NotAfter",
            "IsExpired",
            "HasPrivateKey",
            "SerialNumber",
            "SignatureAlgorithmName",
            "SubjectAlternativeNames",
            "CertificateChain",
        },
        refs=_MAY_BE_USED,
        scopes=_WHERE,
    ),
)

MACHINE = Kind("machine", "Machines", "machines", Mode.LOOKUP, listed_by="machines/all")

KINDS = (ENVIRONMENT, ACCOUNT, WORKER_POOL, MACHINE_POLICY, CERTIFICATE, MACHINE)
