"""Parameters: what the properties of a step mean that was made from a step template. Pure."""

from __future__ import annotations

import re

from worker.kinds.controls import control_types
from worker.kinds.processes import TEMPLATE_ID, TEMPLATE_VERSION
from worker.kinds.references import is_expression
from worker.kinds.step_templates import STEP_TEMPLATE, STEP_TEMPLATE_VERSION
from worker.plan.values import Document
from worker.sync.world.world import Side

_PERHAPS_AN_ID = re.compile(r"\s*\S+-\S+\s*|\s*[{\[].*-.*", re.DOTALL)
"""An id and nothing else, or JSON that may hold one: all that a control type can make a reference of."""


def control_types_of(source: Side, properties: Document) -> dict[str, str]:
    """Name → control type, of the parameters of the template that the properties of an action name, in the version
    that the action was made from; none where no value could be a reference, for a version is read by itself. Raises
    :class:`worker.sync.world.world.NotObserved`."""
    template, version = properties.get(TEMPLATE_ID), properties.get(TEMPLATE_VERSION)
    if not isinstance(template, str) or not template or is_expression(template) or not _says_an_id(properties):
        return {}
    entry = source.listed(STEP_TEMPLATE.name, template)
    is_newest = entry is not None and str(entry.version) == version
    older = f"{template}/versions/{version}"
    found = source.document(STEP_TEMPLATE_VERSION, older) if version and not is_newest else None
    if found is None:  # it has no such version (any more): what it is now comes nearest
        found = source.document(STEP_TEMPLATE, template)
    return control_types((found or {}).get("Parameters"))


def _says_an_id(properties: Document) -> bool:
    values = (value for name, value in properties.items() if name not in {TEMPLATE_ID, TEMPLATE_VERSION})
    return any(isinstance(value, str) and _PERHAPS_AN_ID.fullmatch(value) for value in values)
