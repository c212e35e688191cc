"""Look: what a worker does with a key that may be dirty.

    claim ──▶ run under the lease, with a deadline ──▶ done: clean · again · waiting · dead letter
      │
      └─ busy, early, clean, paused, held: nothing. Whatever brought us here was late or doubled.

The mark says only *look*; what there is to do is read from both servers.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sentry_sdk
import structlog

from config.routes import RoutesFile
from config.settings import Settings
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.variables import VARIABLE_SET
from worker.ledger.comparisons import Progress
from worker.ledger.connect import UNAVAILABLE
from worker.ledger.runs import Cause
from worker.looking.failures import Class, Failure, failure_of, pause_ms
from worker.looking.lease import Keeper, LeaseLost
from worker.octopus import budget
from worker.octopus.address import base_url
from worker.octopus.transport import Exchange, Observer
from worker.plan.values import Action, Op, printed
from worker.queue.keys import DirtyKey
from worker.queue.values import BLOCKED, Claim, ClaimStatus, Done, Outcome, Priority, Source
from worker.state import State
from worker.sync import run
from worker.sync.compare import compare
from worker.sync.planning.items import Items

log = structlog.get_logger(__name__)

DEADLINE_S = 720.0
"""A run that takes longer is given up and tried again. Celery's own limits come after it (worker/app.py)."""
HELD_PAUSE_MS = 5_000
"""A held key is not claimed at all; this is for one that meets another key's approval."""
SLICE_S = 60.0
"""So long a comparison may keep events waiting; then it stands aside, and goes on from where it was."""
EVENTS_WAIT_MS = 10_000
"""Events that are due for less are about to be taken."""
STAND_ASIDE_MS = 2_000
BUSY_PAUSE_MS = 2_000
"""Another run writes one of the documents; it takes milliseconds, or its lease ends."""
MOST_UNBLOCKED = 1_000
LEASE_LOST = "lease-lost"
"""Another worker has taken the key over."""
SYNCED = frozenset({run.Result.UNCHANGED.value, run.Result.CHANGED.value})


