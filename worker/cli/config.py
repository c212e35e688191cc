"""``octosync config``: check the routes file and the settings, print their schema, print the commented example."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from config import load, schema, settings
from config.problems import ConfigError, Problem
from config.routes import RoutesFile, Secret, SecretMissingError

app = typer.Typer(help="Check the configuration, print its schema or a commented example.", no_args_is_help=True)

_COLOURS = {"error": "bold red", "warning": "yellow"}


@app.command()
def check(
    path: Annotated[Path | None, typer.Argument(help="The routes file. Default: what OCTOSYNC_ROUTES names.")] = None,
    secrets: Annotated[bool, typer.Option("--secrets", help="Also whether every secret can be read here.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Say of every mistake at which line it is and what would be right. Exit status 1 if there is an error."""
    problems: list[Problem] = []
    routes: RoutesFile | None = None
    try:
        configured = settings.read()
    except ConfigError as error:
        problems += error.problems
        configured = None
    file = path or (configured.routes if configured is not None else None)
    if file is not None:
        try:
            routes, warnings = load.check(file)
            problems += warnings
        except ConfigError as error:
            problems += error.problems
    used = _secrets(routes) if routes is not None else {}
    problems += settings.unknown(os.environ, {secret.env for secret in used.values() if secret.env is not None})
    if secrets:
        problems += _unreadable(used, str(file))
    _report(problems, file, routes, as_json)
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)


@app.command(name="schema")
def print_schema() -> None:
    """Print the JSON Schema of the routes file."""
    typer.echo(schema.text(), nl=False)


@app.command()
def example() -> None:
    """Print a routes file with every setting, its default and what it does."""
    typer.echo(schema.EXAMPLE.read_text(encoding="utf-8"), nl=False)


def _secrets(routes: RoutesFile) -> dict[str, Secret]:
    found = {}
    for at, instance in enumerate(routes.instances):
        found[f"instances[{at}].api_key"] = instance.api_key
        for index, secret in enumerate(instance.webhook_secrets):
            found[f"instances[{at}].webhook_secrets[{index}]"] = secret
    return found


def _unreadable(secrets: dict[str, Secret], file: str) -> list[Problem]:
    problems = []
    for key, secret in secrets.items():
        try:
            secret.reveal()
        except SecretMissingError as error:
            problems.append(Problem(file, 0, 0, key, str(error)))
    return problems


def _report(problems: list[Problem], file: Path | None, routes: RoutesFile | None, as_json: bool) -> None:
    if as_json:
        answer = {
            "file": None if file is None else str(file),
            "ok": not any(problem.severity == "error" for problem in problems),
            "instances": [] if routes is None else [instance.name for instance in routes.instances],
            "routes": [] if routes is None else [route.name for route in routes.routes],
            "problems": [asdict(problem) for problem in problems],
        }
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in problems:
        console.print(_line(problem))
    if routes is not None:
        typer.echo(f"{file}: {_count(len(routes.instances), 'instance')}, {_count(len(routes.routes), 'route')}")
        for route in routes.routes:
            typer.echo(f"  {route.name}: {route.source} → {route.destination}, {route.mode}")


def _line(problem: Problem) -> Text:
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    line = Text.assemble((place, "bold"), " ", (problem.severity, _COLOURS[problem.severity]), " ")
    if problem.key:
        line.append(f"{problem.key}: ", "cyan")
    line.append(problem.message)
    if problem.suggestion:
        line.append(f"\n    {problem.suggestion}", "dim")
    return line


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
