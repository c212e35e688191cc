"""The dirty queue: what is marked is worked on, once at a time, and never forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from tests.redis_clock import RedisClock, stand_still
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Depth, Done, Outcome, Priority, Source, State

A = DirtyKey("north", "Projects-1")
B = DirtyKey("north", "variableset-Projects-1")
SOUTH = DirtyKey("south", "Projects-1")
LEASE = 60_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> RedisClock:
    """It stands until it is told to go on."""
    return stand_still(monkeypatch)


@pytest.fixture
def queue(fake_redis: FakeAsyncRedis, clock: RedisClock) -> DirtyQueue:
    return DirtyQueue(fake_redis, max_attempts=3, rehint_ms=30_000)


async def now(queue: DirtyQueue, *keys: DirtyKey, source: Source = Source.CLI, **more: Any) -> None:
    await queue.mark(keys, source=source, debounce_ms=0, **more)


async def left_over(redis: FakeAsyncRedis) -> set[bytes]:
    return {key for key in await redis.keys("*") if b":item:" in key or b":ready:" in key}


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


class TestSweep:
    async def test_it_names_what_is_due(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await queue.mark([A], source="webhook")
        assert (await queue.sweep()).due == ()
        clock.advance(3000)
        assert [due.key for due in (await queue.sweep()).due] == [A]

    async def test_it_believes_in_its_hint_for_a_while(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        assert len((await queue.sweep()).due) == 1
        assert (await queue.sweep()).due == ()
        clock.advance(30_000)
        assert len((await queue.sweep()).due) == 1

    async def test_a_hint_that_was_used_up_is_given_again(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A)
        await queue.sweep()
        await queue.mark([A], source="webhook")
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.EARLY
        clock.advance(3000)
        assert len((await queue.sweep()).due) == 1

    async def test_expired_leases_come_back(self, queue: DirtyQueue, clock: RedisClock) -> None:
        await now(queue, A, priority="bulk", correlation_id="c-1")
        await queue.claim(A, LEASE)
        clock.advance(LEASE + 1)
        [due] = (await queue.sweep()).due
        assert (due.key, due.priority) == (A, Priority.BULK)
        assert (await queue.claim(A, LEASE)).correlation_id == "c-1"

    async def test_events_first_and_the_routes_by_turns(self, queue: DirtyQueue) -> None:
        await now(queue, *(DirtyKey("north", f"Projects-{n}") for n in range(300)), priority="bulk")
        await now(queue, *(DirtyKey("north", f"Channels-{n}") for n in range(5)))
        await now(queue, *(DirtyKey("south", f"Channels-{n}") for n in range(2)))
        due = (await queue.sweep(limit=20)).due
        assert [(d.key.route, d.priority) for d in due[:5]] == [
            ("north", Priority.EVENTS),
            ("south", Priority.EVENTS),
            ("north", Priority.EVENTS),
            ("south", Priority.EVENTS),
            ("north", Priority.EVENTS),
        ]
        assert [d.priority for d in due[7:]] == [Priority.BULK] * 13

    async def test_a_fifth_is_for_bulk_work_however_many_events_there_are(self, queue: DirtyQueue) -> None:
        await now(queue, *(DirtyKey("north", f"Projects-{n}") for n in range(300)))
        await now(queue, *(DirtyKey("south", f"Channels-{n}") for n in range(3)), priority="bulk")
        await now(queue, *(DirtyKey("west", f"Channels-{n}") for n in range(30)), priority="bulk")
        due = (await queue.sweep(limit=20)).due
        assert [d.priority for d in due] == [Priority.EVENTS] * 16 + [Priority.BULK] * 4
        assert [d.key.route for d in due[16:]] == ["south", "west", "south", "west"]

    async def test_a_backlog_is_hinted_at_piece_by_piece(self, queue: DirtyQueue) -> None:
        keys = {DirtyKey("north", f"Projects-{n}") for n in range(450)}
        await now(queue, *keys)
        seen: list[DirtyKey] = []
        for _ in range(5):
            seen += [due.key for due in (await queue.sweep(limit=100)).due]
        assert len(seen) == 450
        assert set(seen) == keys


class TestTurns:
    """What a worker claims, when told by the messages that came first."""

    NORTH = tuple(DirtyKey("north", f"Projects-{n}") for n in range(1000))

    async def served(self, queue: DirtyQueue, messages: Iterable[DirtyKey], **more: Any) -> list[DirtyKey]:
        found = []
        for key in messages:
            turn = await queue.turn(key, **more)
            claim = await queue.claim(turn, LEASE)
            if claim.status is ClaimStatus.OK:
                await queue.done(turn, claim.token, Outcome.finished())
                found.append(turn)
        return found

    async def test_a_route_with_a_thousand_marks_holds_up_no_other(self, queue: DirtyQueue) -> None:
        await now(queue, *self.NORTH)
        assert await self.served(queue, self.NORTH[:10]) == list(self.NORTH[:10]), "alone, in the order of the messages"
        south = [DirtyKey("south", f"Projects-{n}") for n in range(3)]
        await now(queue, *south)
        found = await self.served(queue, self.NORTH[10:20])
        assert [key.route for key in found] == ["south", "north"] * 3 + ["north"] * 4
        assert set(south) < set(found)

    async def test_no_message_is_wasted_and_what_was_passed_over_is_hinted_at_again(self, queue: DirtyQueue) -> None:
        await now(queue, *self.NORTH[:2])
        await now(queue, *(south := [DirtyKey("south", "Projects-1")]))
        messages = [due.key for due in (await queue.sweep()).due]
        await self.served(queue, self.NORTH[:1])
        [south_turn] = await self.served(queue, self.NORTH[1:2])
        assert [south_turn] == south
        assert [due.key for due in (await queue.sweep()).due] == [self.NORTH[1]]
        # The message of the one that is done already does the work that is left.
        assert await self.served(queue, south) == [self.NORTH[1]]
        assert len(messages) == 3

    async def test_each_class_of_work_by_itself(self, queue: DirtyQueue) -> None:
        bulk, event = DirtyKey("north", "*"), DirtyKey("south", "Projects-1")
        await now(queue, bulk, priority="bulk")
        assert await queue.turn(event) == event, "a message of an event leads to no comparison"
        assert await queue.turn(event, Priority.BULK) == bulk
        await now(queue, event)
        assert await queue.turn(bulk) == bulk

    async def test_a_stopped_route_has_no_turn(self, queue: DirtyQueue) -> None:
        await now(queue, self.NORTH[0], south := DirtyKey("south", "Projects-1"))
        await queue.pause("north")
        assert await queue.turn(self.NORTH[0]) == south
        await queue.pause()
        assert await queue.turn(self.NORTH[0]) == self.NORTH[0]


class TestPause:
    async def test_a_paused_route_keeps_its_marks(self, queue: DirtyQueue) -> None:
        await queue.pause("north")
        await now(queue, A, SOUTH)
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.PAUSED
        assert [due.key for due in (await queue.sweep()).due] == [SOUTH]
        assert await queue.paused() == {"north"}
        await queue.resume("north")
        assert [due.key for due in (await queue.sweep()).due] == [A]
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.OK

    async def test_everything_can_be_paused(self, queue: DirtyQueue) -> None:
        await now(queue, A, SOUTH)
        await queue.pause()
        await queue.pause("south")
        assert (await queue.sweep()).due == ()
        await queue.resume()
        assert (await queue.claim(A, LEASE)).status is ClaimStatus.OK
        assert (await queue.claim(SOUTH, LEASE)).status is ClaimStatus.PAUSED

    async def test_a_running_item_may_end(self, queue: DirtyQueue) -> None:
        await now(queue, A)
        claim = await queue.claim(A, LEASE)
        await queue.pause()
        assert await queue.beat(A, claim.token, LEASE)
        assert await queue.done(A, claim.token, Outcome.finished()) is Done.CLEAN

    async def test_paused_routes_do_not_crowd_out_others(self, queue: DirtyQueue) -> None:
        await now(queue, *(DirtyKey("north", f"Projects-{n}") for n in range(500)))
        await now(queue, SOUTH)
        await queue.pause("north")
        assert [due.key for due in (await queue.sweep(limit=10)).due] == [SOUTH]


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


async def test_two_prefixes_do_not_meet(fake_redis: FakeAsyncRedis, clock: RedisClock) -> None:
    ours, theirs = DirtyQueue(fake_redis, "octosync"), DirtyQueue(fake_redis, "other")
    await now(ours, A)
    assert (await theirs.claim(A, LEASE)).status is ClaimStatus.CLEAN
