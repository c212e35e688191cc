"""Baselines come back as they were put."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger.baselines import Baselines

LONG = {"want": {"Steps": [{"Name": f"Step {n}", "Script": "echo " * 50} for n in range(100)]}, "schema": 1}
ODD = {"want": {"Name": "Größe 🚀 \\ \" ' , ] \ud800"}, "wrote": None, "elements": [], "versions": [1, "2026.3"]}


@pytest.fixture
def baselines(fake_redis: FakeAsyncRedis) -> Baselines:
    return Baselines(fake_redis)


@pytest.mark.parametrize("baseline", [{}, {"schema": 1}, LONG, ODD])
async def test_there_and_back(baselines: Baselines, baseline: dict[str, object]) -> None:
    await baselines.put("north", "Projects-1", baseline)
    assert await baselines.get("north", "Projects-1") == baseline


async def test_long_ones_take_little_room(baselines: Baselines, fake_redis: FakeAsyncRedis) -> None:
    await baselines.put("north", "Projects-1", LONG)
    stored = await fake_redis.hget("{octosync}:ledger:baselines:north", "Projects-1")
    assert stored is not None
    assert len(stored) < 5_000


async def test_in_bulk(baselines: Baselines) -> None:
    await baselines.put_all("north", {"Projects-1": {"schema": 1}, "Projects-2": {"schema": 2}})
    assert await baselines.get_all("north", ["Projects-2", "Projects-3"]) == {"Projects-2": {"schema": 2}}
    assert await baselines.ids("north") == {"Projects-1", "Projects-2"}
    assert await baselines.ids("south") == frozenset()
    assert await baselines.delete("north", ["Projects-1", "Projects-3"]) == 1
    assert await baselines.get("north", "Projects-1") is None
    await baselines.clear("north")
    assert await baselines.ids("north") == frozenset()


async def test_nothing_asked_nothing_done(baselines: Baselines) -> None:
    await baselines.put_all("north", {})
    assert await baselines.get_all("north", []) == {}
    assert await baselines.delete("north", []) == 0
