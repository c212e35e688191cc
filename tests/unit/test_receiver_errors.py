"""What goes wrong on our side: who sent a webhook is told 503, or nothing of it, and the others are not concerned."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from fakeredis import FakeAsyncRedis
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from config.settings import Settings
from tests.processes import eventually
from tests.receiver import HEADER, SECRET, AsDeployed, Running, receiver, webhook
from webhook_receiver import reception
from webhook_receiver.app import RECEPTION
from webhook_receiver.http_log import LOGGER
from webhook_receiver.seldom import Seldom
from worker.queue.direct import DirectScript
from worker.queue.inbox import Inbox

pytestmark = pytest.mark.usefixtures("receiver_secrets")


@pytest.fixture
async def running(fake_redis: FakeAsyncRedis) -> AsyncIterator[Running]:
    async with receiver(fake_redis, settings=Settings(body_limit_mb=1, debounce_seconds=0)) as one:
        yield one


@pytest.mark.parametrize(
    "error", [OutOfMemoryError("maxmemory"), ReadOnlyError("a replica"), ResponseError("MISCONF"), TimeoutError()]
)
async def test_a_redis_that_does_not_store_is_503_and_never_500(
    running: Running, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(DirectScript, "__call__", fails)
        patch.setattr(Inbox, "refuse", fails)
        assert await running.post(webhook("Events-1")) == 503
        assert await running.post(b"{") == 503
        assert await running.post(webhook(Padding="x" * 2_000_000)) == 503
    assert await running.post(webhook("Events-1")) == 202


async def test_an_event_that_cannot_be_stored_refuses_no_other(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = DirectScript.__call__

    async def fails(self: DirectScript, keys: Any, args: Any) -> Any:
        await asyncio.sleep(0.05)  # so that the others wait together
        if b"Events-bad" in args[-2]:
            raise ResponseError("WRONGTYPE")
        return await record(self, keys, args)

    monkeypatch.setattr(DirectScript, "__call__", fails)
    names = [*(f"Events-{n}" for n in range(40)), "Events-bad"]
    answers = await asyncio.gather(*(running.post(webhook(name)) for name in names))
    assert Counter(answers) == {202: 40, 503: 1}
    assert await running.state.inbox.seen("dev", names) == set(names[:-1])


async def test_a_bug_of_ours_costs_no_batch_its_rest(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(_: bytes) -> None:
        raise KeyError("a value that somebody typed")

    monkeypatch.setattr(reception, "read", stumbles)
    assert await running.post(webhook()) == 202
    [kept] = await running.state.inbox.unparsable()
    assert kept.reason == "a bug: KeyError"
    await eventually(lambda: len(running.caught_up()) == 2)


class TestBodies:
    async def test_what_is_packed_is_unpacked_within_the_bound(self, running: Running) -> None:
        small = gzip.compress(json.dumps(webhook("Events-1")).encode())
        bomb = gzip.compress(json.dumps(webhook("Events-2", Padding="x" * 50_000_000)).encode())
        for body, packed, outcome in (
            (small, "gzip", "recorded"),
            (bomb, "gzip", "too-large"),
            (b"not packed", "gzip", "unreadable"),
            (small, "br", "unreadable"),
        ):
            headers = {HEADER: SECRET, "Content-Encoding": packed}
            async with running.client.post("/webhooks/dev", data=body, headers=headers) as answer:
                assert (answer.status, await answer.json()) == (202, {"outcome": outcome})

    async def test_so_much_is_in_memory_at_a_time_and_no_more(self, running: Running) -> None:
        """Five bodies of nearly a megabyte arrive slowly; four megabytes is the bound."""
        body = json.dumps(webhook(Padding="x" * 900_000)).encode()
        head = f"POST /webhooks/dev HTTP/1.1\r\nHost: x\r\n{HEADER}: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        connections = [await asyncio.open_connection("127.0.0.1", running.client.port) for _ in range(5)]
        for _, writer in connections:
            writer.write(head.encode() + body[:-10])
            await writer.drain()
        free = running.client.app[RECEPTION].bodies
        await eventually(lambda: free._free < 1_000_000, what="they did not arrive")
        outcomes = []
        for reader, writer in connections:
            writer.write(body[-10:])
            answer = await reader.readuntil(b"}")
            outcomes.append(answer.rpartition(b"\r\n")[2])
            writer.close()
        assert sorted(outcomes) == [
            *[b'{"outcome":"duplicate"}'] * 3,
            b'{"outcome":"recorded"}',
            b'{"outcome":"too-large"}',
        ]
        assert free._free == 4 * 1024 * 1024


async def test_the_web_server_logs_nothing_of_a_broken_request(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    for line in (f"{HEADER}: {SECRET}\x00", f"{SECRET}", f"Content-Length: {SECRET}"):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.client.port)
        writer.write(f"POST /webhooks/dev HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
        assert b" 400 " in await reader.readline()
        writer.close()
    assert "Error handling request from 127.0.0.1: " in caplog.text
    assert SECRET not in caplog.text
    assert "Traceback" not in caplog.text


async def test_the_web_server_logs_errors_of_ours_with_all_that_there_is(caplog: pytest.LogCaptureFixture) -> None:
    async def stumbles(_: web.Request) -> web.Response:
        raise KeyError("here")

    app = web.Application()
    app.router.add_get("/", stumbles)
    async with TestClient(AsDeployed(app)) as client, client.get("/") as answer:
        assert answer.status == 500
    [record] = [one for one in caplog.records if one.name == LOGGER.name]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


def test_a_line_that_could_come_without_end_comes_seldom() -> None:
    said: list[tuple[str, dict[str, Any]]] = []

    class Log:
        def warning(self, event: str, **fields: Any) -> None:
            said.append((event, fields))

    now = 100.0
    seldom = Seldom(Log(), clock=lambda: now)
    for _ in range(5):
        seldom.warning("a", n=1)
    seldom.warning("b")
    now += 11
    seldom.warning("a", n=2)
    assert said == [("a", {"n": 1}), ("b", {}), ("a", {"n": 2, "more_like_it": 4})]
