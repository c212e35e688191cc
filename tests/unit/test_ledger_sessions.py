"""Sessions of the status page, and how many wrong tokens are borne."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger.sessions import TRIES, TRIES_OF_ALL, Sessions

TOKEN = "a-long-random-token"


@pytest.fixture
def sessions(fake_redis: FakeAsyncRedis) -> Sessions:
    return Sessions(fake_redis)


async def test_a_session_is_known_by_its_id_until_it_is_closed(sessions: Sessions) -> None:
    first, second = await sessions.open(TOKEN, "Ada"), await sessions.open(TOKEN, "Grace")
    found = await sessions.get(first, TOKEN)
    assert found is not None
    assert found.person == "Ada"
    assert len(found.csrf) > 20
    await sessions.close(first)
    assert await sessions.get(first, TOKEN) is None
    assert await sessions.get(second, TOKEN) is not None
    assert await sessions.get("", TOKEN) is None


async def test_a_new_token_ends_the_sessions_of_the_old_one(sessions: Sessions) -> None:
    session = await sessions.open(TOKEN, "Ada")
    assert await sessions.get(session, "another-token") is None


async def test_a_session_ends_by_itself_and_is_not_readable_in_redis(
    sessions: Sessions, fake_redis: FakeAsyncRedis
) -> None:
    session = await sessions.open(TOKEN, "Ada")
    [name] = await fake_redis.keys("*")
    assert 0 < await fake_redis.ttl(name) <= 24 * 3600
    stored = name + await fake_redis.get(name)
    assert session.encode() not in stored
    assert TOKEN.encode() not in stored


async def test_too_many_wrong_tokens_from_one_address(sessions: Sessions) -> None:
    for _ in range(TRIES):
        assert await sessions.locked_s("10.0.0.1") == 0
        await sessions.failed("10.0.0.1")
    assert 0 < await sessions.locked_s("10.0.0.1") <= 300
    assert await sessions.locked_s("10.0.0.2") == 0


async def test_too_many_from_everywhere(sessions: Sessions) -> None:
    for number in range(TRIES_OF_ALL):
        await sessions.failed(f"10.0.{number // 250}.{number % 250}")
    assert await sessions.locked_s("192.0.2.1") > 0


async def test_the_lock_ends_by_itself(sessions: Sessions, fake_redis: FakeAsyncRedis) -> None:
    for _ in range(TRIES):
        await sessions.failed("10.0.0.1")
    for name in await fake_redis.keys("*"):
        assert await fake_redis.ttl(name) > 0
