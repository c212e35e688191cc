"""The lists behind `/events/categories`, `/groups`, `/documenttypes` and `/agents`.

The real lists are built by the server and differ from version to version; no complete dump of the answers is
public. The labels are those of the Octopus documentation (2026-07); ids which no capture shows are its labels in
CamelCase.
"""

DOCUMENT_CATEGORIES = ("Created", "Modified", "Deleted")

# id: label. Only the categories that the sandbox can write, or that a subscription is likely to name.
CATEGORIES: dict[str, str] = {
    "Created": "Document created",
    "Modified": "Document modified",
    "Deleted": "Document deleted",
    "CertificateExpired": "Certificate expired",
    "CertificateReplaced": "Certificate replaced",
    "Comment": "Comment",
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
    "PackageAddedToBuiltInFeed": "Package added to built-in feed",
    "ProjectImportComplete": "Project import complete",
    "RunbookRunFailed": "Runbook run failed",
    "RunbookRunQueued": "Runbook run queued",
    "RunbookRunResumed": "Runbook run resumed",
    "RunbookRunStarted": "Runbook run started",
    "RunbookRunSucceeded": "Runbook run succeeded",
    "RunbookSnapshotPublished": "Runbook snapshot published",
    "TaskCanceled": "Task canceled",
}

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
        tuple(category for category in CATEGORIES if category.startswith("Machine")),
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
    "CertificateExpiry": ("Certificate expiry", ("CertificateExpired",)),
}

# id (compared without case): label. Casing differs between types on real servers, too.
DOCUMENT_TYPES: dict[str, str] = {
    "Accounts": "Account",
    "ActionTemplates": "Action Template",
    "Certificates": "Certificate",
    "Channels": "Channel",
    "CommunityActionTemplates": "Community Action Template",
    "deploymentprocess": "Deployment Process",
    "deploymentsettings": "Deployment Settings",
    "Deployments": "Deployment",
    "Environments": "Environment",
    "Feeds": "Feed",
    "GitCredentials": "Git Credential",
    "LibraryVariableSets": "Library Variable Set",
    "Lifecycles": "Lifecycle",
    "MachinePolicies": "Machine Policy",
    "Machines": "Machine",
    "ProjectGroups": "Project Group",
    "Projects": "Project",
    "ProjectTriggers": "Project Trigger",
    "Proxies": "Proxy",
    "Releases": "Release",
    "RunbookProcess": "Runbook Process",
    "RunbookRuns": "Runbook Run",
    "Runbooks": "Runbook",
    "RunbookSnapshots": "Runbooks Snapshot",
    "ScopedUserRoles": "Scoped User Role",
    "ServerTasks": "Server Task",
    "Spaces": "Space",
    "Subscriptions": "Subscription",
    "TagSets": "Tag Set",
    "Teams": "Team",
    "Tenants": "Tenant",
    "TenantVariables": "Tenant Variable",
    "UserRoles": "User Role",
    "Users": "User",
    "variableset": "Variable Set",
    "WorkerPools": "Worker Pool",
    "Workers": "Worker",
}

# id: (label, how the User-Agent header begins)
AGENTS: dict[str, tuple[str, str]] = {
    "Server": ("Octopus Server", "Server"),
    "Browser": ("Browser", "OctopusClient-js"),
    "Client": ("Octopus.Client", "OctopusClient-dotnet"),
    "CLI": ("Octopus CLI", "octo"),
    "Terraform": ("Terraform", "terraform"),
}


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
