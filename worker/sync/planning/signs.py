"""Signs of change: documents that are dear to read are left alone while their owner shows that they are as they were.

A picture beside a project, say, is not downloaded every night: see :mod:`worker.kinds.logos`. Pure.
"""

from __future__ import annotations

from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.logos import PLAIN
from worker.kinds.references import PendingId
from worker.sync.world.world import Entry, World
from worker.sync.world.written import Written

SIGN = "Sign"
"""In what is remembered of a document: what its owner showed when it was last looked at."""


class Signs:
    """All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def unchanged(self, kind: Kind, entry: Entry, destination_id: str) -> bool:
        """Whether a document of the source need not be read. Where the source has nothing of its own there is nothing
        to bring across, and no way to take away what the destination has."""
        sign = self._sign(kind, entry)
        if sign is None or sign == PLAIN:
            return sign == PLAIN
        known = self.world.baselines.get(entry.id)
        doubted = entry.id in self.world.intents or entry.id == self.world.alone or self.world.doubts(entry.id)
        anew = isinstance(destination_id, PendingId)  # what is remembered is of one that the destination has no more
        if known is not None and known.want.get(SIGN) == sign and not doubted and not anew:
            return True
        self._ask_for_the_owner(kind, destination_id)
        return False

    def note(self, kind: Kind, entry: Entry, written: Written) -> None:
        """Remember what the owner shows now, of a document that was looked at."""
        sign = self._sign(kind, entry)
        if sign is not None:
            written.want = {**written.want, SIGN: sign}

    def _sign(self, kind: Kind, entry: Entry) -> str | None:
        owner_kind = registry.kind_of(entry.owner or "")
        if kind.sign is None or owner_kind is None or entry.owner is None:
            return None
        return kind.sign(self.world.source.document(owner_kind, entry.owner) or {})

    def _ask_for_the_owner(self, kind: Kind, destination_id: str) -> None:
        """First, for then the document itself need perhaps not be read."""
        owner_id = registry.owner_of(destination_id)
        owner_kind = registry.kind_of(owner_id or "")
        if owner_id is not None and owner_kind is not None and not isinstance(destination_id, PendingId):
            self.world.destination.document(owner_kind, owner_id)
