"""Run records: the newest first, and not without end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger import runs as module
from worker.ledger.runs import Run, Runs

START = datetime(2026, 11, 23, 10, tzinfo=UTC)


def run(number: int, route: str = "north") -> Run:
    return Run(
        id=f"run-{number}",
        route=route,
        key=f"{route}|Projects-{number}",
        started=(START + timedelta(seconds=number)).isoformat(),
        correlation_id="c-1",
        sources=("webhook", "nightly"),
    )


@pytest.fixture
def runs(fake_redis: FakeAsyncRedis) -> Runs:
    return Runs(fake_redis)


async def test_from_its_start_to_its_end(runs: Runs) -> None:
    begun = run(1)
    await runs.put(begun)
    [listed] = await runs.newest()
    assert listed == begun
    ended = replace(
        begun,
        finished="2026-11-23T10:01:00+00:00",
        outcome="finished",
        summary="1 to update",
        counts={"update": 1},
        requests={"main": 3},
        plan_hash="abcdef012345",
        plan='{"actions": ["Größe"]}',
    )
    await runs.put(ended)
    found = await runs.get("run-1")
    assert found is not None
    assert found.plan == ended.plan
    assert replace(found, plan_bytes=0) == ended
    [listed] = await runs.newest()
    assert (listed.plan, listed.outcome) == (None, "finished")
    assert listed.plan_bytes == len('{"actions": ["Größe"]}'.encode())


async def test_newest_first_by_route_and_by_page(runs: Runs) -> None:
    for number in (3, 1, 2):
        await runs.put(run(number))
    await runs.put(run(9, "south"))
    assert [one.id for one in await runs.newest()] == ["run-9", "run-3", "run-2", "run-1"]
    assert [one.id for one in await runs.newest("north", limit=2)] == ["run-3", "run-2"]
    assert [one.id for one in await runs.newest("north", limit=2, skip=2)] == ["run-1"]
    assert await runs.newest("west") == []
    assert await runs.get("run-100") is None


async def test_old_records_go(runs: Runs, monkeypatch: pytest.MonkeyPatch, fake_redis: FakeAsyncRedis) -> None:
    monkeypatch.setattr(module, "KEPT", 5)
    monkeypatch.setattr(module, "PLANS_KEPT", 2)
    for number in range(12):
        await runs.put(replace(run(number), plan="{}"))
    assert [one.id for one in await runs.newest("north")] == [f"run-{n}" for n in (11, 10, 9, 8, 7)]
    assert await runs.get("run-1") is None
    older, newest = await runs.get("run-9"), await runs.get("run-11")
    assert older is not None
    assert newest is not None
    assert (older.plan, newest.plan) == (None, "{}")
    assert await fake_redis.hlen("{octosync}:ledger:runs") == 5


async def test_a_very_long_plan_is_not_kept_but_its_length_is_told(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLAN_BYTES", 100)
    await runs.put(replace(run(1), plan="x" * 101))
    found = await runs.get("run-1")
    assert found is not None
    assert (found.plan, found.plan_bytes) == (None, 101)


async def test_what_counts_is_how_long_a_plan_is_when_it_is_compressed(runs: Runs) -> None:
    plan = json.dumps({"actions": [{"item": f"project/{n}", "op": "create"} for n in range(40_000)]})
    assert len(plan) > module.PLAN_BYTES
    await runs.put(replace(run(1), plan=plan))
    found = await runs.get("run-1")
    assert found is not None
    assert found.plan == plan


async def test_a_run_that_started_at_no_time(runs: Runs) -> None:
    with pytest.raises(ValueError, match="yesterday"):
        await runs.put(replace(run(1), started="yesterday"))
