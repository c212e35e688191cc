"""What is known of objects that are of types, each with fields of its own: feeds, accounts, what triggers say.

A server describes only the base class of such objects, and which types there are. What their fields are is from the API
reference (2026), "Accounts", "Feeds", "Git credentials" and "Project triggers"; since when, where that is another
release than the type's, from section 6.2 there and from Octopus' documentation of OpenID Connect for feeds (2025.2). A
field that stands here for all releases of its type is never taken for news; of one that does not stand here, what the
destination shows of the same type decides.
"""

from __future__ import annotations

from typing import NamedTuple


class Typed(NamedTuple):
    """``by``: the field that says the type; ``schema``: where descriptions say which types there are (``""``: nowhere).

    ``newer``: types that no description has, with the last release that is known not to have them. ``fields``: type →
    since when (``""``: as long as the type) → fields.
    """

    by: str
    schema: str
    newer: dict[str, str]
    fields: dict[str, dict[str, str]]


_URI = "FeedUri Username Password"
_DOWNLOAD = "DownloadAttempts DownloadRetryBackoffSeconds"
_DOCKER = f"{_URI} ApiVersion RegistryPath"
_ENTRA = "SubscriptionNumber ClientId TenantId"
_ENDPOINTS = "AzureEnvironment ResourceManagementEndpointBaseUri ActiveDirectoryEndpointBaseUri"
_SUBJECTS = "DeploymentSubjectKeys HealthCheckSubjectKeys AccountTestSubjectKeys"
_RUNS = "StartTime RunType Interval HourInterval MinuteInterval Timezone"
_TENANTS = "TenantIds TenantTags"

FEED = Typed(
    "FeedType",
    "FeedResource",
    {"PyPi": "2026.1", "GcsStorage": "2026.1"},
    {
        "NuGet": {"": f"{_URI} {_DOWNLOAD} EnhancedMode"},
        "Docker": {"": _DOCKER, "2025.4": _DOWNLOAD},
        "Maven": {"": f"{_URI} {_DOWNLOAD}"},
        "GitHub": {"": f"{_URI} {_DOWNLOAD}"},
        "Npm": {"": f"{_URI} {_DOWNLOAD}"},
        "PyPi": {"": f"{_URI} {_DOWNLOAD}"},
        "Helm": {"": _URI},
        "OciRegistry": {"": _URI},
        "AwsElasticContainerRegistry": {"": "Region AccessKey SecretKey", "2025.2": "OidcAuthentication"},
        "AzureContainerRegistry": {"": _DOCKER, "2025.2": "OidcAuthentication", "2025.4": _DOWNLOAD},
        "GoogleContainerRegistry": {"": _DOCKER, "2025.2": "OidcAuthentication", "2025.4": _DOWNLOAD},
        "S3": {"": "UseMachineCredentials AccessKey SecretKey"},
        "GcsStorage": {"": f"UseServiceAccountKey ServiceAccountJsonKey Project OidcAuthentication {_DOWNLOAD}"},
        "ArtifactoryGeneric": {"": f"{_URI} Repository LayoutRegex"},
        "BuiltIn": {"": "DeleteUnreleasedPackagesAfterDays"},
    },
)

ACCOUNT = Typed(
    "AccountType",
    "AccountResource",
    {"GoogleCloudOidcAccount": "2026.1"},
    {
        "UsernamePassword": {"": "Username Password"},
        "SshKeyPair": {"": "Username PrivateKeyFile PrivateKeyPassphrase"},
        "Token": {"": "Token"},
        "AzureSubscription": {
            "": "SubscriptionNumber CertificateBytes CertificateThumbprint AzureEnvironment "
            "ServiceManagementEndpointBaseUri ServiceManagementEndpointSuffix"
        },
        "AzureServicePrincipal": {"": f"{_ENTRA} Password {_ENDPOINTS}"},
        "AzureOidc": {"": f"{_ENTRA} {_ENDPOINTS} Audience {_SUBJECTS}"},
        "AmazonWebServicesAccount": {"": "AccessKey SecretKey"},
        "AmazonWebServicesOidcAccount": {"": f"RoleArn SessionDuration {_SUBJECTS}"},
        "GoogleCloudAccount": {"": "JsonKey"},
        "GoogleCloudOidcAccount": {"": f"Audience TokenLifetimeSeconds {_SUBJECTS}"},
        "GenericOidcAccount": {"": "Audience DeploymentSubjectKeys"},
    },
)

GIT_CREDENTIAL = Typed(
    "Type", "GitCredentialDetailsResource", {"SshKey": "2026.1"}, {"UsernamePassword": {"": "Username Password"}}
)

FILTER = Typed(
    "FilterType",
    "TriggerFilterResource",
    {"WebhookFilter": "2026.1"},
    {
        "MachineFilter": {"": "EnvironmentIds Roles EventGroups EventCategories"},
        "OnceDailySchedule": {"": "StartTime DaysOfWeek Timezone"},
        "ContinuousDailySchedule": {"": "RunAfter RunUntil Interval HourInterval MinuteInterval DaysOfWeek Timezone"},
        "DaysPerMonthSchedule": {"": "StartTime MonthlyScheduleType DateOfMonth DayNumberOfMonth DayOfWeek Timezone"},
        "CronExpressionSchedule": {"": "CronExpression Timezone"},
        "DailySchedule": {"": _RUNS},
        "DaysPerWeekSchedule": {"": f"{_RUNS} Monday Tuesday Wednesday Thursday Friday Saturday Sunday"},
        "FeedFilter": {"": "Packages"},
        "ArcFeedFilter": {"": "Packages"},
        "GitFilter": {"": "Sources"},
        "WebhookFilter": {"": "WebhookId Secret"},
    },
)

ACTION = Typed(
    "ActionType",
    "TriggerActionResource",
    {},
    {
        "AutoDeploy": {"": "ShouldRedeployWhenMachineHasBeenDeployedTo"},
        "DeployLatestRelease": {
            "": f"SourceEnvironmentIds DestinationEnvironmentId ShouldRedeployWhenReleaseIsCurrent ChannelId {_TENANTS}"
        },
        "DeployLatestReleaseToEnvironment": {
            "": f"EnvironmentId ShouldRedeployWhenReleaseIsCurrent ChannelId {_TENANTS}"
        },
        "DeployNewRelease": {"": f"EnvironmentId VersionControlReference ChannelId {_TENANTS}"},
        "RunRunbook": {"": f"RunbookId EnvironmentIds {_TENANTS}"},
        "CreateRelease": {"": "ChannelId"},
    },
)

CHANNEL = Typed("Type", "", {}, {})

TYPES: dict[str, dict[str, Typed]] = {
    "account": {"": ACCOUNT},
    "channel": {"": CHANNEL},
    "feed": {"": FEED},
    "git-credential": {"Details.": GIT_CREDENTIAL},
    "trigger": {"Filter.": FILTER, "Action.": ACTION},
}
"""Kind → path, with a dot at its end (``""``: the document itself) → what stands there."""
