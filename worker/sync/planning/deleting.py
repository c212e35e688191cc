"""Deleting: what becomes of an item of the destination whose source was deleted. Pure.

Only what the audit log of the source calls deleted is; what is merely not listed may be hidden from the key. The rule
``deleted`` of the route then says what happens to the counterpart:

    ignore    nothing
    report    nothing, and a person is told (the default)
    disable   it is disabled, if its kind can be, once: somebody may enable it again. Else as *report*
    delete    it is deleted, if all of it is ours as it stands. Else as *report*, and what it has is said

*Ours as it stands*: we made it and every part of it, nobody has edited anything of it since, it holds no secret, and
the destination has not come to have anything of it (releases, snapshots, tenants that are connected). What others still
need is not deleted either (:mod:`worker.sync.planning.needed`). Of the rest the server is the judge: what it calls in
use stays, with its words.

Deletions come last in a plan, what depends on others first. An item whose name another one of the source has taken is
not deleted: it is that other one now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from config.names import INCLUDABLE_KINDS, name_key
from config.options import Deleted
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.projects import PROJECT, RUNBOOK, VERSION_CONTROLLED
from worker.plan.values import Action, Change, CleanUp, Decision, Document, Edit, NamePath, Op, printed
from worker.sync.planning.items import was_included
from worker.sync.planning.made_along import MadeAlong
from worker.sync.planning.needed import NeededBy
from worker.sync.planning.owned import edited
from worker.sync.planning.renaming import TAKEN
from worker.sync.world.in_git import moved
from worker.sync.world.unheard import made, source_of
from worker.sync.world.world import Asking, Entry, World, path_of
from worker.sync.world.written import Leaving, Renamed, Written

REASON = "deleted-on-source"
GONE = "was deleted on the source"
DISABLED = "disabled on the destination; delete it by hand, if it is not needed"


class Plans(Protocol):
    """What the planner offers."""

    actions: list[Action]
    relinked: set[str]
    seen: dict[str, str]
    bodies: dict[str, Document]
    names: dict[str, Renamed]

    def add(self, action: Action, written: Written | None = None) -> None: ...


@dataclass(slots=True)
class _Looked:
    """What is there of an item, and what speaks against its deletion."""

    parts: list[str] = field(default_factory=list)
    """In words, for the list of what goes along."""
    forgets: list[str] = field(default_factory=list)
    documents: list[tuple[str, str, str]] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)


class Deleting:
    """Of one plan. All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, plan: Plans) -> None:
        self.world = world
        self.plan = plan
        self.noted: dict[str, Kind] = {}
        self.needed = NeededBy(world, plan, self.noted)
        self.along = MadeAlong(world, plan)
        self.again = False
        """With one of the deletions a name becomes free that the plan wanted, or another item is needed no more."""

    def is_gone(self, source_id: str) -> bool:
        """Whether the audit log has said that it was deleted, or what it belonged to."""
        if self.world.deleted.holds(source_id):
            return True
        owner = registry.owner_of(source_id)
        if owner is None and (there := self.world.links.get(source_id)) is not None:
            kind = self.world.kind_of(source_id)
            entry = self.world.destination.listed(kind.name, there) if kind is not None and kind.owner_kinds else None
            owner = self.world.linked_to(entry.owner) if entry is not None and entry.owner is not None else None
        return owner is not None and self.is_gone(owner)

    def note(self, kind: Kind, source_id: str) -> None:
        """A deleted item was met: what becomes of it is planned at the end."""
        self.noted[source_id] = kind

    def plan_all(self, asking: Asking) -> None:
        order = registry.precedence()
        for source_id, kind in sorted(self.noted.items(), key=lambda one: (-order[one[1].name], one[0])):
            with asking:
                self._decide(kind, source_id)
        deletes = any(action.op is Op.DELETE for action in self.plan.actions)
        waits = any(one.rule == TAKEN for action in self.plan.actions for one in action.decisions)
        self.again = deletes and (waits or self.needed.by_what_goes)

    # ── one item ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _decide(self, kind: Kind, source_id: str) -> None:
        linked = self.world.links.get(source_id)
        if kind.place is not Place.COLLECTION or not self.world.deleted.holds(source_id):
            return self._leave(kind, source_id, (kind.name, source_id), f"{GONE} with what it belonged to")
        if linked is None:
            there = made(self.world, kind, source_id)
            if there is None:
                return self._leave(kind, source_id, (kind.name, source_id), f"{GONE}, and has no counterpart")
        else:
            there = self.world.destination.listed(kind.name, linked)
        if there is None:
            text = f"{GONE}, and is gone from the destination too"
            leaving = Leaving(tuple(self._lost(kind, source_id)))
            return self._leave(kind, source_id, (kind.name, source_id), text, leaving)
        path = path_of(self.world.destination, kind, there.id, there.owner)
        if self._has_successor(kind, source_id, there):
            return self._leave(kind, source_id, path, f"{GONE}, and made anew under this name: it is the new one now")
        if self._moved_to_git(kind, there):
            text = f"{GONE}, where the runbooks of its project live in Git by now: it may have moved there, so it stays"
            return self._leave(kind, source_id, path, text)
        if there.id in self.world.foreign:
            return self._leave(kind, source_id, path, f"{GONE}; belongs to route {self.world.foreign[there.id]}")
        named = kind.name in INCLUDABLE_KINDS
        if named and self.world.route.excludes(kind.name, there.name, path[1] if there.owner is not None else None):
            return self._leave(kind, source_id, path, f"{GONE}; the route excludes it, so it stays")
        if not kind.owner_kinds and not self._included(kind, source_id, there):
            return self._leave(kind, source_id, path, f"{GONE}; the route does not include it any more, so it stays")
        match self.world.route.rules.of(path).deleted:
            case Deleted.IGNORE:
                self._leave(kind, source_id, path, f"{GONE}; what is on the destination stays")
            case Deleted.REPORT:
                self._report(kind, source_id, path, there, "what is on the destination stays")
            case Deleted.DISABLE:
                self._disable(kind, source_id, path, there)
            case Deleted.DELETE:
                self._delete(kind, source_id, path, there)
        return None

    def _included(self, kind: Kind, source_id: str, there: Entry) -> bool:
        if kind.mode in {Mode.SHARED_NAME, Mode.ON_REQUEST} or self.world.route.includes(kind.name, there.name):
            return True
        baseline = self.world.baselines.get(source_id)
        return baseline is None or was_included(self.world, kind, baseline)

    def _has_successor(self, kind: Kind, source_id: str, there: Entry) -> bool:
        """Whether another item of the source has taken its place, or will: one of its name that has no counterpart."""
        if source_id in self.plan.relinked or there.id in self.plan.seen.values():
            return True
        owner = self.world.linked_to(there.owner) if there.owner is not None else None
        for entry in self.world.source.directory(kind.name).of(owner):
            names = self.world.route.mapped(kind.name, entry.name) or [entry.name]
            if name_key(there.name) in {name_key(name) for name in names} and entry.id not in self.world.links:
                return True
        return False

    def _moved_to_git(self, kind: Kind, there: Entry) -> bool:
        """Whether a runbook may have been moved, not deleted. (?) What the audit log says of a move nobody has seen."""
        project = self.world.linked_to(there.owner) if kind is RUNBOOK and there.owner is not None else None
        return project is not None and "runbooks" in moved(self.world.source, project)

    def _lost(self, kind: Kind, source_id: str) -> Iterator[str]:
        """Source ids of an item that is gone from both sides, and of its parts."""
        for part in registry.parts_of(kind):
            if part.place is Place.WITH_OWNER:
                yield registry.made_with_owner(part, source_id)
                continue
            here, there = self.world.source.directory(part.name), self.world.destination.directory(part.name)
            for one, linked in self.world.links.items():
                if self.world.kind_of(one) is part and one not in here.by_id and linked not in there.by_id:
                    yield from self._lost(part, one)
        yield source_id

    def _leave(self, kind: Kind, source_id: str, path: NamePath, text: str, leaving: Leaving | None = None) -> None:
        action = Action(Op.SKIP, kind.name, path, source_id, None, (), (Decision("deleted", "", text),))
        self.plan.add(action, Written("", leaving=leaving) if leaving is not None else None)

    def _report(
        self, kind: Kind, source_id: str, path: NamePath, there: Entry, text: str, written: Written | None = None
    ) -> None:
        entry = CleanUp(path, "", REASON, f"{GONE}; {text}")
        rule = f"deleted={self.world.route.rules.of(path).deleted}"
        decision = Decision(rule, "", entry.text)
        self.plan.add(Action(Op.SKIP, kind.name, path, source_id, there.id, (), (decision,), (entry,)), written)

    # ── disable ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _disable(self, kind: Kind, source_id: str, path: NamePath, there: Entry) -> None:
        document = self.world.destination.document(kind, there.id)
        baseline = self.world.baselines.get(source_id)
        if "IsDisabled" not in kind.shape.own or document is None or baseline is None:
            return self._report(kind, source_id, path, there, f"a {kind.name} cannot be disabled, and stays as it is")
        if baseline.destination_id not in {None, there.id}:
            return self._report(kind, source_id, path, there, "what is on the destination was made anew, and stays")
        written = Written(
            there.id, baseline.want, dict(baseline.elements), dict(baseline.kept), before=baseline, retires=True
        )
        if document.get("IsDisabled"):
            return self._report(kind, source_id, path, there, DISABLED, written)
        if baseline.retired:
            text = "it was disabled for that and has been enabled again on the destination, and stays so"
            return self._report(kind, source_id, path, there, text)
        entry = CleanUp(path, "", REASON, f"{GONE}; {DISABLED}")
        action = Action(
            Op.UPDATE,
            kind.name,
            path,
            source_id,
            there.id,
            (Change(Edit.CHANGE, "IsDisabled", False, True),),
            (Decision("deleted=disable", "", f"{GONE}, so it is disabled"),),
            (entry,),
            {**document, "IsDisabled": True},
        )
        return self.plan.add(action, written)

    # ── delete ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _delete(self, kind: Kind, source_id: str, path: NamePath, there: Entry) -> None:
        if kind.never_deleted:
            return self._report(kind, source_id, path, there, f"not deleted on the destination: {kind.never_deleted}")
        found = _Looked()
        asking = Asking()
        with asking:
            self._look(kind, there, found, asking, path)
        with asking:
            found.obstacles += self.needed.told(kind, there)
        asking.done()
        if found.obstacles:
            more = f" (and {len(found.obstacles) - 3} more)" if len(found.obstacles) > 3 else ""
            text = f"not deleted on the destination, for {'; '.join(found.obstacles[:3])}{more}"
            return self._report(kind, source_id, path, there, text)
        action = Action(
            Op.DELETE,
            kind.name,
            path,
            source_id,
            there.id,
            (),
            (Decision("deleted=delete", "", f"{GONE}; all of it is ours, and nobody has edited it"),),
            destroys=tuple(found.parts),
        )
        return self.plan.add(action, Written(there.id, leaving=Leaving(tuple(found.forgets), tuple(found.documents))))

    def _look(self, kind: Kind, there: Entry, found: _Looked, asking: Asking, path: NamePath) -> None:
        """The item and, below it, its parts."""
        source_id = source_of(self.world, kind, there)
        name = printed(path)
        if source_id is None and not self.along.came_with_its_owner(kind, there):
            found.obstacles.append(f"{name} is the destination's own")
            return
        if kind is PROJECT and there.type == VERSION_CONTROLLED:
            found.obstacles.append(f"{name} lives in Git, which is somebody's work on the destination")
            return
        if source_id is not None:
            found.forgets.append(source_id)
        with asking:
            self._look_at(kind, source_id, there.id, "", found, name)
        with asking:
            found.obstacles += [f"{name} has {one}" for one in self.world.destination.remains(kind, there.id)]
        for part in registry.parts_of(kind):
            if part.place is Place.WITH_OWNER and source_id is not None:
                ids = registry.made_with_owner(part, source_id), registry.made_with_owner(part, there.id)
                found.forgets.append(ids[0])
                if part.follows is not None:
                    continue  # it has nothing that is not another document's
                with asking:
                    self._look_at(part, *ids, there.id, found, f"{name}/{part.segment}")
            elif part.place is not Place.WITH_OWNER and part.mode is not Mode.LOOKUP:
                with asking:
                    for entry in self.world.destination.directory(part.name).of(there.id):
                        below = (*path, part.name, entry.name)
                        found.parts.append(printed(below))
                        self._look(part, entry, found, asking, below)

    def _look_at(self, kind: Kind, source_id: str | None, there_id: str, owner: str, found: _Looked, name: str) -> None:
        document = self.world.destination.document(kind, there_id, owner or None)
        if document is None:
            return
        found.documents.append((kind.name, there_id, owner))
        baseline = self.along.baseline(kind, source_id, document)
        if (why := edited(kind, baseline, document)) is not None:
            found.obstacles.append(f"{name} {why}" if not why.startswith("the ") else why)
