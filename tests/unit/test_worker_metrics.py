"""What workers count of a look, and by which labels."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from worker import metrics
from worker.looking.failures import Class
from worker.looking.look import Looked
from worker.octopus.transport import Exchange
from worker.queue.keys import DirtyKey
from worker.sync.run import Result

RESULTS = {"unchanged", "changed", "error", "terminal", "requeue"}


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"octosync_{name}", labels) or 0.0


def key(document: str) -> DirtyKey:
    return DirtyKey("metrics-route", document)


@pytest.mark.parametrize(
    ("result", "counted"),
    [
        ("changed", "changed"),
        ("unchanged", "unchanged"),
        ("again", "error"),
        ("never", "terminal"),
        ("ours", "terminal"),
        ("blocked", "requeue"),
        ("instance", "requeue"),
        ("circuit-open", "requeue"),
        ("goes-on", "requeue"),
    ],
)
def test_runs_are_counted_by_kind_and_coarse_result(result: str, counted: str) -> None:
    before = value("reconcile_total", kind="project", result=counted)
    metrics.looked(Looked(key("Projects-1/*"), result), 0.2)
    assert value("reconcile_total", kind="project", result=counted) == before + 1
    assert value("runs_total", route="metrics-route", result=result) > 0


def test_every_end_of_a_run_comes_to_one_of_the_five() -> None:
    for result in (*Result, *Class):
        assert metrics._RESULTS.get(result.value, "requeue") in RESULTS


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("*", "everything"),
        ("variableset-Projects-1", "variable-set"),
        ("Channels-3", "channel"),
        ("Unheard-1", "unknown"),
    ],
)
def test_the_kind_is_that_of_the_document(document: str, kind: str) -> None:
    before = value("reconcile_seconds_count", kind=kind)
    metrics.looked(Looked(key(document), "unchanged"), 1.5)
    assert value("reconcile_seconds_count", kind=kind) == before + 1


def test_a_key_that_was_not_ours_is_no_run() -> None:
    before = value("reconcile_total", kind="project", result="requeue")
    metrics.looked(Looked(key("Projects-1"), "busy", claimed=False), 0.001)
    assert value("reconcile_total", kind="project", result="requeue") == before


def test_writes_refusals_delays_and_lost_leases() -> None:
    names = {
        "lease_lost_total": {},
        "event_to_synced_seconds_sum": {},
        "plan_refused_total": {"reason": "rules-changed"},
    }
    before = {name: value(name, **labels) for name, labels in names.items()}
    written = value("changes_total", kind="channel", op="create")
    looked = Looked(
        key("Projects-1"),
        "changed",
        writes=3,
        behind_s=4.5,
        changes={("channel", "create"): 2, ("project", "update"): 1},
    )
    metrics.looked(looked, 0.2)
    metrics.looked(Looked(key("Projects-1"), "lease-lost"), 0.2)
    metrics.looked(Looked(key("Projects-1"), "held", refused="rules-changed"), 0.2)
    assert value("changes_total", kind="channel", op="create") == written + 2
    after = {name: value(name, **labels) - before[name] for name, labels in names.items()}
    assert after == {"lease_lost_total": 1, "event_to_synced_seconds_sum": 4.5, "plan_refused_total": 1}


def test_servers_are_called_as_the_routes_file_calls_them() -> None:
    observe = metrics.observer({"https://dev.example.com/": "metrics-dev"})
    observe(Exchange("https://dev.example.com/", "GET", "/api/projects", 200, 0.1, 10, 1))
    observe(Exchange("https://dev.example.com/", "PUT", "/api/projects", None, 0.1, 0, 1))
    assert value("octopus_requests_total", instance="metrics-dev", method="GET", status="200") == 1
    assert value("octopus_requests_total", instance="metrics-dev", method="PUT", status="none") == 1
