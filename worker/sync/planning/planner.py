"""Plan: from documents that should be looked at to the ordered actions on the destination. Pure.

For each document, in order of writing: which item of the destination is it, what does the source want it to be
(:mod:`worker.sync.translating.translate`), what should become of what is there (:mod:`worker.sync.merging.merge`). What
a document requires and the destination lacks is created before it (closure); what exists is never touched inside the
plan of another, but for a name that stands in the way (:mod:`worker.sync.planning.renaming`).

What the planner does not know yet it says with :class:`worker.sync.world.world.NotObserved`, all at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.processes import RUNBOOK_PROCESS
from worker.kinds.publishing import PUBLISHED_SNAPSHOT
from worker.kinds.references import PendingId
from worker.plan.values import Action, CleanUp, Decision, Document, NamePath, Op, Plan
from worker.sync.planning import parts
from worker.sync.planning.closing import Closing
from worker.sync.planning.counterparts import Counterparts
from worker.sync.planning.deleting import Deleting
from worker.sync.planning.documents import DocumentPlanner
from worker.sync.planning.inclusion import Inclusion
from worker.sync.planning.publishing import publication, snapshot_of
from worker.sync.planning.renamed_steps import RenamedSteps
from worker.sync.planning.renaming import Renames
from worker.sync.planning.signs import Signs
from worker.sync.planning.templates import Templates, Versions
from worker.sync.planning.version_control import VersionControl
from worker.sync.planning.wanted import Wanted
from worker.sync.translating.nameless import Nameless
from worker.sync.translating.resolve import Resolver
from worker.sync.world.bodies import says_something
from worker.sync.world.naming import Names
from worker.sync.world.resolved import STAYS, Resolved
from worker.sync.world.world import Asking, Entry, World, path_of
from worker.sync.world.written import Renamed, Written

LATE_TARGET = "late:"
"""Before the id of a document: what of it can only be said once others exist."""


@dataclass(slots=True)
class Planned:
    """A plan, and beside it what to remember once it has been applied."""

    plan: Plan
    remember: list[Written | None] = field(default_factory=list)
    """For each action of the plan the baseline to be, where a document was decided on."""
    adopts: list[NamePath] = field(default_factory=list)
    """Items of the destination that we did not make and do not remember: first contact."""
    contact_conflicts: list[NamePath] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    """Source id → destination id of all that was found by its name. Linked when the plan is applied: then a rename on
    either side is known for what it is."""
    lacking: dict[str, set[str]] = field(default_factory=dict)
    """Document id → source ids of what it refers to and the destination lacks."""
    relinked: set[str] = field(default_factory=set)
    """Deleted source items whose counterpart now belongs to another."""
    versions: dict[str, Versions] = field(default_factory=dict)
    """Of step templates: what was found by its content."""
    again: bool = False
    """Something can only be removed once the rest of the plan was applied: then plan once more."""


class Planner:
    """Plans once, for one set of documents. Make a new one for every attempt."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.resolver = Resolver(world, self)
        self.documents = DocumentPlanner(world, self.resolver, self)
        self.templates = Templates(world, self.documents)
        self.pending: dict[str, PendingId] = {}
        self.inclusion = Inclusion(world, self.resolver, self.pending)
        self.version_control = VersionControl(world, self.resolver, self.inclusion)
        self.closing = Closing(world, self.inclusion, self.version_control)
        self.signs = Signs(world)
        self.planned: dict[str, dict[str, str]] = {}
        self.bodies: dict[str, Document] = {}
        self.unfinished: set[str] = set()
        self.out = Planned(Plan(world.route.name))
        self.names: dict[str, Renamed] = {}
        self.deleting = Deleting(world, self)
        self.renamed_steps = RenamedSteps(world, self.resolver, self)
        self.renames = Renames(world, self.documents, self.inclusion, self.version_control, self)
        self.lacking = self.out.lacking
        self.seen, self.relinked = self.out.seen, self.out.relinked
        self.nameless = Nameless(world, self.resolver, self.documents, self.seen)
        self.counterparts = Counterparts(world, self.resolver, self.nameless, self.pending)
        self.actions: list[Action] = []
        self.done: set[str] = set()
        self.deferred: set[str] = set()
        self.verdicts: dict[str, Resolved] = {}
        self.stack: list[str] = []
        self.wanted = Wanted()
        self.queue: list[tuple[int, int, int, str]] = []
        self.count = 0

    def plan(self, targets: Iterable[str]) -> Planned:
        """``targets``: ids of source documents. Raises :class:`worker.sync.world.world.NotObserved`."""
        asking = Asking()
        for target in targets:
            with asking:
                self.push(target)
        while self.queue:
            *_, target = heapq.heappop(self.queue)
            with asking, self.wanted.by(target.removeprefix(LATE_TARGET)):
                if target.startswith(LATE_TARGET):
                    self.late(target.removeprefix(LATE_TARGET))
                else:
                    self.target(target)
        self.deleting.plan_all(asking)
        self.out.again = self.out.again or self.deleting.again
        self.renamed_steps.look_through(asking)
        asking.done()
        self.out.again = self.out.again or bool(self.unfinished)
        self.leave_out(self.wanted.in_vain(self.actions, self.out.remember))
        names = Names(self.world, self)
        self.out.versions = self.templates.found
        self.out.plan = Plan(self.world.route.name, tuple(names.action(action) for action in self.actions))
        return self.out

    def leave_out(self, places: set[int]) -> None:
        """Takes actions out of the plan, with what they would have had remembered."""
        for place in sorted(places, reverse=True):
            action = self.actions.pop(place)
            self.out.remember.pop(place)
            self.templates.found.pop(action.source_id or "", None)

    def push(self, target: str, rank: int | None = None) -> None:
        if rank is None:
            kind = self.world.kind_of(target)
            rank = registry.precedence()[kind.name] if kind else 0
        self.count += 1
        # What has a counterpart comes first: a rename frees the old name for something new. Of what comes late, the
        # parts of a project do: its channels have their rules before it creates releases by itself.
        late = self.world.kind_of(target.removeprefix(LATE_TARGET)) if target.startswith(LATE_TARGET) else None
        new = int(target not in self.world.links if late is None else not late.owner_kinds)
        heapq.heappush(self.queue, (rank, new, self.count, target))

    def push_all(self, targets: Iterable[str]) -> None:
        for target in targets:
            self.push(target)

    # ── one document ──────────────────────────────────────────────────────────────────────────────────────────────────

    def target(self, source_id: str, *, late: bool = False) -> None:
        if source_id in self.done:
            return None
        kind = self.world.kind_of(source_id)
        if (whole := parts.made_of(self.world, kind, source_id)) is not None:
            self.done.add(source_id)
            with self.wanted.by(whole):
                return self.target(whole)
        if kind is None or kind.mode is Mode.LOOKUP:
            return self.skip(kind, source_id, (source_id,), "kind", "is of a kind that this route does not write")
        entry = self.inclusion.entry(kind, source_id)
        path = path_of(self.world.source, kind, source_id, entry.owner if entry else None)
        if entry is None:
            return self.absent(kind, source_id, path)
        if not self.inclusion.included(kind, entry):
            return self.skip(kind, source_id, path, "include", "is not included by the route")
        if (text := self.inclusion.left_to_the_destination(kind, entry, path)) is not None:
            return self.skip(kind, source_id, path, "rules", text)
        if (text := self.version_control.at_home(kind, entry, path)) is not None:
            left = self.version_control.left_behind(kind, entry, path, text)
            return self.skip(kind, source_id, path, "version-controlled", text, left)
        if (text := self.inclusion.outranked(kind, entry)) is not None:
            return self.skip(kind, source_id, path, "maps", text, (CleanUp(path, "", "many-to-one", text),))
        found = self.counterparts.find(kind, entry)
        if (other := self.inclusion.belongs_to(kind, entry, found.ids)) is not None:
            text = f"belongs to route {other}, which wrote it first: leave it to that route, or let it exclude it"
            return self.skip(kind, source_id, path, "owner", text, (CleanUp(path, "", "owned-elsewhere", text),))
        if (text := self.version_control.finding(kind, entry, found)) is not None:
            return self.block(kind, source_id, path, Decision("version-controlled", "", text), ())
        if found.ids and kind.shape.late and not late and not isinstance(found.ids[0], PendingId):
            # It exists, so nothing needs to wait for it; but it may mention what this plan is yet to create.
            self.push(f"{LATE_TARGET}{source_id}", registry.precedence()[registry.LATE])
        elif found.ids:
            self.update(kind, entry, path, found.ids[0])
        elif found.stays_at_home:
            self.skip(kind, source_id, path, "owner", found.why)
        elif found.why:
            self.block(kind, source_id, path, Decision("match", "", found.why), (found.item,) if found.may_come else ())
        elif kind.place is Place.WITH_OWNER:
            self.block(kind, source_id, path, Decision("owner", "", "what it belongs to is not on the destination"), ())
        elif kind.never_created:
            by_hand = CleanUp(path, "", "create-by-hand", kind.never_created)
            self.skip(kind, source_id, path, "never-created", kind.never_created, (by_hand,))
        else:
            self.create(kind, entry, path)
        return None

    def absent(self, kind: Kind, source_id: str, path: NamePath) -> None:
        """Absence is not deletion: lists leave out what a key may not see."""
        if self.is_gone(source_id):
            self.done.add(source_id)
            self.deleting.note(kind, source_id)
        else:
            hidden = kind.place is Place.COLLECTION and self.world.source.directory(kind.name).hidden
            text = "is not visible on the source, and not known to be deleted"
            more = "; the source has some that break every list they are in" if hidden else ""
            self.skip(kind, source_id, path, "not-visible", text + more)

    def is_gone(self, source_id: str) -> bool:
        return self.deleting.is_gone(source_id)

    def source_document(self, kind: Kind, entry: Entry) -> Document | None:
        return self.world.source.document(kind, entry.id, entry.owner)

    # ── what becomes of it ────────────────────────────────────────────────────────────────────────────────────────────

    def update(self, kind: Kind, entry: Entry, path: NamePath, destination_id: str) -> None:
        if kind.mode is Mode.SHARED_NAME and kind.name not in self.world.route.rules.of(path).update:
            self.done.add(entry.id)
            text = "must exist under this name; its details are the destination's own"
            action = Action(
                Op.LEAVE, kind.name, path, entry.id, destination_id, (), (Decision("shared-name", "", text),)
            )
            return self.add(action, Written(destination_id))
        if self.signs.unchanged(kind, entry, destination_id):
            return self.done.add(entry.id)
        if kind is PUBLISHED_SNAPSHOT:
            self.done.add(entry.id)
            due = publication(self.world, self.bodies, entry.id, path, destination_id)
            return self.add(*due) if due is not None else None
        document = self.source_document(kind, entry)
        if document is None:
            return self.skip(kind, entry.id, path, "not-visible", "is listed by the source but cannot be read")
        document = self.version_control.in_database(kind, entry, document)
        taken = self.renames.make_room(kind, entry, destination_id)
        if kind.history:
            outcomes = self.templates.update(kind, entry, path, document, destination_id)
        else:
            first = kind.removal_may_be_refused and entry.id not in self.deferred
            there = self.bodies.get(entry.id)
            outcomes = [self.documents.update(kind, entry, path, document, destination_id, there=there, defers=first)]
        outcomes = [self.version_control.telling(one, kind, entry, destination_id) for one in outcomes]
        if taken is not None:
            outcomes = [self.renames.without(one, kind, entry, taken) for one in outcomes]
        outcome = outcomes.pop()
        for earlier in outcomes:
            self.add(earlier.action, earlier.written)
        if outcome.action.op is Op.BLOCK or outcome.written is None:
            self.done.add(entry.id)
            return self.add(outcome.action)
        if outcome.first_contact and kind.sign is None:
            self.out.adopts.append(path)
        if outcome.contact_conflict:
            self.out.contact_conflicts.append(path)
        if outcome.deferred:
            self.deferred.add(entry.id)
            self.push(f"late:{entry.id}", len(registry.precedence()))
        if outcome.still_in_use:
            self.out.again = True
            self.push_all(parts.naming_steps_of(self.world, entry.owner or ""))
        if outcome.written.intent is not None and outcome.written.intent.op == "create":
            self.push_all(parts.of(self.world, kind, entry.id))  # we were stopped before we could write them
        if (name := next((one.after for one in outcome.action.changes if one.where == "Name"), None)) is not None:
            self.names[destination_id] = Renamed(name)
        if kind.shape.keyed and outcome.action.writes:  # where it is linked to decides which values it may have
            self.push_all(parts.of(self.world, kind, entry.id))
        if kind is RUNBOOK_PROCESS:
            self.push(snapshot_of(entry.id))
        self.signs.note(kind, entry, outcome.written)
        self.push_all(parts.shown_by(kind, entry.id))
        if outcome.renamed:
            self.renamed_steps.note(kind, entry, outcome)
        self.remember(kind, entry, outcome.written)
        self.add(outcome.action, outcome.written)
        return None

    def create(self, kind: Kind, entry: Entry, path: NamePath) -> Resolved:
        """Returns the stand-in, or why there is none. Its parts are planned too: nothing else announces them."""
        document = self.source_document(kind, entry)
        if document is None:
            self.skip(kind, entry.id, path, "not-visible", "is listed by the source but cannot be read")
            return Resolved(name=entry.name, item=path, why="it cannot be read on the source")
        default = self.counterparts.default_channel(kind, entry)
        if kind.history:
            outcome, *later = self.templates.create(kind, entry, path, document)
        else:
            outcome, *later = [self.documents.create(kind, entry, path, document, default)]
        if outcome.written is None:
            self.done.add(entry.id)
            self.add(outcome.action)
            if default is not None:  # it answers to the name, though nothing of the source's crosses
                found = Resolved((default,), entry.name)
            else:
                reason, waits = outcome.action.decisions[-1].text, outcome.action.op is Op.BLOCK
                found = Resolved(
                    name=entry.name, item=path, why=reason if waits else f"{STAYS}: {reason}", may_come=waits
                )
            self.verdicts[entry.id] = found
            return found
        self.pending[entry.id] = PendingId.of(entry.id)
        self.remember(kind, entry, outcome.written)
        for one in (outcome, *later):
            self.add(one.action, one.written)
        self.push_all(parts.of(self.world, kind, entry.id))
        if says_something(kind.shape, {name: document.get(name) for name in kind.shape.late}):
            self.push(f"{LATE_TARGET}{entry.id}", registry.precedence()[registry.LATE])
        return Resolved((self.pending[entry.id],), entry.name, item=path)

    def late(self, source_id: str) -> None:
        """What a new document could not say before others existed; or the whole of one that exists."""
        kind = self.world.kind_of(source_id)
        entry = self.inclusion.entry(kind, source_id) if kind else None
        if kind is None or entry is None:
            return
        if source_id not in self.pending:
            if source_id not in self.done or source_id in self.deferred:  # it may have been asked for twice
                self.done.discard(source_id)
                self.target(source_id, late=True)
            return
        document = self.source_document(kind, entry)
        path = path_of(self.world.source, kind, source_id, entry.owner)
        if document is not None and (outcome := self.documents.late(kind, entry, path, document)) is not None:
            self.add(outcome.action, outcome.written)

    def moves_away(self, kind: Kind, entry: Entry, destination_id: str) -> bool:
        return self.renames.moves_away(kind, entry, destination_id)

    def ensure(self, kind: Kind, source_id: str) -> Resolved:
        """Closure: create what is missing, if it may be created. See
        :class:`worker.sync.translating.resolve.Closure`."""
        self.wanted.ask(source_id)
        if source_id in self.pending:
            return Resolved((self.pending[source_id],))
        if source_id in self.verdicts:
            return self.verdicts[source_id]
        entry = self.inclusion.entry(kind, source_id)
        path = path_of(self.world.source, kind, source_id, entry.owner if entry else None)
        if entry is None:
            return Resolved(name=source_id, item=path, why="the source does not list it", alone=True)
        if (made := self.counterparts.server_made(kind, entry)) is not None:
            return made
        refusal = self.closing.refusal(kind, entry, path, self.stack)
        if refusal is not None:
            default = self.counterparts.default_channel(kind, entry)
            refused = Resolved(name=entry.name, item=path, why=refusal, may_come=True)
            self.verdicts[source_id] = refused if default is None else Resolved((default,), entry.name)
            return self.verdicts[source_id]
        self.stack.append(source_id)
        try:
            with self.wanted.by(source_id):
                self.verdicts[source_id] = self.create(kind, entry, path)
        finally:
            self.stack.pop()
        if not kind.owner_kinds and not self.world.route.includes(kind.name, entry.name):
            self.wanted.made[source_id] = path
        return self.verdicts[source_id]

    def uses(self, source_id: str) -> None:
        self.wanted.ask(source_id)

    def version(self, template_id: str, version: str, there: str) -> tuple[str, bool]:
        found = self.templates.version(template_id, version, there)
        return found.number, found.same

    def included(self, kind: Kind, entry: Entry) -> bool:
        return self.inclusion.included(kind, entry)

    # ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, action: Action, written: Written | None = None) -> None:
        self.actions.append(action)
        self.out.remember.append(self.inclusion.noted(action, written))
        if action.body is not None and action.source_id is not None:
            self.bodies[action.source_id] = {**self.bodies.get(action.source_id, {}), **action.body}

    def remember(self, kind: Kind, entry: Entry, written: Written) -> None:
        self.done.add(entry.id)
        if kind.shape.elements:
            self.planned[entry.id] = dict(written.elements)

    def skip(
        self,
        kind: Kind | None,
        source_id: str,
        path: NamePath,
        rule: str,
        text: str,
        clean_ups: tuple[CleanUp, ...] = (),
    ) -> None:
        self.done.add(source_id)
        name = kind.name if kind else "unknown"
        self.add(Action(Op.SKIP, name, path, source_id, None, (), (Decision(rule, "", text),), clean_ups))

    def block(
        self, kind: Kind, source_id: str, path: NamePath, decision: Decision, waits_for: tuple[NamePath, ...]
    ) -> None:
        self.done.add(source_id)
        self.add(Action(Op.BLOCK, kind.name, path, source_id, None, (), (decision,), waits_for=waits_for))
