"""Recover: what became of a write whose answer nobody heard. Pure.

Before a write is sent, what it will be is stored (:class:`worker.sync.baseline.Intent`). If the process dies before the
answer comes, the next run looks at the destination: either the write was applied, then what is there is ours; or it was
not, then there is nothing to remember.
"""

from __future__ import annotations

from typing import Any

from worker.kinds.references import PendingId, is_secret
from worker.kinds.shape import SERVER_FIELDS
from worker.plan.values import Document
from worker.sync.baseline import Baseline, Intent
from worker.sync.fields import same


def recovered(intent: Intent, there: Document) -> Baseline | None:
    """The baseline that the write would have left, or ``None`` where it was not applied."""
    if intent.op != "create" and not holds(intent.body, there):
        return None
    return Baseline(want=intent.want, wrote=there, elements=assigned_ids(intent.body, there))


def holds(body: Any, there: Any) -> bool:
    """Whether ``there`` already has all that ``body`` says, but for what only the server decides."""
    if isinstance(body, PendingId):
        return True
    if is_secret(body):
        return is_secret(there) and bool(body["HasValue"]) == bool(there["HasValue"])
    if isinstance(body, dict) and isinstance(there, dict):
        hidden = {"Value"} if there.get("IsSensitive") else frozenset()
        return all(
            holds(value, there.get(name))
            for name, value in body.items()
            if name not in SERVER_FIELDS and name not in hidden
        )
    if isinstance(body, list) and isinstance(there, list):
        return len(body) == len(there) and all(holds(a, b) for a, b in zip(body, there, strict=True))
    return same(body, there)


def assigned_ids(body: Any, answer: Any) -> dict[str, str]:
    """Source element id → the id that the destination gave it: the server answers elements in the order they were
    sent."""
    found: dict[str, str] = {}
    if isinstance(body, dict) and isinstance(answer, dict):
        element = PendingId.element_of(body.get("Id"))
        if element is not None and isinstance(answer.get("Id"), str):
            found[element] = answer["Id"]
        for name, value in body.items():
            found |= assigned_ids(value, answer.get(name))
    elif isinstance(body, list) and isinstance(answer, list) and len(body) == len(answer):
        for sent, got in zip(body, answer, strict=True):
            found |= assigned_ids(sent, got)
    return found
