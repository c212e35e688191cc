"""The library: feeds, lifecycles, project groups, library variable sets, and what is only looked up.

Facts: Octopus API reference 2026, "Feeds", "Lifecycles", "Library variable sets", "Project groups".
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode
from worker.kinds.references import Empty, Form, Ref, Scope
from worker.kinds.shape import PLAIN_FIELDS, SERVER_FIELDS, Elements, Shape

FEED = Kind(
    name="feed",
    prefix="Feeds",
    route="feeds",
    never_deleted="nothing tells which steps use it",
    bulk="feeds",
    mode=Mode.SHARED_NAME,
    listed_by="feeds/all",
    type_field="FeedType",
    never_created_types=frozenset({"BuiltIn", "OctopusProject"}),
    # A feed at Azure is opened with a tenant and a client of Entra's.
    shape=Shape(fixed=frozenset({"FeedType"}), plain=PLAIN_FIELDS | {"OidcAuthentication"}),
)

RETENTION = frozenset({"ReleaseRetentionPolicy", "TentacleRetentionPolicy"})

LIFECYCLE = Kind(
    name="lifecycle",
    prefix="Lifecycles",
    route="lifecycles",
    bulk="lifecycles",
    mode=Mode.SHARED_NAME,
    listed_by="lifecycles/all",
    shape=Shape(
        retention=RETENTION,
        elements={
            "Phases": Elements(
                shape=Shape(
                    retention=RETENTION,
                    refs={
                        "AutomaticDeploymentTargets": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
                        "OptionalDeploymentTargets": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
                    },
                    # A phase without environments means "all that remain": one that lost them all must not stay.
                    scopes=(Scope(("AutomaticDeploymentTargets", "OptionalDeploymentTargets"), "phase"),),
                ),
                needed=True,
            )
        },
    ),
)

PROJECT_GROUP = Kind(
    name="project-group",
    prefix="ProjectGroups",
    route="projectgroups",
    bulk="projectgroups",
    mode=Mode.SHARED_NAME,
    listed_by="projectgroups/all",
    # Both fields are left over from older servers and read-only since.
    shape=Shape(server=SERVER_FIELDS | {"EnvironmentIds", "RetentionPolicyId"}),
)

TEMPLATE = Elements(
    shape=Shape(values=frozenset({"DefaultValue"}), typed={"DefaultValue": "DisplaySettings"}),
)
"""A variable template. Its id is what tenant values point to: one that exists keeps its id
(OctopusDeploy/Issues#2715)."""

LIBRARY_VARIABLE_SET = Kind(
    name="library-variable-set",
    prefix="LibraryVariableSets",
    route="libraryvariablesets",
    bulk="libraryvariablesets",
    mode=Mode.MERGE,
    # Without contentType the server lists script modules too.
    listed_by="libraryvariablesets/all",
    among=("ContentType", "Variables"),
    shape=Shape(
        server=SERVER_FIELDS | {"VariableSetId"},
        fixed=frozenset({"ContentType"}),
        elements={"Templates": TEMPLATE},
    ),
)

SCRIPT_MODULE = Kind(
    name="script-module",
    prefix="LibraryVariableSets",
    route="libraryvariablesets",
    bulk="libraryvariablesets",
    mode=Mode.EXACT,
    listed_by="libraryvariablesets/all",
    among=("ContentType", "ScriptModule"),
    # The script stands in the variable set; see worker.sync.servers.script_modules.
    listed_whole=False,
    shape=Shape(
        server=SERVER_FIELDS | {"VariableSetId", "Templates"},
        fixed=frozenset({"ContentType"}),
        defaults={"Syntax": "PowerShell"},
    ),
)
"""A library variable set of another content: its script and syntax are one document with it."""

GIT_CREDENTIAL = Kind(
    name="git-credential",
    prefix="GitCredentials",
    route="git-credentials",
    mode=Mode.SHARED_NAME,
    listed_by="git-credentials",
    since="2022.3",
    type_field="Details.Type",
    shape=Shape(children={"Details": Shape(server=frozenset(), fixed=frozenset({"Type"}))}),
)
"""Of a space. A project's repository is opened with it, and the repositories that steps take files from."""

TAG_SET = Kind(
    name="tag-set",
    prefix="TagSets",
    route="tagsets",
    bulk="tagsets",
    mode=Mode.EXACT,
    listed_by="tagsets/all",
    # Where the set stands among the sets of one server.
    shape=Shape(
        server=SERVER_FIELDS | {"SortOrder", "IsSystem"},
        ordered=frozenset({"Scopes"}),
        # Servers before 2025.4 have neither: all their sets are so.
        defaults={"Type": "MultiSelect", "Scopes": ["Tenant"]},
        elements={"Tags": Elements(shape=Shape(server=SERVER_FIELDS | {"CanonicalTagName"}))},
    ),
    removal_may_be_refused=True,
)
"""A tag that only the destination has stays. One that the source dropped goes only where the route says so, and where
nothing has it any more: else the server refuses."""

KINDS = (
    FEED,
    LIFECYCLE,
    PROJECT_GROUP,
    LIBRARY_VARIABLE_SET,
    SCRIPT_MODULE,
    GIT_CREDENTIAL,
    TAG_SET,
)
