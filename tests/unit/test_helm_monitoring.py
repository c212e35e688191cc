"""Alert rules and dashboard speak of metrics that the processes have, with labels that these have."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
from typing import Any

import pytest
import typer
import yaml
from fakeredis import FakeAsyncRedis
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from config.settings import Settings
from tests.chart import CHART, of_kind, render
from tests.receiver import routes_file
from tests.shipping import ROOT, TOOLS, metrics_in, missing
from webhook_receiver import gauges
from webhook_receiver.metrics import Metrics
from worker import metrics as worker_metrics
from worker.app import app as celery
from worker.cli.main import app as commands_of_the_shell
from worker.looking.failures import Class
from worker.state import state_of
from worker.sync.run import Result

RUNBOOK = ROOT / "docs" / "runbook.md"
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
    for one in asyncio.run(read_from_redis()):
        found[one.name + ("_total" if one.type == "counter" else "")] = set(one._labelnames)
    return found


async def read_from_redis() -> list[Any]:
    redis = FakeAsyncRedis(protocol=2)
    try:
        return await gauges.read(state_of(redis, Settings()), routes_file())
    finally:
        await redis.aclose()


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


def test_the_metrics_are_those_that_were_promised() -> None:
    """By other programs, and other people's dashboards."""
    known = samples()
    promised = {
        "webhook_deliveries_total": {"instance", "verdict"},
        "webhook_ack_seconds_bucket": set(),
        "marks_total": {"source"},
        "queue_depth": {"queue"},
        "queue_oldest_seconds": {"queue"},
        "dirty_keys": {"route"},
        "running_keys": {"route"},
        "lease_lost_total": set(),
        "reconcile_total": {"kind", "result"},
        "reconcile_seconds_bucket": {"kind"},
        "event_to_synced_seconds_bucket": set(),
        "changes_total": {"kind", "op"},
        "plan_refused_total": {"reason"},
        "drift_items": {"kind"},
        "dead_letters": {"route"},
        "octopus_requests_total": {"instance", "method", "status"},
        "octopus_request_seconds_bucket": {"instance"},
        "octopus_budget_remaining": {"instance"},
        "last_full_reconcile_timestamp_seconds": {"route"},
        "cursor_lag_events": {"instance", "source"},
        "canary_age_seconds": {"queue"},
    }
    assert {name: known.get(f"octosync_{name}") for name in promised} == promised


def test_no_label_names_an_item() -> None:
    """There would be as many series as items; these are of the routes file, or of ours."""
    few = {"instance", "secret", "source", "route", "kind", "queue", "result", "verdict", "meaning", "op", "reason"}
    assert set().union(*samples().values()) <= few | {"task", "outcome", "method", "status"}


def test_every_label_exists() -> None:
    known = samples()
    for one in expressions():
        for name, selector in re.findall(r"\b(octosync_\w+)\{([^}]*)\}", one):
            asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', selector)))
            assert asked - FROM_PROMETHEUS <= known[name], one
        parts = re.findall(r"(?:by|on) \(([^)]*)\)", one)
        grouped = {label.strip() for part in parts for label in part.split(",")} - {""}
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
        missing("promql-parser is not installed: scripts/tools.sh says why")
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


def sections() -> dict[str, str]:
    """Title → text, of what stands under a heading of the second order in the runbook."""
    parts = re.split(r"^## (.+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_alert_has_its_section_in_the_runbook_and_no_other_is_there() -> None:
    named = {title for title in sections() if title.startswith("Octosync")}
    assert named == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("part", ["Symptom", "What it means", "Look at", "Do"])
def test_every_section_says_what_a_person_needs(part: str) -> None:
    lacking = [
        title for title, text in sections().items() if title.startswith("Octosync") and f"**{part}.**" not in text
    ]
    assert lacking == []


def test_the_runbook_speaks_of_what_there_is() -> None:
    text = RUNBOOK.read_text()
    known = {re.sub(r"_bucket$", "", name) for name in samples()} | {"octosync_redis_url", "octosync_sentry_dsn"}
    assert metrics_in(text) - known == set()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for path in re.findall(r"`((?:redis|workers|networkPolicy)\.[\w.]+)`", text):
        found = values
        for name in path.replace("NAME", "events").split("."):
            assert name in found, path
            found = found[name]


def test_the_runbook_gives_commands_that_parse() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", RUNBOOK.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    commands = [shlex.split(line) for line in lines if line.startswith("octosync ")]
    assert len(commands) > 10
    for _, *arguments in commands:
        parse(typer.main.get_command(commands_of_the_shell), arguments)


def parse(command: Any, arguments: list[str]) -> None:
    """As the command line does it, without running anything. Raises for a command, option or argument that is none."""
    if not hasattr(command, "commands"):
        command.make_context(command.name, arguments)
        return
    name, *rest = arguments if arguments and not arguments[0].startswith("-") else ["list", *arguments]
    parse(command.commands[name], rest)


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
