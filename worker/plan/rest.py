"""Whether a plan is but the rest of another: what is left of it after part of it was applied. Pure.

A run that finds the destination changed under its hands plans again. What a person approved, or the limits allowed, is
then not asked about once more, as long as nothing is in the new plan that was not in the first.
"""

from __future__ import annotations

from worker.plan.values import Action, Op, Plan


def is_rest_of(plan: Plan, begun: Plan) -> bool:
    """Whether every write of ``plan`` is one of ``begun``, to the same item, and changes nothing there that was not in
    that. Of a document that ``begun`` makes anything may be left to write: all of it was to be made."""
    known = {(action.kind, action.source_id): action for action in begun.writes}
    return all(_is_within(action, known.get((action.kind, action.source_id))) for action in plan.writes)


def _is_within(action: Action, begun: Action | None) -> bool:
    if begun is None or (action.op is Op.DELETE) != (begun.op is Op.DELETE):
        return False
    if not set(action.destroys) <= set(begun.destroys):
        return False
    return begun.op is Op.CREATE or all(change in begun.changes for change in action.changes)
