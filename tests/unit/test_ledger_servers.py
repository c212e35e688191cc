"""Which release each instance is: asked once in a while, and an upgrade is noticed."""

from __future__ import annotations

from fakeredis import FakeAsyncRedis

from worker.ledger.servers import FRESH_S, Servers

URL = "https://octopus.example.com/"


async def test_what_was_said_a_moment_ago_need_not_be_asked(fake_redis: FakeAsyncRedis) -> None:
    servers = Servers(fake_redis)
    assert await servers.fresh("dev", URL) is None
    assert await servers.known("dev") is None

    await servers.note("dev", URL, "2026.1.9674", "id")

    found = await servers.fresh("dev", URL)
    assert found is not None
    assert (found.version, found.installation_id, found.upgraded_from) == ("2026.1.9674", "id", "")
    assert 0 < await fake_redis.ttl("{octosync}:ledger:server-fresh:dev") <= FRESH_S
    assert await servers.fresh("prod", URL) is None


async def test_doubt_has_it_asked_anew_and_forgets_nothing(fake_redis: FakeAsyncRedis) -> None:
    servers = Servers(fake_redis)
    await servers.note("dev", URL, "2026.1.9674", "id")

    await servers.doubt("dev")

    assert await servers.fresh("dev", URL) is None
    known = await servers.known("dev")
    assert known is not None
    assert known.version == "2026.1.9674"


async def test_an_upgrade_is_noticed_when_it_is_found(fake_redis: FakeAsyncRedis) -> None:
    servers = Servers(fake_redis)
    await servers.note("dev", URL, "2026.1.9674", "id")

    found = await servers.note("dev", URL, "2026.2.1", "id")
    again = await servers.note("dev", URL, "2026.2.1", "id")

    assert (found.upgraded_from, found.seen) == ("2026.1.9674", found.asked)
    assert (again.upgraded_from, again.seen) == ("2026.1.9674", found.seen)


async def test_another_address_is_another_server(fake_redis: FakeAsyncRedis) -> None:
    servers = Servers(fake_redis)
    await servers.note("dev", URL, "2026.1.9674", "id")

    assert await servers.fresh("dev", "https://other.example.com/") is None
    found = await servers.note("dev", "https://other.example.com/", "2026.2.1", "other")
    assert found.upgraded_from == ""
