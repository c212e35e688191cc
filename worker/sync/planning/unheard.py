"""Unheard: items that we made on the destination and of which nobody heard, since the answer was lost. Pure.

A creation that was begun stands in the ledger as an intent. As long as the source has the item, the next look at it
finds what came of it (:mod:`worker.sync.merging.recover`). Where the source has deleted it meanwhile, nobody looks any
more for what has its name; and there is no link yet. So it is found here, before it is said to have no counterpart.
"""

from __future__ import annotations

from config.names import name_key
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.shape import SERVER_FIELDS
from worker.plan.values import Document
from worker.sync.merging.recall import Plans, Recall
from worker.sync.merging.recover import holds
from worker.sync.world.baseline import Baseline, Intent
from worker.sync.world.world import Entry, World

_AS_MADE = frozenset({"Name", "ProjectId", "IsDefault", "Type"})
"""What a channel says that was made with its project; all else is empty."""


class Unheard:
    """Of one plan. All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, plan: Plans) -> None:
        self.world = world
        self.recall = Recall(world, plan)

    def made(self, kind: Kind, source_id: str) -> Entry | None:
        """What a creation has made of which nobody heard, if it was that."""
        intent = self.world.intents.get(source_id)
        if intent is None or intent.op != "create" or source_id in self.world.links:
            return None
        found = [
            entry
            for entry in self.world.destination.called_now(kind.name, *_named(kind, intent))
            if self.world.linked_to(entry.id) is None and self._is_as_sent(kind, intent, entry)
        ]
        return found[0] if len(found) == 1 else None

    def source_of(self, kind: Kind, there: Entry) -> str | None:
        """The source item of one of the destination: by its link, or because it was made and nobody heard."""
        linked = self.world.linked_to(there.id)
        if linked is not None:
            return linked
        for source_id, intent in self.world.intents.items():
            if intent.op != "create" or self.world.kind_of(source_id) is not kind or source_id in self.world.links:
                continue
            name, owner = _named(kind, intent)
            if (name_key(name), owner) == (name_key(there.name), there.owner):
                return source_id if self._is_as_sent(kind, intent, there) else None
        return None

    def came_with_its_owner(self, kind: Kind, there: Entry) -> bool:
        """Whether it is the channel that the server made with a project of ours, just as it made it. It has no link
        where the source's project went before its channels were looked at."""
        if kind.name != "channel" or not there.default or there.owner is None or name_key(there.name) != "default":
            return False
        owner = self.source_of(registry.BY_NAME["project"], Entry(there.owner, self._name_of(there.owner)))
        if owner is None or not self._is_our_making(owner):
            return False
        document = self.world.destination.document(kind, there.id, there.owner)
        told = {name: value for name, value in (document or {}).items() if name not in SERVER_FIELDS | _AS_MADE}
        return document is not None and not any(told.values())

    def _is_our_making(self, source_id: str) -> bool:
        intent, baseline = self.world.intents.get(source_id), self.world.baselines.get(source_id)
        unheard = intent is not None and intent.op == "create"
        return unheard or (baseline is not None and (baseline.created or baseline.fresh))

    def baseline(self, kind: Kind, source_id: str | None, there: Document) -> Baseline | None:
        """What is ours of a document: also what was written and not heard. ``source_id``: ``None`` for what the server
        made together with its owner."""
        if source_id is None:
            return Baseline(fresh=True, created=True)
        return self.recall.baseline(kind, source_id, there)[0]

    def _name_of(self, item_id: str) -> str:
        entry = self.world.destination.listed("project", item_id)
        return entry.name if entry is not None else ""

    def _is_as_sent(self, kind: Kind, intent: Intent, entry: Entry) -> bool:
        """One of its name that somebody else made is hardly the same in all that we sent."""
        document = self.world.destination.document(kind, entry.id, entry.owner)
        return document is not None and holds(intent.body, document, kind.shape)


def _named(kind: Kind, intent: Intent) -> tuple[str, str | None]:
    """Name and owner of what was to be made."""
    owner = intent.body.get(kind.owner_field) if kind.owner_field is not None else None
    return str(intent.body.get("Name") or ""), owner
