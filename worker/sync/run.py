"""Run: one sync of some documents of a route, from observation to the last write.

    observe → close → translate → merge → plan → check → apply → remember

Between plan and apply stand the checks which decide whether a person must look first (:mod:`worker.sync.checks`).
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

import structlog

from config import scrub
from config.routes import Mode, Route, RoutesFile
from config.versions import Check, Verdict
from worker.kinds import registry
from worker.ledger.connect import UNAVAILABLE
from worker.ledger.ledger import Ledger
from worker.ledger.runs import Cause, Run
from worker.octopus import errors
from worker.octopus.budget import Priority
from worker.octopus.client import OctopusClient, SpaceClient
from worker.octopus.transport import Observer
from worker.plan import json as plan_json
from worker.plan.values import Action, Plan
from worker.queue.lease import DocumentLease, LeaseBusyError
from worker.sync.apply import Applied, Applier, Guard
from worker.sync.baseline import Baseline, Intent
from worker.sync.checks import Stop, must_wait
from worker.sync.connecting import connect
from worker.sync.exchange import Ends
from worker.sync.facing import check_facing, place
from worker.sync.items import SUBTREE, Items, UnknownItem
from worker.sync.observe import SideObserver
from worker.sync.planner import Planned, Planner
from worker.sync.recording import log_decisions, record
from worker.sync.spaces import space_of
from worker.sync.spool import Spool
from worker.sync.versions import agreed
from worker.sync.world import Memory, Need, NotObserved, World
from worker.sync.written import Moved

log = structlog.get_logger(__name__)

TRIES = 3
"""How often what moved under our hands is merged again."""
ROUNDS = 100
"""How often a plan may ask for more. Closure needs a few rounds for each step away from the document."""
UNASKED = Cause()

Progress = Callable[[str], None]


class Result(StrEnum):
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    BLOCKED = "blocked"
    """Something that is required does not exist. The plan says what."""
    HELD = "held"
    """A person must approve the plan first."""
    READ_ONLY = "read-only"
    MOVED = "moved"
    """The destination kept changing under our hands: try later."""
    BUSY = "busy"
    """Somebody else is writing a document of the plan: try later."""


@dataclass(slots=True)
class Outcome:
    result: Result
    plan: Plan
    requests: int = 0
    writes: int = 0
    message: str = ""
    code: str = ""
    """One short word for why the plan was refused, where it was."""
    run_id: str = ""


async def nobody_minds() -> None:
    """The guard of a run that holds no lease."""


class OpenRoute:
    """A route with both its spaces at hand. Make one with :func:`open_route`; it belongs to one task."""

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        source: tuple[OctopusClient, SpaceClient],
        destination: tuple[OctopusClient, SpaceClient],
        leases: DocumentLease | None = None,
        versions: Check | None = None,
        neighbours: Mapping[str, Route] | None = None,
    ) -> None:
        self.route = route
        self.versions = versions
        self.leases = leases
        self.ledger = ledger
        self.clients = (source[0], destination[0])
        self.world = World(route, neighbours=neighbours or {})
        if versions is not None:
            self.world.source.release, self.world.destination.release = versions.source, versions.destination
        here, there = route.source, route.destination
        self.source = SideObserver(self.world.source, source[1], ledger, here.instance, here.space)
        self.destination = SideObserver(self.world.destination, destination[1], ledger, there.instance, there.space)

    @property
    def requests(self) -> int:
        """Requests sent to both instances since the route was opened."""
        return sum(client.requests for client in self.clients)

    @property
    def spent(self) -> dict[str, int]:
        """The same by instance."""
        ends = (self.route.source.instance, self.route.destination.instance)
        return {end: client.requests for end, client in zip(ends, self.clients, strict=True)}

    # ── which documents ───────────────────────────────────────────────────────────────────────────────────────────────

    async def documents(self, items: Items) -> list[str]:
        """Ids of the source documents that ``items`` means, in order of writing. Raises
        :class:`worker.sync.items.UnknownItem`."""
        try:
            return await self._documents(items)
        except UnknownItem:
            # It may have been made in the seconds for which names are believed.
            await self.source.freshen(force=True)
            self.world.source.directories.clear()
            return await self._documents(items)

    async def _documents(self, items: Items) -> list[str]:
        await self.source.freshen()
        await self._remember()  # what crossed because something needed it is part of everything, too
        for target in items.targets:
            await self.source.find(target.removesuffix(SUBTREE))
        while True:
            try:
                return items.among(self.world)
            except NotObserved as missing:
                await self.observe(missing.needs)

    async def read_in_bulk(self) -> None:
        """For a plan of very many documents, that is shown and not applied: whole lists are read, and what they hold
        is not asked for once more. As in a comparison, deployment settings are taken from the project that shows them
        (:mod:`worker.sync.spool`). Call it first."""
        for observer in (self.source, self.destination):
            await observer.freshen(force=True)
            observer.spool = Spool(None)

    # ── plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def plan(self, document_ids: Sequence[str], *, progress: Progress | None = None) -> Planned:
        """Looks up what is needed and plans. Writes nothing, on no side."""
        await self.source.freshen()
        await self.destination.freshen()
        await self._remember()
        self.world.alone = document_ids[0] if len(document_ids) == 1 else None
        # All of them will be asked for, and the later the dearer: what is missing then is planned from the start again.
        await self._recall(document_ids)
        for document_id in document_ids:
            await self.source.find(registry.owner_of(document_id) or document_id)
        for _ in range(ROUNDS):
            try:
                return self._noted(Planner(self.world).plan(document_ids))
            except NotObserved as missing:
                if progress is not None:
                    progress(f"looking up {len(missing.needs)} things")
                await self.observe(missing.needs)
        raise RuntimeError(f"route {self.route.name}: a plan for {document_ids[:5]} found no end")

    def _noted(self, planned: Planned) -> Planned:
        if self.versions is not None and self.versions.verdict is not Verdict.FINE:
            planned.plan = replace(planned.plan, notes=(self.versions.text,))
        return planned

    async def _remember(self) -> None:
        self.world.links = await self.ledger.links.all(self.route.name)
        there = self.route.destination
        self.world.foreign = await self.ledger.owners.of_others(*place(there), self.world.neighbours)
        self.world.intents = {
            one.document: Intent.from_json(one.write)
            for one in await self.ledger.intents.all(self.route.name)
            if one.write is not None
        }

    async def observe(self, needs: Iterable[Need]) -> None:
        """Looks up what a plan, or what is asked about one, needs to know."""
        of = {"source": [], "destination": [], "ledger": []}  # type: dict[str, list[Need]]
        for need in needs:
            of[need.side].append(need)
        await self.source.look_up(of["source"])
        await self.destination.look_up(of["destination"])
        asked = [need.document_id for need in of["ledger"] if need.kind == "deletion"]
        source = self.route.source
        gone = await self.ledger.deletions.among(source.instance, source.space, asked)
        self.world.deleted.known |= {source_id: source_id in gone for source_id in asked}
        if any(need.kind == "versions" for need in of["ledger"]):
            self.world.versions = await self.ledger.versions.all(self.route.name)
        await self._recall(need.document_id for need in of["ledger"] if need.kind == "baseline")

    async def _recall(self, source_ids: Iterable[str]) -> None:
        """Looks up baselines, but for those that are known."""
        ids = [source_id for source_id in source_ids if source_id not in self.world.baselines.known]
        found = await self.ledger.baselines.get_all(self.route.name, ids)
        for source_id in ids:
            known = found.get(source_id)
            self.world.baselines.known[source_id] = Baseline.from_json(known) if known is not None else None

    # ── sync ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def sync(
        self,
        document_ids: Sequence[str],
        *,
        approved_hash: str | None = None,
        guard: Guard = nobody_minds,
        cause: Cause = UNASKED,
        key: str = "",
        progress: Progress | None = None,
    ) -> Outcome:
        """Plans and, if nobody needs to be asked, applies. Raises what the client raises, and what ``guard`` does."""
        key = key or f"{self.route.name}|{document_ids[0] if len(document_ids) == 1 else '*'}"
        run = Run.begun(uuid.uuid4().hex[:12], self.route.name, key, datetime.now(UTC).isoformat(), cause)
        named = {"run": run.id} | ({"correlation_id": cause.correlation_id} if cause.correlation_id else {})
        done: list[Action] = []
        with structlog.contextvars.bound_contextvars(**named):
            try:
                outcome = await self._sync(document_ids, approved_hash, guard, run, progress, done)
            except (Exception, asyncio.CancelledError) as error:
                # Also of a run that was cut off: what it wrote stands on the destination.
                words = scrub.text(f"{type(error).__name__}: {error}".removesuffix(": "))
                with contextlib.suppress(*UNAVAILABLE):
                    await self._record(run, "error", Plan(self.route.name, tuple(done)) if done else None, words)
                raise
        outcome.run_id, outcome.requests = run.id, self.requests
        if outcome.result is not Result.UNCHANGED or cause.sources:
            await self._record(run, str(outcome.result), outcome.plan, None)
        return outcome

    async def _sync(
        self,
        document_ids: Sequence[str],
        approved_hash: str | None,
        guard: Guard,
        run: Run,
        progress: Progress | None,
        done: list[Action],
    ) -> Outcome:
        """``done``: what was written is added to it, however this ends."""
        writes = 0
        refused = False
        for _ in range(TRIES):
            before = tuple(done)
            planned = await self.plan(document_ids, progress=progress)
            log_decisions(planned.plan)
            stop = await must_wait(self.route, self.ledger, planned, approved_hash)
            if stop is not None:
                return await self._stopped(planned, stop, run)
            if self.route.mode is Mode.READ_ONLY:
                return Outcome(_result(planned.plan, 0), planned.plan)
            applier = Applier(
                self.world,
                Ends(self.source.client, self.destination.client, progress or (lambda _: None)),
                self.ledger,
                guard=guard,
                run_id=run.id,
                progress=progress,
                leases=self.leases,
            )
            try:
                applied = await applier.apply(planned)
            except Moved as moved:
                log.info("moved", route=self.route.name, reason=str(moved))
                await self._forget(planned)
                continue
            except LeaseBusyError as busy:
                total = writes + applier.applied.writes
                return Outcome(Result.BUSY, planned.plan, writes=total, message=str(busy))
            except errors.Refused as error:
                if applier.applied.clinging:
                    # Once more, with all left in place: the rest of the document shall not wait for it.
                    self.world.clinging |= applier.applied.clinging
                    await self._forget(planned)
                    continue
                # What we believed of the destination may be out of date. Once more, believing nothing.
                if refused or error.method == "GET" or error.concerns_instance:
                    # What a person approved was tried. The route goes on without the document that was refused.
                    await self._release(planned, run, approved_hash)
                    raise
                refused = True
                log.info("refused", route=self.route.name, reason=error.server_words)
                await self._believe_nothing()
                continue
            finally:
                # Also what a run wrote that did not come to its end counts.
                done += applier.applied.actions
                writes += applier.applied.writes
                await self._count(applier.applied)
            await self._release(planned, run, approved_hash)
            plan = replace(planned.plan, actions=(*before, *planned.plan.actions))
            if not planned.again or not applied.writes:
                return Outcome(_result(plan, writes), plan, writes=writes)
            self.world.baselines = Memory()
        return Outcome(
            Result.MOVED, planned.plan, writes=writes, message="the destination kept changing while it was compared"
        )

    async def _stopped(self, planned: Planned, stop: Stop, run: Run) -> Outcome:
        if stop.hold:
            await self.ledger.held.hold(
                self.route.name,
                stop.reason,
                planned.plan.hash,
                planned.plan.summary(),
                key=run.key,
                plan=plan_json.as_dict(planned.plan),
            )
        log.warning("held", route=self.route.name, reason=stop.reason, plan=planned.plan.hash)
        result = Result.HELD if stop.hold or not stop.read_only else Result.READ_ONLY
        return Outcome(result, planned.plan, message=stop.reason, code=stop.code)

    async def _forget(self, planned: Planned) -> None:
        """What we believed of the destination did not hold."""
        kinds = {action.kind for action in planned.plan.writes if registry.BY_NAME[action.kind].listed_by}
        await self.destination.forget(sorted(kinds))
        self.world.baselines = Memory()

    async def _believe_nothing(self) -> None:
        self.world.baselines = Memory()
        for side in (self.source, self.destination):
            side.side.documents.clear()
            side.side.directories.clear()
            await self.ledger.servers.doubt(side.instance)
            await side.freshen(force=True)

    async def _count(self, applied: Applied) -> None:
        await self.destination.keep(applied.documents)
        await self.destination.drop(applied.gone)
        limits = self.route.limits
        if applied.updated or applied.destroyed:
            await self.ledger.windows.record(
                self.route.name, limits.window_hours * 3600, updates=applied.updated, deletes=applied.destroyed
            )
        if applied.writes:
            await self.ledger.held.set_fingerprint(self.route.name, self.route.fingerprint)
            route = self.route
            await self.ledger.directions.remember(route.name, place(route.source), place(route.destination))

    async def _release(self, planned: Planned, run: Run, approved_hash: str | None) -> None:
        """A held route goes on when its approved plan was applied, or when the plan that held it has nothing left."""
        held = await self.ledger.held.get(self.route.name)
        by_hand = approved_hash == planned.plan.hash
        if held is not None and (by_hand or held.plan_hash == planned.plan.hash or held.key == run.key):
            await self.ledger.held.release(self.route.name)
        if by_hand or (held is not None and held.approved):
            await self.ledger.windows.clear(self.route.name)
            if planned.adopts:
                await self.ledger.held.allow_adoption(self.route.name)

    async def _record(self, run: Run, outcome: str, plan: Plan | None, error: str | None) -> None:
        await record(self.ledger, run, outcome, plan, self.spent, error)


def _result(plan: Plan, writes: int) -> Result:
    if plan.blocked:
        return Result.BLOCKED
    return Result.CHANGED if writes else Result.UNCHANGED


@asynccontextmanager
async def open_route(
    routes: RoutesFile,
    name: str,
    *,
    ledger: Ledger,
    priority: Priority = Priority.EVENT,
    observer: Observer | None = None,
    leases: DocumentLease | None = None,
) -> AsyncIterator[OpenRoute]:
    """``leases``: whoever shares the ledger with others writes under them.

    Raises :class:`KeyError` for an unknown route, :class:`config.secret.SecretMissingError`, what the client raises,
    :class:`worker.sync.versions.VersionsRefused` and :class:`worker.sync.facing.RouteReversed`.
    """
    route = routes.route(name)
    await check_facing(route, ledger)
    ours = await ledger.identity()
    async with AsyncExitStack() as stack:
        ends = (route.source, route.destination)
        clients = [
            await stack.enter_async_context(connect(routes, end.instance, ledger, priority, observer, ours))
            for end in ends
        ]
        versions = await agreed(route, ledger, clients[0], clients[1])
        sides = [(client, await space_of(client, end, ledger)) for client, end in zip(clients, ends, strict=True)]
        others = (other for other in routes.routes if other.name != name)
        neighbours = {other.name: other for other in others if other.destination.key == route.destination.key}
        yield OpenRoute(route, ledger, sides[0], sides[1], leases, versions, neighbours)
