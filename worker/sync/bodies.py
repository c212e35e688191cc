"""Bodies: what can be said of a document that is about to be written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.kinds.references import PendingId
from worker.kinds.shape import Shape
from worker.plan.values import Change, Document, Edit
from worker.sync.outcome import plain


def removed_by(changes: Iterable[Change]) -> tuple[str, ...]:
    """The elements (steps, rows…) that a write takes away: they count as deletes."""
    return tuple(change.where for change in changes if change.edit is Edit.REMOVE and change.where.endswith("]"))


def says_something(shape: Shape, document: Document) -> bool:
    """Whether anything in it differs from what the server puts there by itself."""
    return any(bool(value) if name in shape.keyed else _says(value) for name, value in document.items())


def _says(value: object) -> bool:
    if isinstance(value, dict):
        return any(_says(item) for item in value.values())
    if isinstance(value, list):
        return bool(value)
    return value not in (None, "", False)


def added(body: Document) -> tuple[Change, ...]:
    """The fields of a new document that say something."""
    return tuple(
        Change(Edit.ADD, name, None, plain(value))
        for name, value in body.items()
        if value not in (None, "", [], {}, False) and name != "Id"
    )


def pending_elements(value: object) -> Iterator[str]:
    """The source ids of all elements, at every depth, of which the destination assigns the ids."""
    if isinstance(value, dict):
        found = PendingId.element_of(value.get("Id")) if isinstance(value.get("Id"), PendingId) else None
        if found is not None:
            yield found
        for item in value.values():
            yield from pending_elements(item)
    elif isinstance(value, list):
        for item in value:
            yield from pending_elements(item)
