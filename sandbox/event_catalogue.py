"""The lists behind `/events/categories`, `/groups`, `/documenttypes` and `/agents`.

The real lists are built by the server and differ from version to version; no complete dump of the answers is
public. The labels are those of the Octopus documentation (2026-07); ids which no capture shows are its labels in
CamelCase.
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
    "applies_to",
    "categories_of",
    "known",
]

DOCUMENT_CATEGORIES = ("Created", "Modified", "Deleted")

# id: label. Ids that a capture or somebody's code shows.
_SEEN: dict[str, str] = {
    "Created": "Document created",
    "Modified": "Document modified",
    "Deleted": "Document deleted",
    "CertificateExpired": "Certificate expired",
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
    "MachineHasWarnings": "Machine found to have warnings",
    "MachineHealthy": "Machine found healthy",
    "MachineUnavailable": "Machine found unavailable",
    "MachineUnhealthy": "Machine found unhealthy",
    "ManualInterventionInterruptionRaised": "Manual intervention interruption raised",
    "RunbookRunResumed": "Runbook run resumed",
    "TaskCanceled": "Task canceled",
}
# Labels of the documentation of 2026-07 whose ids nobody has published: here the label in CamelCase (?).
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
}


def _beginning(prefix: str) -> tuple[str, ...]:
    return tuple(category for category in CATEGORIES if category.startswith(prefix))


# Label and categories of each group.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Document": ("Document", DOCUMENT_CATEGORIES),
    "Deployment": (
        "Deployment",
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
    "DeploymentCritical": (
        "Deployment critical",
        ("DeploymentFailed", "GuidedFailureInterruptionRaised"),
    ),
    "Machine": (
        "Machine",
        _beginning("Machine"),
    ),
    "MachineCritical": (
        "Machine critical",
        ("MachineCleanupFailed", "MachineUnavailable", "MachineUnhealthy"),
    ),
    "MachineHealthChanged": (
        "Machine health changed",
        ("MachineHasWarnings", "MachineHealthy", "MachineUnavailable", "MachineUnhealthy"),
    ),
    "MachineAvailableForDeployment": (
        "Machine becomes available for deployment",
        ("MachineAdded", "MachineDeploymentRelatedPropertyWasUpdated", "MachineEnabled", "MachineHealthy"),
    ),
    "MachineUnavailableForDeployment": (
        "Machine becomes unavailable for deployment",
        ("MachineDeleted", "MachineDisabled", "MachineUnavailable", "MachineUnhealthy"),
    ),
    "ApiKeyExpiry": ("API key expiry", _beginning("ApiKey")),
    "AuthenticationBanned": ("Authentication banned", ("IPAddressBanned", "LoginBanned")),
    "AutoDeploy": ("Auto-deploy", _beginning("AutoDeploy")),
    "AutoDeployCritical": ("Auto-deploy critical", ("AutoDeployTriggerBlocked",)),
    "CertificateExpiry": ("Certificate expiry", _beginning("CertificateExpir")),
    "LicenseKeyExpiry": ("License key expiry", _beginning("LicenseKey")),
    "LicenseUsage": ("License usage", _beginning("LicenseUsage")),
}

# id (compared without case): label. Casing differs between types on real servers, too.
DOCUMENT_TYPES: dict[str, str] = {
    "Accounts": "Account",
    "ActionTemplates": "Action Template",
    "ActionTemplateVersions": "Action Template Version",
    "ApiKeys": "Api Key",
    "Artifacts": "Artifact",
    "BuildInformation": "Build Information",
    "Certificates": "Certificate",
    "Channels": "Channel",
    "CommunityActionTemplates": "Community Action Template",
    "DashboardConfigurations": "Dashboard Configuration",
    "DeletedSpaces": "Deleted Space",
    "Deployments": "Deployment",
    "DeploymentFreezes": "Deployment Freeze",
    "deploymentprocess": "Deployment Process",
    "deploymentsettings": "Deployment Settings",
    "DeploymentTargetTags": "Deployment Target Tag",
    "Environments": "Environment",
    "Events": "Event",
    "ExtensionConfigurations": "Extension Configuration",
    "FeatureToggles": "Feature Toggle",
    "Feeds": "Feed",
    "GitCredentials": "Git Credential",
    "GitHubAppConnections": "Git Hub App Connection",
    "InsightsReports": "Insights Report",
    "Interruptions": "Interruption",
    "Invitations": "Invitation",
    "KubernetesMonitors": "Kubernetes Monitor",
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
    "ScopedUserRoles": "Scoped User Role",
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


def applies_to(category: str, document_type: str | None) -> bool:
    """The `appliesTo` filter of the lists, of which `Machine` is the one value in use."""
    return document_type is None or category.casefold().startswith(document_type.casefold())
