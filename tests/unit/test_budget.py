"""The shared request budget: limits, classes, standstill. Time is Redis' own, which these tests move by hand."""

from __future__ import annotations

import time

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger import scripts
from worker.ledger.budget import RedisBudget
from worker.octopus.budget import Budget, Priority, Unlimited

EVENT, BULK = Priority.EVENT, Priority.BULK


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture
def budget(fake_redis: FakeAsyncRedis, clock: Clock) -> RedisBudget:
    return RedisBudget(fake_redis, "https://octopus.example.com", "Users-1")


async def drain(budget: RedisBudget, priority: Priority, most: int = 10_000) -> int:
    """How many requests may be sent at this moment."""
    count = 0
    while count < most and await budget.ask(priority) == 0:
        count += 1
    return count


async def test_what_may_be_sent_in_a_minute_stays_under_the_servers_limit(budget: RedisBudget, clock: Clock) -> None:
    """The server fills 200 a minute into a bucket of 200: what we sent never exceeds what it has given."""
    sent, began = 0, clock.now
    for step in range(240):
        sent += await drain(budget, EVENT if step % 3 else BULK)
        assert sent <= 200 + (clock.now - began) / 60 * 200
        clock.now += 1
    assert sent >= 0.9 * 200 * 4, "and it is used, not wasted"


async def test_an_event_finds_room_while_bulk_work_takes_all_it_can(budget: RedisBudget, clock: Clock) -> None:
    for _ in range(100):
        await drain(budget, BULK)
        clock.now += 1
    await drain(budget, BULK)
    assert await drain(budget, EVENT) >= 30


async def test_bulk_work_gets_a_fifth_when_events_take_all_they_can(budget: RedisBudget, clock: Clock) -> None:
    await drain(budget, EVENT)
    await drain(budget, BULK)
    events = bulk = 0
    for _ in range(240):
        clock.now += 1
        events += await drain(budget, EVENT)
        bulk += await drain(budget, BULK)
    assert bulk / (events + bulk) == pytest.approx(0.2, abs=0.02)


async def test_bulk_work_gets_nearly_everything_when_there_are_no_events(budget: RedisBudget, clock: Clock) -> None:
    await drain(budget, BULK)
    bulk = 0
    for _ in range(60):
        clock.now += 1
        bulk += await drain(budget, BULK)
    assert bulk >= 0.9 * 200


async def test_events_get_nearly_everything_when_there_is_no_bulk_work(budget: RedisBudget, clock: Clock) -> None:
    await drain(budget, EVENT)
    events = 0
    for _ in range(60):
        clock.now += 1
        events += await drain(budget, EVENT)
    assert events >= 0.9 * 200


async def test_all_stand_still_after_a_429_and_then_begin_from_empty(
    fake_redis: FakeAsyncRedis, budget: RedisBudget, clock: Clock
) -> None:
    another = RedisBudget(fake_redis, "https://octopus.example.com/", "Users-1")
    await another.penalise(7)
    assert await budget.ask(EVENT) == pytest.approx(7)
    assert await budget.ask(BULK) == pytest.approx(7)
    await budget.penalise(1)
    assert await budget.ask(EVENT) == pytest.approx(7), "a shorter pause does not end the longer one"
    clock.now += 6.9
    assert await budget.ask(EVENT) > 0
    clock.now += 0.1
    assert await drain(budget, EVENT) == 0
    clock.now += 60
    assert await drain(budget, EVENT) + await drain(budget, BULK) <= 190


async def test_a_pause_without_end_is_cut(budget: RedisBudget, clock: Clock) -> None:
    await budget.penalise(86_400)
    assert await budget.ask(EVENT) == 600


async def test_a_clock_that_goes_back_does_not_stop_the_work(budget: RedisBudget, clock: Clock) -> None:
    assert await budget.ask(EVENT) == 0
    clock.now -= 86_400
    assert await budget.ask(EVENT) == 0


async def test_each_server_and_user_has_a_bucket_of_its_own(fake_redis: FakeAsyncRedis, budget: RedisBudget) -> None:
    await budget.penalise(60)
    for server, user in [("https://octopus.example.com", "Users-2"), ("https://other.example.com", "Users-1")]:
        assert await RedisBudget(fake_redis, server, user).ask(EVENT) == 0


async def test_it_says_when_to_ask_again(budget: RedisBudget, clock: Clock) -> None:
    for priority in (EVENT, BULK):
        await drain(budget, priority)
        wait = await budget.ask(priority)
        assert 0 < wait < 5
        clock.now += wait + 0.001
        assert await budget.ask(priority) == 0


async def test_it_tells_how_much_is_left(budget: RedisBudget) -> None:
    assert budget.left is None
    await budget.take(EVENT)
    assert budget.left == 189


@pytest.mark.parametrize("per_minute", [1, 2, 5, 30])
async def test_a_small_budget_starves_nobody(fake_redis: FakeAsyncRedis, clock: Clock, per_minute: int) -> None:
    budget = RedisBudget(fake_redis, "https://octopus.example.com", "Users-1", per_minute=per_minute)
    await drain(budget, EVENT)
    await drain(budget, BULK)
    events = bulk = 0
    for _ in range(240):
        clock.now += 5
        events += await drain(budget, EVENT)
        bulk += await drain(budget, BULK)
    assert events > 0
    assert bulk > 0
    assert events + bulk <= per_minute * 20


async def test_an_idle_bucket_is_forgotten_and_then_is_full(
    fake_redis: FakeAsyncRedis, budget: RedisBudget, clock: Clock
) -> None:
    await drain(budget, EVENT)
    assert await fake_redis.exists(budget.key)
    clock.now += 120
    assert not await fake_redis.exists(budget.key)
    assert await drain(budget, EVENT) > 100


async def test_the_name_of_a_bucket_shows_neither_server_nor_user(budget: RedisBudget) -> None:
    assert "example" not in budget.key
    assert "Users" not in budget.key


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 10), (-1, 10), (10, 0)])
def test_a_budget_of_nothing_is_refused(fake_redis: FakeAsyncRedis, per_minute: float, burst: float) -> None:
    with pytest.raises(ValueError, match="sends nothing"):
        RedisBudget(fake_redis, "https://octopus.example.com", "Users-1", per_minute=per_minute, burst=burst)


async def test_an_unknown_priority_is_refused(budget: RedisBudget) -> None:
    with pytest.raises(ValueError, match="not a priority"):
        await budget.take("urgent")


async def test_it_is_what_the_client_calls_a_budget(budget: RedisBudget) -> None:
    shared: Budget = budget
    none: Budget = Unlimited()
    for one in (shared, none):
        await one.take(EVENT)
        await one.penalise(0)


def test_every_script_can_be_found() -> None:
    assert {"budget_take", "budget_penalise"} <= set(scripts.names())
    with pytest.raises(FileNotFoundError):
        scripts.source("no_such_script")
