"""Projects and the documents that belong to one: channels, deployment settings, runbooks.

Facts: Octopus API reference 2026, "Projects", "Channels", "Deployment settings", "Runbooks". A project is created bare:
its versioning and release creation refer to steps and channels which do not exist yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.library import TEMPLATE
from worker.kinds.references import Empty, Form, Ref, Scope
from worker.kinds.shape import SERVER_FIELDS, Elements, Shape

_SHOWN_AS = {
    "VersioningStrategy": "VersioningStrategy",
    "ReleaseNotesTemplate": "ReleaseNotesTemplate",
    "DeploymentChangesTemplate": "DeploymentChangesTemplate",
    "DefaultToSkipIfAlreadyInstalled": "DefaultToSkipIfAlreadyInstalled",
    "DefaultGuidedFailureMode": "DefaultGuidedFailureMode",
    "ConnectivityPolicy": "ProjectConnectivityPolicy",
    "ForcePackageDownload": "ForcePackageDownload",
}
"""Properties of the deployment settings, and what the project calls them. The last one only since 2023.4."""

ON_DEPLOYMENT_SETTINGS = frozenset(_SHOWN_AS.values())
"""Still shown on the project, but the document of their own (since 2021) is the one that is written."""

PACKAGE_OF_STEP = Shape(server=frozenset(), refs={"DeploymentAction": Ref("step", required=True, loose=True)})
"""A package, by the step that has it. The step is named by its name, id or slug."""

_CONNECTIONS = ("ServiceNowConnectionId", "JsmConnectionId")
EXTENSION_SETTINGS = Elements(
    Shape(
        children={
            "Values": Shape(
                server=frozenset(),
                refs={name: Ref("connection", foreign=True) for name in _CONNECTIONS},
                own=frozenset(_CONNECTIONS),
            )
        },
    ),
    identity=("ExtensionId",),
)
"""What a project says to the integrations of its server. A connection to ServiceNow or to Jira Service Management is
set up for the whole server, and has an id there; these two are all that public clients know."""

PROJECT = Kind(
    name="project",
    prefix="Projects",
    route="projects",
    keeps={
        "projects/{id}/releases": "releases",
        "tenants?projectId={id}": "tenants that are connected to it",
    },
    bulk="projects",
    mode=Mode.MERGE,
    listed_by="projects/all",
    # In no command that creates one (Swagger 2026.1). Nor are the runbooks that provision: these come late anyway.
    put_only=frozenset({"DefaultPowerShellEdition"}),
    shows=ON_DEPLOYMENT_SETTINGS,
    shape=Shape(
        server=SERVER_FIELDS
        | ON_DEPLOYMENT_SETTINGS
        | {
            "VariableSetId",
            "DeploymentProcessId",
            "ClonedFromProjectId",
            "IsVersionControlled",
            "PersistenceSettings",
            "ProjectTemplateDetails",
            # A release pinned to an environment by hand: releases do not cross.
            "AutoDeployReleaseOverrides",
        },
        own=frozenset({"IsDisabled"}),
        ordered=frozenset({"IncludedLibraryVariableSetIds"}),
        refs={
            "ProjectGroupId": Ref("project-group", required=True),
            "LifecycleId": Ref("lifecycle", required=True),
            # Script modules stand in the same list; which of the two an id is, the source's directories tell.
            "IncludedLibraryVariableSetIds": Ref("library-variable-set", Form.LIST),
            "ProjectTags": Ref("tag", Form.TAG),
            # Of ephemeral environments.
            "ProvisioningRunbookId": Ref("runbook"),
            "DeprovisioningRunbookId": Ref("runbook"),
        },
        children={
            "ReleaseCreationStrategy": Shape(
                server=frozenset({"ReleaseCreationPackageStepId"}),
                refs={"ChannelId": Ref("channel", required=True)},
                children={"ReleaseCreationPackage": PACKAGE_OF_STEP},
                whole=True,
            ),
        },
        needs={"AutoCreateRelease": "ReleaseCreationStrategy"},
        elements={"Templates": TEMPLATE, "ExtensionSettings": EXTENSION_SETTINGS},
        late=frozenset(
            {"ReleaseCreationStrategy", "AutoCreateRelease", "ProvisioningRunbookId", "DeprovisioningRunbookId"}
        ),
    ),
)

CHANNEL = Kind(
    name="channel",
    prefix="Channels",
    route="channels",
    keeps={"channels/{id}/releases": "releases"},
    bulk="channels",
    mode=Mode.MERGE,
    owner_kinds=("project",),
    owner_field="ProjectId",
    listed_by="channels/all",
    shape=Shape(
        server=SERVER_FIELDS | {"ProjectId"},
        fixed=frozenset({"Type"}),
        refs={
            # Null means the project's own lifecycle.
            "LifecycleId": Ref("lifecycle", required=True, empty=Empty.DEFAULT),
            # Of a channel for ephemeral environments: below which these come to be.
            "ParentEnvironmentId": Ref("environment", required=True),
            "TenantTags": Ref("tag", Form.TAG, empty=Empty.ANYWHERE),
        },
        scopes=(Scope(("TenantTags",), "tenant_tag"),),
        # Without its rules a channel takes releases of anything.
        limits=frozenset({"GitReferenceRules", "GitResourceRules"}),
        # A rule has no name. The version range and tag that it asks for are what it is.
        elements={
            "Rules": Elements(
                shape=Shape(
                    # The older way to say the same, by the name of the step alone.
                    server=SERVER_FIELDS | {"Actions"},
                    limits=frozenset({"VersionTagRegex"}),
                    elements={
                        "ActionPackages": Elements(
                            PACKAGE_OF_STEP, identity=("DeploymentAction", "PackageReference"), needed=True
                        )
                    },
                ),
                identity=("VersionRange", "Tag"),
            ),
            # The same for Git resources: which references of which dependency of which step.
            "GitResourceRules": Elements(
                shape=Shape(
                    elements={
                        "GitDependencyActions": Elements(
                            Shape(
                                server=frozenset(),
                                refs={"DeploymentActionSlug": Ref("step-slug", required=True, loose=True)},
                            ),
                            identity=("DeploymentActionSlug", "GitDependencyName"),
                            needed=True,
                        )
                    },
                ),
                identity=("Rules",),
            ),
        },
        late=frozenset({"Rules", "GitResourceRules"}),
    ),
)

DEPLOYMENT_SETTINGS = Kind(
    name="deployment-settings",
    prefix="deploymentsettings",
    route="deploymentsettings",
    mode=Mode.MERGE,
    owner_kinds=("project",),
    place=Place.WITH_OWNER,
    segment="deployment-settings",
    # The route that every release has had, from 2021.2 on; ``projects/{id}/deploymentsettings`` came by 2023.4.
    document_route="deploymentsettings/{owner}",
    shape=Shape(
        server=SERVER_FIELDS | {"ProjectId"},
        children={
            "VersioningStrategy": Shape(
                server=frozenset({"DonorPackageStepId"}), children={"DonorPackage": PACKAGE_OF_STEP}, whole=True
            ),
        },
    ),
)

RUNBOOK = Kind(
    name="runbook",
    prefix="Runbooks",
    route="runbooks",
    keeps={"runbooks/{id}/runbookSnapshots": "snapshots"},
    bulk="runbooks",
    mode=Mode.MERGE,
    owner_kinds=("project",),
    owner_field="ProjectId",
    listed_by="runbooks/all",
    # In no command that creates one (Swagger 2026.1).
    put_only=frozenset({"FailTargetDiscovery"}),
    shape=Shape(
        server=SERVER_FIELDS | {"ProjectId", "RunbookProcessId", "PublishedRunbookSnapshotId"},
        retention=frozenset({"RunRetentionPolicy"}),
        refs={
            "Environments": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
            "RunbookTags": Ref("tag", Form.TAG),
        },
        scopes=(Scope(("Environments",), "environment"),),
    ),
)

KINDS = (PROJECT, CHANNEL, DEPLOYMENT_SETTINGS, RUNBOOK)


VERSION_CONTROLLED = "VersionControlled"
"""The type of a project that is kept in Git; one that is kept in the database has none."""


def type_of(project: Mapping[str, Any]) -> str | None:
    """``IsVersionControlled`` came with configuration as code (2022.1); until then the settings alone tell."""
    settings = project.get("PersistenceSettings") or {}
    in_git = project.get("IsVersionControlled") or settings.get("Type") == VERSION_CONTROLLED
    return VERSION_CONTROLLED if in_git else None


def moved_to_git(project: Mapping[str, Any]) -> frozenset[str]:
    """Which of ``variables`` and ``runbooks`` were moved to Git."""
    state = (project.get("PersistenceSettings") or {}).get("ConversionState") or {}
    flags = {"variables": "VariablesAreInGit", "runbooks": "RunbooksAreInGit"}
    return frozenset(what for what, flag in flags.items() if state.get(flag))


def settings_on(project: Mapping[str, Any], settings_id: str) -> dict[str, Any] | None:
    """The deployment settings that a project shows, as far as it does: for comparing, not for writing. ``None`` if it
    shows none, as one that keeps them in Git."""
    if type_of(project) == VERSION_CONTROLLED:
        return None
    found = {ours: project[theirs] for ours, theirs in _SHOWN_AS.items() if theirs in project}
    if len(found) < len(_SHOWN_AS) - ("ForcePackageDownload" not in found):
        return None
    return {"Id": settings_id, "ProjectId": project["Id"], **found}
