"""What did not come: the rest of a batch, and what came while nothing could be stored."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from tests.processes import eventually
from tests.receiver import SECRET, Running, go_away, receiver, webhook
from webhook_receiver import watch
from webhook_receiver.app import METRICS
from worker.queue.deliveries import Gap
from worker.queue.inbox import Inbox

pytestmark = pytest.mark.usefixtures("receiver_secrets")


def part(number: Any, total: Any = 3, batch: Any = "b-1") -> dict[str, Any]:
    envelope = {"BatchId": batch, "TotalEventsInBatch": total, "EventNumberInBatch": number}
    return webhook(f"Events-{batch}-{number}", payload=envelope)


async def gaps(running: Running) -> list[Gap]:
    return await running.state.inbox.gaps(0)


async def test_a_whole_batch_leaves_no_gap(running: Running) -> None:
    for number in (3, 1, 2):  # one server of 2018 sent them from the end
        assert await running.post(part(number)) == 202
    assert await gaps(running) == []


async def test_a_batch_that_breaks_off_is_told_once_and_to_one_only(running: Running) -> None:
    for number in (1, 2):
        await running.post(part(number))
    await running.post(part(1))
    await running.post(part(7, total=9, batch="b-2"))
    assert await gaps(running) == [Gap("dev", "b-1", 2, 3), Gap("dev", "b-2", 1, 9)]
    assert await gaps(running) == []
    assert (await running.state.inbox.counters()).gaps == {"dev": 2}


async def test_while_something_comes_it_is_not_broken_off(running: Running) -> None:
    await running.post(part(1))
    assert await running.state.inbox.gaps(60_000) == []


async def test_an_event_that_catch_up_saw_first_has_come(running: Running) -> None:
    first, second = part(1, total=2), part(2, total=2)
    await running.post(webhook(first["Payload"]["Event"]["Id"]))
    assert await running.post(first) == 202
    assert await running.post(second) == 202
    assert await gaps(running) == []


async def test_a_doubled_webhook_opens_no_batch_again(running: Running) -> None:
    for number in (1, 2, 3, 2):
        await running.post(part(number))
    assert await gaps(running) == []


@pytest.mark.parametrize(
    ("number", "total", "batch"),
    [(1, 1, "b"), (0, 3, "b"), (4, 3, "b"), (-1, 3, "b"), (1, 3, None), (None, 3, "b"), (1, "", "b")],
)
async def test_what_is_no_place_in_a_batch_is_none(running: Running, number: Any, total: Any, batch: Any) -> None:
    assert await running.post(part(number, total, batch)) == 202
    assert await gaps(running) == []


async def test_places_as_text_and_batches_of_two_instances(fake_redis: FakeAsyncRedis) -> None:
    inbox = Inbox(fake_redis)
    async with receiver(fake_redis) as one:
        await one.post(part("1", "2", batch='we|ird "batch"'))
        await one.post(part(" 2 ", "2", batch='we|ird "batch"'))
        await one.post(part(1, 2, batch="half|of|it"))
    assert await inbox.gaps(0) == [Gap("dev", "half|of|it", 1, 2)]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(watch, "QUIET_S", 0.1)


async def test_a_gap_has_the_audit_logs_of_the_source_read(impatient: None, fake_redis: FakeAsyncRedis) -> None:
    async with receiver(fake_redis) as one:
        await one.post(part(1))
        await eventually(lambda: len(one.caught_up()) == 2)
        assert one.caught_up() == [["dev", "Default"], ["dev", "Other"]]
        async with one.inside.get("/metrics") as answer:
            assert 'octosync_webhook_batch_gaps_total{instance="dev"} 1.0' in await answer.text()


async def test_a_gap_left_by_a_receiver_that_is_gone_is_found_by_the_next(
    impatient: None, fake_redis: FakeAsyncRedis
) -> None:
    async with receiver(fake_redis) as one:
        await one.post(part(1))
    async with receiver(fake_redis) as two:
        await eventually(lambda: len(two.caught_up()) == 2)


async def test_what_was_answered_503_is_read_from_the_audit_log_once_redis_is_back(
    impatient: None, fake_redis: FakeAsyncRedis
) -> None:
    async with receiver(fake_redis) as one:
        go_away(fake_redis, gone=True)
        assert await one.post(webhook("Events-1")) == 503
        await asyncio.sleep(0)
        assert one.caught_up() == []
        go_away(fake_redis, gone=False)
        await eventually(lambda: len(one.caught_up()) == 2)


async def test_a_body_that_breaks_off_has_the_audit_log_read(running: Running) -> None:
    port = running.client.port
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /webhooks/dev HTTP/1.1\r\nHost: x\r\nX-Octosync-Token: {SECRET}\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode() + b'{"Payload"')
    await writer.drain()
    await eventually(lambda: running.client.app[METRICS].open)
    writer.close()
    await eventually(lambda: len(running.caught_up()) == 2)
