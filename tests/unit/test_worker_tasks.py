"""What the class of all tasks does about what goes wrong outside of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from config.settings import Settings
from worker import tasks


def test_a_routes_file_with_a_mistake_is_named_once_and_nothing_else_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "octosync.yaml"
    monkeypatch.setattr(tasks, "SETTINGS", Settings(routes=file))
    tasks._refused.cache_clear()
    file.write_text("instances: []\nroute: []\n")
    with structlog.testing.capture_logs() as lines:
        tasks.nightly_due()
        tasks.nightly_due()
    [line] = [line for line in lines if line["event"] == "routes.refused"]
    assert any("route" in problem for problem in line["problems"])
    file.write_text("instances: []\nroutes: {}\n")
    with structlog.testing.capture_logs() as lines:
        tasks.nightly_due()
    assert [line["event"] for line in lines] == ["routes.refused"], "another mistake"


def test_a_routes_file_that_is_not_there_is_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SETTINGS", Settings(routes=tmp_path / "octosync.yaml"))
    tasks._refused.cache_clear()
    with structlog.testing.capture_logs() as lines:
        tasks.nightly_due()
    [line] = lines
    assert line["event"] == "routes.refused"
    assert "`octosync init` writes one" in line["problems"][0]
