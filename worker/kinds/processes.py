"""Deployment processes and runbook processes: steps, actions, packages, and the references hidden in their properties.

Facts: Octopus API reference 2026, "Deployment process" and "Action details". Both processes have one shape. Ids of
steps and actions repeat across runbooks that were cloned, so the engine always names them together with the process
they stand in.
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import Empty, Form, Ref, Scope
from worker.kinds.shape import SERVER_FIELDS, Elements, Shape

PROPERTY_REFERENCES = {
    "Octopus.Action.Package.FeedId": Ref("feed", loose=True),
    "Octopus.Action.Package.NuGetFeedId": Ref("feed", loose=True),
    "Octopus.Action.Manual.ResponsibleTeamIds": Ref("team", Form.CSV, empty=Empty.ANYWHERE),
    "Octopus.Action.Email.ToTeamIds": Ref("team", Form.CSV),
    "Octopus.Action.Email.CCTeamIds": Ref("team", Form.CSV),
    "Octopus.Action.Email.BccTeamIds": Ref("team", Form.CSV),
    "Octopus.Action.DeployRelease.ProjectId": Ref("project", required=True, loose=True),
    "Octopus.Action.Azure.AccountId": Ref("account", loose=True),
    "Octopus.Action.Template.Id": Ref("step-template", required=True, version_key="Octopus.Action.Template.Version"),
}
"""Property keys whose value is an id. (CC and Bcc: by analogy with To; no public document shows them.)"""

PACKAGE = Elements(
    shape=Shape(
        refs={
            # Null: the feed is chosen when a release is made.
            "FeedId": Ref("feed", required=True, loose=True),
            # Of a "Deploy a Release" step the package is a project (its feed is the server's own list of projects).
            "PackageId": Ref("project", required=True, loose=True),
        }
    ),
    vital=True,
)

ACTION = Shape(
    server=SERVER_FIELDS
    | {
        "CanBeUsedForProjectVersioning",
        "AvailableStepPackageVersions",
        "LastSavedStepPackageVersion",
        "CommunityActionTemplateSnapshot",
    },
    # At first contact the destination's stays, in a conflict too: somebody switched the step off there.
    values=frozenset({"IsDisabled"}),
    refs={
        "Environments": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
        "ExcludedEnvironments": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
        "Channels": Ref("channel", Form.LIST, empty=Empty.ANYWHERE),
        "TenantTags": Ref("tag", Form.TAG, empty=Empty.ANYWHERE),
        "WorkerPoolId": Ref("worker-pool", required=True, empty=Empty.DEFAULT),
    },
    scopes=(
        Scope(("Environments",), "environment"),
        Scope(("ExcludedEnvironments",), "excluded_environment", exclusive=True),
        Scope(("Channels",), "channel"),
        Scope(("TenantTags",), "tenant_tag"),
    ),
    elements={
        "Packages": PACKAGE,
        "GitDependencies": Elements(
            shape=Shape(refs={"GitCredentialId": Ref("git-credential", required=True)}), vital=True
        ),
    },
    children={
        "Properties": Shape(
            server=frozenset(), own=frozenset({"Octopus.Action.Template.Version"}), refs=PROPERTY_REFERENCES, free=True
        ),
        "Container": Shape(server=frozenset(), refs={"FeedId": Ref("feed", required=True)}),
    },
)

STEP = Shape(
    server=SERVER_FIELDS | {"Type"},
    elements={"Actions": Elements(shape=ACTION, needed=True)},
    children={"Properties": Shape(server=frozenset(), free=True)},
)

PROCESS = Shape(
    server=SERVER_FIELDS | {"ProjectId", "RunbookId"},
    elements={"Steps": Elements(shape=STEP)},
)

DEPLOYMENT_PROCESS = Kind(
    name="deployment-process",
    prefix="deploymentprocess",
    route="deploymentprocesses",
    versioned=True,
    bulk="deploymentprocesses",
    mode=Mode.MERGE,
    owner_kinds=("project",),
    place=Place.WITH_OWNER,
    segment="deployment-process",
    scope_rules="steps",
    shape=PROCESS,
)

RUNBOOK_PROCESS = Kind(
    name="runbook-process",
    prefix="RunbookProcess",
    route="runbookProcesses",
    bulk="runbookProcesses",
    bulk_by_ids=False,
    versioned=True,
    mode=Mode.MERGE,
    owner_kinds=("runbook",),
    place=Place.WITH_OWNER,
    segment="process",
    scope_rules="steps",
    shape=PROCESS,
)

KINDS = (DEPLOYMENT_PROCESS, RUNBOOK_PROCESS)
