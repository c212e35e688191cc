"""The lists behind `/events/categories`, `/groups`, `/documenttypes` and `/agents`.

The real lists are built by the server and differ from version to version; no complete dump of the answers is
public. The labels are those of the Octopus documentation (2026-07); ids which no capture shows are its labels in
CamelCase. What the groups of machines hold is in its page on deployment target triggers.
"""

import re
from collections.abc import Iterable

from sandbox.versions import at_least

__all__ = [
    "AGENTS",
    "CATEGORIES",
    "DOCUMENT_CATEGORIES",
    "DOCUMENT_TYPES",
    "GROUPS",
    "SINCE",
    "agent_of",
    "categories_of",
    "category_applies_to",
    "group_applies_to",
    "known",
]

DOCUMENT_CATEGORIES = ("Created", "Modified", "Deleted")

# id: label. Ids that a capture or somebody's code shows.
_SEEN: dict[str, str] = {
    "Created": "Document created",
    "Modified": "Document modified",
    "Deleted": "Document deleted",
    "CertificateExpired": "Certificate expired",
    "CompliancePolicyEvaluatedNonCompliantBlocked": "Compliance policy evaluated, not compliant, blocked",
    "DeploymentQueued": "Deployment queued",
    "DeploymentStarted": "Deployment started",
    "DeploymentResumed": "Deployment resumed",
    "DeploymentSucceeded": "Deployment succeeded",
    "DeploymentFailed": "Deployment failed",
    "Exported": "Export complete",
    "GuidedFailureInterruptionRaised": "Guided failure interruption raised",
    "Imported": "Import complete",
    "LoginFailed": "Login failed",
    "LoginSucceeded": "Login succeeded",
    "MachineAdded": "Machine created",
    "MachineCleanupFailed": "Machine cleanup failed",
    "MachineDeleted": "Machine deleted",
    "MachineDeploymentRelatedPropertyWasUpdated": "Machine deployment-related property modified",
    "MachineDisabled": "Machine disabled",
    "MachineEnabled": "Machine enabled",
    "MachineHealthChanged": "Machine health changed",
    "MachineHasWarnings": "Machine found to have warnings",
    "MachineHealthy": "Machine found healthy",
    "MachineUnavailable": "Machine found to be unavailable",
    "MachineUnhealthy": "Machine found to be unhealthy",
    "ManualInterventionInterruptionRaised": "Manual intervention interruption raised",
    "RunbookRunResumed": "Runbook run resumed",
    "TaskCanceled": "Task canceled",
}
# Labels of the documentation of 2026-07 whose ids nobody has published: here the label in CamelCase (?). That of the
# rate limit is a guess as a whole.
_LABELS = (
    "API key expired",
    "API key expiry 10-day warning",
    "API key expiry 20-day warning",
    "Artifact content modified",
    "Attachment deleted",
    "Auto-deploy trigger blocked",
    "Auto-deploy trigger succeeded",
    "Build information created",
    "Build information deleted",
    "Build information modified",
    "Certificate expiry 10-day warning",
    "Certificate expiry 20-day warning",
    "Certificate private key exported",
    "Certificate replaced",
    "Comment",
    "Compliance policy evaluated",
    "Deployment canceled",
    "Deployment precondition evaluated",
    "File downloaded",
    "IP address banned",
    "License key expired",
    "License key expiry 10-day warning",
    "License key expiry 20-day warning",
    "License usage 80 percent",
    "License usage 90 percent",
    "License usage 95 percent",
    "License usage limit reached",
    "Login banned",
    "Package added to built-in feed",
    "Package deleted from built-in feed",
    "Package deleted by index sync",
    "Package deleted by retention",
    "Package replaced",
    "Project export complete",
    "Project export queued",
    "Project import complete",
    "Project import queued",
    "Rate limit exceeded",
    "Release deleted by retention",
    "Runbook run deleted by retention",
    "Runbook run failed",
    "Runbook run queued",
    "Runbook run started",
    "Runbook run succeeded",
    "Runbook snapshot deleted by retention",
    "Runbook snapshot published",
    "User password changed",
)


def _id_of(label: str) -> str:
    words = re.split(r"[ -]", label)
    return "".join(word if word.isupper() else word.capitalize() for word in words).replace("API", "Api")


