"""Project triggers: when (the filter) and what (the action), each of a type with fields of its own.

Facts: Octopus API reference 2026, "Project triggers". What only schedules say (times, zones, cron expressions, days)
names nothing and crosses as it is. A trigger acts by itself, so one that has lost all of what it is limited to does not
cross at all, rather than act everywhere; and a new one is switched off until somebody wants it.

What a trigger answers to prompted variables it says by the variables' ids (:mod:`worker.kinds.answers`), so each answer
goes with its variable: it crosses where that has a counterpart, and is merged by itself. Secrets are left to a person.
"""

from __future__ import annotations

from worker.kinds.kind import Kind, Mode
from worker.kinds.references import ANSWERS, Empty, Form, Ref, Scope
from worker.kinds.shape import SERVER_FIELDS, Elements, Shape

_STEPS = {
    "DeploymentAction": Ref("step", required=True, loose=True),
    "DeploymentActionSlug": Ref("step-slug", required=True, loose=True),
}

FILTER = Shape(
    # A webhook's id is a part of its address, which every server makes for itself.
    server=SERVER_FIELDS | {"WebhookId"},
    variant="FilterType",
    refs={"EnvironmentIds": Ref("environment", Form.LIST, empty=Empty.ANYWHERE)},
    scopes=(Scope(("EnvironmentIds",), "environment"),),
    elements={
        # Of feed filters.
        "Packages": Elements(
            Shape(server=frozenset(), refs=_STEPS),
            identity=("DeploymentAction", "DeploymentActionSlug", "PackageReference"),
            needed=True,
        ),
        # Of a Git filter.
        "Sources": Elements(
            Shape(server=frozenset(), refs=_STEPS), identity=("DeploymentActionSlug", "GitDependencyName"), needed=True
        ),
    },
)

_ANSWERS = ("FormValues", "Variables")
"""Of the trigger of a runbook, and of those that deploy: an object, and the same as JSON text."""

ACTION = Shape(
    variant="ActionType",
    refs={
        **{name: Ref(ANSWERS, closure=False) for name in _ANSWERS},
        "EnvironmentId": Ref("environment", required=True),
        "DestinationEnvironmentId": Ref("environment", required=True),
        "SourceEnvironmentIds": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
        "EnvironmentIds": Ref("environment", Form.LIST, empty=Empty.ANYWHERE),
        # Null: whichever channel the latest release is of.
        "ChannelId": Ref("channel", required=True, empty=Empty.DEFAULT),
        "RunbookId": Ref("runbook", required=True),
        "RunbookTags": Ref("tag", Form.TAG, empty=Empty.ANYWHERE),
        "TenantIds": Ref("tenant", Form.LIST, empty=Empty.ANYWHERE),
        "TenantTags": Ref("tag", Form.TAG, empty=Empty.ANYWHERE),
    },
    scopes=(
        Scope(("EnvironmentId",), "environment"),
        Scope(("DestinationEnvironmentId",), "environment"),
        Scope(("SourceEnvironmentIds",), "environment"),
        Scope(("EnvironmentIds",), "environment"),
        Scope(("RunbookTags",), "runbook_tag"),
        Scope(("TenantIds", "TenantTags"), "tenant"),
    ),
)

TRIGGER = Kind(
    name="trigger",
    prefix="ProjectTriggers",
    route="projecttriggers",
    bulk="projecttriggers",
    bulk_by_ids=False,
    mode=Mode.MERGE,
    owner_kinds=("project",),
    owner_field="ProjectId",
    listed_by="projecttriggers",
    shape=Shape(
        server=SERVER_FIELDS | {"ProjectId"},
        own=frozenset({"IsDisabled"}),
        children={"Filter": FILTER, "Action": ACTION},
    ),
    pristine={"IsDisabled": True},
    # CreateProjectTriggerCommand of 2023.4 does not have it; that of 2026.1 does (the servers' Swagger).
    put_only=frozenset({"IsDisabled"}),
)

KINDS = (TRIGGER,)
