"""Packages of the built-in feed in the queue: a push is heard of, the night finds what was missed, and what takes more
than one run goes on."""

from __future__ import annotations

import itertools
from typing import Any
from unittest.mock import AsyncMock

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings as ProcessSettings
from tests.packages import LATEST, packages, push, three
from tests.pair import ROUTE, Pair, pair
from tests.tenancy import servers
from worker import ticks
from worker.looking.look import Looker
from worker.queue.keys import DirtyKey
from worker.queue.values import Source
from worker.state import state_of
from worker.sync.compare import compare
from worker.sync.run import open_route
from worker.sync.servers import packages as packages_of


async def marked(both: Pair, redis: FakeAsyncRedis) -> list[str]:
    return sorted(one.key.document for one in await state_of(redis, ProcessSettings()).queue.waiting())


@pytest.mark.parametrize("version", ["2021.2.1290", "2026.1.9674"])
@pytest.mark.parametrize("includes", [True, False])
async def test_a_push_marks_the_packages_of_routes_that_include_them(
    fake_redis: FakeAsyncRedis, version: str, includes: bool
) -> None:
    route = LATEST if includes else {}
    async with pair(redis=fake_redis, **route, **servers(version)) as both:
        state = state_of(fake_redis, ProcessSettings())
        await ticks.catch_up_all(state, both.routes)
        for one in await state.queue.waiting():
            await fake_redis.zrem(f"{{octosync}}:q:ready:{one.priority}:{ROUTE}", str(one.key))
            await fake_redis.delete(f"{{octosync}}:q:item:{one.key}")
        await push(both.source, "OctoFX.Web", "1.0.0")
        await ticks.catch_up_all(state, both.routes)
        keys = await marked(both, fake_redis)
        assert keys == (["feeds-builtin/*"] if includes else [])
        if includes:
            await both.sync("feeds-builtin/*")
            assert list(await packages(both.destination)) == ["OctoFX.Web 1.0.0"]


@pytest.mark.parametrize("versions", ["latest", ["*"]])
async def test_the_night_finds_what_is_missing_and_marks_it(fake_redis: FakeAsyncRedis, versions: Any) -> None:
    async with pair(redis=fake_redis, **LATEST, rules={"packages": {"versions": versions}}) as both:
        await three(both)
        await both.sync("*")
        await push(both.source, "OctoFX.Web", "5.0.0")
        state = state_of(fake_redis, ProcessSettings())
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            found = await compare(route, state.queue, state.comparisons)
        assert found.differing == ["packages-OctoFX.Web"]
        assert await marked(both, fake_redis) == ["packages-OctoFX.Web"]
        await both.sync("packages-OctoFX.Web")
        assert "OctoFX.Web 5.0.0" in await packages(both.destination)


async def test_the_latest_of_many_costs_pages_not_packages() -> None:
    async with pair(**LATEST) as both:
        for number in range(40):
            await push(both.source, f"OctoFX.P{number}", "1.0.0")
        await both.sync("*")
        state = state_of(FakeAsyncRedis(), ProcessSettings())
        before = [len(side.sandbox.requests) for side in (both.source, both.destination)]
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            found = await compare(route, state.queue, state.comparisons, dry_run=True)
        assert found.differing == []
        spent = [len(side.sandbox.requests) for side in (both.source, both.destination)]
        assert [after - first for after, first in zip(spent, before, strict=True)] <= [20, 20]


async def test_more_than_a_run_can_send_goes_on_in_the_next(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as something arrives, no run is in vain: only one in which nothing does is an attempt."""
    async with pair(redis=fake_redis, **LATEST, rules={"packages": {"versions": ["*"]}}) as both:
        for number in range(3):
            await push(both.source, "OctoFX.Web", f"1.0.{number}")
        state = state_of(fake_redis, ProcessSettings())
        looker = Looker(state, both.routes, ProcessSettings())
        key = DirtyKey(ROUTE, "packages-OctoFX.Web")
        await state.queue.mark([key], source=Source.CLI, debounce_ms=0)
        send, sent = packages_of._send, itertools.count(1)

        async def out_of_time(*args: Any) -> None:
            if next(sent) % 2 == 0:
                raise TimeoutError
            await send(*args)

        monkeypatch.setattr(packages_of, "_send", out_of_time)
        results = [(await looker.look(key)).result]
        while results[-1] == "goes-on":
            [entry] = await state.queue.waiting()
            assert entry.attempts == 0
            results.append((await looker.look(key)).result)
        assert results == ["goes-on", "goes-on", "changed"]
        assert len(await packages(both.destination)) == 3

        await push(both.source, "OctoFX.Web", "1.0.3")
        monkeypatch.setattr(packages_of, "_send", AsyncMock(side_effect=TimeoutError))
        await state.queue.mark([key], source=Source.CLI, debounce_ms=0)
        assert (await looker.look(key)).result == "again"
        assert [entry.attempts for entry in await state.queue.waiting()] == [1]
