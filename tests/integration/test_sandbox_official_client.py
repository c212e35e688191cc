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


def test_the_official_client_finds_an_octopus_server(client_folder: Path) -> None:
    with serve_in_thread() as sandbox:
        made = drive("official_client.mjs", client_folder, sandbox)
        assert {"project", "lifecycle", "environment", "group", "runbook", "tenant", "library set"} <= made.keys()
        events = sandbox.audit.newest_first()
    for kind in ("project", "environment", "lifecycle"):
        seen = [event.entry.category for event in events if event.entry.related == (made[kind],)]
        assert seen == ["Deleted", "Modified", "Created"], kind
    assert events[0].actor.user_agent == "ts-octopusdeploy sandbox-check"


def test_the_official_client_drives_the_other_kinds(client_folder: Path) -> None:
    with serve_in_thread() as sandbox:
        driven = drive("official_client_kinds.mjs", client_folder, sandbox)
    assert {"tenantvariables", "packages", "environments/v2", "runbooksnapshots", "certificates"} <= set(driven)
