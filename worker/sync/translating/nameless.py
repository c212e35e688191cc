"""Items without a name: which one of the destination is meant, by what it says. Pure.

A role that a team has in a space is such an item: a team may have one role several times, each time restricted to
something else. What we wrote is known by its link; this is for the rest.
"""

from __future__ import annotations

from typing import Protocol

from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.references import PendingId
from worker.plan.values import Document, NamePath
from worker.sync.translating.crossing import Translated
from worker.sync.translating.resolve import Resolver
from worker.sync.world.fields import same
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Asking, Entry, World, path_of


class Translates(Protocol):
    def translate(self, kind: Kind, entry: Entry, path: NamePath, document: Document) -> Translated: ...


class Nameless:
    """``seen``: source id → destination id of what the plan has found; what is found here is added."""

    def __init__(self, world: World, resolver: Resolver, documents: Translates, seen: dict[str, str]) -> None:
        self.world = world
        self.resolver = resolver
        self.documents = documents
        self.seen = seen

    def find(self, kind: Kind, entry: Entry) -> Resolved | None:
        """Raises :class:`worker.sync.world.world.NotObserved`."""
        above = registry.kind_of(entry.owner or "")
        owner = self.resolver.item(above, entry.owner or "") if above is not None else Resolved()
        if not owner.ids or isinstance(owner.ids[0], PendingId):
            return None
        path = path_of(self.world.source, kind, entry.id, entry.owner)
        document = self.world.source.document(kind, entry.id, entry.owner)
        want = self.documents.translate(kind, entry, path, document or {}).document
        known = self.counterpart(kind, entry, want, owner.ids[0]) if want else None
        if known is None:
            return None
        self.seen[entry.id] = known
        return Resolved((known,), entry.name, item=path)

    def counterpart(self, kind: Kind, entry: Entry, want: Document, owner: str) -> str | None:
        """What says the same as ``want``, or else the only one on both sides that is called so. ``owner``: of the
        destination."""
        there = self.world.destination
        free = [
            one
            for one in there.directory(kind.name).of(owner)
            if self.world.linked_to(one.id) is None and one.id not in self.seen.values()
        ]
        asking = Asking()
        for one in free:
            with asking:
                if _says(want, there.document(kind, one.id) or {}):
                    return one.id
        asking.done()
        alike = [one for one in free if one.name == want.get(kind.called_by)]
        source = self.world.source.directory(kind.name).of(entry.owner)
        others = [one for one in source if one.name == entry.name and one.id not in self.world.links]
        return alike[0].id if len(alike) == len(others) == 1 else None


def _says(want: Document, there: Document) -> bool:
    """Whether a document has all that is wanted of it, in whatever order its lists are."""

    def plainly(value: object) -> object:
        return sorted(value) if isinstance(value, list) else value

    return all(same(plainly(value), plainly(there.get(name))) for name, value in want.items())