CATEGORIES: dict[str, str] = dict(sorted({**_SEEN, **{_id_of(label): label for label in _LABELS}}.items()))

# Categories and groups that came with a release.
SINCE: dict[str, str] = {
    "PackageAddedToBuiltInFeed": "2025.3.9484",
    "PackageDeletedFromBuiltInFeed": "2025.3.9484",
    "LicenseKeyExpiry": "2025.2.6402",
    "LicenseUsage": "2025.2.7065",
    "RateLimitExceeded": "2026.3",
}


def _beginning(prefix: str) -> tuple[str, ...]:
    return tuple(category for category in CATEGORIES if category.startswith(prefix))


_UNAVAILABLE = ("MachineUnavailable", "MachineUnhealthy")
_AVAILABLE = ("MachineHealthy", "MachineHasWarnings")

# Label and categories of each group.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Document": ("Document events", DOCUMENT_CATEGORIES),
    "Deployment": (
        "Deployment events",
        (
            "DeploymentQueued",
            "DeploymentStarted",
            "DeploymentResumed",
            "DeploymentSucceeded",
            "DeploymentFailed",
            "GuidedFailureInterruptionRaised",
            "ManualInterventionInterruptionRaised",
        ),
    ),
    "DeploymentCritical": ("Deployment critical-events", ("DeploymentFailed", "GuidedFailureInterruptionRaised")),
    "Machine": (
        "Machine events",
        (
            "MachineCleanupFailed",
            "MachineAdded",
            "MachineDeploymentRelatedPropertyWasUpdated",
            "MachineDisabled",
            "MachineEnabled",
            *_AVAILABLE,
            *_UNAVAILABLE,
        ),
    ),
    "MachineCritical": ("Machine critical-events", ("MachineCleanupFailed", "MachineUnavailable")),
    "MachineHealthChanged": ("Machine health changed", (*_AVAILABLE, *_UNAVAILABLE)),
    "MachineAvailableForDeployment": ("Machine becomes available for deployment", ("MachineEnabled", *_AVAILABLE)),
    "MachineUnavailableForDeployment": (
        "Machine is no longer available for deployment",
        ("MachineDisabled", *_UNAVAILABLE),
    ),
    "ApiKeyExpiry": ("API key expiry events", _beginning("ApiKey")),
    "AuthenticationBanned": ("Authentication banned", ("IPAddressBanned", "LoginBanned")),
    "AutoDeploy": ("Auto-deploy events", _beginning("AutoDeploy")),
    "AutoDeployCritical": ("Auto-Deploy critical-events", ("AutoDeployTriggerBlocked",)),
    "CertificateExpiry": ("Certificate expiry events", _beginning("CertificateExpir")),
    "LicenseKeyExpiry": ("License key expiry", _beginning("LicenseKey")),
    "LicenseUsage": ("License usage", _beginning("LicenseUsage")),
}

