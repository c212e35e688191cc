"""``octosync init``: a routes file for two instances, commented, to begin with."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from config import load
from config.instances import base_url
from config.model import Refused
from config.presets import Preset
from config.problems import ConfigError, Problem
from worker.cli import options
from worker.cli.context import read_settings
from worker.cli.errors import CliError
from worker.cli.output import say
from worker.setup import first_file
from worker.setup.first_file import Side


def init(
    source_url: Annotated[
        str | None, typer.Option("--source-url", metavar="URL", help="Where people open the source.")
    ] = None,
    destination_url: Annotated[
        str | None, typer.Option("--destination-url", metavar="URL", help="Where people open the destination.")
    ] = None,
    source_name: Annotated[
        str, typer.Option("--source-name", metavar="NAME", help="What the routes file calls the source.")
    ] = "dev",
    destination_name: Annotated[
        str, typer.Option("--destination-name", metavar="NAME", help="What it calls the destination.")
    ] = "prod",
    source_space: Annotated[
        str | None, typer.Option("--source-space", metavar="NAME", help="Which space of the source.")
    ] = None,
    destination_space: Annotated[
        str | None, typer.Option("--destination-space", metavar="NAME", help="Which space of the destination.")
    ] = None,
    preset: Annotated[
        Preset | None, typer.Option("--preset", help="How the two differ; decides the rules to begin with.")
    ] = None,
    projects: Annotated[
        list[str] | None,
        typer.Option(
            "--project",
            metavar="NAME",
            help="A project to begin with, or a pattern, as in 'Shop *'. Repeatable. Default: all.",
        ),
    ] = None,
    secrets_dir: Annotated[
        str | None,
        typer.Option(
            "--secrets-dir",
            metavar="FOLDER",
            help="Secrets come from files in this folder, as in Docker and Kubernetes: /run/secrets. "
            "Default: from variables.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    config: options.Config = None,
) -> None:
    """Write a commented routes file for two instances. Asks for what no option says; never asks for a secret."""
    file = config or read_settings().routes
    if file.exists() and not force:
        raise CliError(f"{file} is there already", then="octosync config check looks at it; --force writes over it")
    source = Side(
        source_name,
        _asked("Where people open the source, as https://octopus-dev.example.com", source_url, "--source-url"),
        _or_default("Space of the source", source_space),
    )
    destination = Side(
        destination_name,
        _asked("Where people open the destination", destination_url, "--destination-url"),
        _or_default("Space of the destination", destination_space),
    )
    text = first_file.text(source, destination, preset, projects or (), secrets_dir)
    try:
        load.loads(text, str(file))
    except ConfigError as error:
        problems = "; ".join(f"{_told(one)} ({one.suggestion})" for one in error.problems)
        raise CliError(problems, then="nothing was written: say it again, with that put right") from None
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error.strerror}", then="name another with --config") from None
    say(f"{file} is written", "green")
    keys = " ".join(first_file.secrets(source, destination, secrets_dir))
    say(f"next:  put the API keys and a webhook secret into {keys}", "dim")
    say(f"       then octosync config check {file} --secrets, and octosync doctor", "dim")


def _told(problem: Problem) -> str:
    """By what a person was asked for: nobody has seen the file."""
    for at, side in enumerate(("source", "destination")):
        for key, what in ((f"instances[{at}].name", "name"), (f"instances[{at}].url", "URL")):
            if problem.key == key:
                return f"the {what} of the {side}: {problem.message}"
    return problem.message


def _url(text: str) -> str:
    """For a prompt, which asks again."""
    try:
        return base_url(text)
    except Refused as error:
        raise typer.BadParameter(str(error)) from None


def _asked(question: str, given: str | None, option: str) -> str:
    if given is not None:
        return given.strip()
    if not sys.stdin.isatty():
        raise CliError("nobody is there to be asked", then=f"say it with {option}; octosync init --help lists all")
    return str(typer.prompt(question, err=True, value_proc=_url))


def _or_default(question: str, given: str | None) -> str:
    if given is not None:
        return given.strip()
    return str(typer.prompt(question, default="Default", err=True)).strip() if sys.stdin.isatty() else "Default"
