"""Inclusion: what the route says of a source item, before anything is compared: whether it crosses at all. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from config.names import INCLUDABLE_KINDS
from config.options import Accounts
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import PendingId
from worker.kinds.teams import SCOPED_USER_ROLE, TEAM
from worker.plan.values import Action, NamePath
from worker.sync.planning.items import is_ours
from worker.sync.translating.resolve import Resolver
from worker.sync.world.world import Entry, World, path_of
from worker.sync.world.written import Written


class Inclusion:
    """``pending``: what the plan at hand creates. All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, resolver: Resolver, pending: Mapping[str, PendingId]) -> None:
        self.world = world
        self.resolver = resolver
        self.pending = pending

    def entry(self, kind: Kind, source_id: str) -> Entry | None:
        """The document's directory line; of one that was made with its owner, a line of its own."""
        if kind.place is Place.COLLECTION:
            return self.world.source.listed(kind.name, source_id)
        owner_id = registry.owner_of(source_id)
        owner_kind = registry.kind_of(owner_id or "")
        if owner_id is None or owner_kind is None or self.world.source.listed(owner_kind.name, owner_id) is None:
            return None
        return Entry(source_id, kind.segment or kind.name, owner_id)

    def included(self, kind: Kind, entry: Entry) -> bool:
        """In its own right, or because something that is included needed it and we made it."""
        route = self.world.route
        if kind.owner_kinds:
            owner_kind = registry.kind_of(entry.owner or "")
            owner = self.entry(owner_kind, entry.owner or "") if owner_kind else None
            if owner_kind is None or owner is None or not self.included(owner_kind, owner):
                return False
            if kind.name not in INCLUDABLE_KINDS:
                return True
            return route.includes(kind.name, entry.name, owner.name) or self._linked_part(kind, entry, owner)
        ours = entry.id in self.pending or is_ours(self.world, kind, entry)
        return route.includes(kind.name, entry.name) or (ours and not route.excludes(kind.name, entry.name))

    def noted(self, action: Action, written: Written | None) -> Written | None:
        """``written``, with whether it crosses although the route does not include it by its name."""
        if written is not None and action.kind in INCLUDABLE_KINDS:
            entry = self.world.source.directory(action.kind).by_id.get(action.source_id or "")
            written.along = entry is not None and not self.world.route.includes(action.kind, entry.name)
        return written

    def left_to_the_destination(self, kind: Kind, entry: Entry, path: NamePath) -> str | None:
        """Why it stays at home though it is included: the rules of the route, or what it is."""
        if entry.type in kind.never_types:
            return f"is {entry.type.lower() if entry.type else 'one'}: such {kind.name}s come and go with a release"
        if entry.type in kind.looked_up_types:
            return f"is {entry.type}: such {kind.name}s are only found there, never written"
        if kind is SCOPED_USER_ROLE:
            return self._roles_are_theirs(entry, path)
        if kind.name == "account" and self.world.route.rules.of(path).accounts is Accounts.NONE:
            return "no account crosses (accounts: none): each instance has its own"
        return None

    def _roles_are_theirs(self, entry: Entry, path: NamePath) -> str | None:
        """A team that was there has roles of its own. One that we made has those of the source, and what somebody has
        taken from it there it does not get again."""
        linked = self.world.links.get(entry.id)
        if linked is not None and self.world.destination.listed(SCOPED_USER_ROLE.name, linked) is None:
            return "was taken from the team on the destination, and stays so"
        team = entry.owner or ""
        if team in self.pending or TEAM.name in self.world.route.rules.of(path).update:
            return None
        baseline = self.world.baselines.get(team)
        ours = baseline is not None and baseline.wrote is not None
        there = self.world.links.get(team)
        if ours and baseline is not None and baseline.destination_id in {None, there}:
            return None
        intent = self.world.intents.get(team)
        if intent is not None and intent.op == "create":
            return None
        return "the team was there before: its roles are the destination's own, unless `update` lists team"

    def belongs_to(self, kind: Kind, entry: Entry, ids: Iterable[str]) -> str | None:
        """The other route that its counterpart (``ids``, on the destination) belongs to, or what that is a part of."""
        foreign = self.world.foreign
        if not foreign or not self._is_written(kind, entry):
            return None
        for one in ids:
            if one in foreign and not self._gave_up(foreign[one], kind, entry):
                return foreign[one]
            self.world.handed_over |= {one} & foreign.keys()
        above = registry.kind_of(entry.owner) if kind.owner_kinds and entry.owner else None
        line = self.entry(above, entry.owner) if above is not None and entry.owner else None
        if above is None or line is None:
            return None
        return self.belongs_to(above, line, self.resolver.item(above, line.id).ids)

    def _gave_up(self, owner: str, kind: Kind, entry: Entry) -> bool:
        """Whether the route that it belongs to has come to exclude it, or what it is a part of."""
        route = self.world.neighbours[owner]
        above = registry.kind_of(entry.owner) if kind.owner_kinds and entry.owner else None
        line = self.entry(above, entry.owner) if above is not None and entry.owner else None
        project = line.name if line is not None else None
        if kind.name in INCLUDABLE_KINDS and route.excludes(kind.name, entry.name, project):
            return True
        return above is not None and line is not None and self._gave_up(owner, above, line)

    def _is_written(self, kind: Kind, entry: Entry) -> bool:
        """Whether more than its existence is asked for."""
        path = path_of(self.world.source, kind, entry.id, entry.owner)
        return kind.mode is not Mode.SHARED_NAME or kind.name in self.world.route.rules.of(path).update

    def _linked_part(self, kind: Kind, entry: Entry, owner: Entry) -> bool:
        """A part of a project that crossed only because something needed it crosses with all its parts."""
        route = self.world.route
        return not route.includes("project", owner.name) and not route.excludes(kind.name, entry.name, owner.name)

    def outranked(self, kind: Kind, entry: Entry) -> str | None:
        """Why it does not cross though it is included: it, or what it belongs to, shares its name there."""
        if kind.place is Place.COLLECTION:
            first = self.resolver.first_of_its_name(kind, entry)
            if first.id != entry.id:
                return f"is called as {first.name!r} is on the destination, by the maps of the route: that one crosses"
        above = registry.kind_of(entry.owner) if kind.owner_kinds and entry.owner else None
        owner = self.entry(above, entry.owner) if above and entry.owner else None
        return self.outranked(above, owner) if above and owner else None
