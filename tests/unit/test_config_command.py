from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config import effective, load, schema, settings
from config.load import loads
from worker.cli.config import app
from worker.cli.errors import CliError

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


SHOWN = """
instances:
  - {name: dev, url: https://dev.example.com, api_key: {env: DEV_KEY}}
  - {name: prod, url: https://prod.example.com, api_key: {env: PROD_KEY}}
routes:
  - name: all
    source: {instance: dev}
    destination: {instance: prod}
    include: {project: ["*", "é # x"]}
    maps: {environment: {"Test: 1": [A, B]}}
    rules:
      preset: mirror
      removed: keep
      variables: {scopes: {environment: ignore-mismatch}}
      overrides:
        - for: {project: ["Octo*"]}
          removed: remove-ours
          steps: {ignore: [{project: "*", step: Mail}]}
  - {name: other, source: {instance: dev, space: B}, destination: {instance: prod, space: B}}
"""


def test_show_says_of_each_setting_who_said_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(SHOWN, "utf-8")
    monkeypatch.setenv("DEV_KEY", "API-SECRETSECRET")
    result = run(app, ["show", "all", "--config", str(file)])
    assert result.exit_code == 0, result.output
    lines = {" ".join(line.split()) for line in result.stdout.splitlines()}
    assert "removed: keep # routes.yaml:13" in lines
    assert "value: always # preset mirror" in lines
    assert "new_rows: copy # default" in lines
    assert "environment: ignore-mismatch # routes.yaml:14" in lines
    assert "instances:" not in lines
    assert "name: other" not in result.stdout


def test_what_show_prints_is_the_same_routes_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "routes.yaml"
    for text in (SHOWN, schema.EXAMPLE.read_text("utf-8")):
        file.write_text(text, "utf-8")
        monkeypatch.setenv("DEV_KEY", "API-SECRETSECRET")
        result = run(app, ["show", "--config", str(file)])
        assert result.exit_code == 0, result.output
        assert result.stdout.isascii()
        assert "SECRETSECRET" not in result.stdout
        assert loads(result.stdout, "shown.yaml") == loads(text, "routes.yaml")


def test_show_as_json_and_of_a_route_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(SHOWN, "utf-8")
    (route,) = json.loads(run(app, ["show", "all", "--json", "--config", str(file)]).stdout)["routes"]
    settings = {".".join(one["where"]): one for one in route["settings"]}
    assert settings["rules.retention"]["origin"] == "preset"
    assert settings["rules.removed"] == {"where": ["rules", "removed"], "value": "keep", "origin": "file", "line": 13}
    with pytest.raises(CliError, match="no route 'al'"):
        run(app, ["show", "al", "--config", str(file)], catch_exceptions=False)


def test_the_rules_of_one_item_say_which_override_spoke(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(SHOWN, "utf-8")
    routes, document = load.read(file)
    for name, expected in (("OctoFX", ("remove-ours", 17, True)), ("Other", ("keep", 13, False))):
        known = {one.name: one for one in effective.for_item(document, routes, "all", ("project", name))}
        assert (known["removed"].value, known["removed"].line, known["removed"].override) == expected
        assert known["variables.value"].origin is effective.Origin.PRESET


def test_the_file_is_named_as_every_other_command_takes_it() -> None:
    for option in ("--config", "-c"):
        assert run(app, ["check", option, str(schema.EXAMPLE)]).exit_code == 0
        assert run(app, ["check", option, BROKEN]).exit_code == 1


def test_no_variable_is_called_unknown_when_nobody_knows_those_of_the_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOSYNC_DEV_API_KEY", "API-X")
    assert "no such setting" not in run(app, ["check", str(tmp_path / "nowhere.yaml")]).stderr


def test_a_file_or_a_secret_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    missing = run(app, ["check", str(tmp_path / "nowhere.yaml")])
    assert missing.exit_code == 1
    assert "`octosync init` writes one" in missing.stderr
    secrets = run(app, ["check", str(schema.EXAMPLE), "--secrets"])
    assert secrets.exit_code == 1
    assert "set OCTOSYNC_DEV_API_KEY, or name another place" in " ".join(secrets.stderr.split())
