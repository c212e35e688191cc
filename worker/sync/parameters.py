"""Parameters: what the properties of a step mean that was made from a step template. Pure."""

from __future__ import annotations

from worker.kinds.controls import control_types
from worker.kinds.processes import TEMPLATE_ID, TEMPLATE_VERSION
from worker.kinds.references import is_expression
from worker.kinds.step_templates import STEP_TEMPLATE, STEP_TEMPLATE_VERSION
from worker.plan.values import Document
from worker.sync.world import Side


def control_types_of(source: Side, properties: Document) -> dict[str, str]:
    """Name → control type, of the parameters of the template that the properties of an action name, in the version
    that the action was made from. Raises :class:`worker.sync.world.NotObserved`."""
    template, version = properties.get(TEMPLATE_ID), properties.get(TEMPLATE_VERSION)
    if not isinstance(template, str) or not template or is_expression(template):
        return {}
    found = source.document(STEP_TEMPLATE_VERSION, f"{template}/versions/{version}") if version else None
    if found is None:  # it has no such version (any more): what it is now comes nearest
        found = source.document(STEP_TEMPLATE, template)
    return control_types((found or {}).get("Parameters"))
