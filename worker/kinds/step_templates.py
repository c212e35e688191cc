"""Step templates, those of the community that a space has installed, and what is looked up of their history.

Facts: Octopus API reference 2026, "Step templates and community templates". Each server counts the versions of its own
templates, by one for every PUT. A step keeps the number of the version that it was made from, and copies of what that
version said: a new version changes no step by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from worker.kinds.kind import Kind, Mode
from worker.kinds.processes import GIT_DEPENDENCY, INPUTS, PACKAGE, PROPERTY_REFERENCES, PROPERTY_TEXTS
from worker.kinds.references import Ref
from worker.kinds.shape import Elements, Shape

COMMUNITY_ID = "CommunityActionTemplateId"


def type_of(template: Mapping[str, Any]) -> str:
    """What it does; one that was installed is no match for one of somebody's own."""
    action = str(template.get("ActionType"))
    return f"community {action}" if template.get(COMMUNITY_ID) else action


STEP_TEMPLATE = Kind(
    name="step-template",
    prefix="ActionTemplates",
    route="actiontemplates",
    keeps={"actiontemplates/{id}/usage": "steps that are made from it"},
    bulk="actiontemplates",
    mode=Mode.EXACT,
    listed_by="actiontemplates/all",
    type_of=type_of,
    history=True,
    shape=Shape(
        fixed=frozenset({"ActionType"}),
        refs={COMMUNITY_ID: Ref("community-step-template", required=True)},
        elements={
            "Packages": replace(PACKAGE, additions_stay=False),
            "GitDependencies": replace(GIT_DEPENDENCY, additions_stay=False),
            "Parameters": Elements(Shape(typed={"DefaultValue": "DisplaySettings"}), additions_stay=False),
        },
        children={
            "Properties": Shape(server=frozenset(), refs=PROPERTY_REFERENCES, nested=PROPERTY_TEXTS, free=True),
        },
        nested={"Inputs": INPUTS},
    ),
)

STEP_TEMPLATE_VERSION = Kind(
    # Looked up for what the parameters of a step mean that was made from it.
    name="step-template-version",
    prefix="ActionTemplateVersions",
    route="actiontemplates",
    mode=Mode.LOOKUP,
    never_changes=True,
)

STEP_TEMPLATE_HISTORY = Kind(
    # Looked up for which versions are in use, and which of the two sides are the same; see
    # worker.sync.planning.templates.
    name="step-template-history",
    prefix="ActionTemplateHistories",
    route="actiontemplates",
    mode=Mode.LOOKUP,
)

COMMUNITY_STEP_TEMPLATE = Kind(
    # The catalogue of each server. Its ids are the server's own; a template is known by its name, and of several of
    # one name by its author.
    name="community-step-template",
    prefix="CommunityActionTemplates",
    route="communityactiontemplates",
    mode=Mode.LOOKUP,
    listed_by="actiontemplates/search",
    listed_whole=False,
)

KINDS = (STEP_TEMPLATE, STEP_TEMPLATE_VERSION, STEP_TEMPLATE_HISTORY, COMMUNITY_STEP_TEMPLATE)
