"""Deployment processes and runbook processes: steps, actions, packages, and the references hidden in their properties.

Facts: Octopus API reference 2026, "Deployment process" and "Action details". Both processes have one shape. Ids of
steps and actions repeat across runbooks that were cloned, so the engine always names them together with the process
they stand in.
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import OWN_STEP, Empty, Form, Nested, Ref, Scope
from worker.kinds.shape import SERVER_FIELDS, Elements, Shape

TEMPLATE_ID = "Octopus.Action.Template.Id"
TEMPLATE_VERSION = "Octopus.Action.Template.Version"
PROCESS_TEMPLATE = "Octopus.Action.ProcessTemplate.Reference.Slug"
"""Names a process template of Platform Hub. What its parameters mean is told nowhere beside it; of those in public
repositories some hold the id of an account, a pool, a feed or an environment, and nothing else."""

PROPERTY_REFERENCES = {
    "Octopus.Action.Package.FeedId": Ref("feed", loose=True),
    "Octopus.Action.Package.NuGetFeedId": Ref("feed", loose=True),
    # The same as of the primary package: of a step that deploys a release, a project.
    "Octopus.Action.Package.PackageId": Ref("project", required=True, loose=True),
    "Octopus.Action.Manual.ResponsibleTeamIds": Ref("team", Form.CSV, empty=Empty.ANYWHERE),
    "Octopus.Action.Email.ToTeamIds": Ref("team", Form.CSV),
    "Octopus.Action.Email.CCTeamIds": Ref("team", Form.CSV),
    "Octopus.Action.Email.BccTeamIds": Ref("team", Form.CSV),
    "Octopus.Action.DeployRelease.ProjectId": Ref("project", required=True, loose=True),
    "Octopus.Action.Azure.AccountId": Ref("account", loose=True),
    TEMPLATE_ID: Ref("step-template", required=True, version_key=TEMPLATE_VERSION),
    # Only where the step's mode is PerEnvironment: then none is none.
    "Octopus.Action.ArgoCD.Sync.Environments": Ref("environment", Form.CSV),
    "Octopus.Action.ArgoCD.PullRequest.Environments": Ref("environment", Form.CSV),
    # Steps of the same process, whose resources a Docker step stops or removes; none: those of all.
    "Octopus.Action.Docker.RemoveSteps": Ref(OWN_STEP, Form.CSV),
}
"""Property keys whose value is an id. Those of Argo CD and Docker: from Octopus' catalogue of action types, of 2026."""

PROPERTY_DEFAULTS = {"OctopusUseBundledTooling": "False"}
"""What a server puts among the properties by itself, and older ones do not (API reference 2026, "Action details")."""

PROPERTY_TEXTS = {
    # One object for each container; its image comes from the feed.
    "Octopus.Action.KubernetesContainers.Containers": Nested({"FeedId": Ref("feed", required=True, loose=True)}, True),
    # Of the type Package; no public document shows one with its feed, which stands in `Packages` as well.
    "Octopus.Action.Helm.TemplateValuesSources": Nested({"FeedId": Ref("feed", loose=True)}, True),
}
"""Property keys that hold JSON text with ids inside. Of the others that hold JSON (bindings of IIS and nginx, ingress
rules, tags and parameters of templates) some name variables or certificates by a variable's name, none by id."""

INPUTS = Nested(
    {
        "feedId": Ref("feed", required=True, loose=True),
        "accountId": Ref("account", loose=True),
        "gitCredentialId": Ref("git-credential", loose=True),
    }
)
"""The inputs of a step package. Which there are is told by the package alone; their types are common to all of them
(a container image is ``{feedId, imageName, referenceId}``, as public ECS steps show). An ``accountId`` may well be the
number of an account at Amazon: what is no id of ours is left alone."""

PACKAGE = Elements(
    shape=Shape(
        refs={
            # Null: the feed is chosen when a release is made.
            "FeedId": Ref("feed", required=True, loose=True),
            # Of a "Deploy a Release" step the package is a project (its feed is the server's own list of projects).
            "PackageId": Ref("project", required=True, loose=True),
        },
        children={"Properties": Shape(server=frozenset(), free=True)},
    ),
    vital=True,
)

GIT_DEPENDENCY = Elements(
    shape=Shape(
        refs={
            "GitCredentialId": Ref("git-credential", required=True),
            # An installation of Octopus' app at GitHub: bound to one server.
            "GitHubConnectionId": Ref("github-connection", foreign=True),
        },
        own=frozenset({"GitHubConnectionId"}),
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
    nested={"Inputs": INPUTS},
    typed_by="ActionType",
    scopes=(
        Scope(("Environments",), "environment"),
        Scope(("ExcludedEnvironments",), "excluded_environment", exclusive=True),
        Scope(("Channels",), "channel"),
        Scope(("TenantTags",), "tenant_tag"),
    ),
    # The same by the name of a variable.
    limits=frozenset(
        {"EnvironmentsVariable", "ExcludedEnvironmentsVariable", "ChannelsVariable", "TenantTagsVariable"}
    ),
    elements={
        "Packages": PACKAGE,
        "GitDependencies": GIT_DEPENDENCY,
    },
    children={
        "Properties": Shape(
            server=frozenset(),
            refs=PROPERTY_REFERENCES,
            nested=PROPERTY_TEXTS,
            free=True,
            parameters=True,
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