@dataclass(frozen=True, slots=True)
class Looked:
    """``result`` is a short word, for metrics: of the engine, or of the claim, or the class of the failure.

    ``again``: a mark was made meanwhile, so somebody should look at once. ``claimed``: the key was ours, and not only
    asked for.
    """

    key: DirtyKey
    result: str
    again: bool = False
    priority: Priority = Priority.EVENTS
    writes: int = 0
    requests: int = 0
    claimed: bool = True
    refused: str = ""
    """One short word for why the plan was not applied."""
    changes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Documents written, by kind and operation."""
    behind_s: float | None = None
    """Of a run that ended well: since the oldest change that it answers was reported."""


class _StandAside(Exception):  # noqa: N818  (named for what happened)
    """Events wait for a worker, and a comparison can go on later."""


class _Watch:
    """Which instance answered last, and which failed last: an error does not say whose it is. And how many packages
    have arrived."""

    def __init__(self, then: Observer | None) -> None:
        self.then = then
        self.failed: str | None = None
        self.answered: set[str] = set()
        self.packages = 0

    def __call__(self, exchange: Exchange) -> None:
        if exchange.status is None or exchange.status >= 400:
            self.failed = exchange.instance
        else:
            self.answered.add(exchange.instance)
            self.packages += exchange.method == "POST" and exchange.path.endswith("/packages/raw")
        if self.then is not None:
            self.then(exchange)


class Looker:
    """Looks at keys. ``observer`` sees every request to a server."""

    def __init__(
        self,
        state: State,
        routes: RoutesFile,
        settings: Settings,
        *,
        observer: Observer | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.state = state
        self.routes = routes
        self.lease_ms = int(settings.lease_seconds * 1000)
        self.retry_s = settings.retry_seconds
        self.blocked_ms = int(settings.blocked_seconds * 1000)
        self.observer = observer
        self.deadline_s = deadline_s
        self.slice_s = SLICE_S

    async def look(self, key: DirtyKey) -> Looked:
        """Raises only what Redis raises when it is not there; the lease then ends by itself, and a sweep finds it."""
        claim = await self.state.queue.claim(key, self.lease_ms)
        if claim.status is not ClaimStatus.OK:
            return Looked(key, claim.status.value, claimed=False)
        correlation_id = claim.correlation_id or uuid.uuid4().hex[:12]
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id, key=str(key)):
            started = time.monotonic()
            looked = await self._claimed(key, claim, correlation_id)
            if looked.result in SYNCED and any(source.reports_a_change for source in claim.sources):
                waited_s = max(0, claim.claimed_ms - claim.since_ms) / 1000
                looked = replace(looked, behind_s=waited_s + time.monotonic() - started)
            log.info(
                "looked",
                result=looked.result,
                ms=round((time.monotonic() - started) * 1000),
                requests=looked.requests,
                writes=looked.writes,
                sources=[source.value for source in claim.sources],
                attempts=claim.attempts,
            )
            return looked

    async def _claimed(self, key: DirtyKey, claim: Claim, correlation_id: str) -> Looked:
        try:
            route = self.routes.route(key.route)
        except KeyError:
            # It was taken out of the routes file. Its marks go one by one; nothing else knows of them.
            return await self._finish(claim, "no-such-route", Outcome.finished())
        instances = {route.source.instance, route.destination.instance}
        closed_to_us = await self.state.circuits.among(*sorted(instances))
        if closed_to_us:
            reason = f"{closed_to_us[0].instance}: {closed_to_us[0].reason}"
            return await self._finish(claim, "circuit-open", Outcome.wait_in(closed_to_us[0].wait_ms + 100, reason))
        before = await self.state.comparisons.progress(key.route) if key.is_everything else None
        watch = _Watch(self.observer)
        keeper = Keeper(self.state.queue, claim, self.lease_ms)
        try:
            looked = await keeper.run(self._run(key, claim, keeper, watch, correlation_id), self.deadline_s)
        except LeaseLost:
            return Looked(key, LEASE_LOST)
        except (asyncio.CancelledError, SystemExit):
            # The worker is stopping, and its time for this is over. The work has ended; another may take it up at once.
            with contextlib.suppress(*UNAVAILABLE):
                await self._finish(claim, "handed-back", Outcome.wait_in(0, "handed back: its worker stopped"))
            raise
        except _StandAside:
            return await self._finish(claim, "goes-on", Outcome.wait_in(STAND_ASIDE_MS, "it goes on after the events"))
        except Exception as error:
            if isinstance(error, UNAVAILABLE):
                raise
            if isinstance(error, TimeoutError) and (
                watch.packages or (key.is_everything and await self._came_further(key.route, before))
            ):
                # How far the comparison came is noted, and the next run goes on from there; so with packages, which are
                # there now. No attempt was lost.
                return await self._finish(claim, "goes-on", Outcome.wait_in(0, "not finished yet: it goes on"))
            return await self._failed(claim, failure_of(error), error, watch)
        for instance in instances & {self._instance(url) for url in watch.answered}:
            await self.state.circuits.close(instance)
        return looked

    # ── the work ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _run(self, key: DirtyKey, claim: Claim, keeper: Keeper, watch: _Watch, correlation_id: str) -> Looked:
        if key.is_everything:
            return await self._compare(key, claim, keeper, watch, correlation_id)
        return await self._ended(claim, await self._sync(key, claim, keeper, watch, correlation_id))

    async def _sync(
        self,
        key: DirtyKey,
        claim: Claim,
        keeper: Keeper,
        watch: _Watch,
        correlation_id: str,
    ) -> run.Outcome:
        async with run.open_route(
            self.routes,
            key.route,
            ledger=self.state.ledger,
            priority=_budget(claim.priority),
            observer=watch,
            leases=self.state.leases,
        ) as route:
            if key.is_subtree and any(source.reports_a_change for source in claim.sources):
                # It came to exist just now: its parts may be younger than directories checked ten seconds ago.
                kind = registry.kind_of(key.document_id)
                if kind is not None:
                    here = route.route.source
                    await self.state.ledger.directories.invalidate(here.instance, here.space, *_with_parts(kind))
            ids = await route.documents(Items(targets=[key.document]))
            return await route.sync(
                ids,
                guard=keeper.guard,
                cause=_cause(claim, correlation_id),
                key=str(key),
            )

    async def _compare(self, key: DirtyKey, claim: Claim, keeper: Keeper, watch: _Watch, correlation_id: str) -> Looked:
        began = time.monotonic()

        async def guard() -> None:
            await keeper.guard()
            if time.monotonic() - began >= self.slice_s and await self._events_wait():
                raise _StandAside

        async with run.open_route(
            self.routes, key.route, ledger=self.state.ledger, priority=_budget(claim.priority), observer=watch
        ) as route:
            found = await compare(
                route,
                self.state.queue,
                self.state.comparisons,
                guard=guard,
                cause=_cause(claim, correlation_id),
            )
        return await self._finish(claim, "compared", Outcome.finished(), requests=found.requests)

    async def _events_wait(self) -> bool:
        """Whether somebody should be working at events rather."""
        depths = await self.state.queue.depth()
        waiting = {route for route, depth in depths.items() if depth.events_overdue_ms >= EVENTS_WAIT_MS}
        stopped = await self.state.queue.paused()
        stopped |= {name for name, held in (await self.state.ledger.held.all()).items() if not held.approved}
        return "*" not in stopped and bool(waiting - stopped)

    async def _came_further(self, route: str, before: Progress | None) -> bool:
        now = await self.state.comparisons.progress(route)
        return now is not None and now.after is not None and now.after != (before.after if before else None)

    # ── how it ended ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _ended(self, claim: Claim, outcome: run.Outcome) -> Looked:
        requests, writes = outcome.requests, outcome.writes
        if writes and any(_makes_room(action) for action in outcome.plan):
            await self._unblock(claim.key.route)
        await self._mark_dependants(claim, outcome)
        match outcome.result:
            case run.Result.BLOCKED:
                end = Outcome.wait_in(self.blocked_ms, BLOCKED + _why(outcome))
            case run.Result.HELD:
                end = Outcome.wait_in(HELD_PAUSE_MS, f"held: {outcome.message}")
            case run.Result.BUSY:
                end = Outcome.wait_in(BUSY_PAUSE_MS, outcome.message)
            case run.Result.MOVED:
                end = Outcome.retry_in(pause_ms(claim.attempts, self.retry_s), outcome.message)
            case _:
                end = Outcome.finished()
        looked = await self._finish(claim, outcome.result.value, end, requests=requests, writes=writes)
        written = Counter((action.kind, action.op.value) for action in outcome.plan.writes) if writes else {}
        return replace(looked, refused=outcome.code, changes=written)

    async def _unblock(self, route: str) -> None:
        """Something came to exist on the destination, or left a name: what waited for something is looked at again."""
        # Not all that waits is asked for: there may be thousands before those few.
        troubled = await self.state.queue.troubled(route, limit=MOST_UNBLOCKED)
        waiting = [one.key for one in troubled if one.why.startswith(BLOCKED)]
        await self.state.queue.mark(waiting, source=Source.DEPENDENCY, debounce_ms=0)

    async def _mark_dependants(self, claim: Claim, outcome: run.Outcome) -> None:
        """Something that other documents do without may cross now: it was created, or its source has changed."""
        brings = {one.source_id for one in outcome.plan if one.op is Op.CREATE or one.kind == VARIABLE_SET.name}
        looked_at = {claim.key.document_id} | brings
        items = [one for one in looked_at if one is not None and _may_come(one)]
        if not items:
            return
        in_plan = {action.source_id for action in outcome.plan}
        waiting = [one for one in await self.state.ledger.awaited.by(claim.key.route, items) if one not in in_plan]
        await self.state.queue.mark(
            [DirtyKey(claim.key.route, one) for one in waiting],
            source=Source.DEPENDENCY,
            priority=claim.priority,
            debounce_ms=0,
            correlation_id=claim.correlation_id,
        )

    async def _failed(self, claim: Claim, failure: Failure, error: Exception, watch: _Watch) -> Looked:
        log.warning("run.failed", sort=failure.sort.value, reason=failure.reason, exc_info=failure.sort is Class.OURS)
        match failure.sort:
            case Class.INSTANCE:
                instance = self._instance(watch.failed)
                if instance is not None:
                    await self.state.ledger.servers.doubt(instance)  # it may come back as another release
                wait_ms = (
                    await self.state.circuits.open(instance, failure.reason, failure.at_least_s)
                    if instance is not None
                    else pause_ms(0, self.retry_s)
                )
                return await self._finish(claim, "instance", Outcome.wait_in(wait_ms, failure.reason))
            case Class.SETTING:
                return await self._finish(claim, "setting", Outcome.wait_in(pause_ms(4, self.retry_s), failure.reason))
            case Class.AGAIN:
                again = Outcome.retry_in(pause_ms(claim.attempts, self.retry_s), failure.reason)
                return await self._finish(claim, "again", again)
            case Class.OURS:
                sentry_sdk.capture_exception(error)
        done = await self.state.queue.bury(claim.key, claim.token, failure.reason, failure.server_words)
        result = LEASE_LOST if done is Done.LOST else failure.sort.value
        return Looked(claim.key, result, again=done is Done.AGAIN, priority=claim.priority)

    async def _finish(
        self, claim: Claim, result: str, outcome: Outcome, *, requests: int = 0, writes: int = 0
    ) -> Looked:
        done = await self.state.queue.done(claim.key, claim.token, outcome)
        again = done is Done.AGAIN and outcome == Outcome.finished()
        # However it ended: the mark is another's to answer, and what this run says of it does not count.
        result = LEASE_LOST if done is Done.LOST else result
        return Looked(claim.key, result, again, claim.priority, writes, requests)

    def _instance(self, url: str | None) -> str | None:
        """The name that the routes file gives the server at ``url``."""
        return next((one.name for one in self.routes.instances if str(base_url(one.url)) == url), None)


def _may_come(document_id: str) -> bool:
    """Whether closure may create it, or its rows may come to exist: then those that do without should try again."""
    kind = registry.kind_of(document_id)
    return kind is VARIABLE_SET or (
        kind is not None and kind.place is Place.COLLECTION and kind.created_by_closure and kind.mode is not Mode.LOOKUP
    )


def _makes_room(action: Action) -> bool:
    """Whether what waits for something to exist, or for a name, may have got it."""
    return action.op in {Op.CREATE, Op.DELETE} or any(change.where == "Name" for change in action.changes)


def _with_parts(kind: Kind) -> list[str]:
    """Names of the directories that list items of a kind, or their parts."""
    return [kind.name, *(part.name for part in registry.parts_of(kind) if part.place is Place.COLLECTION)]


def _cause(claim: Claim, correlation_id: str) -> Cause:
    return Cause(
        correlation_id=correlation_id,
        correlation_ids=claim.correlation_ids,
        sources=tuple(source.value for source in claim.sources),
        requested_by=claim.requested_by or "",
        reason=claim.reason or "",
    )


def _budget(priority: Priority) -> budget.Priority:
    return budget.Priority.BULK if priority is Priority.BULK else budget.Priority.EVENT


def _why(outcome: run.Outcome) -> str:
    blocked = outcome.plan.blocked[0]
    words = blocked.decisions[-1].text if blocked.decisions else "something that it requires is missing"
    more = f" (and {len(outcome.plan.blocked) - 1} more)" if len(outcome.plan.blocked) > 1 else ""
    return f"{printed(blocked.path)}: {words}{more}"
