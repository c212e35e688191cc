"""The inbox: every event once, and none lost."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from worker.queue.dirty import DirtyQueue
from worker.queue.inbox import Delivery, Inbox, Recorded, Unparsable
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Priority, Source

A = DirtyKey("north", "Projects-1")
B = DirtyKey("south", "Projects-1")


def delivery(
    event_id: str = "Events-1", *keys: DirtyKey, source: str = "main", via: Source = Source.WEBHOOK
) -> Delivery:
    return Delivery(
        source=source,
        event_id=event_id,
        document_id="Projects-1",
        category="Modified",
        occurred="2026-11-23T10:00:00.000+00:00",
        keys=keys or (A,),
        verdict="placed",
        correlation_id=f"c-{event_id}",
        via=via,
        batch_id="b-1",
        number=2,
        total=3,
    )


@pytest.fixture
def inbox(fake_redis: FakeAsyncRedis) -> Inbox:
    return Inbox(fake_redis, debounce_ms=0)


@pytest.fixture
def queue(fake_redis: FakeAsyncRedis) -> DirtyQueue:
    return DirtyQueue(fake_redis)


async def test_an_event_is_recorded_and_its_keys_are_marked(inbox: Inbox, queue: DirtyQueue) -> None:
    [recorded] = await inbox.record([delivery("Events-1", A, B, A)])
    assert not recorded.duplicate
    assert [(m.key, m.newly_ready) for m in recorded.marked] == [(A, True), (B, True)]
    claim = await queue.claim(A, 1000)
    assert (claim.status, claim.correlation_ids, claim.sources) == (ClaimStatus.OK, ("c-Events-1",), (Source.WEBHOOK,))


async def test_the_second_time_it_changes_nothing(inbox: Inbox, queue: DirtyQueue) -> None:
    await inbox.record([delivery()])
    claim = await queue.claim(A, 1000)
    assert await inbox.record([delivery()]) == [Recorded(True)]
    [entry] = await queue.waiting()
    assert entry.key == A
    assert (await queue.claim(A, 1000)).status is ClaimStatus.BUSY
    assert claim.token


async def test_twice_in_one_batch(inbox: Inbox) -> None:
    recorded = await inbox.record([delivery("Events-1"), delivery("Events-2"), delivery("Events-1")])
    assert [r.duplicate for r in recorded] == [False, False, True]


async def test_what_the_webhook_brought_the_catch_up_does_not_bring_again(inbox: Inbox) -> None:
    await inbox.record([delivery()])
    assert await inbox.seen("main", ["Events-1", "Events-2"]) == {"Events-1"}
    [recorded] = await inbox.record([delivery(via=Source.CATCH_UP)])
    assert recorded.duplicate


async def test_ids_are_of_one_source(inbox: Inbox) -> None:
    await inbox.record([delivery(source="main")])
    [recorded] = await inbox.record([delivery(source="other")])
    assert not recorded.duplicate


async def test_an_event_without_an_id_is_always_new(inbox: Inbox) -> None:
    for _ in range(2):
        [recorded] = await inbox.record([delivery("")])
        assert not recorded.duplicate


async def test_an_event_that_concerns_nothing_is_still_recorded(inbox: Inbox) -> None:
    nothing = Delivery("main", "Events-5", category="DeploymentSucceeded", verdict="ignored")
    [recorded] = await inbox.record([nothing])
    assert (recorded.duplicate, recorded.marked) == (False, ())
    [entry] = await inbox.journal()
    assert entry.delivery == nothing


async def test_a_write_that_fails_leaves_the_event_unseen(
    inbox: Inbox, queue: DirtyQueue, fake_redis: FakeAsyncRedis
) -> None:
    await fake_redis.set("{octosync}:inbox:journal", "in the way")
    with pytest.raises(Exception, match="WRONGTYPE"):
        await inbox.record([delivery()])
    assert await inbox.seen("main", ["Events-1"]) == frozenset()
    await fake_redis.delete("{octosync}:inbox:journal")
    [recorded] = await inbox.record([delivery()])
    assert not recorded.duplicate
    assert (await queue.claim(A, 1000)).status is ClaimStatus.OK


async def test_the_journal_gives_back_what_was_recorded_newest_first(inbox: Inbox) -> None:
    given = [delivery(f"Events-{n}", A, B) for n in range(5)]
    await inbox.record(given)
    entries = await inbox.journal()
    assert [entry.delivery for entry in entries] == given[::-1]
    page = await inbox.journal(limit=2, before=entries[1].entry_id)
    assert [entry.delivery.event_id for entry in page] == ["Events-2", "Events-1"]
    assert len(await inbox.journal(since_ms=entries[-1].recorded_ms)) == 5
    assert await inbox.journal(since_ms=entries[0].recorded_ms + 3_600_000) == []
    assert await inbox.journal_entry(entries[3].entry_id) == entries[3]
    assert await inbox.journal_entry("1-1") is None


async def test_the_journal_is_bounded(fake_redis: FakeAsyncRedis) -> None:
    inbox = Inbox(fake_redis, journal_bound=50)
    for n in range(30):
        await inbox.record([delivery(f"Events-{n}-{m}") for m in range(10)])
    assert (await inbox.counters()).length < 300


async def test_counters(inbox: Inbox) -> None:
    await inbox.record([delivery("Events-1"), delivery("Events-1"), delivery("Events-2", via=Source.CATCH_UP)])
    await inbox.refuse(Unparsable("main", 17, "ab" * 32, "not JSON"))
    counters = await inbox.counters()
    assert counters.recorded == {"webhook": 1, "catch-up": 1}
    assert counters.duplicates == {"webhook": 1}
    assert counters.verdicts == {"placed": 2}
    assert counters.unparsable == 1
    assert counters.length == 2
    assert counters.oldest_ms is not None
    assert counters.newest_ms is not None
    assert set(counters.last_webhook_ms) == {"main"}


async def test_counters_of_an_empty_inbox(inbox: Inbox) -> None:
    counters = await inbox.counters()
    assert (counters.length, counters.unparsable, counters.oldest_ms, counters.last_webhook_ms) == (0, 0, None, {})


async def test_the_unparsable_is_kept_by_its_hash(inbox: Inbox) -> None:
    await inbox.refuse(Unparsable("main", 17, "ab" * 32, "x" * 5000, "c-1"))
    [found] = await inbox.unparsable()
    assert (found.source, found.size, found.sha256, found.correlation_id) == ("main", 17, "ab" * 32, "c-1")
    assert len(found.reason) == 200
    assert found.received_ms > 0


async def test_nothing_to_record(inbox: Inbox) -> None:
    assert await inbox.record([]) == []
    assert await inbox.seen("main", []) == frozenset()


async def test_names_with_odd_signs(inbox: Inbox) -> None:
    key = DirtyKey("Größe 🚀: north\\south", "Projects-1")
    await inbox.record([Delivery("main", 'Events-"1"', keys=(key,), priority=Priority.BULK, verdict="ü")])
    [entry] = await inbox.journal()
    assert entry.delivery.keys == (key,)
