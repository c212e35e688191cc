"""What the receiver tells Prometheus: its own counts over all its processes, and what lies in Redis."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakeredis import FakeAsyncRedis
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.receiver import receiver
from worker.plan.values import CleanUp
from worker.queue.keys import DirtyKey
from worker.queue.values import Outcome

A, B = DirtyKey("dev-route", "Projects-1"), DirtyKey("dev-route", "Projects-2")


def samples(text: str) -> dict[str, float]:
    """``name{label=value,…}`` → value, without ``octosync_``."""
    return {
        one.name.removeprefix("octosync_")
        + ("{" + ",".join(f"{k}={v}" for k, v in sorted(one.labels.items())) + "}" if one.labels else ""): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def scraped(redis: FakeAsyncRedis) -> dict[str, float]:
    async with receiver(redis) as one, one.inside.get("/metrics") as answer:
        assert answer.status == 200
        return samples(await answer.text())


async def test_an_empty_ledger(fake_redis: FakeAsyncRedis) -> None:
    found = await scraped(fake_redis)
    assert found["redis_up"] == 1
    assert found["queue_depth{queue=events}"] == found["queue_depth{queue=bulk}"] == 0
    assert found["dead_letters{route=dev-route}"] == found["route_held{route=other-route}"] == 0
    assert found["circuit_open{instance=prod}"] == 0


async def test_what_waits_runs_failed_and_is_held(fake_redis: FakeAsyncRedis) -> None:
    async with receiver(fake_redis) as one:
        state = one.state
        await state.queue.mark([A, B], source="cli", debounce_ms=0)
        await state.queue.mark([DirtyKey("other-route", "*")], source="nightly", priority="bulk", debounce_ms=0)
        claim = await state.queue.claim(A, 60_000)
        await state.queue.bury(A, claim.token, "refused")
        claim = await state.queue.claim(B, 60_000)
        await state.ledger.held.hold("other-route", "the rules changed", "abc")
        await state.queue.pause("dev-route")
        await state.ledger.clean_ups.report("dev-route", [CleanUp(("project", "X"), "Name", "conflict", "Look.")])
        await state.ledger.cursors.compared("dev-route", datetime(2026, 11, 1, tzinfo=UTC))
        await state.ledger.cursors.caught_up("dev", "Default", 7)
        await state.circuits.open("prod", "no route to host")
        await state.ledger.budget("https://dev.example.com", "key", 200, "dev").take("event")
        await state.canaries.release(["octosync.events"])
    found = await scraped(fake_redis)
    assert found["marks_total{source=cli}"] == 2
    assert found["marks_total{source=nightly}"] == 1
    assert (found["queue_depth{queue=events}"], found["queue_depth{queue=bulk}"]) == (0, 1)
    assert found["dirty_keys{route=other-route}"] == 1
    assert (found["running_keys{route=dev-route}"], found["dead_letters{route=dev-route}"]) == (1, 1)
    assert (found["route_held{route=other-route}"], found["route_held{route=dev-route}"]) == (1, 0)
    assert found["route_paused{route=dev-route}"] == 1
    assert found["clean_ups{route=dev-route}"] == 1
    assert found["last_full_reconcile_timestamp_seconds{route=dev-route}"] == 1_793_491_200
    assert found["cursor_lag_events{instance=dev,source=dev/Default}"] == 7
    assert found["cursor_age_seconds{instance=dev,source=dev/Default}"] < 10
    assert (found["circuit_open{instance=prod}"], found["circuit_open{instance=dev}"]) == (1, 0)
    assert 185 <= found["octopus_budget_remaining{instance=dev}"] <= 190
    assert found["canary_age_seconds{queue=octosync.events}"] < 10


async def test_lag_is_how_long_the_longest_waiting_has_been_due(fake_redis: FakeAsyncRedis) -> None:
    async with receiver(fake_redis) as one:
        await one.state.queue.mark([A], source="cli", debounce_ms=0)
        claim = await one.state.queue.claim(A, 60_000)
        await one.state.queue.done(A, claim.token, Outcome.wait_in(0))
        name = "{octosync}:q:ready:events:dev-route"
        await fake_redis.zincrby(name, -90_000, str(A))
    found = await scraped(fake_redis)
    assert 90 <= found["lag_seconds{route=dev-route}"] < 100
    assert found["queue_oldest_seconds{queue=events}"] == found["lag_seconds{route=dev-route}"]


async def test_without_redis_it_says_so(fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver(fake_redis) as one:

        async def away(*_: object) -> None:
            raise RedisConnectionError

        monkeypatch.setattr(one.state.queue, "depth", away, raising=False)
        async with one.inside.get("/metrics") as answer:
            found = samples(await answer.text())
    assert found["redis_up"] == 0
    assert "queue_depth{queue=events}" not in found


PROCESS = """
from webhook_receiver.metrics import Metrics
metrics = Metrics()
metrics.requests.labels("dev", "recorded").inc(2)
metrics.open = 1
metrics.seconds.observe(0.002)
print(metrics.exposition([]).decode())
"""


def test_several_processes_tell_their_sum(tmp_path: Path) -> None:
    """Each a process of its own, as receivers that share a port are."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    found: dict[str, float] = {}
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", PROCESS], env=environment, capture_output=True, text=True, check=True
        )
        found = samples(done.stdout)
    assert found["webhook_deliveries_total{instance=dev,verdict=recorded}"] == 6
    assert found["webhook_ack_seconds_count"] == 3
