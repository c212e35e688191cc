"""Accounts: one flat document for all types; the type decides which fields it has, and which are secrets.

The reference of 2026 documents bodies with the type's fields under `Details`, while clients send and servers answer
them flat. Both are taken.
"""

from __future__ import annotations

from sandbox import crud, secrets, texts
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Reference, Save, declare
from sandbox.resources import step_references
from sandbox.routing import Call, Router
from sandbox.shapes import NAME, TENANTED, of_type
from sandbox.store import Document, Write
from sandbox.versions import at_least

__all__ = ["ACCOUNTS", "add_routes"]

_AZURE = ("SubscriptionNumber", "ClientId", "TenantId")
_AZURE_ENDPOINTS = ("AzureEnvironment", "ResourceManagementEndpointBaseUri", "ActiveDirectoryEndpointBaseUri")
_SUBJECT_KEYS = ("DeploymentSubjectKeys", "HealthCheckSubjectKeys", "AccountTestSubjectKeys")

# Type: its plain fields, then its secrets (Octopus API reference, 2026).
_TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "UsernamePassword": (("Username",), ("Password",)),
    "SshKeyPair": (("Username",), ("PrivateKeyFile", "PrivateKeyPassphrase")),
    "Token": ((), ("Token",)),
    "AzureSubscription": (
        (
            "SubscriptionNumber",
            "CertificateThumbprint",
            "AzureEnvironment",
            "ServiceManagementEndpointBaseUri",
            "ServiceManagementEndpointSuffix",
        ),
        ("CertificateBytes",),
    ),
    "AzureServicePrincipal": ((*_AZURE, *_AZURE_ENDPOINTS), ("Password",)),
    "AzureOidc": ((*_AZURE, *_AZURE_ENDPOINTS, "Audience", *_SUBJECT_KEYS, "CustomClaims"), ()),
    "AmazonWebServicesAccount": (("AccessKey", "Region"), ("SecretKey",)),
    "AmazonWebServicesOidcAccount": (
        ("RoleArn", "SessionDuration", "Audience", "Region", *_SUBJECT_KEYS, "CustomClaims"),
        (),
    ),
    "GoogleCloudAccount": ((), ("JsonKey",)),
    "GoogleCloudOidcAccount": (("Audience", "TokenLifetimeSeconds", *_SUBJECT_KEYS, "CustomClaims"), ()),
    "GenericOidcAccount": (("Audience", "DeploymentSubjectKeys", "CustomClaims"), ()),
}
# The first release whose Swagger has the type; the others are older than all that were read.
_SINCE = {
    "AzureOidc": "2023.4",
    "GoogleCloudAccount": "2023.4",
    "AmazonWebServicesOidcAccount": "2026.1",
    "GenericOidcAccount": "2026.1",
    "GoogleCloudOidcAccount": "2026.2",
}
_REQUIRED = {
    "UsernamePassword": ("Username",),
    "Token": ("Token",),
    "AzureSubscription": ("SubscriptionNumber",),
    "AzureServicePrincipal": ("SubscriptionNumber",),
    "AzureOidc": ("SubscriptionNumber",),
    "AmazonWebServicesAccount": ("AccessKey", "SecretKey"),
    "GoogleCloudAccount": ("JsonKey",),
}


def _prepare(save: Save) -> None:
    account = save.after
    given = {key.lower(): value for key, value in save.body.items()}
    if isinstance(given.get("details"), dict):
        given.update({key.lower(): value for key, value in given["details"].items()})
    if save.before is None:
        account["AccountType"] = _type(given.get("accounttype"), save.call.settings.version)
    plain, secret = _TYPES[account["AccountType"]]
    account.update(of_type(given, {name: [] if name in _SUBJECT_KEYS else None for name in plain}, secret))
    for name in _REQUIRED.get(account["AccountType"], ()):
        value = account[name]
        if not value or (name in secret and not secrets.is_filled(value)):
            raise bad_request(texts.required(name))


def _type(given: object, version: str) -> str:
    name = next((name for name in _TYPES if name.lower() == str(given).lower()), None)
    if name is None or not at_least(version, _SINCE.get(name, "")):
        raise bad_request(texts.wrong_choice(given, "AccountType"))
    return name


def _deleting(call: Call, account: Document) -> list[Write]:
    """Refused while a variable holds it, be it one that a release froze (terraform-provider-octopusdeploy#205), or a
    step. Targets, tenants and machine policies say so themselves."""
    for collection in ("variables", "frozenvariables"):
        for variable_set in call.scope.collection(collection).values():
            if any(variable["Value"] == account["Id"] for variable in variable_set["Variables"]):
                raise bad_request(
                    "This account cannot be deleted as it is currently referenced by a variable. "
                    "Please refer to account usage for more detail."
                )
    steps = step_references.steps_with_property(call, account["Id"])
    if steps:
        raise bad_request(texts.in_use("account", "steps", [f"'{one}'" for one in steps]))
    return []


def _is_type(account: Document, values: list[str]) -> bool:
    return account["AccountType"].lower() in {value.lower() for value in values}


ACCOUNTS = declare(
    Kind(
        collection="accounts",
        prefix="Accounts",
        name="Account",
        fields=(
            NAME,
            Field("Description"),
            Field("AccountType", writable="never"),
            Field("EnvironmentIds", []),
            Field("TenantedDeploymentParticipation", "Untenanted", choices=TENANTED),
            Field("TenantIds", []),
            Field("TenantTags", []),
        ),
        slug=True,
        references=(
            Reference("EnvironmentIds[]", "environments", "block"),
            Reference("TenantIds[]", "tenants", "remove"),
            Reference("TenantTags[]", "tags"),
        ),
        filters={"accountType": _is_type},
        deleting=_deleting,
        prepare=_prepare,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, ACCOUNTS)
