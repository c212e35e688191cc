"""Unheard: items that we made on the destination and of which nobody heard, since the answer was lost. Pure.

A creation that was begun stands in the ledger as an intent. Until it is known what came of it there is no link, so the
item would be known by its name alone; and the source may have given its item another name since, or deleted it. So it
is looked for under the name that it was sent with, and is ours if it has all that was sent: one of its name that
somebody else made is hardly the same in all of that.
"""

from __future__ import annotations

from typing import Any

from config.names import name_key
from worker.kinds.kind import Kind
from worker.kinds.references import PendingId, is_secret
from worker.kinds.shape import SERVER_FIELDS, Shape
from worker.sync.world.baseline import Intent
from worker.sync.world.fields import same
from worker.sync.world.world import Entry, World


def made(world: World, kind: Kind, source_id: str) -> Entry | None:
    """What a creation has made of which nobody heard, if it was that.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    intent = _creation(world, source_id)
    if intent is None:
        return None
    name, owner = _named(kind, intent)
    found = [
        entry
        for entry in world.destination.called_now(kind.name, name, owner)
        if world.linked_to(entry.id) is None and _is_as_sent(world, kind, intent, entry)
    ]
    return found[0] if len(found) == 1 else None


def source_of(world: World, kind: Kind, there: Entry) -> str | None:
    """The source item of one of the destination: by its link, or because it was made and nobody heard.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    linked = world.linked_to(there.id)
    if linked is not None:
        return linked
    for source_id in world.intents:
        intent = _creation(world, source_id)
        if intent is None or world.kind_of(source_id) is not kind:
            continue
        name, owner = _named(kind, intent)
        if (name_key(name), owner) == (name_key(there.name), there.owner):
            return source_id if _is_as_sent(world, kind, intent, there) else None
    return None


def holds(body: Any, there: Any, shape: Shape | None = None) -> bool:
    """Whether ``there`` already has all that ``body`` says, but for what only the server decides."""
    if isinstance(body, PendingId):
        return True
    if is_secret(body):
        return is_secret(there) and bool(body["HasValue"]) == bool(there["HasValue"])
    if isinstance(body, dict) and isinstance(there, dict):
        hidden = {"Value"} if there.get("IsSensitive") else frozenset()
        keyed = shape.keyed if shape is not None else {}
        return all(
            _has_links(value, there.get(name)) if name in keyed else holds(value, there.get(name))
            for name, value in body.items()
            if name not in SERVER_FIELDS and name not in hidden
        )
    if isinstance(body, list) and isinstance(there, list):
        return len(body) == len(there) and all(holds(a, b) for a, b in zip(body, there, strict=True))
    return same(body, there)


def _has_links(wanted: Any, there: Any) -> bool:
    """A key with an empty list is something else than no key."""
    links = there if isinstance(there, dict) else {}
    return all(key in links and set(links[key]) == set(ids) for key, ids in wanted.items())


def _creation(world: World, source_id: str) -> Intent | None:
    """One that was begun, of an item that is nameable and has no counterpart yet."""
    intent = world.intents.get(source_id)
    unheard = intent is not None and intent.op == "create" and bool(intent.body.get("Name"))
    return intent if unheard and source_id not in world.links else None


def _named(kind: Kind, intent: Intent) -> tuple[str, str | None]:
    """Name and owner of what was to be made."""
    owner = intent.body.get(kind.owner_field) if kind.owner_field is not None else None
    return str(intent.body["Name"]), owner


def _is_as_sent(world: World, kind: Kind, intent: Intent, entry: Entry) -> bool:
    document = world.destination.document(kind, entry.id, entry.owner)
    return document is not None and holds(intent.body, document, kind.shape)
