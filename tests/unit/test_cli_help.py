"""Every command, argument and option says what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from worker.cli.main import app


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


ALL = dict(commands(get_command(app)))


def test_all_commands_are_there() -> None:
    assert {path[0] for path in ALL if path} >= {
        "plan",
        "sync",
        "enqueue",
        "reconcile",
        "approve",
        "status",
        "subscribe",
        "init",
        "doctor",
        "simulate",
        "ledger",
        "queue",
        "runs",
        "cleanup",
        "dead-letters",
        "pause",
        "resume",
        "config",
        "sandbox",
        "demo",
    }


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_everything_has_a_help_text(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help, path
    for parameter in command.params:
        assert getattr(parameter, "help", None), (path, parameter.name)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_can_be_asked_for_everywhere(path: tuple[str, ...]) -> None:
    for option in ("-h", "--help"):
        answer = CliRunner().invoke(app, [*path, option])
        assert answer.exit_code == 0, answer.output
        assert "Usage:" in answer.stdout
