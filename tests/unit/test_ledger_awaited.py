"""Who does without what: asked when it may have come."""

from __future__ import annotations

from fakeredis import FakeAsyncRedis

from worker.ledger.awaited import Awaited


async def test_documents_are_found_by_what_they_lack(fake_redis: FakeAsyncRedis) -> None:
    awaited = Awaited(fake_redis)
    await awaited.note("r", {"Channels-1": ["Lifecycles-9"], "deploymentprocess-Projects-1": ["Channels-1", "Feeds-2"]})

    assert await awaited.by("r", ["Lifecycles-9"]) == ["Channels-1"]
    assert await awaited.by("r", ["Channels-1"]) == ["deploymentprocess-Projects-1"]
    assert await awaited.by("r", ["Lifecycles-99", "Channels"]) == []
    assert await awaited.by("other", ["Lifecycles-9"]) == []


async def test_a_later_plan_replaces_what_was_known(fake_redis: FakeAsyncRedis) -> None:
    awaited = Awaited(fake_redis)
    await awaited.note("r", {"Channels-1": ["Lifecycles-9", "Lifecycles-8"]})

    await awaited.note("r", {"Channels-1": ["Lifecycles-8"]})
    assert await awaited.by("r", ["Lifecycles-9"]) == []
    assert await awaited.by("r", ["Lifecycles-8"]) == ["Channels-1"]

    await awaited.note("r", {"Channels-1": []})
    assert await awaited.by("r", ["Lifecycles-8"]) == []
