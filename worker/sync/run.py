"""Run: one sync of some documents of a route, from observation to the last write.

    observe → close → translate → merge → plan → check → apply → remember

Between plan and apply stand the checks which decide whether a person must look first (:mod:`worker.sync.checks`).
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

import structlog

from config import scrub
from config.counting import counted
from config.routes import Mode, RoutesFile
from worker.kinds import registry
from worker.ledger.connect import UNAVAILABLE
from worker.ledger.ledger import Ledger
from worker.ledger.runs import Cause, Run
from worker.octopus import errors
from worker.octopus.budget import Priority
from worker.octopus.transport import Observer
from worker.plan import json as plan_json
from worker.plan.limits import NOTHING_WRITTEN
from worker.plan.values import Action, Plan
from worker.queue.lease import DocumentLease, LeaseBusyError
from worker.sync.applying.apply import Applied, Applier, Guard
from worker.sync.applying.facing import check_facing, place
from worker.sync.applying.recording import log_decisions, record
from worker.sync.checks import FIRST_CONTACT, Stop, must_wait
from worker.sync.opened import Opened, Progress
from worker.sync.planning.planner import Planned
from worker.sync.servers.connecting import connect
from worker.sync.servers.exchange import Ends
from worker.sync.servers.spaces import space_of
from worker.sync.servers.versions import agreed
from worker.sync.world.world import Memory
from worker.sync.world.written import Moved

log = structlog.get_logger(__name__)

TRIES = 3
"""How often what moved under our hands is merged again."""
UNASKED = Cause()


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


Check = Callable[[Opened, Planned], Awaitable[Plan]]
"""Adds to a plan what would not work on the destination once it is applied (:mod:`worker.sync.findings`)."""


async def nobody_minds() -> None:
    """The guard of a run that holds no lease."""


class OpenRoute(Opened):
    """One that can be synced, too. Make one with :func:`open_route`."""

    async def sync(
        self,
        document_ids: Sequence[str],
        *,
        approved_hash: str | None = None,
        guard: Guard = nobody_minds,
        cause: Cause = UNASKED,
        key: str = "",
        progress: Progress | None = None,
        check: Check | None = None,
    ) -> Outcome:
        """Plans and, if nobody needs to be asked, applies. What ``check`` finds is told and recorded with the plan, and
        stops nothing: a person may well write a step first and register its targets afterwards. Raises what the client
        raises, and what ``guard`` does."""
        key = key or f"{self.route.name}|{document_ids[0] if len(document_ids) == 1 else '*'}"
        run = Run.begun(uuid.uuid4().hex[:12], self.route.name, key, datetime.now(UTC).isoformat(), cause)
        named = {"run": run.id} | ({"correlation_id": cause.correlation_id} if cause.correlation_id else {})
        done: list[Action] = []
        with structlog.contextvars.bound_contextvars(**named):
            try:
                outcome = await self._sync(document_ids, approved_hash, guard, run, progress, done, check)
            except (Exception, asyncio.CancelledError) as error:
                # Also of a run that was cut off: what it wrote stands on the destination.
                words = scrub.text(f"{type(error).__name__}: {error}".removesuffix(": "))
                with contextlib.suppress(*UNAVAILABLE):
                    await self._record(run, "error", Plan(self.route.name, tuple(done)) if done else None, words)
                raise
        outcome.run_id, outcome.requests = run.id, self.requests
        if outcome.result is not Result.UNCHANGED or cause.sources:
            await self._record(run, str(outcome.result), _with(outcome.plan, done), None)
        return outcome

    async def _sync(
        self,
        document_ids: Sequence[str],
        approved_hash: str | None,
        guard: Guard,
        run: Run,
        progress: Progress | None,
        done: list[Action],
        check: Check | None,
    ) -> Outcome:
        """``done``: what was written is added to it, however this ends."""
        writes = 0
        refused = False
        begun: Planned | None = None  # the first plan that nobody needed to be asked about (any more)
        for _ in range(TRIES):
            before = tuple(done)
            planned, stop = await self._considered(document_ids, approved_hash, begun, progress, check)
            if stop is not None and stop.code in FIRST_CONTACT:
                # The destination was read after the ledger: another run may have made in between what looks like a
                # stranger's. By now it has said so there.
                self.world.baselines = Memory()
                planned, stop = await self._considered(document_ids, approved_hash, begun, progress, check)
            log_decisions(planned.plan)
            if stop is not None:
                return await self._stopped(planned, stop, run, writes)
            if self.route.mode is Mode.READ_ONLY:
                return Outcome(_result(planned.plan, 0), planned.plan)
            begun = begun or planned
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
                    await self._release(planned, begun, run, approved_hash)
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
            await self._release(planned, begun, run, approved_hash)
            plan = replace(planned.plan, actions=(*before, *planned.plan.actions))
            if not planned.again or not applied.writes:
                return Outcome(_result(plan, writes), plan, writes=writes)
            self.world.baselines = Memory()
        return Outcome(
            Result.MOVED, planned.plan, writes=writes, message="the destination kept changing while it was compared"
        )

    async def _considered(
        self,
        document_ids: Sequence[str],
        approved_hash: str | None,
        begun: Planned | None,
        progress: Progress | None,
        check: Check | None,
    ) -> tuple[Planned, Stop | None]:
        """A plan, and why it must not be applied now. ``begun``: of which it may be the rest."""
        planned = await self.plan(document_ids, progress=progress)
        if check is not None:
            planned.plan = await check(self, planned)
        stop = await must_wait(self.route, self.ledger, planned, approved_hash, begun.plan if begun else None)
        return planned, stop

    async def _stopped(self, planned: Planned, stop: Stop, run: Run, writes: int) -> Outcome:
        """``writes``: how many this run had made when it had to plan again."""
        if writes:
            begun = f"the destination changed while the plan was applied, after {counted(writes, 'write')}; what is "
            begun += "left is another plan. "
            stop = replace(stop, reason=begun + stop.reason.replace(f"{NOTHING_WRITTEN} ", ""))
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
        return Outcome(result, planned.plan, writes=writes, message=stop.reason, code=stop.code)

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

    async def _release(self, planned: Planned, begun: Planned, run: Run, approved_hash: str | None) -> None:
        """A held route goes on when its approved plan was applied, or when the plan that held it has nothing left.
        ``begun``: of which ``planned`` is the rest."""
        held = await self.ledger.held.get(self.route.name)
        hashes = {planned.plan.hash, begun.plan.hash}
        by_hand = approved_hash in hashes
        if held is not None and (by_hand or held.plan_hash in hashes or held.key == run.key):
            await self.ledger.held.release(self.route.name)
        if by_hand or (held is not None and held.approved):
            await self.ledger.windows.clear(self.route.name)
            if planned.adopts or begun.adopts:
                await self.ledger.held.allow_adoption(self.route.name)

    async def _record(self, run: Run, outcome: str, plan: Plan | None, error: str | None) -> None:
        await record(self.ledger, run, outcome, plan, self.spent, error)


def _with(plan: Plan, done: Sequence[Action]) -> Plan:
    """The plan, and before it what was written of an earlier one in the same run."""
    shown = {id(action) for action in plan.actions}
    return replace(plan, actions=(*(one for one in done if id(one) not in shown), *plan.actions))


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
    :class:`worker.sync.servers.versions.VersionsRefused` and :class:`worker.sync.applying.facing.RouteReversed`.
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
