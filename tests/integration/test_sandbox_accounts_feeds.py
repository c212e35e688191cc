"""Every type of account and feed of the sandbox: its properties, what it cannot be without, and since when it is."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_http import http

from sandbox.settings import Settings

NEWEST = "2026.3.15581"
SECRET = {"HasValue": True, "NewValue": "s3cret"}
SUBJECTS = {"DeploymentSubjectKeys": ["space", "project"]}

# Type: what it has, of that what it cannot be without, and the first of the releases that has it.
ACCOUNTS: list[tuple[str, dict[str, Any], tuple[str, ...], str]] = [
    ("UsernamePassword", {"Username": "u", "Password": SECRET}, ("Username",), "2021.2.1290"),
    ("SshKeyPair", {"Username": "u", "PrivateKeyFile": SECRET, "PrivateKeyPassphrase": SECRET}, (), "2021.2.1290"),
    ("Token", {"Token": SECRET}, ("Token",), "2021.2.1290"),
    (
        "AzureSubscription",
        {"SubscriptionNumber": "n", "CertificateBytes": SECRET},
        ("SubscriptionNumber",),
        "2021.2.1290",
    ),
    (
        "AzureServicePrincipal",
        {"SubscriptionNumber": "n", "ClientId": "c", "TenantId": "t", "Password": SECRET},
        ("SubscriptionNumber",),
        "2021.2.1290",
    ),
    ("AzureOidc", {"SubscriptionNumber": "n", "Audience": "a", **SUBJECTS}, ("SubscriptionNumber",), "2023.4.8290"),
    (
        "AmazonWebServicesAccount",
        {"AccessKey": "k", "SecretKey": SECRET, "Region": "r"},
        ("AccessKey", "SecretKey"),
        "2021.2.1290",
    ),
    ("AmazonWebServicesOidcAccount", {"RoleArn": "r", "SessionDuration": "3600", **SUBJECTS}, (), "2026.1.9674"),
    ("GoogleCloudAccount", {"JsonKey": SECRET}, ("JsonKey",), "2023.4.8290"),
    ("GoogleCloudOidcAccount", {"Audience": "a", "TokenLifetimeSeconds": "600", **SUBJECTS}, (), NEWEST),
    ("GenericOidcAccount", {"Audience": "a", **SUBJECTS}, (), "2026.1.9674"),
]
URI = {"FeedUri": "https://f.example", "Username": "u", "Password": SECRET}
FEEDS: list[tuple[str, dict[str, Any], tuple[str, ...], str]] = [
    ("NuGet", {**URI, "EnhancedMode": True, "DownloadAttempts": 3}, ("FeedUri",), "2021.2.1290"),
    ("Docker", {**URI, "ApiVersion": "v2", "RegistryPath": "p"}, ("FeedUri",), "2021.2.1290"),
    ("Maven", URI, ("FeedUri",), "2021.2.1290"),
    ("GitHub", URI, ("FeedUri",), "2021.2.1290"),
    ("Helm", URI, ("FeedUri",), "2021.2.1290"),
    ("AwsElasticContainerRegistry", {"Region": "r", "AccessKey": "k", "SecretKey": SECRET}, (), "2021.2.1290"),
    ("OciRegistry", URI, ("FeedUri",), "2023.4.8290"),
    ("S3", {"UseMachineCredentials": True}, (), "2023.4.8290"),
    ("AzureContainerRegistry", URI, ("FeedUri",), "2023.4.8290"),
    ("GoogleContainerRegistry", URI, ("FeedUri",), "2023.4.8290"),
    ("Npm", URI, ("FeedUri",), "2026.1.9674"),
    ("ArtifactoryGeneric", {**URI, "Repository": "r", "LayoutRegex": ".*"}, ("FeedUri",), "2026.1.9674"),
    ("PyPi", URI, ("FeedUri",), NEWEST),
    ("GcsStorage", {"UseServiceAccountKey": True, "ServiceAccountJsonKey": SECRET, "Project": "p"}, (), NEWEST),
]
RELEASES = ("2021.2.1290", "2023.4.8290", "2026.1.9674", NEWEST)
CASES = [("accounts", "AccountType", *one) for one in ACCOUNTS] + [("feeds", "FeedType", *one) for one in FEEDS]


@pytest.mark.parametrize(
    ("path", "key", "name", "properties", "required", "first"), CASES, ids=[str(case[2]) for case in CASES]
)
async def test_a_type_has_its_own_properties(
    path: str, key: str, name: str, properties: dict[str, Any], required: tuple[str, ...], first: str
) -> None:
    body = {"Name": "One", key: name, **properties}
    async with http(Settings(version=first)) as api:
        made = await api.post(path, body)
        hidden = {"HasValue": True, "NewValue": None, "Hint": None}
        expected = {one: hidden if value is SECRET else value for one, value in properties.items()}
        assert expected.items() <= made.items()
        again = await api.put(f"{path}/{made['Id']}", {**made, "Name": "Two"})
        assert again == {**made, "Name": "Two"}
        for one in required:
            await api.refused("POST", path, {**body, "Name": "Three", one: None})
    earlier = RELEASES.index(first) - 1
    if earlier >= 0:
        async with http(Settings(version=RELEASES[earlier])) as api:
            await api.refused("POST", path, body)


@pytest.mark.parametrize(
    ("name", "properties", "before", "since"),
    [
        ("AzureContainerRegistry", {"OidcAuthentication": {"ClientId": "c"}}, "2025.1.1", "2025.2.1"),
        ("AzureContainerRegistry", {"DownloadAttempts": 9}, "2025.3.14000", "2025.4.1"),
        ("Docker", {"DownloadAttempts": 9}, "2025.3.14000", "2025.4.1"),
    ],
)
async def test_a_property_that_a_type_came_to_have(
    name: str, properties: dict[str, Any], before: str, since: str
) -> None:
    body = {"Name": "One", "FeedType": name, **URI, **properties}
    async with http(Settings(version=since)) as api:
        assert properties.items() <= (await api.post("feeds", body)).items()
    async with http(Settings(version=before)) as api:
        assert not properties.keys() & (await api.post("feeds", body)).keys()
    async with http(Settings(version=before, strict=True)) as api:
        await api.refused("POST", "feeds", body)


async def test_account_details_may_lie_apart_as_the_reference_has_them() -> None:
    async with http() as api:
        details = {"AccountType": "Token", "Token": SECRET}
        made = await api.post("accounts", {"Name": "One", "Details": details})
        assert (made["AccountType"], made["Token"]["HasValue"]) == ("Token", True)


async def test_the_feeds_of_a_space_are_neither_made_nor_deleted() -> None:
    async with http() as api:
        for name in ("BuiltIn", "OctopusProject"):
            await api.refused("POST", "feeds", {"Name": "Own", "FeedType": name})
        await api.refused("DELETE", "feeds/feeds-builtin")
        made = await api.post("feeds", {"Name": "N", "FeedType": "NuGet", **URI})
        await api.refused("PUT", f"feeds/{made['Id']}", {**made, "FeedType": "Maven"})
