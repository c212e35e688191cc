"""Renaming: items get their new names in an order in which each name is free when it is given. Pure.

    A → B                      B is free: part of the document's update
    A → B, B → C               C first: B gives its name up in a write of its own, before the update of A
    A → B, B → A               an exchange: A is given a temporary name, then B its new one, then A its own
    A → B, and a B is there    that nobody moves away: A keeps its name, and a person is told

A rename that stands in the way of another is part of the other's plan, whatever the plan was made for: it is the one
thing that a plan may change of an item that it is not about. Stopped after any of the writes and run again it goes on
from there, for an item is known by its link and not by its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from config.names import name_key
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import PendingId
from worker.plan.values import Action, Change, CleanUp, Decision, Document, Edit, NamePath, Op, printed
from worker.sync.planning import parts
from worker.sync.planning.documents import DocumentPlanner
from worker.sync.planning.inclusion import Inclusion
from worker.sync.planning.version_control import VersionControl
from worker.sync.world.fields import MISSING, Sides, Verdict, decide
from worker.sync.world.outcome import both_sides
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Entry, World, path_of
from worker.sync.world.written import Outcome, Renamed, Written

TAKEN = "name-taken"
"""The reason of clean-up entries about a name that cannot be given."""


class Renaming(Protocol):
    """What the planner offers."""

    names: dict[str, Renamed]
    """By destination id."""

    def push_all(self, targets: Iterable[str]) -> None: ...

    def add(self, action: Action, written: Written | None = None) -> None: ...


class Renames:
    """All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(
        self,
        world: World,
        documents: DocumentPlanner,
        inclusion: Inclusion,
        version_control: VersionControl,
        plan: Renaming,
    ) -> None:
        self.world = world
        self.documents = documents
        self.inclusion = inclusion
        self.version_control = version_control
        self.plan = plan
        self.under_way: dict[str, Kind] = {}
        """Source ids of items that wait for a name, each for that of the one after it."""

    def make_room(self, kind: Kind, entry: Entry, destination_id: str) -> str | None:
        """Before the update of an item: sees to it that its new name is free. Returns why it is not, if so."""
        wanted = self.wanted(kind, entry, destination_id)
        if wanted is None:
            return None
        reason = self._free(kind, entry, destination_id, wanted)
        if reason is None and destination_id in self.plan.names:
            # At once, whatever else keeps the document from being written: a temporary name must not stay.
            why = Decision("rename", "Name", "gets its own name, which is free now")
            self._rename(kind, entry, destination_id, wanted, why)
        return reason

    def moves_away(self, kind: Kind, entry: Entry, destination_id: str) -> bool:
        """Whether the destination's counterpart of ``entry`` gives its name up; plans the write that does so."""
        if (
            destination_id in self.plan.names
            or entry.id in self.under_way
            or not self._may_write(kind, entry, destination_id)
        ):
            return False
        wanted = self.wanted(kind, entry, destination_id)
        there = self._there(kind, destination_id)
        if wanted is None or there is None or name_key(wanted) == name_key(str(there["Name"])):
            return False
        if self._free(kind, entry, destination_id, wanted) is not None:
            return False
        text = f"gets its new name before all else, so that {there['Name']!r} is free"
        self._rename(kind, entry, destination_id, wanted, Decision("rename", "Name", text))
        return True

    def wanted(self, kind: Kind, entry: Entry, destination_id: str) -> str | None:
        """The name that an update would give the item; ``None`` where it leaves the one that it has."""
        there = self._there(kind, destination_id)
        names = self.world.route.mapped(kind.name, entry.name)
        if there is None or "Name" not in there or len(names or ()) > 1 or "Name" in kind.shape.server:
            return None
        document = self.world.source.document(kind, entry.id, entry.owner)
        name = names[0] if names else (document or {}).get("Name")
        if not isinstance(name, str):
            return None
        if kind.mode is Mode.EXACT:
            return None if name == there["Name"] else name
        verdict = decide(self._sides(kind, entry, there, name), values_win=False)
        return name if verdict in {Verdict.TAKE, Verdict.CONFLICT} else None

    def without(self, outcome: Outcome, kind: Kind, entry: Entry, reason: str) -> Outcome:
        """The update without the rename, for the given reason. Every later plan comes to the same, and says so again,
        until the name is free or the source takes its change back."""
        action, written = outcome.action, outcome.written
        change = next((one for one in action.changes if one.where == "Name"), None)
        if change is None or written is None or action.body is None:
            return outcome
        there = {**action.body, "Name": change.before}
        both = both_sides(self._sides(kind, entry, there, change.after))
        text = f"is not renamed to {change.after!r}: {reason}"
        settled = [one for one in action.clean_ups if (one.where, one.reason) != ("Name", "conflict")]
        changes = tuple(one for one in action.changes if one is not change)
        before = (written.before.want if written.before is not None else {}).get("Name", there["Name"])
        return replace(
            outcome,
            action=replace(
                action,
                op=Op.UPDATE if changes else Op.LEAVE,
                changes=changes,
                decisions=(*action.decisions, Decision(TAKEN, "Name", text, both)),
                clean_ups=(*settled, CleanUp(action.path, "Name", TAKEN, text, both=both)),
                body=there if changes else None,
            ),
            written=replace(written, want={**written.want, "Name": before}),
        )

    # ── one name ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _free(self, kind: Kind, entry: Entry, destination_id: str, wanted: str) -> str | None:
        holder = self._holder(kind, destination_id, wanted)
        if holder is None:
            return None
        other = self.world.linked_to(holder.id)
        if other is None:
            return f"{printed((kind.name, holder.name))} is there, and only the destination has it"
        known = self.world.source.listed(kind.name, other)
        if other in self.under_way and known is not None:
            text = "exchanges its name with another item, and has this one until the other has got its own"
            self._rename(kind, known, holder.id, _temporary(known), Decision("rename:temporary", "Name", text))
            return None
        if known is None:
            gone = "the source has deleted" if self.world.deleted.holds(other) else "the source no longer lists"
            return f"{holder.name!r} is still the name of an item that {gone}"
        self.under_way[entry.id] = kind
        try:
            if self.moves_away(kind, known, holder.id):
                return None
        finally:
            del self.under_way[entry.id]
        return f"{holder.name!r} is what the destination calls the counterpart of {known.name!r}, and that stays"

    def _holder(self, kind: Kind, destination_id: str, name: str) -> Entry | None:
        """Which other item of the destination has the name, once what was planned so far is done."""
        directory = self.world.destination.directory(kind.name)
        own = directory.by_id.get(destination_id)
        others = [one for one in directory.of(own.owner if own else None) if one.id != destination_id]
        for one in others:
            called = self.plan.names[one.id].name if one.id in self.plan.names else one.name
            if name_key(called) == name_key(name):
                return one
        return None

    def _may_write(self, kind: Kind, entry: Entry, destination_id: str) -> bool:
        path = self._path(kind, entry)
        if kind.mode is Mode.LOOKUP or not self.inclusion.included(kind, entry):
            return False
        if self.inclusion.belongs_to(kind, entry, (self.world.links.get(entry.id, ""),)) is not None:
            return False
        if kind.mode is Mode.SHARED_NAME and kind.name not in self.world.route.rules.of(path).update:
            return False
        stays = self.inclusion.left_to_the_destination(kind, entry, path) or self.inclusion.outranked(kind, entry)
        in_git = self.version_control.at_home(kind, entry, path) or self.version_control.finding(
            kind, entry, Resolved((destination_id,))
        )
        return stays is None and in_git is None

    # ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _path(self, kind: Kind, entry: Entry) -> NamePath:
        return path_of(self.world.source, kind, entry.id, entry.owner)

    def _there(self, kind: Kind, destination_id: str) -> Document | None:
        if kind.place is not Place.COLLECTION or isinstance(destination_id, PendingId):
            return None
        return self.documents.recall.there(kind, destination_id)

    def _sides(self, kind: Kind, entry: Entry, there: Document, name: object) -> Sides:
        baseline, _ = self.documents.recall.baseline(kind, entry.id, there)
        return Sides(
            name,
            baseline.want.get("Name", MISSING) if baseline is not None else MISSING,
            there.get("Name", MISSING),
            (baseline.wrote or {}).get("Name", MISSING) if baseline is not None else MISSING,
            contact=baseline is None,
            ours=baseline is not None and baseline.fresh,
        )

    def _rename(self, kind: Kind, entry: Entry, destination_id: str, name: str, why: Decision) -> None:
        """A write of nothing but the name. What else there is to say of the item comes later."""
        there = self._there(kind, destination_id)
        if there is None:
            return
        baseline, intent = self.documents.recall.baseline(kind, entry.id, there)
        want = dict(baseline.want) if baseline is not None else {}
        if why.rule == "rename":
            want["Name"] = name
        action = Action(
            Op.UPDATE,
            kind.name,
            self._path(kind, entry),
            entry.id,
            destination_id,
            (Change(Edit.CHANGE, "Name", there["Name"], name),),
            (why,),
            intent.clean_ups if intent is not None else (),
            {**there, "Name": name},
        )
        written = Written(destination_id, want, before=baseline, intent=intent, only_name=True)
        if baseline is not None:
            written.elements, written.kept = dict(baseline.elements), dict(baseline.kept)
            baseline = replace(baseline, want=want, wrote={**(baseline.wrote or {}), "Name": name})
        if intent is not None and intent.op == "create":
            self.plan.push_all(parts.of(self.world, kind, entry.id))  # we were stopped before we could write them
        self.plan.names[destination_id] = Renamed(name, baseline)
        self.plan.add(action, written)


def _temporary(entry: Entry) -> str:
    """The same in every plan, so that one that was stopped goes on with it."""
    digest = hashlib.blake2b(entry.id.encode(), digest_size=4).hexdigest()
    return f"{entry.name[:40].strip()} (being renamed, {digest})"
