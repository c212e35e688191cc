"""Apply: carry out a plan, one write after the other.

Before each write its intent is stored, after it the baseline, from what the server answered, before the next begins:
stopped at any point and run again, a sync ends where it would have ended. What was observed is checked once more where
the API has no version token to do it; a document that has changed meanwhile is merged again, not overwritten.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.references import PendingId
from worker.kinds.shape import SERVER_FIELDS
from worker.kinds.variables import VARIABLE_SET
from worker.ledger.ledger import Ledger
from worker.octopus import errors
from worker.plan.values import Action, Document, Op, printed
from worker.queue.lease import DocumentLease
from worker.sync.applying.intents import Intents
from worker.sync.applying.leases import WriteLeases
from worker.sync.applying.remembering import Remembering
from worker.sync.applying.removing import Remover
from worker.sync.applying.reports import Reports
from worker.sync.applying.retagging import Retagging
from worker.sync.applying.still import still
from worker.sync.applying.unkept import with_unkept
from worker.sync.merging.recover import RENAME, assigned, assigned_ids
from worker.sync.planning.planner import Planned
from worker.sync.planning.templates import stand_in
from worker.sync.servers.exchange import Ends, exchange_of
from worker.sync.variables.baseline import VariablesBaseline
from worker.sync.world.baseline import Baseline, Intent, wrote_after
from worker.sync.world.bodies import bound, overlaid, stand_ins, without_pending
from worker.sync.world.fields import MISSING
from worker.sync.world.unheard import holds
from worker.sync.world.world import World
from worker.sync.world.written import Moved, Written

log = structlog.get_logger(__name__)

Guard = Callable[[], Awaitable[None]]
"""Asked right before each request that writes, and before what it came to is remembered. Raises if the lease is lost:
then nothing may be written any more, neither there nor here."""


@dataclass(slots=True)
class Applied:
    writes: int = 0
    updated: list[str] = field(default_factory=list)
    destroyed: list[str] = field(default_factory=list)
    clinging: set[str] = field(default_factory=set)
    """Destination documents whose update may have been refused because of what it removes."""
    actions: list[Action] = field(default_factory=list)
    documents: list[tuple[Kind, Document]] = field(default_factory=list)
    """As the destination answered them."""
    gone: list[tuple[Kind, str]] = field(default_factory=list)
    """What was deleted: kind, and id on the destination."""


class Applier:
    def __init__(
        self,
        world: World,
        ends: Ends,
        ledger: Ledger,
        *,
        guard: Guard,
        run_id: str,
        progress: Callable[[str], None] | None = None,
        leases: DocumentLease | None = None,
    ) -> None:
        self.world = world
        self.route = world.route.name
        self.ends = ends
        self.destination = ends.destination
        self.ledger = ledger
        self.guard = guard
        self.run_id = run_id
        self.progress = progress or (lambda _: None)
        self.leases = WriteLeases(leases, repr(ends.destination), run_id)
        self.bound: dict[str, str] = {}
        """Stand-in → the id that has come to exist."""
        self.made: set[str] = set()
        """Source ids of what this run has created."""
        self.tags = Retagging(ledger, self.route, world.destination.documents)
        self.memory = Remembering(world, ledger, self.tags)
        self.reports = Reports(ledger, self.route, run_id)
        self.intents = Intents(world, ledger, run_id)
        self.applied = Applied()
        self.remover = Remover(self)
        self.plan_hash = ""

    async def apply(self, planned: Planned) -> Applied:
        """Raises :class:`Moved`, :class:`worker.queue.lease.LeaseBusyError`, what the client raises, and the guard."""
        self.plan_hash = planned.plan.hash
        self.destination.check_writes(self.may_write)
        await self.link_seen(planned)
        for template, versions in planned.versions.items():
            await self.memory.note_versions(template, versions)
        await self.ledger.awaited.note(self.route, planned.lacking)
        for action, written in zip(planned.plan.actions, planned.remember, strict=True):
            if written is not None and written.due is not None and action.source_id is not None:
                await self.memory.note(action.source_id, written.due)
        refused: errors.Refused | None = None
        for action, written in zip(planned.plan.actions, planned.remember, strict=True):
            if written is not None and written.intent is not None and written.intent.op == "create":
                # We were stopped between the creation and what follows from it.
                await self.created(registry.BY_NAME[action.kind], action.source_id or "", written.destination_id)
            if written is not None and written.intent is not None:
                # We were stopped between the write of a tag set and what follows from it.
                kind = registry.BY_NAME[action.kind]
                await self.tags.follow(
                    kind, written.intent.there, self.world.destination.documents.get(written.destination_id)
                )
            if not action.writes:
                await self.leave(action, written)
                continue
            if refused is not None and (action.op is Op.DELETE or self.unbound(action)):
                continue  # what it requires was refused, so it waits with it; and what is deleted may still be named
            try:
                await self.write(action, written)
            except errors.Refused as error:
                # One refused document is no reason to withhold the others.
                if error.concerns_instance:
                    raise
                if self.may_cling(action, error):
                    self.applied.clinging.add(str(action.destination_id))
                refused = refused or error
        if refused is not None:
            raise refused
        return self.applied

    async def may_write(self) -> None:
        """Asked before each request that writes: between two tries of one there may be a minute."""
        await self.guard()
        await self.leases.prolong()

    def may_cling(self, action: Action, error: errors.Refused) -> bool:
        """Whether it may have been refused because something that it removes is in use."""
        removes = action.op is Op.UPDATE and registry.BY_NAME[action.kind].removal_may_be_refused
        return removes and isinstance(error, errors.BadRequest) and action.destination_id not in self.world.clinging

    def unbound(self, action: Action) -> bool:
        """Whether it needs an id that has not come to exist."""
        if action.overlay and str(action.destination_id).startswith("new:") and action.destination_id not in self.bound:
            return True
        return any(pending not in self.bound for pending in stand_ins(action.body))

    async def link_seen(self, planned: Planned) -> None:
        """Remember what was found by name, so that it is found when it is renamed."""
        if planned.relinked:
            await self.memory.forget(planned.relinked)
            await self.reports.forget(planned.relinked)
        new = {source: there for source, there in planned.seen.items() if self.world.links.get(source) != there}
        for conflict in await self.ledger.links.add_all(self.route, new):
            log.info("link-taken", source=conflict.source_id, by=conflict.linked_to)

    async def leave(self, action: Action, written: Written | None) -> None:
        """Nothing to write, but something to remember: what the source asked for, and that we have seen it."""
        if action.source_id is None:
            return
        if written is not None and written.leaving is not None:
            await self.remover.forget(written.leaving)
            return
        if written is not None and not isinstance(written.destination_id, PendingId):
            await self.memory.link(action.source_id, written.destination_id)
            if written.rows is not None or written.want or written.intent is not None:
                there = self.world.destination.documents.get(written.destination_id) or {}
                remembered = self.baseline(action.source_id, written, there, {})
                await self.memory.remember(action.source_id, written.destination_id, remembered, only_if_still=True)
                await self.note_version(action.source_id, written, there)
                await self.intents.settled(action.source_id)
        await self.reports.report(action, settles=written.settles if written is not None else frozenset())

    async def delete(self, action: Action, written: Written) -> None:
        async with self.leases.hold(action, action.destination_id):
            self.progress(f"{action.op} {printed(action.path)}")
            if written.leaving is not None and await self.remover.delete(action, written.leaving):
                self.applied.writes += 1
                self.applied.actions.append(action)
                self.applied.gone.append((registry.BY_NAME[action.kind], action.destination_id or ""))
                self.applied.destroyed += [f"{action.source_id} {what}" for what in ("", *action.destroys)]

    async def write(self, action: Action, written: Written | None) -> None:
        if action.op is Op.DELETE and written is not None:
            await self.delete(action, written)
            return
        if written is None or action.body is None or action.source_id is None:
            raise AssertionError(f"{printed(action.path)}: a write needs a body and a baseline to be")
        destination_id = self.bound.get(str(action.destination_id), str(action.destination_id))
        creates = isinstance(action.destination_id, PendingId) and not action.overlay
        async with self.leases.hold(action, None if creates else destination_id):
            await self.write_leased(action, written, destination_id, creates=creates)

    async def write_leased(self, action: Action, written: Written, destination_id: str, *, creates: bool) -> None:
        kind = registry.BY_NAME[action.kind]
        owner = self.owner_of(kind, destination_id)
        exchange = exchange_of(kind)
        body: Document = self.tags.body(kind, self.bind(action.body or {}))
        there = None if creates or action.overlay else self.world.destination.documents.get(destination_id)
        sent = body
        if action.overlay:
            current = await exchange.read(self.destination, kind, destination_id, owner)
            if holds(body, current, kind.shape):
                return await self.settle(action, written, kind, destination_id, current, body)
            sent = overlaid(kind.shape, current, body)
        elif not creates:
            observed = self.world.destination.documents.get(destination_id)
            sent, become = await still(self.destination, kind, destination_id, owner, body, observed)
            if become is not None:
                return await self.settle(action, written, kind, destination_id, become, body, there)
        source_id = action.source_id or ""
        if written.intent is not None and written.before is not None:
            # What the last write left, of which nobody heard, must not be forgotten with its intent.
            await self.intents.check(source_id)
            await self.memory.link(source_id, destination_id)
            await self.memory.remember(source_id, destination_id, written.before)
        if not creates:
            await self.memory.claim(destination_id)
        op = "create" if creates else RENAME if written.only_name else "update"
        await self.intend(action, written, sent, op, destination_id, there)
        await self.guard()
        self.progress(f"{action.op} {printed(action.path)}")
        log.info("write", op=action.op, item=printed(action.path), fields=[change.where for change in action.changes])
        try:
            wire, ends = without_pending(sent), replace(self.ends, source_id=source_id)
            if creates:
                answer = await exchange.create(ends, kind, wire)
            else:
                answer = await exchange.update(ends, kind, destination_id, owner, wire)
        except errors.OctopusError as error:
            if not error.maybe_applied:
                await self.intents.withdraw(source_id)
            if isinstance(error, errors.StaleVersion) or (creates and isinstance(error, errors.NameTaken)):
                raise Moved(f"{printed(action.path)}: {error.server_words}") from error
            raise
        # While we waited for the answer, another may have taken over, and have more to remember than we.
        await self.guard()
        if "Id" not in answer:
            answer = await exchange.read(self.destination, kind, destination_id, owner)
        self.applied.writes += 1
        self.applied.actions.append(action)
        if not creates and not isinstance(action.destination_id, PendingId):
            self.applied.updated.append(source_id)
            self.applied.destroyed += [f"{source_id} {what}" for what in action.destroys]
        return await self.settle(action, written, kind, answer["Id"], answer, sent, there)

    async def settle(
        self,
        action: Action,
        written: Written,
        kind: Kind,
        destination_id: str,
        answer: Document,
        sent: Document,
        there: Document | None = None,
    ) -> None:
        """After a write: learn the ids that came to exist, remember, and clear the intent. ``there``: what the document
        was before, ``None`` where all of it is ours."""
        source_id = action.source_id or ""
        self.bound[PendingId.of(source_id)] = destination_id
        ids = assigned_ids(sent, answer)
        for element, there_id in ids.items():
            self.bound[PendingId.of(source_id, element)] = there_id
        for element, slug in assigned(sent, answer, "Slug").items():
            self.bound[PendingId.slug_of(PendingId.of(source_id, element))] = slug
        self.world.destination.documents[destination_id] = answer
        self.applied.documents.append((kind, answer))
        await self.memory.link(source_id, destination_id)
        if isinstance(action.destination_id, PendingId) and not action.overlay:
            self.made.add(source_id)
            await self.created(kind, source_id, destination_id)
        known = (written.before or Baseline()).wrote
        wrote: Any = answer
        if there is not None and kind.mode is not Mode.EXACT:  # all of an exact one is ours, whoever wrote it before
            wrote = wrote_after(kind.shape, MISSING if known is None else known, there, answer)
        await self.tags.follow(kind, there, answer)
        await self.note_version(source_id, written, answer)
        if not written.only_name or written.before is not None:
            remembered = self.baseline(source_id, written, answer, ids, wrote or None)
            if kind is VARIABLE_SET and remembered.rows is not None:
                rows = VariablesBaseline.from_json(remembered.rows).counterparts
                self.bound |= {PendingId.of(source_id, row): there_id for row, there_id in rows.items()}
            await self.memory.remember(source_id, destination_id, remembered)
        told = with_unkept(kind, action, sent, answer, self.world.releases)
        await self.reports.report(told, whole=not written.only_name, settles=written.settles)
        await self.ledger.intents.clear(self.route, source_id)

    # ── what the server makes by itself ───────────────────────────────────────────────────────────────────────────────

    async def created(self, kind: Kind, source_id: str, destination_id: str) -> None:
        """The documents made together with a new owner: nothing in them is anybody's yet."""
        if kind.name == "project":
            await self.meet_default_channel(source_id, destination_id)
        for part in registry.parts_of(kind):
            if part.place is Place.WITH_OWNER:
                part_id = registry.made_with_owner(part, source_id)
                self.bound[PendingId.of(part_id)] = registry.made_with_owner(part, destination_id)
                self.made.add(part_id)
                if part.follows is None:
                    await self.memory.note_fresh(part_id, registry.made_with_owner(part, destination_id))

    async def meet_default_channel(self, source_id: str, destination_id: str) -> None:
        """A new project comes with a default channel, whose place the source's default channel takes."""
        default = next((entry for entry in self.world.source.directory("channel").of(source_id) if entry.default), None)
        if default is None:
            return
        channels = await self.destination.list(f"projects/{destination_id}/channels")
        self.applied.documents += [(registry.BY_NAME["channel"], channel) for channel in channels]
        made = next((channel for channel in channels if channel.get("IsDefault")), None)
        if made is not None:
            self.bound[PendingId.of(default.id)] = made["Id"]
            self.made.add(default.id)
            await self.memory.link(default.id, made["Id"])
            await self.memory.note_fresh(default.id, made["Id"])

    # ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────

    def baseline(
        self,
        source_id: str,
        written: Written,
        answer: Document,
        ids: dict[str, str],
        wrote: Document | None = None,
    ) -> Baseline:
        """``wrote``: what of the answer is ours, ``None`` where nothing was written."""
        before = written.before or Baseline()
        known = self.memory.known.get(source_id, Baseline())
        created = source_id in self.made or any(one.created or one.fresh for one in (before, known))
        if written.rows is not None:
            rows = written.rows.remember(answer, self.bind, heard=True)
            return Baseline(rows=rows, created=created, along=written.along)
        want: Document = self.bind(written.want)
        elements = {source: self.bound.get(there, there) for source, there in written.elements.items()} | ids
        if written.adds:
            want, elements = {**known.want, **want}, {**known.elements, **elements}
        return Baseline(
            want=want,
            wrote=answer if before.fresh else before.wrote if wrote is None else wrote,
            elements={source: there for source, there in elements.items() if not there.startswith("new:")},
            kept=written.kept,
            created=created,
            retired=written.retires or before.retired,
            along=written.along,
        )

    async def note_version(self, source_id: str, written: Written, answer: Document) -> None:
        """Of a step template: which of the destination's versions the source's is now."""
        if written.version is None or "Version" not in answer:
            return
        number = str(answer["Version"])
        self.bound[stand_in(source_id, written.version)] = number
        await self.memory.note_versions(source_id, {written.version: (number, written.same_version)})

    async def intend(
        self,
        action: Action,
        written: Written,
        body: Document,
        op: str,
        destination_id: str,
        there: Document | None,
    ) -> None:
        # What would be remembered if the server answered just what is sent.
        rows = written.rows.remember(body, self.bind, heard=False) if written.rows is not None else None
        after = self.baseline(action.source_id or "", written, {}, {}) if rows is None else Baseline()
        want = {"rows": rows} if rows is not None else after.want
        # What only the server decides (what a variable may be scoped to) may be another when it is looked for.
        servers_own = registry.BY_NAME[action.kind].shape.server - SERVER_FIELDS if op != "create" else frozenset()
        intent = Intent(
            op,
            want,
            {name: value for name, value in body.items() if name not in servers_own},
            destination_id,
            action.clean_ups,
            elements=after.elements,
            kept=after.kept,
            there=there if rows is None else None,
        )
        await self.intents.store(action.source_id or "", self.plan_hash, intent)

    # ── bodies ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def owner_of(self, kind: Kind, destination_id: str) -> str | None:
        return destination_id.partition("-")[2] if kind.place is Place.WITH_OWNER else None

    def bind(self, value: Any) -> Any:
        return bound(value, self.bound)
