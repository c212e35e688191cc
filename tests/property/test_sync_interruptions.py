"""Stopped at any point and run again, a sync ends where it would have ended, with the same clean-up list.

Two pairs of servers get the same space and the same edits. One sync goes undisturbed. The other dies: at a request to
either server, before anything was done or after it was carried out; at a command to the ledger; or when it asks whether
it may write. Then it runs again, as a new process would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import fakeredis
from hypothesis import event, given
from hypothesis import strategies as st

from sandbox.faults import Fault
from tests.pair import Pair, pair
from tests.property.building import build
from tests.property.edits import Edit, Editor, edits
from tests.property.engine import CAREFUL, DELETING, MIRROR, sync, told, tries
from tests.property.mortal import MortalRedis
from tests.property.portable import differences, portable
from tests.property.spaces import spaces
from tests.property.values import Space, secretive
from worker.ledger.ledger import Ledger

DROPPED: dict[str, tuple[str, Any]] = {
    "destination, carried out": ("destination", "reset-after"),
    "destination": ("destination", "reset-before"),
    "source": ("source", "reset-before"),
}
PLACES = ("destination, carried out", "ledger", "guard", "destination", "source")


class Died(Exception):  # noqa: N818  (what a process does)
    """The process is no more."""


@dataclass
class Fuse:
    """Counts what happens at one place. At the chosen time, ``burn`` is called; never, where ``at`` is negative."""

    place: str
    at: int = -1
    seen: int = 0
    burn: Callable[[], object] = lambda: None

    def tick(self) -> bool:
        self.seen += 1
        if self.seen - 1 == self.at:
            self.burn()
        return self.seen - 1 == self.at

    @property
    def burnt(self) -> bool:
        return 0 <= self.at < self.seen


class CountedFault(Fault):
    """Sees every request, or of those that are carried out every write, and drops the connection of the chosen one."""

    fuse: Fuse

    def fits(self, method: str, path: str) -> bool:
        return (self.kind == "reset-before" or method != "GET") and self.fuse.tick()


class FusedRedis(MortalRedis):
    """Dead from the chosen command on."""

    fuse: Fuse

    def check(self) -> None:
        if self.fuse.tick() or self.fuse.burnt:
            raise Died


async def run(both: Pair, redis: fakeredis.FakeServer, fuses: Sequence[Fuse]) -> str:
    """One sync by a process of its own. Returns its plan as text; raises what it died of."""
    of = {fuse.place: fuse for fuse in fuses}
    client = FusedRedis(server=redis)
    client.fuse = of.get("ledger", Fuse("ledger"))

    async def guard() -> None:
        if "guard" in of and of["guard"].tick():
            raise Died

    task = asyncio.ensure_future(sync(Pair(both.source, both.destination, both.routes, Ledger(client)), guard=guard))
    for fuse in fuses:
        if fuse.place in DROPPED:
            fuse.burn = task.cancel
            side, kind = DROPPED[fuse.place]
            fault = CountedFault(kind)
            fault.fuse = fuse
            getattr(both, side).sandbox.faults.add(fault)
    try:
        return told(await task)
    finally:
        both.source.sandbox.faults.clear()
        both.destination.sandbox.faults.clear()
        await client.aclose()


async def end(both: Pair) -> tuple[Any, set[tuple[Any, ...]]]:
    entries = {(one.entry.item, one.entry.where, one.entry.reason) for one in await both.clean_ups()}
    return portable(both.destination.sandbox), entries


@tries(20)
@given(
    space=spaces() | spaces().map(secretive),
    route=st.sampled_from([CAREFUL, MIRROR, DELETING]),
    first=st.booleans(),
    here=edits(),
    there=edits(),
    stops=st.lists(st.tuples(st.sampled_from(PLACES), st.integers(0, 10_000)), min_size=1, max_size=4),
)
async def test_a_sync_that_died_ends_where_it_would_have_ended(
    space: Space,
    route: dict[str, Any],
    first: bool,
    here: list[Edit],
    there: list[Edit],
    stops: list[tuple[str, int]],
) -> None:
    """``first``: the first sync of all dies, else the one after the edits."""

    async def prepared(both: Pair) -> None:
        await build(both.source, space)
        for name in space.environments[:2]:
            if route is CAREFUL:
                await both.destination.environments(name)
        if not first:
            await sync(both)
            await Editor(both.source).make(here)
            await Editor(both.destination, "!").make(there)

    one, two = fakeredis.FakeServer(), fakeredis.FakeServer()
    async with pair(redis=fakeredis.FakeAsyncRedis(server=one), **route) as both:
        await prepared(both)
        undisturbed = {place: Fuse(place) for place in PLACES}
        plan = await run(both, one, list(undisturbed.values()))
        wanted, entries = await end(both)

    async with pair(redis=fakeredis.FakeAsyncRedis(server=two), **route) as both:
        await prepared(both)
        plans = [plan]
        for place, point in stops:
            fuse = Fuse(place, point % (undisturbed[place].seen or 1))
            try:
                plans.append(await run(both, two, [fuse]))
            except (Died, asyncio.CancelledError):
                event(f"died: {place}")
                plans.append(f"died at {fuse.place} number {fuse.at} of {undisturbed[place].seen}")
        plans.append(told(await sync(both)))
        found, left = await end(both)

        text = "\n--- then ---\n".join(plans)
        assert differences(wanted, found) == [], text
        assert left == entries, text
        assert (await sync(both)).plan.is_empty
