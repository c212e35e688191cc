"""Bodies: what can be said of a document that is about to be written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from worker.kinds.references import PendingId, PendingText
from worker.kinds.shape import Shape
from worker.plan.values import Change, Document, Edit
from worker.sync.world.outcome import plain


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


def drift_seen(drift: Iterable[Change], *, partly: bool) -> tuple[Change, ...]:
    """``partly``: only a part of the document was read, so what it lacks is not known to be gone."""
    return tuple(change for change in drift if not (partly and change.edit is Edit.REMOVE))


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


def stand_ins(value: Any) -> Iterator[str]:
    """The ids that must exist before this can be sent; not those of new elements, which the server assigns."""
    if isinstance(value, PendingId):
        yield value
    elif isinstance(value, PendingText):
        yield from value.stand_ins
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from stand_ins(name)
            if name != "Id":
                yield from stand_ins(item)
    elif isinstance(value, list):
        for item in value:
            yield from stand_ins(item)


def overlaid(shape: Shape, current: Document, body: Document) -> Document:
    """What is wanted, laid over a document that the server has just made."""
    laid = {name: value for name, value in body.items() if name != "Id"}
    links = {name: {**(current.get(name) or {}), **laid[name]} for name in shape.keyed.keys() & laid.keys()}
    return {**current, **laid, **links}


def without_pending(value: Any) -> Any:
    """The document as it is sent: an element without an id gets one from the server."""
    if isinstance(value, dict):
        return {
            name: without_pending(item)
            for name, item in value.items()
            if not (name == "Id" and (item is None or isinstance(item, PendingId)))
        }
    if isinstance(value, list):
        return [without_pending(item) for item in value]
    return value


def bound(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with real ids for stand-ins; those of elements that are new stay, for the server to assign."""
    if isinstance(value, PendingId):
        if value not in ids:
            raise AssertionError(f"{value} is used before it exists")
        return ids[value]
    if isinstance(value, PendingText):
        return value.bound(lambda one: bound(one, ids))
    if isinstance(value, dict):
        return {
            bound(name, ids): ids.get(item, item) if name == "Id" and isinstance(item, PendingId) else bound(item, ids)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [bound(item, ids) for item in value]
    return value
