"""Alert rules and dashboard speak of metrics that the processes have, with labels that these have."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from tests.chart import CHART, of_kind, render
from tests.shipping import TOOLS, metrics_in
from webhook_receiver.metrics import Metrics
from worker import metrics as worker_metrics
from worker.app import app as celery
from worker.looking.failures import Class
from worker.sync.run import Result

FROM_PROMETHEUS = {"namespace", "pod", "job", "le", "node", "service"}
"""Labels that the metrics get when they are collected, and that of a histogram's buckets."""
RESULTS = {one.value for one in (*Result, *Class)} | {"compared"}


def samples() -> dict[str, set[str]]:
    """Name of each series → its own labels."""
    found: dict[str, set[str]] = {}
    for one in (*vars(worker_metrics).values(), *vars(Metrics()).values()):
        if not isinstance(one, MetricWrapperBase):
            continue
        endings = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_count", "_sum")}[type(one)]
        found |= {one._name + ending: set(one._labelnames) for ending in endings}
    return found


def rules() -> list[dict[str, Any]]:
    (rule,) = of_kind(render("everything"), "PrometheusRule").values()
    found: list[dict[str, Any]] = rule["spec"]["groups"][0]["rules"]
    return found


def dashboard() -> dict[str, Any]:
    (config,) = [one for one in of_kind(render("everything"), "ConfigMap").values() if "octosync.json" in one["data"]]
    found: dict[str, Any] = json.loads(config["data"]["octosync.json"])
    return found


def expressions() -> list[str]:
    shown = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + shown


def test_every_metric_exists() -> None:
    assert {name for one in expressions() for name in metrics_in(one)} - samples().keys() == set()


def test_every_label_exists() -> None:
    known = samples()
    for one in expressions():
        for name, selector in re.findall(r"\b(octosync_\w+)\{([^}]*)\}", one):
            asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', selector)))
            assert asked - FROM_PROMETHEUS <= known[name], one
        grouped = {label.strip() for part in re.findall(r"by \(([^)]*)\)", one) for label in part.split(",")}
        available = set().union(*(known[name] for name in metrics_in(one)))
        assert grouped - FROM_PROMETHEUS <= available, one


def test_every_result_and_task_that_is_asked_for_exists() -> None:
    text = " ".join(expressions())
    results = {one for found in re.findall(r'result=~?"([^"]*)"', text) for one in found.split("|")}
    assert results <= RESULTS
    celery.loader.import_default_modules()
    assert set(re.findall(r'task="([^"]*)"', text)) <= set(celery.tasks)


def test_prometheus_understands_every_expression() -> None:
    python = TOOLS / "python"
    if not python.exists():
        pytest.skip("promql-parser is not installed: scripts/tools.sh says why")
    given = [one.replace("$__rate_interval", "5m").replace("$namespace", "octo") for one in expressions()]
    program = "import json, promql_parser, sys\nfor one in json.load(sys.stdin): promql_parser.parse(one)"
    done = subprocess.run([python, "-c", program], input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_alert_is_of_this_release_and_tells_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 5
    for rule in rules():
        assert all('namespace="octo"' in part for part in re.findall(r"octosync_\w+\{([^}]*)\}", rule["expr"]))
        assert "SELECTOR" not in rule["expr"]
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert len(rule["annotations"]["description"].split()) > 5
        anchor = f"#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook_url"] == f"https://docs.example.com/octosync/runbook{anchor}"


def test_labels_in_texts_are_those_that_the_expression_keeps() -> None:
    for rule in rules():
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        grouped = {label for part in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in part.split(", ")}
        assert named <= grouped, rule["alert"]


def test_our_own_label_instance_survives_being_collected() -> None:
    assert any("instance" in labels for labels in samples().values())
    (monitor,) = of_kind(render("everything"), "ServiceMonitor").values()
    assert [one["honorLabels"] for one in monitor["spec"]["endpoints"]] == [True]


def test_the_monitor_finds_both_services() -> None:
    manifests = render("everything")
    (monitor,) = of_kind(manifests, "ServiceMonitor").values()
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    services = of_kind(manifests, "Service").items()
    assert {name for name, one in services if wanted <= one["metadata"]["labels"].items()} == {
        "sync-receiver-metrics",
        "sync-worker-metrics",
    }


def test_the_dashboard_is_one() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [
        {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
        for g in (panel["gridPos"] for panel in panels)
    ]
    assert sum(map(len, places)) == len(set().union(*places)), "two panels lie upon each other"
    assert max(x for place in places for x, _ in place) < 24
    assert {one["name"] for one in dashboard()["templating"]["list"]} == {"datasource", "namespace"}


def test_the_rules_file_is_what_the_chart_ships() -> None:
    assert {rule["alert"] for rule in rules()} == set(re.findall(r"alert: (\w+)", (CHART / "alerts.yaml").read_text()))
