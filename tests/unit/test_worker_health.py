"""A worker's probes: dead only where a restart helps, ready only while it does work."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from config.settings import Settings
from worker import health
from worker.health import Activity, Health, judge
from worker.queue.canary import Canary

EVERY = 15.0
EVENTS = "octosync.events"
FRESH = Canary(EVENTS, 5_000, 0)


def verdict(*canaries: Canary, idle_s: float, busy: bool = False) -> tuple[bool, bool]:
    found = judge(canaries, queues=[EVENTS], busy=busy, idle_s=idle_s, every_s=EVERY)
    assert found.why
    return found.alive, found.ready


def test_a_worker_that_takes_work() -> None:
    assert verdict(FRESH, idle_s=4) == (True, True)


def test_one_whose_processes_are_all_at_work_takes_nothing_and_is_well() -> None:
    assert verdict(Canary(EVENTS, 800_000, 790_000), idle_s=800, busy=True) == (True, True)


def test_one_that_leaves_a_canary_where_it_is() -> None:
    assert verdict(Canary(EVENTS, 40_000, 30_000), idle_s=40) == (True, True), "it may come to it yet"
    assert verdict(Canary(EVENTS, 90_000, 80_000), idle_s=90) == (True, False)
    assert verdict(Canary(EVENTS, 700_000, 690_000), idle_s=700) == (False, False)


def test_one_that_just_took_something_else() -> None:
    """The canary got lost on the way, say."""
    assert verdict(Canary(EVENTS, 700_000, 690_000), idle_s=3) == (True, True)


def test_one_that_has_just_started_into_a_long_outage() -> None:
    assert verdict(Canary(EVENTS, 9_000_000, 9_000_000), idle_s=2) == (True, True)


def test_the_canaries_of_other_queues_are_others_to_take() -> None:
    assert verdict(FRESH, Canary("octosync.bulk", 9_000_000, 9_000_000), idle_s=9_000 / 10) == (True, True)


def test_one_that_is_passed_over_while_its_equals_take_all() -> None:
    assert verdict(FRESH, idle_s=1_700) == (True, True)
    assert verdict(FRESH, idle_s=1_900) == (False, False)


def test_nobody_is_killed_because_beat_is_down() -> None:
    assert verdict(Canary(EVENTS, 86_400_000, 0), idle_s=86_400) == (True, True)
    assert verdict(idle_s=86_400) == (True, True)


def test_activity_is_when_the_count_last_moved() -> None:
    now, taken = 100.0, 7
    activity = Activity(lambda: taken, clock=lambda: now)
    now += 30
    assert activity.idle_s() == 30
    taken += 1
    assert activity.idle_s() == 0
    now += 5
    assert activity.idle_s() == 5


@pytest.fixture
def address(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    registry = CollectorRegistry()
    Counter("octosync_things", "Things.", registry=registry).inc(3)
    settings = Settings(metrics_port=0, redis_url=redis_url)
    server = health.serve(settings, registry, queues=[EVENTS], taken=lambda: 0, busy=lambda: False)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def get(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_it_answers_over_http(address: str) -> None:
    status, body = get(f"{address}/metrics")
    assert status == 200
    assert b"octosync_things_total 3.0" in body
    assert json.loads(get(f"{address}/healthz")[1]) == {"alive": True, "why": Health().why}
    assert get(f"{address}/readyz")[0] == 200
    assert get(f"{address}/else")[0] == 404


def test_without_redis_it_is_alive_and_not_ready() -> None:
    """To kill it would mend nothing."""
    settings = Settings(metrics_port=0, redis_url="redis://127.0.0.1:1/0")
    server = health.serve(settings, CollectorRegistry(), queues=[EVENTS], taken=lambda: 0, busy=lambda: False)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        assert get(f"{address}/healthz")[0] == 200
        status, body = get(f"{address}/readyz")
        assert (status, json.loads(body)) == (503, {"ready": False, "why": "Redis does not answer"})
    finally:
        server.shutdown()
        server.server_close()
