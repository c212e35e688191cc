"""The dirty queue: what is marked is worked on, once at a time, and never forgotten."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from tests.dirty_keys import LEASE, A, left_over, now
from tests.redis_clock import RedisClock
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Depth, Done, Outcome, Priority, Source, State


class TestMark:
    async def test_a_report_is_due_after_the_debounce_time(self, queue: DirtyQueue, clock: RedisClock) -> None:
        [marked] = await queue.mark([A], source="webhook")
        assert marked.newly_ready
        assert marked.due_ms == clock.ms + 3000
        claim = await queue.claim(A, LEASE)
        assert (claim.status, claim.wait_ms) == (ClaimStatus.EARLY, 3000)
        clock.advance(3000)
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.OK

    async def test_reports_push_each_other_on_but_not_for_ever(self, queue: DirtyQueue, clock: RedisClock) -> None:
        start = clock.ms
        for _ in range(20):
            [marked] = await queue.mark([A], source="webhook")
            assert marked.due_ms == min(clock.ms + 3000, start + 30_000)
            clock.advance(2000)

    async def test_one_key_is_ready_once(self, queue: DirtyQueue) -> None:
        first = await queue.mark([A, A], source="webhook")
        assert len(first) == 1
        [again] = await queue.mark([A], source="webhook")
        assert not again.newly_ready
        assert again.generation > first[0].generation

    async def test_look_again_keeps_the_earlier_due(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        [marked] = await queue.mark([A], source=Source.NIGHTLY, priority="bulk", debounce_ms=60_000, max_wait_ms=60_000)
        assert marked.due_ms == clock.ms

    async def test_look_again_brings_a_later_due_forward(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await queue.mark([A], source="webhook")
        await now(queue, A)
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.OK

    @pytest.mark.parametrize("order", [(Priority.EVENTS, Priority.BULK), (Priority.BULK, Priority.EVENTS)])
    async def test_the_higher_priority_stays(self, queue: DirtyQueue, order: tuple[Priority, Priority]) -> None:
        for priority in order:
            await now(queue, A, priority=priority)
        assert await queue.depth() == {"north": Depth(events=1, due=1)}
        assert [due.priority for due in (await queue.sweep()).due] == [Priority.EVENTS]

    async def test_more_keys_than_go_into_one_call(self, queue: DirtyQueue) -> None:
        keys = [DirtyKey("north", f"Projects-{n}") for n in range(1200)]
        marked = await queue.mark(keys, source=Source.NIGHTLY, priority="bulk", debounce_ms=0)
        assert [m.key for m in marked] == keys
        assert await queue.depth() == {"north": Depth(bulk=1200, due=1200)}

    async def test_nothing_to_mark(self, queue: DirtyQueue) -> None:
        assert await queue.mark([], source="webhook") == []

    async def test_unknown_source(self, queue: DirtyQueue) -> None:
        with pytest.raises(ValueError, match="rumour"):
            await queue.mark([A], source="rumour")


class TestRun:
    async def test_a_clean_key_leaves_nothing_behind(self, queue: DirtyQueue, fake_redis: FakeAsyncRedis) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        assert await queue.done(A, claim.token, Outcome.finished()) is Done.CLEAN
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.CLEAN
        assert await left_over(fake_redis) == set()

    async def test_only_one_at_a_time(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        await queue.claim(A, LEASE)
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        assert (claim.status, claim.wait_ms) == (ClaimStatus.BUSY, LEASE)

    async def test_a_mark_during_the_run_is_not_lost(self, queue: DirtyQueue) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        await now(queue, A)
        assert await queue.done(A, claim.token, Outcome.finished()) is Done.AGAIN
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.OK

    async def test_an_expired_lease_is_lost_to_its_holder(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        old = await queue.claim(A, LEASE)
        clock.advance(LEASE + 1)
        new = await queue.claim(A, LEASE)
        assert new.status is ClaimStatus.OK
        assert new.token > old.token
        assert new.attempts == 1
        assert not await queue.beat(A, old.token, LEASE)
        assert await queue.done(A, old.token, Outcome.finished()) is Done.LOST
        assert await queue.bury(A, old.token, "never") is Done.LOST
        assert await queue.done(A, new.token, Outcome.finished()) is Done.CLEAN

    async def test_beating_keeps_the_lease(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        for _ in range(3):
            clock.advance(LEASE - 1)
            assert await queue.beat(A, claim.token, LEASE)
        assert (await queue.sweep()).due == ()
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.BUSY

    async def test_the_claim_tells_who_marked_and_why(self, queue: DirtyQueue, clock: RedisClock) -> None:
        first = clock.ms
        await now(queue, A, source=Source.WEBHOOK, correlation_id="c-1")
        clock.advance(10)
        await now(queue, A, source=Source.CLI, correlation_id="c-2", requested_by="Ada", reason="went missing")
        claim = await queue.claim(A, LEASE)
        assert claim.sources == (Source.WEBHOOK, Source.CLI)
        assert claim.correlation_ids == ("c-1", "c-2")
        assert claim.correlation_id == "c-2"
        assert (claim.requested_by, claim.reason, claim.since_ms) == ("Ada", "went missing", first)

    async def test_the_next_run_answers_only_for_newer_marks(self, queue: DirtyQueue) -> None:
        await now(queue, A, source=Source.WEBHOOK, correlation_id="c-1", requested_by="Ada")
        claim = await queue.claim(A, LEASE)
        await now(queue, A, source=Source.NIGHTLY, correlation_id="c-2")
        await queue.done(A, claim.token, Outcome.finished())
        again = await queue.claim(A, LEASE)
        assert (again.sources, again.correlation_ids, again.requested_by) == ((Source.NIGHTLY,), ("c-2",), None)

    @pytest.mark.parametrize("outcome", [Outcome.retry_in(0), Outcome.wait_in(0)])
    async def test_a_run_that_must_be_repeated_keeps_its_marks(self, queue: DirtyQueue, outcome: Outcome) -> None:
        await now(queue, A, source=Source.WEBHOOK, correlation_id="c-1", requested_by="Ada", reason="why")
        claim = await queue.claim(A, LEASE)
        await now(queue, A, source=Source.NIGHTLY, correlation_id="c-2", priority="bulk")
        await queue.done(A, claim.token, outcome)
        again = await queue.claim(A, LEASE)
        assert again.sources == (Source.WEBHOOK, Source.NIGHTLY)
        assert again.correlation_ids == ("c-1", "c-2")
        assert (again.requested_by, again.reason, again.priority) == ("Ada", "why", Priority.EVENTS)

    async def test_long_lists_of_correlations_are_bounded(self, queue: DirtyQueue) -> None:
        for number in range(20):
            await now(queue, A, correlation_id=f"c-{number}\n")
        assert (await queue.claim(A, LEASE)).correlation_ids == tuple(f"c-{n}" for n in range(12, 20))


class TestRetry:
    async def test_a_retry_waits_and_counts(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        assert await queue.done(A, claim.token, Outcome.retry_in(5000, "429")) is Done.AGAIN
        early = await queue.claim(A, LEASE)
        assert (early.status, early.wait_ms) == (ClaimStatus.EARLY, 5000)
        [entry] = await queue.waiting()
        assert (entry.state, entry.in_ms, entry.attempts, entry.why) == (State.WAITING, 5000, 1, "429")
        clock.advance(5000)
        assert (await queue.claim(A, LEASE)).attempts == 1

    async def test_a_retry_is_as_far_behind_as_its_oldest_mark(self, queue: DirtyQueue, clock: RedisClock) -> None:
        first = clock.ms
        await now(queue, A)
        for _ in range(2):
            clock.advance(100)
            claim = await queue.claim(A, LEASE)
            assert claim.since_ms == first
            await now(queue, A)
            await queue.done(A, claim.token, Outcome.retry_in(0))
            [entry] = await queue.waiting()
            assert entry.since_ms == first

    async def test_reports_after_a_retry_are_debounced_anew(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        clock.advance(50_000)
        await queue.done(A, claim.token, Outcome.retry_in(100_000))
        [marked] = await queue.mark([A], source="webhook")
        assert marked.due_ms == clock.ms + 3000

    async def test_waiting_costs_no_attempt(self, queue: DirtyQueue) -> None:
        await now(queue, A)
        for _ in range(10):
            claim = await queue.claim(A, LEASE)
            assert claim.attempts == 0
            assert await queue.done(A, claim.token, Outcome.wait_in(0, "waits for environment/Test")) is Done.AGAIN
        [entry] = await queue.waiting()
        assert entry.why == "waits for environment/Test"

    async def test_success_forgets_the_failures(self, queue: DirtyQueue) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        await queue.done(A, claim.token, Outcome.retry_in(0))
        claim = await queue.claim(A, LEASE)
        await now(queue, A)
        await queue.done(A, claim.token, Outcome.finished())
        assert (await queue.claim(A, LEASE)).attempts == 0

    async def test_a_new_mark_during_a_failing_run_holds_its_own_due(self, queue: DirtyQueue) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        await now(queue, A)
        await queue.done(A, claim.token, Outcome.retry_in(60_000))
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.OK

    async def test_attempts_run_out(self, queue: DirtyQueue) -> None:
        await now(queue, A)
        for expected in (Done.AGAIN, Done.AGAIN, Done.BURIED):
            claim = await queue.claim(A, LEASE)
            assert await queue.done(A, claim.token, Outcome.retry_in(0, "500")) is expected
        [letter] = await queue.dead_letters()
        assert (letter.key, letter.attempts, letter.reason) == (A, 3, "500")

    async def test_what_kills_its_workers_ends_buried(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        for _ in range(3):
            assert (await queue.claim(A, LEASE)).status is ClaimStatus.OK
            clock.advance(LEASE + 1)
            await queue.sweep()
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.CLEAN
        [letter] = await queue.dead_letters()
        assert letter.reason == "lease-expired"


async def test_two_prefixes_do_not_meet(fake_redis: FakeAsyncRedis, clock: RedisClock) -> None:
    ours, theirs = DirtyQueue(fake_redis, "octosync"), DirtyQueue(fake_redis, "other")
    await now(ours, A)
    assert (await theirs.claim(A, LEASE)).status is ClaimStatus.CLEAN
