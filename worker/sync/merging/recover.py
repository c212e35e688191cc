"""Recover: what became of a write whose answer nobody heard. Pure.

Before a write is sent, what it will be is stored (:class:`worker.sync.world.baseline.Intent`). If the process dies
before the answer comes, the next run looks at the destination: either the write was applied, then what is there is
ours; or it was not, then there is nothing to remember.
"""

from __future__ import annotations

from typing import Any

from worker.kinds.references import PendingId
from worker.kinds.shape import Shape
from worker.plan.values import Document
from worker.sync.world.baseline import Baseline, Intent, wrote_after
from worker.sync.world.fields import MISSING
from worker.sync.world.unheard import holds

RENAME = "rename"
"""The operation of an intent to write nothing but a name."""


def recovered(
    shape: Shape, intent: Intent, there: Document, before: Baseline | None, *, exact: bool = False
) -> Baseline | None:
    """The baseline that the write would have left, or ``None`` where it was not applied. ``before``: the last one.
    ``exact``: of a kind of which the destination has nothing of its own."""
    if intent.op == RENAME and before is None:
        return None  # who wrote what of the rest is not known, and a name does not tell
    applied = holds(intent.body, there, shape)
    if intent.op != "create" and not applied:
        return None
    if exact and not applied:
        # It was made, and not all of it was written: its creation takes several requests.
        return Baseline(want=intent.want, elements=intent.elements, fresh=True, created=intent.op == "create")
    wrote: Any = there
    if intent.there is not None and not exact:
        known = before.wrote if before is not None and before.wrote is not None else MISSING
        wrote = wrote_after(shape, known, intent.there, there)
    return Baseline(
        want=intent.want,
        wrote=wrote or None,
        elements={**intent.elements, **assigned_ids(intent.body, there)},
        kept=intent.kept,
        created=intent.op == "create" or (before is not None and (before.created or before.fresh)),
    )


def assigned_ids(body: Any, answer: Any) -> dict[str, str]:
    """Source element id → the id that the destination gave it."""
    return assigned(body, answer, "Id")


def assigned(body: Any, answer: Any, field: str) -> dict[str, str]:
    """Source element id → what the destination gave the element for ``field`` (its name, if nothing): the server
    answers elements in the order they were sent."""
    found: dict[str, str] = {}
    if isinstance(body, dict) and isinstance(answer, dict):
        element = PendingId.element_of(body.get("Id"))
        given = answer.get(field) or answer.get("Name")
        if element is not None and isinstance(given, str):
            found[element] = given
        for name, value in body.items():
            found |= assigned(value, answer.get(name), field)
    elif isinstance(body, list) and isinstance(answer, list) and len(body) == len(answer):
        for sent, got in zip(body, answer, strict=True):
            found |= assigned(sent, got, field)
    return found