# id (compared without case): label. Casing differs between types on real servers, too. (?) Ids that no document and no
# public URL shows are plurals of the labels.
DOCUMENT_TYPES: dict[str, str] = {
    "Accounts": "Account",
    "ActionTemplates": "Action Template",
    "ActionTemplateVersions": "Action Template Version",
    "ApiKeys": "Api Key",
    "Artifacts": "Artifact",
    "AutoDeployQueueItems": "Auto Deploy Queue Item",
    "BuildInformation": "Build Information",
    "Certificates": "Certificate",
    "Channels": "Channel",
    "CommunityActionTemplates": "Community Action Template",
    "ConnectProjectToTenantsTasks": "Connect Project to Tenants Task",
    "DashboardConfigurations": "Dashboard Configuration",
    "DataMigrationStates": "Data Migration State",
    "DeletedSpaces": "Deleted Space",
    "Deployments": "Deployment",
    "DeploymentCompletions": "Deployment Completion",
    "DeploymentFreezes": "Deployment Freeze",
    "DeploymentFreezeOverrides": "Deployment Freeze Override",
    "DeploymentHistories": "Deployment History",
    "deploymentprocess": "Deployment Process",
    "deploymentsettings": "Deployment Settings",
    "DeploymentTargetTags": "Deployment Target Tag",
    "DeprecationUsages": "Deprecation Usage",
    "Environments": "Environment",
    "Events": "Event",
    "ExtensionConfigurations": "Extension Configuration",
    "FeatureToggles": "Feature Toggle",
    "FeatureTogglePublishingSigningKeys": "Feature Toggle Publishing Signing Key",
    "Feeds": "Feed",
    "GitCredentials": "Git Credential",
    "GitHubAppConnections": "Git Hub App Connection",
    "GitHubAppTokens": "Git Hub App Token",
    "InsightsReports": "Insights Report",
    "Interruptions": "Interruption",
    "Invitations": "Invitation",
    "KubernetesMonitors": "Kubernetes Monitor",
    "KubernetesResourceManifests": "Kubernetes Resource Manifest",
    "KubernetesTaskResourceStatuses": "Kubernetes Task Resource Status",
    "LibraryVariableSets": "Library Variable Set",
    "Lifecycles": "Lifecycle",
    "Machines": "Machine",
    "MachinePolicies": "Machine Policy",
    "OctopusServerNodes": "Octopus Server Node",
    "ProcessExecutions": "Process Execution",
    "Projects": "Project",
    "ProjectGroups": "Project Group",
    "ProjectIntents": "Project Intents",
    "ProjectTriggers": "Project Trigger",
    "Proxies": "Proxy",
    "Releases": "Release",
    "Runbooks": "Runbook",
    "RunbookProcess": "Runbook Process",
    "RunbookRuns": "Runbook Run",
    "RunbookRunHistories": "Runbook Run History",
    "RunbookSnapshots": "Runbooks Snapshot",
    "SampleProjects": "Sample Project",
    "ScopedUserRoles": "Scoped User Role",
    "ServerAccountOidcIdentities": "Server Account Oidc Identity",
    "ServerTasks": "Server Task",
    "ServerTaskApprovals": "Server Task Approval",
    "SigningKeys": "Signing Key",
    "Spaces": "Space",
    "Subscriptions": "Subscription",
    "TagSets": "Tag Set",
    "Teams": "Team",
    "Tenants": "Tenant",
    "TenantVariables": "Tenant Variable",
    "Users": "User",
    "UserFavoriteProjects": "User Favorite Project",
    "UserOnboardings": "User Onboarding",
    "UserRoles": "User Role",
    "UserSessions": "User Session",
    "variableset": "Variable Set",
    "Workers": "Worker",
    "WorkerPools": "Worker Pool",
    "WorkerTaskLeases": "Worker Task Lease",
}

# id: (label, how the User-Agent header begins)
AGENTS: dict[str, tuple[str, str]] = {
    "Server": ("Octopus Server", "Server"),
    "Browser": ("Browser", "OctopusClient-js"),
    "Client": ("Octopus.Client", "OctopusClient-dotnet"),
    "CLI": ("Octopus CLI", "octo"),
    "Terraform": ("Terraform", "terraform"),
}


def known(ids: Iterable[str], version: str) -> list[str]:
    """Those of the ids that a release has."""
    return [one for one in ids if at_least(version, SINCE.get(one, ""))]


def categories_of(groups: frozenset[str]) -> frozenset[str]:
    """All categories of the named groups (ids without case). A name that is no group adds nothing."""
    wanted = {group.casefold() for group in groups}
    return frozenset(
        category.casefold()
        for group, (_, categories) in GROUPS.items()
        if group.casefold() in wanted
        for category in categories
    )


def agent_of(user_agent: str) -> str | None:
    """Id of the agent that sends this User-Agent header, or None."""
    lowered = user_agent.casefold()
    for agent, (_, prefix) in AGENTS.items():
        if lowered.startswith(prefix.casefold()):
            return agent
    return None


def group_applies_to(group: str, document_type: str | None) -> bool:
    """The `appliesTo` filter of groups, of which `Machine` is the one value in use."""
    return document_type is None or group.casefold().startswith(document_type.casefold())


def category_applies_to(category: str, document_type: str | None) -> bool:
    """The `appliesTo` filter of categories: what can set off a trigger; a target that is deleted cannot."""
    return document_type is None or any(
        category in categories for group, (_, categories) in GROUPS.items() if group_applies_to(group, document_type)
    )
