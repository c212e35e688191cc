"""What the dirty queue shows to those who look at it: how much, what and why."""

from __future__ import annotations

from tests.dirty_keys import LEASE, SOUTH, A, B, now
from tests.redis_clock import RedisClock
from worker.queue.dirty import DirtyQueue
from worker.queue.values import Depth, Outcome, Priority, State


class TestLooking:
    async def test_depth(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        clock.advance(500)
        await now(queue, B, priority="bulk")
        await queue.mark([SOUTH], source="webhook")
        assert await queue.depth() == {
            "north": Depth(events=1, bulk=1, due=2, events_overdue_ms=500),
            "south": Depth(events=1),
        }
        await queue.claim(A, LEASE)
        assert (await queue.depth())["north"] == Depth(bulk=1, due=1, running=1)

    async def test_waiting_list(self, queue: DirtyQueue) -> None:
        await now(queue, A, B, priority="bulk")
        await queue.mark([SOUTH], source="webhook", correlation_id="c-9")
        await queue.claim(B, LEASE)
        states = [(entry.key, entry.state, entry.priority) for entry in await queue.waiting()]
        assert states == [
            (B, State.RUNNING, Priority.BULK),
            (A, State.DUE, Priority.BULK),
            (SOUTH, State.WAITING, Priority.EVENTS),
        ]
        [entry] = await queue.waiting("south")
        assert (entry.in_ms, entry.correlation_ids) == (3000, ("c-9",))

    async def test_empty(self, queue: DirtyQueue) -> None:
        assert await queue.depth() == {}
        assert await queue.waiting() == []
        assert await queue.dead_letters() == []

    async def test_what_was_tried_and_could_not_be_done(self, queue: DirtyQueue) -> None:
        await now(queue, A, B, SOUTH)
        for key, why in ((A, "403 Forbidden"), (SOUTH, "")):
            claim = await queue.claim(key, LEASE)
            await queue.done(key, claim.token, Outcome.retry_in(5_000, why))
        [entry] = await queue.troubled()
        assert (entry.key, entry.why, entry.state, entry.in_ms) == (A, "403 Forbidden", State.WAITING, 5_000)
        assert await queue.troubled("south") == []

    async def test_dead_letters_in_pages(self, queue: DirtyQueue, clock: RedisClock) -> None:
        for key in (A, B, SOUTH):
            await now(queue, key)
            claim = await queue.claim(key, LEASE)
            await queue.bury(key, claim.token, "no")
            clock.advance(1_000)
        assert [one.key for one in await queue.dead_letters(limit=2)] == [SOUTH, B]
        assert [one.key for one in await queue.dead_letters(limit=2, skip=2)] == [A]
