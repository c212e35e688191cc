"""Errors say what, where and what next: no traceback, no secret, nothing that acts on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from config.problems import ConfigError, Problem
from config.secret import SecretMissingError
from config.versions import ServerVersion, Versions, checked
from worker.cli.errors import CliError, Commands, Status, explained
from worker.cli.main import app
from worker.octopus import errors as octopus
from worker.sync.servers.versions import VersionsRefused

KEY = "API-ABCDEFGH12345678IJKLMNOP"
RUN = CliRunner()


def failing(error: Exception) -> typer.Typer:
    """A command line with one command, which fails."""
    app = typer.Typer(cls=Commands, rich_markup_mode=None)

    @app.callback()
    def root(debug: bool = False) -> None:
        """The root."""

    @app.command()
    def fail() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CliError("it broke", where="here", then="mend it"), ["error: it broke", "where: here", "next:  mend it"]),
        (
            ConfigError([Problem("octosync.yaml", 3, 5, "routes[0].name", "is missing", "add it")]),
            ["error: routes[0].name: is missing\n", "where: octosync.yaml:3:5\n", "next:  add it\n"],
        ),
        (
            ConfigError([Problem("a.yaml", 3, 5, "x", "is odd", "mend it"), Problem("a.yaml", 4, 5, "y", "is", "so")]),
            ["2 mistakes", "a.yaml:3:5: error: x: is odd (mend it)", "a.yaml:4:5", "octosync config check"],
        ),
        (SecretMissingError("environment variable KEY_A is not set, or empty"), ["KEY_A", "set it"]),
        (
            octopus.Unauthorized("Invalid API key", method="GET", url_path="/api", status=401),
            ["Invalid API key", "GET /api answered 401", "`api_key`"],
        ),
        (octopus.Unreachable("name not known", url_path="/api"), ["name not known", "the network"]),
        (octopus.UnknownSpace("Prod", ["Production"]), ['there is "Production"', "route's `space`"]),
        (
            octopus.Forbidden("no", url_path="/api/x", status=403, server="https://dev.example.com/"),
            ["GET /api/x at https://dev.example.com answered 403", "octosync doctor lists all that are missing"],
        ),
        (ZeroDivisionError("division by zero"), ["ZeroDivisionError", "a bug of Octosync", "--debug"]),
    ],
)
def test_every_error_says_what_where_and_what_next(error: Exception, words: list[str]) -> None:
    answer = RUN.invoke(failing(error), ["fail"])
    assert answer.exit_code == Status.ERROR
    assert [word for word in words if word not in answer.stderr] == []
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_errors_choose_their_status() -> None:
    assert RUN.invoke(failing(CliError("held", then="approve it", status=Status.REFUSED)), ["fail"]).exit_code == 3


def test_servers_too_far_apart_are_a_refusal() -> None:
    check = checked(ServerVersion.parse("2025.4.1"), ServerVersion.parse("2026.1.1"), Versions.ONE_APART)
    found = explained(VersionsRefused("dev-to-prod", check))

    assert found.status == Status.REFUSED
    assert (found.where, found.what) == ("route dev-to-prod", check.text)


def test_the_traceback_is_shown_when_asked_for_without_secrets() -> None:
    answer = RUN.invoke(failing(ValueError(f"cannot use {KEY}")), ["--debug", "fail"])
    assert answer.exit_code == Status.ERROR
    assert "Traceback" in answer.stderr
    assert "ValueError" in answer.stderr
    assert KEY not in answer.stderr


def test_words_of_a_server_neither_act_on_a_terminal_nor_show_a_secret() -> None:
    answer = RUN.invoke(failing(octopus.BadRequest(f"\x1b[2J [bold]no[/bold] :smile: {KEY}")), ["fail"])
    assert "\x1b" not in answer.stderr
    assert "\\x1b[2J [bold]no[/bold] :smile:" in answer.stderr
    assert KEY not in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [["plan", "--bogus"], ["bogus"], ["--bogus"], ["approve"], ["runs", "--limit", "x"], ["config", "bogus"]],
    ids=" ".join,
)
def test_a_mistake_on_the_command_line_is_no_difference(arguments: list[str]) -> None:
    answer = RUN.invoke(app, arguments)
    assert answer.exit_code == Status.ERROR, "2 would say that a plan found differences"
    assert "Usage:" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status", "-c", "missing.yaml"], ["missing.yaml", "cannot be read"]),
        (["status", "--redis", "http://x"], ["--redis", "redis://"]),
        (["sync"], ["nothing is named", "everything"]),
        (["enqueue"], ["nothing is named", "everything"]),
    ],
    ids=lambda part: " ".join(part),
)
def test_what_is_missing_is_named(arguments: list[str], words: list[str]) -> None:
    answer = RUN.invoke(app, arguments)
    assert answer.exit_code == Status.ERROR
    assert [word for word in words if word not in answer.stderr] == []


def test_an_unreachable_redis_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "octosync.yaml"
    file.write_text("instances: []\nroutes: []\n")
    answer = RUN.invoke(app, ["status", "-c", str(file), "--redis", "redis://:hunter2hunter2@127.0.0.1:1/0"])
    assert answer.exit_code == Status.ERROR
    assert "Redis cannot be reached" in answer.stderr
    assert "OCTOSYNC_REDIS_URL" in answer.stderr
    assert "hunter2" not in answer.stderr


def test_ours_is_the_last_resort() -> None:
    assert "bug" not in explained(octopus.TryAgain("later")).then
    assert "bug" in explained(RuntimeError("?")).then
