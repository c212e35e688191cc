"""Counterparts: which document of the destination is that of the source, before closure is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from worker.kinds import registry
from worker.kinds.kind import Kind, Place
from worker.kinds.references import PendingId
from worker.plan.values import printed
from worker.sync.translating.nameless import Nameless
from worker.sync.translating.resolve import Resolver
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Entry, World


class Counterparts:
    """``pending``: what the plan at hand creates. All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, resolver: Resolver, nameless: Nameless, pending: Mapping[str, PendingId]) -> None:
        self.world = world
        self.resolver = resolver
        self.nameless = nameless
        self.pending = pending

    def find(self, kind: Kind, entry: Entry) -> Resolved:
        if kind.place is Place.COLLECTION:
            found = self.resolver.existing(kind, entry)
            if found.ids or found.why:
                return found
            return (self.nameless.find(kind, entry) if kind.called_by else self.server_made(kind, entry)) or found
        owner_kind = registry.kind_of(entry.owner or "")
        if owner_kind is None or entry.owner is None:
            return Resolved()
        owner = self.resolver.item(owner_kind, entry.owner)
        if not owner.ids:
            why = owner.why or f"{printed(owner.item)} is not on the destination"
            return Resolved(why=why, item=owner.item, may_come=not owner.stays_at_home)
        above = owner.ids[0]
        if isinstance(above, PendingId):
            return Resolved((PendingId.of(entry.id),), item=owner.item)
        return Resolved((registry.made_with_owner(kind, above),), item=owner.item)

    def server_made(self, kind: Kind, entry: Entry) -> Resolved | None:
        """The default channel of a project that we had just begun to create when we were stopped."""
        if kind.name != "channel" or not entry.default or entry.owner is None or entry.owner not in self.world.intents:
            return None
        owner = self.resolver.item(registry.BY_NAME["project"], entry.owner)
        for channel in self.world.destination.directory("channel").of(owner.ids[0] if owner.ids else None):
            if channel.default:
                return Resolved((channel.id,), entry.name)
        return None

    def default_channel(self, kind: Kind, entry: Entry) -> PendingId | None:
        """A new project comes with a channel of its own. The source's default channel takes its place."""
        if kind.name == "channel" and entry.default and entry.owner in self.pending:
            return PendingId.of(entry.id)
        return None
