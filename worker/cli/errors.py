"""How a command ends: its exit status, and errors that say what happened, where, and what to do next.

A person at a terminal gets a few lines, never a traceback; with ``--debug`` the traceback as well. Everything that goes
to the terminal is scrubbed of secrets and of control characters: a server's words are not ours.
"""

from __future__ import annotations

import sys
import traceback
from enum import IntEnum
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from config import scrub
from config.counting import counted
from config.problems import ConfigError
from config.secret import SecretMissingError
from worker.ledger.connect import UNAVAILABLE
from worker.octopus import errors as octopus
from worker.plan.text import visible


class Status(IntEnum):
    """Exit statuses. Scripts rely on them, as they do on ``terraform plan -detailed-exitcode``."""

    DONE = 0
    """Nothing to do, or done."""
    ERROR = 1
    DIFFERENCES = 2
    """A plan, or a dry run, found something to write, or a check something that would not work."""
    REFUSED = 3
    """By a limit, or because the route is held."""


class CliError(Exception):
    """``what`` happened, ``where`` (a file, a server, an item), and what to do ``then``, without which nobody is left.
    All on one line each."""

    def __init__(self, what: str, *, where: str = "", then: str, status: Status = Status.ERROR) -> None:
        super().__init__(what)
        self.what, self.where, self.then, self.status = what, where, then, status


class Commands(TyperGroup):
    """The root of the command line: turns whatever a command raises into a few lines and an exit status."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().make_context(*args, **kwargs)
        except Exception as error:
            _not_differences(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if _not_differences(error):
                raise
            if ctx.find_root().params.get("debug"):
                sys.stderr.write(scrub.text(traceback.format_exc()))
            found = explained(error)
            _print(found)
            raise typer.Exit(found.status) from None


def explained(error: Exception) -> CliError:
    """What a person is told of ``error``."""
    if isinstance(error, CliError):
        return error
    if isinstance(error, ConfigError):
        if len(error.problems) == 1:
            (one,) = error.problems
            return CliError(
                f"{one.key}: {one.message}" if one.key else one.message, where=one.place, then=one.suggestion
            )
        problems = "\n".join(str(problem) for problem in error.problems)
        what = f"the configuration has {counted(len(error.problems), 'mistake')}\n{problems}"
        return CliError(what, then="put these right; `octosync config check` looks again")
    if isinstance(error, SecretMissingError):
        return CliError(str(error), then="set it, or name another place in the routes file")
    if isinstance(error, UNAVAILABLE):
        return CliError(
            f"Redis cannot be reached: {error}",
            then="start it, or name another with --redis or OCTOSYNC_REDIS_URL; `octosync demo` brings its own",
        )
    if isinstance(error, octopus.OctopusError):
        return CliError(error.server_words or type(error).__name__, where=_request(error), then=_next_step(error))
    from worker.sync.applying.facing import RouteReversed  # not before something went wrong: commands start at once
    from worker.sync.servers.versions import VersionsRefused

    if isinstance(error, RouteReversed):
        then = "turn the route round in the routes file, or have that memory forgotten first, as said above"
        return CliError(error.text, where=f"route {error.route}", then=then, status=Status.REFUSED)
    if isinstance(error, VersionsRefused):
        then = "docs/upgrading-octopus.md leads through it; octosync doctor shows the release of each server"
        return CliError(error.check.text, where=f"route {error.route}", then=then, status=Status.REFUSED)
    return CliError(
        f"{type(error).__name__}: {error}",
        then="this is a bug of Octosync: `octosync --debug …` shows where it happened",
    )


def _request(error: octopus.OctopusError) -> str:
    at = f" at {error.server.rstrip('/')}" if error.server else ""
    status = f" answered {error.status}" if error.status is not None else ""
    return f"{error.method} {error.url_path}{at}{status}"


def _next_step(error: octopus.OctopusError) -> str:
    steps: tuple[tuple[type[octopus.OctopusError], str], ...] = (
        (octopus.Unauthorized, "check the instance's `api_key` in the routes file: is the key expired or revoked?"),
        (octopus.Forbidden, "give the key's user that permission; octosync doctor lists all that are missing"),
        (octopus.UnknownSpace, "correct the route's `space`, or let the key's user see it"),
        (octopus.NotOctopus, "check the instance's `url` in the routes file"),
        (octopus.Unreachable, "check the instance's `url`, the network and its certificate (`ca_file`)"),
        (octopus.RateLimited, "wait a minute, or lower `requests_per_minute` of the instance"),
        (octopus.Maintenance, "the server is in maintenance: try again when it is back"),
        (octopus.TryAgain, "try again"),
    )
    return next(
        (step for kind, step in steps if isinstance(error, kind)),
        "put right what the server says above, then try again; octosync doctor may tell more",
    )


def _not_differences(error: Exception) -> bool:
    """Whether this is a mistake on the command line. Typer would exit with 2, which here means *differences*."""
    if getattr(error, "exit_code", None) != Status.DIFFERENCES or not hasattr(error, "format_message"):
        return False
    error.exit_code = int(Status.ERROR)  # type: ignore[attr-defined]  # Typer's own class, which it does not export
    return True


def _print(error: CliError) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    lines = [("error: ", "bold red", error.what), ("where: ", "dim", error.where), ("next:  ", "dim", error.then)]
    for label, style, text in lines:
        if text:
            console.print(Text.assemble((label, style), visible(scrub.text(text), keep="\n")))
