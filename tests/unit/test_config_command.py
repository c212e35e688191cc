from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config import schema, settings
from config.load import loads
from worker.cli.config import app

BROKEN = str(Path(__file__).parents[1] / "config" / "unknown-key.yaml")
run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)


def test_good_file() -> None:
    result = run(app, ["check", str(schema.EXAMPLE)])
    assert result.exit_code == 0
    assert "2 instances, 3 routes" in result.stdout
    assert "dev-to-prod: dev/Default → prod/Default, write" in result.stdout
    assert result.stderr == ""


def test_bad_file() -> None:
    result = run(app, ["check", BROKEN])
    assert result.exit_code == 1
    assert f"{BROKEN}:13:5 error routes[0].includes: there is no setting 'includes'" in result.stderr
    assert "did you mean 'include'?" in result.stderr


def test_bad_file_as_json() -> None:
    result = run(app, ["check", BROKEN, "--json"])
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["ok"] is False
    [problem] = answer["problems"]
    assert (problem["line"], problem["column"], problem["key"]) == (13, 5, "routes[0].includes")


def test_file_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_ROUTES", BROKEN)
    assert run(app, ["check"]).exit_code == 1
    monkeypatch.setenv("OCTOSYNC_ROUTES", str(schema.EXAMPLE))
    assert run(app, ["check"]).exit_code == 0


def test_settings_are_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_REDISURL", "redis://redis/0")
    result = run(app, ["check", str(schema.EXAMPLE)])
    assert result.exit_code == 0
    assert "did you mean OCTOSYNC_REDIS_URL?" in result.stderr
    monkeypatch.setenv("OCTOSYNC_LEASE_SECONDS", "long")
    assert run(app, ["check", str(schema.EXAMPLE)]).exit_code == 1


def test_secrets_are_looked_for_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_DEV_API_KEY", "NOT-TO-BE-SEEN")
    result = run(app, ["check", "--secrets", str(schema.EXAMPLE)])
    assert result.exit_code == 1
    assert "instances[0].webhook_secrets[0]: environment variable OCTOSYNC_DEV_WEBHOOK is not set" in result.stderr
    assert "instances[0].api_key" not in result.stderr
    assert "NOT-TO-BE-SEEN" not in result.output


def test_schema_is_printed_as_it_is_exported() -> None:
    assert run(app, ["schema"]).stdout == schema.EXPORTED.read_text(encoding="utf-8")


def test_example_is_printed_so_that_it_can_be_used() -> None:
    assert len(loads(run(app, ["example"]).stdout, "stdin").routes) == 3
