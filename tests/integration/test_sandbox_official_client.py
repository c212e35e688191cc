"""Octopus' own client for Node drives the sandbox: connect, create, get, list, modify and delete.

The client is installed once into `.octosync/node`, at the versions of `tests/node/package-lock.json`. Without Node, or
where the package cannot be had, the test skips.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.server import Sandbox, serve_in_thread

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "node"
CACHE = ROOT / ".octosync" / "node"


@pytest.fixture(scope="module")
def client_folder() -> Path:
    """The folder in which the client is installed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm are not installed")
    lock = (SOURCES / "package-lock.json").read_text()
    stamp = CACHE / "installed-lock.json"
    if stamp.exists() and stamp.read_text() == lock:
        return CACHE
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, CACHE)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        installed = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("the official client could not be installed: npm took too long")
    if installed.returncode != 0:
        pytest.skip(f"the official client could not be installed: {installed.stderr.strip()[-300:]}")
    stamp.write_text(lock)
    return CACHE


def drive(script: str, client_folder: Path, sandbox: Sandbox) -> Any:
    """Run a script of the client against a sandbox; the JSON value of its last line."""
    run = subprocess.run(
        ["node", str(SOURCES / script), str(client_folder), sandbox.url],
        env={"PATH": os.environ["PATH"], "OCTOPUS_API_KEY": sandbox.api_key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


# Repository classes of which no method is called, and methods that are not, with the reason.
_RUNS = "deploys or runs something, which the sandbox does not"
NOT_DRIVEN: dict[str, str] = {
    "DeploymentRepository": _RUNS,
    "KubernetesMonitorRepository": "watches a cluster, which the sandbox does not",
    "ObservabilityRepository": "watches a cluster, which the sandbox does not",
    "RunbookRunRepository": _RUNS,
    "ServerTaskRepository": _RUNS,
    "SpaceServerTaskRepository": _RUNS,
}
_LOCAL = "speaks to no server: listeners and the client's own helpers"
METHODS_NOT_DRIVEN: dict[str, str] = {
    "extend": _LOCAL,
    "subscribeToDataModifications": _LOCAL,
    "unsubscribeFromDataModifications": _LOCAL,
    "notifySubscribersToDataModifications": _LOCAL,
    "notifySubscribersToCreation": _LOCAL,
    "notifySubscribersToDeletion": _LOCAL,
    "notifySubscribersToModification": _LOCAL,
    "packageUpload": "the part of push that sends one file",
    "upload": "the part of push that sends one file",
}


@pytest.fixture(scope="module")
def ran(client_folder: Path) -> dict[str, Any]:
    """What both scripts say: what they made and drove, and the repositories that they used."""
    said: dict[str, Any] = {}
    for script in ("official_client.mjs", "official_client_kinds.mjs"):
        with serve_in_thread() as sandbox:
            answer = drive(script, client_folder, sandbox)
            said[script] = {**answer, "events": sandbox.audit.newest_first()}
    return said


def test_the_official_client_finds_an_octopus_server(ran: dict[str, Any]) -> None:
    made, events = (ran["official_client.mjs"][name] for name in ("made", "events"))
    assert {"project", "lifecycle", "environment", "group", "runbook", "tenant", "library set"} <= made.keys()
    for kind in ("project", "environment", "lifecycle"):
        seen = [event.entry.category for event in events if event.entry.related == (made[kind],)]
        assert seen == ["Deleted", "Modified", "Created"], kind
    assert events[0].actor.user_agent == "ts-octopusdeploy sandbox-check"


def test_the_official_client_drives_the_other_kinds(ran: dict[str, Any]) -> None:
    driven = set(ran["official_client_kinds.mjs"]["driven"])
    assert {"tenantvariables", "packages", "environments/v2", "runbooksnapshots", "certificates", "git"} <= driven


def test_every_repository_class_is_driven_or_listed_with_its_reason(ran: dict[str, Any]) -> None:
    called: dict[str, dict[str, bool]] = {}
    for said in ran.values():
        for name, methods in said["repositories"].items():
            mine = called.setdefault(name, {})
            for method, was in methods.items():
                mine[method] = mine.get(method, False) or was
    idle = {name for name, methods in called.items() if not any(methods.values())}
    assert idle == set(NOT_DRIVEN)
    assert len(called) - len(idle) >= 18
    left_out = {
        f"{name}.{method}"
        for name, methods in called.items()
        for method, was in methods.items()
        if name not in NOT_DRIVEN and not was and method not in METHODS_NOT_DRIVEN
    }
    assert left_out == set()
