"""A house of its own in one process: two servers, a queue and a ledger, a worker that is told when to work and may die.

What a person does (edits on either side, other rules), what the network does (webhooks lost, doubled, out of order) and
what happens to workers (killed at a request, at a command to Redis, before a write) come as plain values, so that
hypothesis can draw and shrink them. Between two moves of ours nobody else acts, so after each it is checked that

    nothing was written to the source,
    every secret that the destination had is there, with its value,
    what only the destination has is there, with its ids and slugs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import fakeredis
from fakeredis import _helpers
from fakeredis.commands_mixins import server_mixin
from hypothesis import event

from config.settings import Settings
from sandbox.faults import Fault
from tests.pair import ROUTE, Document, Pair, pair
from tests.property.edits import Edit, Editor
from tests.property.mortal import MortalRedis
from tests.property.owned import elements, secrets
from worker.looking.failures import Class
from worker.looking.look import Looker
from worker.queue.inbox import Delivery
from worker.queue.keys import EVERYTHING, DirtyKey
from worker.queue.subjects import subject
from worker.queue.values import Priority, Source
from worker.state import State, state_of
from worker.sync.run import open_route
from worker.ticks import catch_up_all

SETTINGS = Settings(debounce_seconds=0, debounce_max_seconds=0)
HOUR = 3600.0
AT_REST = {"unchanged", "blocked"}
"""Results after which there is nothing more to do for now: what is blocked waits for a person."""
BAD = {Class.OURS.value, Class.NEVER.value}
"""Results that must not come about here: a bug of ours, or a write that the server refuses."""
ROUNDS = 60
"""So often the queue is emptied before something must be wrong."""


class Died(BaseException):
    """The process is no more. Nothing of it may catch this."""


class Clock:
    """The time of Redis, which can be set forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        return time.time() + self.ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@dataclass
class Fuse:
    """Burns at the ``at``-th thing that happens at ``place``."""

    place: str
    at: int
    seen: int = 0
    burnt: bool = False

    def tick(self) -> bool:
        self.burnt = self.burnt or self.seen == self.at
        self.seen += 1
        return self.burnt


class FusedRedis(MortalRedis):
    """Dead from the moment its fuse burns."""

    fuse: Fuse | None = None

    def check(self) -> None:
        if self.fuse is not None and ((self.fuse.place == "redis" and self.fuse.tick()) or self.fuse.burnt):
            raise Died


class DeadlyRequest(Fault):
    """The process dies at the request: before it is carried out, or after."""

    fuse: Fuse
    kill: Callable[[], object]

    def fits(self, method: str, path: str) -> bool:
        if (self.kind == "reset-before" or method != "GET") and not self.fuse.burnt and self.fuse.tick():
            self.kill()
            return True
        return False


PLACES = ("redis", "source", "destination", "destination, carried out")


