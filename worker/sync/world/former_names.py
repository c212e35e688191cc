"""Former names: what was renamed while nothing was remembered of it. Pure.

A link outlives a rename; without one, an item is known by its name alone, and one that got another name on the source
would be made a second time. So before something is created, when no link is known and the destination has an item of
its kind that matches nothing on the source, the source's audit log is asked what the item was called before. If it was
called as that one is, the two are the same: it is taken over, which a person must approve (first contact), and the plan
shows the rename.

Most plans ask nothing: what was never linked is new, and its destination has nothing that is not accounted for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from config.names import name_key
from worker.kinds.kind import Kind, Mode
from worker.plan.values import Document
from worker.sync.world.world import Entry, World


def counterpart(world: World, kind: Kind, entry: Entry, owner: str | None) -> Entry | None:
    """The destination's item that still has a name which ``entry`` had. ``owner``: on the destination.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    if kind.mode in {Mode.LOOKUP, Mode.SHARED_NAME} or entry.id in world.links:
        return None  # what is only looked up by its name is nothing without it
    if world.route.mapped(kind.name, entry.name) is not None:
        return None
    candidates = {name_key(one.name): one for one in _unaccounted(world, kind, entry, owner)}
    if not candidates:
        return None
    found = [candidates[key] for name in world.source.former_names(entry.id) if (key := name_key(name)) in candidates]
    return found[0] if found else None


def _unaccounted(world: World, kind: Kind, entry: Entry, owner: str | None) -> Iterator[Entry]:
    """What the destination has of that kind and type, linked to nothing and called like nothing on the source."""
    here = {name_key(one.name) for one in world.source.directory(kind.name).of(entry.owner)}
    for one in world.destination.directory(kind.name).of(owner):
        if one.type == entry.type and name_key(one.name) not in here and world.linked_to(one.id) is None:
            yield one


def names_in(events: Iterable[Document], document_id: str) -> list[str]:
    """What a document was called, by the events of its changes, each with the document as it was before."""
    names: dict[str, None] = {}
    for event in events:
        before = (event.get("ChangeDetails") or {}).get("DocumentContext") or {}
        if before.get("Id") == document_id and isinstance(before.get("Name"), str):
            names[before["Name"]] = None
    return list(names)
