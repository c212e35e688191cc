"""The Helm chart, rendered by Helm itself."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.shipping import ROOT, run_tool, try_tool

CHART = ROOT / "helm" / "octosync"
CASES = sorted(path.stem.removesuffix("-values") for path in (CHART / "ci").glob("*-values.yaml"))
"""The files of values that every rule is held against."""

EXTENSIONS = {"ExternalSecret", "PrometheusRule", "ScaledObject", "ServiceMonitor"}
"""Kinds of operators of others, which no schema of Kubernetes has (tests/unit/test_helm_extensions.py)."""

Manifest = dict[str, Any]


@cache
def text_of(case: str, kubernetes: str = "1.34.0", *options: str) -> str:
    return run_tool("helm", *_template(case, kubernetes), *options)


def render(case: str, *options: str) -> list[Manifest]:
    """Everything that an install makes, hooks and tests included."""
    return [one for one in yaml.safe_load_all(text_of(case, "1.34.0", *options)) if one]


def refusal(case: str, *options: str) -> str:
    """What Helm says when it refuses these values."""
    done: subprocess.CompletedProcess[str] = try_tool("helm", *_template(case, "1.34.0"), *options)
    assert done.returncode != 0, "these values were accepted"
    return done.stderr


def _template(case: str, kubernetes: str) -> list[str]:
    values: Path = CHART / "ci" / f"{case}-values.yaml"
    return [
        "template",
        "demo",
        str(CHART),
        "--namespace",
        "octo",
        "--kube-version",
        kubernetes,
        "--values",
        str(values),
    ]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Every pod that is made, as `{metadata, spec}`, by the kind and name of what makes it."""
    found = {}
    for one in manifests:
        if one["kind"] == "Pod":
            pod = one
        elif one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            pod = one["spec"]["template"]
        else:
            continue
        found[f"{one['kind']}/{one['metadata']['name']}"] = pod
    return found


def containers(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {
        f"{name}/{container['name']}": container
        for name, pod in pods(manifests).items()
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    }
