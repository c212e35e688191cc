"""Dead letters of the dirty queue: what they keep, and what gives them one more try."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from tests.dirty_keys import LEASE, A, B, left_over, now
from tests.redis_clock import RedisClock
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Depth, Done, Outcome, Source


class TestDeadLetters:
    @pytest.fixture
    async def dead(self, queue: DirtyQueue) -> DirtyKey:
        await now(queue, A, source=Source.WEBHOOK, correlation_id="c-1")
        claim = await queue.claim(A, LEASE)
        assert await queue.bury(A, claim.token, "never", "The lifecycle is in use.") is Done.BURIED
        return A

    async def test_it_keeps_the_words_of_the_server(self, queue: DirtyQueue, dead: DirtyKey, clock: RedisClock) -> None:
        [letter] = await queue.dead_letters()
        assert (letter.key, letter.reason, letter.server_words) == (dead, "never", "The lifecycle is in use.")
        assert (letter.attempts, letter.buried_ms) == (1, clock.ms)
        assert (letter.sources, letter.correlation_ids) == ((Source.WEBHOOK,), ("c-1",))
        assert await queue.depth() == {"north": Depth(dead=1)}

    async def test_it_is_left_in_peace(self, queue: DirtyQueue, dead: DirtyKey) -> None:
        assert (await queue.sweep()).due == ()
        assert (await queue.claim(dead, LEASE)).status is ClaimStatus.CLEAN

    async def test_a_new_mark_gives_one_more_try(self, queue: DirtyQueue, dead: DirtyKey) -> None:
        await now(queue, dead, source=Source.NIGHTLY)
        assert await queue.dead_letters() == []
        claim = await queue.claim(dead, LEASE)
        assert claim.status is ClaimStatus.OK
        assert await queue.done(dead, claim.token, Outcome.retry_in(0, "again")) is Done.BURIED

    async def test_a_mark_during_the_run_gets_its_try(self, queue: DirtyQueue) -> None:
        await now(queue, B)
        claim = await queue.claim(B, LEASE)
        await now(queue, B)
        assert await queue.bury(B, claim.token, "never") is Done.AGAIN
        claim = await queue.claim(B, LEASE)
        assert claim.status is ClaimStatus.OK
        assert await queue.done(B, claim.token, Outcome.retry_in(0)) is Done.BURIED

    async def test_a_person_can_have_it_tried_again(self, queue: DirtyQueue, dead: DirtyKey) -> None:
        assert await queue.retry(dead, requested_by="Ada")
        assert not await queue.retry(dead)
        claim = await queue.claim(dead, LEASE)
        assert (claim.status, claim.attempts, claim.requested_by) == (ClaimStatus.OK, 0, "Ada")

    async def test_a_person_can_drop_it(self, queue: DirtyQueue, dead: DirtyKey, fake_redis: FakeAsyncRedis) -> None:
        assert await queue.drop(dead)
        assert not await queue.drop(dead)
        assert await queue.dead_letters() == []
        assert await left_over(fake_redis) == set()

    async def test_dropping_touches_no_living_key(self, queue: DirtyQueue) -> None:
        await now(queue, B)
        assert not await queue.drop(B)
        assert (await queue.claim(B, LEASE)).status is ClaimStatus.OK
