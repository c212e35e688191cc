"""Feeds. Two come with the space, are matched by type and can be neither made nor deleted."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Save, declare
from sandbox.routing import Call, Router
from sandbox.shapes import of_type
from sandbox.store import Document, Write
from sandbox.versions import at_least

__all__ = ["BUILT_IN", "FEEDS", "add_routes"]

_DOWNLOAD = {"DownloadAttempts": 5, "DownloadRetryBackoffSeconds": 10}
_URI = {"FeedUri": None, "Username": None}
_KEYS = {"Region": None, "AccessKey": None, "UseMachineCredentials": False}
_DOCKER = {**_URI, **_DOWNLOAD, "ApiVersion": "v2", "RegistryPath": None}
BUILT_IN = ("BuiltIn", "OctopusProject")

# Type: its plain fields with their defaults, then its secrets (Octopus API reference, 2026).
_TYPES: dict[str, tuple[Document, tuple[str, ...]]] = {
    "NuGet": ({**_URI, **_DOWNLOAD, "EnhancedMode": False}, ("Password",)),
    "Docker": (_DOCKER, ("Password",)),
    "Maven": ({**_URI, **_DOWNLOAD}, ("Password",)),
    "GitHub": ({**_URI, **_DOWNLOAD}, ("Password",)),
    "Npm": ({**_URI, **_DOWNLOAD}, ("Password",)),
    "PyPi": ({**_URI, **_DOWNLOAD}, ("Password",)),
    "Helm": (_URI, ("Password",)),
    "OciRegistry": (_URI, ("Password",)),
    "AwsElasticContainerRegistry": ({**_KEYS, "OidcAuthentication": None}, ("SecretKey",)),
    "AzureContainerRegistry": ({**_DOCKER, "OidcAuthentication": None}, ("Password",)),
    "GoogleContainerRegistry": ({**_DOCKER, "OidcAuthentication": None}, ("Password",)),
    "S3": (_KEYS, ("SecretKey",)),
    "GcsStorage": (
        {**_DOWNLOAD, "UseServiceAccountKey": False, "Project": None, "OidcAuthentication": None},
        ("ServiceAccountJsonKey",),
    ),
    "ArtifactoryGeneric": ({**_URI, "Repository": None, "LayoutRegex": None}, ("Password",)),
    "BuiltIn": (
        {
            "DeleteUnreleasedPackagesAfterDays": None,
            "IsBuiltInRepoSyncEnabled": False,
            "DeletePackagesAssociatedWithReleases": False,
        },
        (),
    ),
    "OctopusProject": ({}, ()),
}


# The first release whose Swagger has the type; the others are older than all that were read.
_SINCE = {
    **dict.fromkeys(("OciRegistry", "S3", "AzureContainerRegistry", "GoogleContainerRegistry"), "2023.4"),
    **dict.fromkeys(("ArtifactoryGeneric", "Npm"), "2026.1"),
    **dict.fromkeys(("PyPi", "GcsStorage"), "2026.2"),
}


def _prepare(save: Save) -> None:
    feed, given = save.after, save.body
    sent = next((value for key, value in given.items() if key.lower() == "feedtype"), None)
    name = next((name for name in _TYPES if name.lower() == str(sent).lower()), None)
    if name is None or not at_least(save.call.settings.version, _SINCE.get(name, "")):
        raise bad_request(texts.required("FeedType") if not sent else texts.wrong_choice(sent, "FeedType"))
    if save.before is None and name in BUILT_IN:
        raise bad_request(f"A feed of type {name} cannot be created.")
    if save.before is not None and name != save.before["FeedType"]:
        raise bad_request(texts.mismatch("FeedType", name, save.before["FeedType"]))
    feed["FeedType"] = name
    plain, secret = _TYPES[name]
    feed.update(of_type(given, plain, secret))
    if "FeedUri" in plain and not feed["FeedUri"]:
        raise bad_request(texts.required("FeedUri"))


def _deleting(_call: Call, feed: Document) -> list[Write]:
    """Steps that use it do not hold it back; their feed id dangles (OctopusDeploy/Issues#669)."""
    if feed["FeedType"] in BUILT_IN:
        raise bad_request("This resource is read-only and cannot be deleted.")
    return []


def _is_type(feed: Document, values: list[str]) -> bool:
    return feed["FeedType"].lower() in {value.lower() for value in values}


FEEDS = declare(
    Kind(
        collection="feeds",
        prefix="Feeds",
        name="Feed",
        fields=(
            Field("Name", required=True, max_length=44),
            Field("FeedType", writable="never"),
            Field("PackageAcquisitionLocationOptions", ["Server", "ExecutionTarget"]),
        ),
        slug=True,
        name_since="",
        filters={"feedType": _is_type},
        prepare=_prepare,
        deleting=_deleting,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, FEEDS)
