"""What a release of Octopus does not know yet.

A sandbox plays one release, `Settings.version`. What the table below says came later is neither taken in a body nor
given in an answer. The releases are those whose Swagger was read (2020.3, 2021.2, 2023.4, 2026.1): a property that is
in one and not in the one before counts as new in it, so the true first release may be earlier.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["at_least", "prune"]

_ALL_WITH_SLUG = (
    "accounts environments channels feeds lifecycles workerpools workers machines teams tenants runbooks spaces"
)

# (collection, path of the property, first release). `[]` steps into the elements of a list.
_SINCE: list[tuple[str, str, str]] = [
    *((collection, "Slug", "2023.4") for collection in _ALL_WITH_SLUG.split()),
    ("projectgroups", "Slug", "2025.3"),
    ("dashboardconfigurations", "IncludedEnvironmentTags", "2026.1"),
    ("dashboardconfigurations", "IncludedProjectTags", "2026.1"),
    ("environments", "EnvironmentTags", "2026.1"),
    ("projects", "PersistenceSettings", "2021.2"),
    ("projects", "ForcePackageDownload", "2023.4"),
    ("projects", "Icon", "2023.4"),
    ("projects", "Links.DeploymentSettings", "2023.4"),  # its route came by then
    *(
        ("projects", name, "2026.1")
        for name in (
            "AllowIgnoreChannelRules",
            "CombineHealthAndSyncStatusInDashboardLiveStatus",
            "DefaultPowerShellEdition",
            "ProvisioningRunbookId",
            "DeprovisioningRunbookId",
            "ExecuteDeploymentsOnResilientPipeline",
            "ProjectTags",
        )
    ),
    ("deploymentsettings", "ForcePackageDownload", "2023.4"),
    ("deploymentsettings", "FailTargetDiscovery", "2026.1"),
    *(
        ("channels", name, "2026.1")
        for name in (
            "Type",
            "ParentEnvironmentId",
            "EphemeralEnvironmentNameTemplate",
            "AutomaticEphemeralEnvironmentDeployments",
            "CustomFieldDefinitions",
            "GitReferenceRules",
            "GitResourceRules",
        )
    ),
    *(
        (process, path, since)
        for process in ("deploymentprocesses", "runbookprocesses")
        for path, since in (
            ("Steps[].Slug", "2023.4"),
            ("Steps[].Type", "2026.1"),
            ("Steps[].Actions[].Slug", "2023.4"),
            ("Steps[].Actions[].GitDependencies", "2023.4"),
            ("Steps[].Actions[].Inputs", "2023.4"),
            ("Steps[].Actions[].StepPackageVersion", "2023.4"),
            ("Steps[].Actions[].EnvironmentsVariable", "2026.1"),
            ("Steps[].Actions[].ExcludedEnvironmentsVariable", "2026.1"),
            ("Steps[].Actions[].ChannelsVariable", "2026.1"),
            ("Steps[].Actions[].TenantTagsVariable", "2026.1"),
            ("Steps[].Actions[].Packages[].StepPackageInputsReferenceId", "2023.4"),
            ("Steps[].Actions[].Packages[].Version", "2026.1"),
            ("Steps[].Actions[].Container.GitUrl", "2026.1"),
            ("Steps[].Actions[].Container.Dockerfile", "2026.1"),
        )
    ),
    ("lifecycles", "Phases[].IsPriorityPhase", "2026.1"),
    *(
        ("lifecycles", f"{owner}{policy}.Strategy", "2025.3")
        for owner in ("", "Phases[].")
        for policy in ("ReleaseRetentionPolicy", "TentacleRetentionPolicy")
    ),
    ("machinepolicies", "MachineRpcCallRetryPolicy", "2023.4"),
    ("machinepolicies", "MachinePackageCacheRetentionPolicy", "2026.1"),
    ("machinepolicies", "MachineUpdatePolicy.KubernetesAgentUpdateBehavior", "2026.1"),
    ("git-credentials", "RepositoryRestrictions", "2026.1"),
    ("libraryvariablesets", "Version", "2026.1"),
    ("tagsets", "Type", "2026.1"),
    ("tagsets", "Scopes", "2026.1"),
    ("runbooks", "ForcePackageDownload", "2023.4"),
    ("runbooks", "FailTargetDiscovery", "2026.1"),
    ("runbooks", "RunbookTags", "2026.1"),
    ("runbooks", "RunRetentionPolicy.Strategy", "2026.1"),
    ("runbooks", "RunRetentionPolicy.Unit", "2026.1"),
    ("tenants", "Icon", "2023.4"),
    ("tenants", "IsDisabled", "2026.1"),
    ("tenants", "CustomFields", "2026.1"),
    ("actiontemplates", "GitDependencies", "2023.4"),
    ("communityactiontemplates", "Packages", "2026.1"),
    ("machines", "SkipInitialHealthCheck", "2026.1"),
    ("workers", "SkipInitialHealthCheck", "2026.1"),
    ("releases", "CustomFields", "2026.1"),
    ("releases", "SelectedGitResources", "2023.4"),
    *(
        (template, path, since)
        for template in ("releasetemplates", "runbooksnapshottemplates")
        for path, since in (
            ("GitResources", "2023.4"),
            ("GitResources[].GitHubConnectionId", "2026.1"),
            ("Packages[].FixedVersion", "2026.1"),
        )
    ),
    ("users", "Created", "2023.4"),
    ("spaces", "Icon", "2023.4"),
    ("spaces", "IsPrivate", "2023.4"),
    ("spaces", "ExtensionSettings", "2023.4"),
    ("variables", "ScopeValues.Processes", "2021.2"),
]

# The same of properties that only some types have: (collection, property that says the type, types, property, first
# release). Octopus API reference 2026, "Feeds" and section 6.2; Octopus' documentation of OpenID Connect for feeds.
_DOCKER = ("Docker", "AzureContainerRegistry", "GoogleContainerRegistry")
_SINCE_OF_TYPE: list[tuple[str, str, tuple[str, ...], str, str]] = [
    ("feeds", "FeedType", _DOCKER, "DownloadAttempts", "2025.4"),
    ("feeds", "FeedType", _DOCKER, "DownloadRetryBackoffSeconds", "2025.4"),
    ("feeds", "FeedType", ("AwsElasticContainerRegistry", *_DOCKER[1:]), "OidcAuthentication", "2025.2"),
]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.split("-")[0]))


@lru_cache(maxsize=256)
def at_least(version: str, since: str) -> bool:
    """Whether a release knows what came with `since` ("" = always there). `0.0.0-local` is a build newer than all."""
    return not since or version.startswith("0.0.0") or _numbers(version) >= _numbers(since)


@lru_cache(maxsize=64)
def _unknown(version: str, collection: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(path.replace("[]", ".[]").split("."))
        for owner, path, since in _SINCE
        if owner == collection and not at_least(version, since)
    )


def prune(document: dict[str, Any], collection: str, version: str) -> dict[str, Any]:
    """The document without what `version` does not know. Returns the same object when there is nothing to drop."""
    for path in _unknown(version, collection):
        document = _without(document, path)
    for owner, by, types, name, since in _SINCE_OF_TYPE:
        if owner == collection and document.get(by) in types and not at_least(version, since):
            document = _without(document, (name,))
    return document


def _without(value: Any, path: tuple[str, ...]) -> Any:
    head, rest = path[0], path[1:]
    if head == "[]":
        return [_without(element, rest) for element in value] if isinstance(value, list) else value
    if not isinstance(value, dict) or head not in value:
        return value
    if not rest:
        return {key: item for key, item in value.items() if key != head}
    return {**value, head: _without(value[head], rest)}