@dataclass
class House:
    both: Pair
    server: fakeredis.FakeServer
    redis: FusedRedis
    state: State
    clock: Clock
    ours: set[str] = field(default_factory=set)
    """Elements of the destination that we have made."""
    delivered: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    """What happened, for messages."""

    def note(self, line: str) -> None:
        self.lines.append(line)

    # ── what people and the network do ────────────────────────────────────────────────────────────────────────────────

    async def here(self, made: list[Edit]) -> None:
        self.note(f"source: {made}")
        await Editor(self.both.source).make(made)

    async def there(self, made: list[Edit]) -> None:
        self.note(f"destination: {made}")
        await Editor(self.both.destination, "!").make(made)

    async def webhooks(self, fates: list[int]) -> None:
        """One fate for each new event, in turn: 0 lost, 1 told, 2 told twice; 3 told before the others."""
        log = (await self.both.source.get("events?take=1000"))["Items"]
        fresh = [one for one in reversed(log) if one["Id"] not in self.delivered]
        self.delivered |= {one["Id"] for one in fresh}
        told: list[Document] = []
        for at, one in enumerate(fresh):
            match fates[at % len(fates)] if fates else 1:
                case 1:
                    told.append(one)
                case 2:
                    told += [one, one]
                case 3:
                    told.insert(0, one)
        self.note(f"webhooks: {len(told)} for {len(fresh)} events")
        await self.state.inbox.record([found for one in told if (found := _delivery(one)) is not None])

    async def rules(self, route: dict[str, Any]) -> None:
        self.note(f"rules: {route}")
        self.both = self.both.with_route(**route)

    # ── what we do ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def catch_up(self) -> None:
        await catch_up_all(self.state, self.both.routes)

    async def night(self) -> None:
        await self.state.queue.mark(
            [DirtyKey(ROUTE, EVERYTHING)], source=Source.NIGHTLY, priority=Priority.BULK, debounce_ms=0
        )

    async def work(self, most: int = 10_000) -> int:
        """Looks at what is due, and approves what is held. How often that led to something."""
        looker = Looker(self.state, self.both.routes, SETTINGS)
        done = progress = 0
        while done < most:
            due = (await self.state.queue.sweep()).due
            if not due:
                break
            for one in due[: most - done]:
                before = await self.before()
                looked = await looker.look(one.key)
                self.note(f"look {one.key}: {looked.result}, {looked.writes} writes")
                assert looked.result not in BAD, "\n".join([*self.lines[-40:], *await self.dead()])
                await self.after(before)
                done += 1
                progress += looked.result not in AT_REST
            if (held := await self.state.ledger.held.get(ROUTE)) is not None:
                self.note(f"approved: {held.reason}")
                await self.state.ledger.held.approve(ROUTE, held.plan_hash)
                progress += 1
        return progress

    async def work_until_it_dies(self, place: str, point: int, most: int) -> None:
        """The worker dies at the ``point``-th thing at ``place``, if it comes so far."""
        fuse = Fuse(place, point)
        before = await self.before()
        task = asyncio.ensure_future(self.work(most))
        self.redis.fuse = fuse
        if place.startswith(("source", "destination")):
            side, _, after = place.partition(", ")
            fault = DeadlyRequest("reset-after" if after else "reset-before")
            fault.fuse, fault.kill = fuse, task.cancel
            getattr(self.both, side).sandbox.faults.add(fault)
        with suppress(Died, asyncio.CancelledError):
            await task
        self.both.source.sandbox.faults.clear()
        self.both.destination.sandbox.faults.clear()
        if fuse.burnt:
            event(f"died: {place}")
            self.note(f"died at {place} number {point}")
        self.redis.fuse = None
        await self.after(before)
        self.clock.ahead += HOUR  # its lease ends

    async def settle(self) -> None:
        """Everything that is to be done is done, as it would be in the course of a day."""
        for _ in range(ROUNDS):
            await self.catch_up()
            self.clock.ahead += HOUR
            if await self.work() == 0:
                return
        waiting = [f"{one.key}: {one.state} {one.why}" for one in await self.state.queue.waiting()]
        held = await self.state.ledger.held.get(ROUTE)
        raise AssertionError("it never ends:\n" + "\n".join([*self.lines[-40:], f"held: {held}", *waiting]))

    async def dead(self) -> list[str]:
        found = await self.state.queue.dead_letters()
        return [f"{one.key}: {one.reason} {one.server_words}" for one in found]

    async def plan(self) -> Any:
        async with open_route(self.both.routes, ROUTE, ledger=self.state.ledger) as route:
            await route.source.freshen(force=True)
            await route.destination.freshen(force=True)
        return (await self.both.plan("*")).plan

    # ── what must hold ────────────────────────────────────────────────────────────────────────────────────────────────

    async def before(self) -> tuple[int, dict[Any, str], dict[str, Any]]:
        sandbox = self.both.destination.sandbox
        return self.both.source.writes, secrets(sandbox), elements(sandbox)

    async def after(self, before: tuple[int, dict[Any, str], dict[str, Any]]) -> None:
        writes, held, known = before
        text = "\n".join(self.lines[-60:])
        assert self.both.source.writes == writes, f"wrote to the source\n{text}"
        now = secrets(self.both.destination.sandbox)
        assert {place: now.get(place) for place in held} == held, f"a secret was lost\n{text}"
        present = elements(self.both.destination.sandbox)
        self.ours |= present.keys() - known.keys()
        own = {key: found for key, found in known.items() if key not in self.ours}
        assert {key: _slug(present.get(key)) for key in own} == {key: _slug(own[key]) for key in own}, text


def _slug(found: tuple[Any, Any] | None) -> Any:
    return found[1] if found is not None else "gone"


def _delivery(one: Document) -> Delivery | None:
    found = subject(one)
    if found is None:
        return None
    keys = [DirtyKey(ROUTE, found.target)] if found.target is not None else ()
    return Delivery(source="dev", event_id=one["Id"], document_id=found.document_id, category=found.category, keys=keys)


@asynccontextmanager
async def house(**route: Any) -> AsyncIterator[House]:
    clock = Clock()
    kept = server_mixin.time, _helpers.time
    server_mixin.time = _helpers.time = clock
    server = fakeredis.FakeServer()
    redis = FusedRedis(server=server)
    try:
        async with pair(redis=redis, **route) as both:
            yield House(both, server, redis, state_of(redis, SETTINGS), clock)
    finally:
        server_mixin.time, _helpers.time = kept
        await redis.aclose()
