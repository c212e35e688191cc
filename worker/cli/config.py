"""``octosync config``: check the routes file and the settings, show what they come to, print schema and example."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.text import Text

from config import effective, load, schema, settings
from config.counting import counted
from config.problems import ConfigError, Problem
from config.routes import RoutesFile, Secret, SecretMissingError
from worker.cli import options
from worker.cli.context import choose, read_settings
from worker.cli.output import print_json
from worker.plan.text import visible

app = typer.Typer(
    help="Check the configuration, show what it comes to, print its schema or an example.", no_args_is_help=True
)

_COLOURS = {"error": "bold red", "warning": "yellow"}


@app.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The routes file, the same as --config FILE.")
    ] = None,
    config: options.Config = None,
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
    file = path or config or (configured.routes if configured is not None else None)
    if file is not None:
        try:
            routes, warnings = load.check(file)
            problems += warnings
        except ConfigError as error:
            problems += error.problems
    used = _secrets(routes) if routes is not None else {}
    if routes is not None:  # else nobody knows which variables are for secrets
        problems += settings.unknown(os.environ, {secret.env for secret in used.values() if secret.env is not None})
    if secrets:
        problems += _unreadable(used, str(file))
    _report(problems, file, routes, as_json)
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)


@app.command()
def show(
    route: Annotated[str | None, typer.Argument(metavar="ROUTE", help="Only this route. Default: all of them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")] = False,
    path: options.Config = None,
) -> None:
    """Print the routes file as it is understood: every setting, and whether the file, the preset or nobody said it.

    What is printed is a routes file itself. Of a secret it says where it is read from.
    """
    file = read_settings(path).routes
    routes, document = load.read(file)
    chosen = [choose(routes, route, str(file))] if route is not None else routes.routes
    known = {one.name: effective.of_route(document, routes, one.name) for one in chosen}
    instances = [] if route is not None else [effective.of_instance(document, routes, at) for at in _all(routes)]
    if as_json:
        listed = [{"name": name, "settings": [_setting(one) for one in settings]} for name, settings in known.items()]
        print_json({"file": str(file), "routes": listed})
        return
    presets = {one.name: one.rules.preset for one in chosen}
    if instances:
        typer.echo("instances:")
        for one in instances:
            typer.echo("\n".join(_as_yaml(one, file.name, None)))
    typer.echo("routes:")
    for name, settings_of_route in known.items():
        typer.echo("\n".join(_as_yaml(settings_of_route, file.name, presets[name])))


def _all(routes: RoutesFile) -> range:
    return range(len(routes.instances))


def _setting(one: effective.Setting) -> dict[str, object]:
    return {"where": list(one.where), "value": one.value, "origin": str(one.origin), "line": one.line}


_COLUMN = 60
"""Where it stands who said a setting, if the setting is not longer."""


def _as_yaml(known: list[effective.Setting], file: str, preset: object) -> Iterator[str]:
    """An entry of a list: its settings, each with who said it as a comment."""
    above: tuple[str, ...] = ()
    lead = "  - "
    for one in known:
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(above, one.where[:-1], strict=False)))
        for depth in range(common, len(one.where) - 1):
            yield f"{lead}{'  ' * depth}{_plain(one.where[depth])}:"
            lead = "    "
        above = one.where[:-1]
        text = f"{lead}{'  ' * len(above)}{_plain(one.where[-1])}: {_plain(one.value)}"
        yield f"{text:<{_COLUMN}}  # {visible(one.said_by(file, preset))}"
        lead = "    "


def _plain(value: object) -> str:
    """As YAML on one line. Escapes make it ASCII, so nothing in it acts on a terminal."""
    text = yaml.safe_dump(value, default_flow_style=True, width=sys.maxsize, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


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
            hint = f"set {secret.env}" if secret.env is not None else "put the secret into it, readable for this user"
            problems.append(Problem(file, 0, 0, key, str(error), f"{hint}, or name another place"))
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
        typer.echo(f"{file}: {counted(len(routes.instances), 'instance')}, {counted(len(routes.routes), 'route')}")
        for route in routes.routes:
            typer.echo(f"  {route.name}: {route.source} → {route.destination}, {route.mode}")


def _line(problem: Problem) -> Text:
    line = Text.assemble((problem.place, "bold"), " ", (problem.severity, _COLOURS[problem.severity]), " ")
    if problem.key:
        line.append(f"{problem.key}: ", "cyan")
    line.append(problem.message)
    line.append(f"\n    {problem.suggestion}", "dim")
    return line
