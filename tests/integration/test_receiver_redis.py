"""The receiver over a real Redis that forgets its scripts, breaks connections, or does not answer for a while."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.receiver import SECRET, Running, receiver, webhook
from webhook_receiver import commit


@pytest.fixture
async def running(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setenv("OCTOSYNC_HOOK_0", SECRET)
    monkeypatch.setenv("OCTOSYNC_KEY", "API-AAAAAAAAAAAAAAAAAAAAAAAAA")
    async with receiver(redis) as one:
        yield one


async def many(running: Running, name: str, number: int = 200) -> tuple[Counter[int], list[str]]:
    """Answers, and the ids of the events."""
    ids = [f"Events-{name}-{n}" for n in range(number)]
    return Counter(await asyncio.gather(*(running.post(webhook(one)) for one in ids))), ids


async def test_all_that_is_acknowledged_is_there(running: Running) -> None:
    answers, ids = await many(running, "a")
    assert answers == {202: len(ids)}
    assert await running.state.inbox.seen("dev", ids) == set(ids)
    assert len(await running.state.inbox.journal(limit=1_000)) == len(ids)


async def test_a_server_that_was_emptied_of_scripts(running: Running, redis: Redis) -> None:
    assert await running.post(webhook("Events-1")) == 202
    await redis.script_flush()
    assert await running.post(webhook("Events-2")) == 202


async def test_connections_that_break_are_made_anew(running: Running, redis: Redis) -> None:
    assert await running.post(webhook("Events-1")) == 202
    for round_ in range(3):
        await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        answers, ids = await many(running, str(round_), 50)
        assert answers == {202: len(ids)}
        assert await running.state.inbox.seen("dev", ids) == set(ids)


async def test_a_server_that_hangs_is_503_in_time_and_then_forgiven(
    running: Running, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await running.post(webhook("Events-1")) == 202
    monkeypatch.setattr(commit, "DURABLE_WITHIN_S", 0.3)
    await redis.execute_command("CLIENT", "PAUSE", "1500", "WRITE")
    answers, ids = await many(running, "b", 40)
    assert answers == {503: len(ids)}
    await redis.execute_command("CLIENT", "UNPAUSE")
    again = Counter(await asyncio.gather(*(running.post(webhook(one)) for one in ids)))
    assert again == {202: len(ids)}, "what was stored all the same is a duplicate"
    assert await running.state.inbox.seen("dev", ids) == set(ids)


async def test_a_burst_of_what_cannot_be_read(running: Running) -> None:
    assert Counter(await asyncio.gather(*(running.post(b"{") for _ in range(200)))) == {202: 200}
    assert (await running.state.inbox.counters()).unparsable == 200
