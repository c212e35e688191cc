"""Which keys of the dirty queue have their turn: due, by priority, route by route, and not while they are paused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.dirty_keys import LEASE, SOUTH, A, now
from tests.redis_clock import RedisClock
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Done, Outcome, Priority


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
