"""Canaries: whether anybody takes work from a queue, and if not, whose fault it is."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from tests.redis_clock import RedisClock
from worker.queue.canary import LOST_AFTER_MS, Canaries, Canary


@pytest.fixture
def canaries(fake_redis: FakeAsyncRedis, clock: RedisClock) -> Canaries:
    return Canaries(fake_redis)


async def test_nothing_is_known_before_the_first(canaries: Canaries) -> None:
    assert await canaries.look() == []


async def test_one_that_is_taken_is_followed_by_another(canaries: Canaries, clock: RedisClock) -> None:
    assert await canaries.release(["events", "bulk"]) == ["events", "bulk"]
    clock.ms += 1_000
    await canaries.take("events")
    clock.ms += 14_000
    assert await canaries.release(["events", "bulk"]) == ["events"]
    assert await canaries.look() == [Canary("bulk", 15_000, 15_000), Canary("events", 14_000, 0)]


async def test_one_that_nobody_takes_is_not_followed_by_ever_more(canaries: Canaries, clock: RedisClock) -> None:
    sent = 0
    for _ in range(40):
        sent += len(await canaries.release(["bulk"]))
        clock.ms += 15_000
    assert sent == 1 + (40 * 15_000 - 1) // LOST_AFTER_MS
    [found] = await canaries.look()
    assert found.age_ms == found.waiting_ms == 600_000, "and it is known since when none was taken"


async def test_nobody_sends_any(canaries: Canaries, clock: RedisClock) -> None:
    """Then none waits, and the age grows all the same."""
    await canaries.release(["events"])
    await canaries.take("events")
    clock.ms += 3_600_000
    assert await canaries.look() == [Canary("events", 3_600_000, 0)]
