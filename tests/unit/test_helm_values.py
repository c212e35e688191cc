"""The chart's values: described, refused where they are wrong, and in step with the settings of the processes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from config.settings import Settings
from tests.chart import CHART, containers, refusal, render
from tests.shipping import ROOT

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())

SET_BY_THE_CHART = {"routes", "receiver_host", "receiver_port", "status_port", "metrics_port", "beat_file"}
SECRETS = {"redis_url", "sentry_dsn", "status_token"}


def objects(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if "properties" in node and "type" in node:
            yield at, node
        for key, value in node.items():
            yield from objects(value, f"{at}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from objects(value, f"{at}/{index}")


def known(path: tuple[str, ...]) -> bool:
    """Whether the schema knows a value by that path."""
    node: Any = SCHEMA
    for key in path:
        while "$ref" in node:
            node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]
        properties = node.get("properties", {})
        if key in properties:
            node = properties[key]
        elif isinstance(node.get("additionalProperties"), dict):
            node = node["additionalProperties"]
        else:
            return False
    return True


def leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from leaves(value, (*path, key))
    else:
        yield path


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)


def test_the_schema_lets_nothing_unknown_pass() -> None:
    assert [at for at, node in objects(SCHEMA) if node.get("additionalProperties") is not False] == []


def test_the_schema_knows_every_value() -> None:
    assert [".".join(path) for path in leaves(VALUES) if not known(path)] == []


def test_every_value_of_the_schema_has_a_default() -> None:
    missing = []
    for at, node in objects({"properties": SCHEMA["properties"], "type": "object"}):
        path = at.split("/properties/")[1:]
        if any("/" in key for key in path):  # of what a list holds
            continue
        values: Any = VALUES
        for key in path:
            values = values[key]
        missing += [".".join([*path, key]) for key in node["properties"] if key not in values]
    free = {"global"} | {f"settings.{name}" for name in Settings.model_fields}
    free |= {"secrets.externalSecret.secretStoreRef.name", "secrets.externalSecret.secretStoreRef.kind"}
    assert set(missing) - free == set()


def test_settings_are_those_of_the_processes() -> None:
    assert (
        set(SCHEMA["properties"]["settings"]["properties"]) == set(Settings.model_fields) - SET_BY_THE_CHART - SECRETS
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("receiver.replica=3", "replica"),
        ("settings.log_levle=debug", "log_levle"),
        ("settings.redis_url=redis://x", "redis_url"),
        ("settings.log_level=loud", "log_level"),
        ("workers.events.queues={event}", "queues"),
        ("workers.events.autoscaling.kind=vpa", "kind"),
        ("image.digest=latest", "digest"),
        ("networkPolicy.instances.cidrs={octopus.example.com}", "cidrs"),
        ("receiver.ingress.enabled=true", "host"),
        ("statusPage.ingress.enabled=true", "host"),
        ("beat.replicas=2", "replicas"),
        ("securityContext.runAsUser=0", "runAsUser"),
    ],
)
def test_what_is_wrong_is_refused_by_name(wrong: str, said: str) -> None:
    assert said in refusal("routes", "--set", wrong)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "routes="), "set `routes`"),
        (("--set", "existingConfigMap=x"), "both set"),
        (("--set", "routes=a: ["), "`routes` is no YAML"),
        (("--set", "secrets.existingSecret="), "set `secrets.existingSecret`"),
        (("--set", "secrets.externalSecret.enabled=true,secrets.externalSecret.secretStoreRef.name=x"), "both set"),
        (("--set", "routes=,existingConfigMap=x"), "receiver.secretKeys"),
        (("--set", "workers.bulk=null"), 'takes the queue "bulk"'),
        (("--set", "workers.bulk.autoscaling.kind=keda"), "keda.authenticationRef"),
        (("--set", "workers.bulk.autoscaling.kind=hpa,workers.bulk.autoscaling.minReplicas=0"), "only KEDA"),
    ],
    ids=[
        *("no routes", "two routes", "no yaml", "no secret", "two secrets", "no keys", "a queue without workers"),
        *("keda without the password", "hpa to none"),
    ],
)
def test_what_cannot_work_is_refused_with_the_way_out(options: tuple[str, ...], said: str) -> None:
    assert said in refusal("routes", *options)


def test_a_chart_that_contains_this_one_may_give_global_values() -> None:
    assert render("routes", "--set", "global.imageRegistry=x")


def test_a_set_of_workers_of_ones_own() -> None:
    options = "workers.more.queues={bulk},workers.more.concurrency=8,workers.more.replicas=3"
    manifests = render(
        "routes",
        "--set",
        options,
        "--set-json",
        'workers.more.resources={"requests":{"cpu":1},"limits":{"memory":"2Gi"}}',
        "--set",
        "workers.more.autoscaling.kind=",
    )
    command = containers(manifests)["Deployment/demo-octosync-worker-more/worker"]["command"]
    assert command == ["python", "-m", "worker", "--queues", "bulk", "--concurrency", "8"]


def test_long_names_stay_names() -> None:
    for one in render("routes", "--set", f"fullnameOverride={'x' * 80}"):
        assert len(one["metadata"]["name"]) <= 63


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import chart_readme

    yield chart_readme
    sys.modules.pop("chart_readme", None)


def test_the_readme_is_what_would_be_written_now(generator: Any) -> None:
    assert (CHART / "README.md").read_text() == generator.readme(CHART), "make chart-readme"


def test_the_generator_wants_every_value_described(generator: Any) -> None:
    with pytest.raises(generator.UndescribedError, match=r"a\.b"):
        generator.table("a:\n  b: 1\n  # -- It is.\n  c: 2\n")
    assert "| `a.c` | `2` | It is. Still. |" in generator.table("a:\n  # -- It is.\n  # Still.\n  c: 2\n")


def test_the_readme_names_values_and_files_that_exist() -> None:
    text = (CHART / "README.md.in").read_text()
    named = set(re.findall(r"--set(?:-file)? ([\w.]+)=", text)) | set(
        re.findall(r"`([a-z]\w+(?:\.\w+)+)(?:=\w+)?`", text)
    )
    files = {name for name in named if (CHART / name).is_file()}
    unknown = {name for name in named - files if not known(tuple(name.split(".")))}
    assert unknown <= {"octosync.yaml"}


def test_chart_and_package_have_one_version() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version
    assert f"octosync:{version}}}" in Path(ROOT / "docker-compose.yml").read_text()
