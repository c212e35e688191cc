"""``octosync doctor``: is everything as it must be, and if not, what to do."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from config import load, scrub, settings
from config.counting import counted
from config.problems import Problem
from worker.cli import options
from worker.cli.context import choose, read_settings
from worker.cli.errors import Status
from worker.cli.output import print_json, progress, results
from worker.plan.text import visible

if TYPE_CHECKING:
    from config.routes import RoutesFile
    from worker.setup.findings import Finding

_SIGNS = {"ok": ("ok  ", "green"), "warning": ("warn", "yellow"), "failure": ("FAIL", "bold red")}


def doctor(
    route: options.AnyRoute = None,
    warnings_pass: Annotated[
        bool, typer.Option("--warnings-pass", help="End with 0 also where there are warnings: for scripts and jobs.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave out what is fine.")] = False,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Check configuration, Redis, workers, instances, permissions, subscriptions and the ledger; say what to do.

    Reads only. Exit status 0: all is fine. 2: there are warnings. 1: something is wrong.
    """
    from worker.setup.findings import Level, as_dict, worst

    found = asyncio.run(_examine(route, config, redis))
    shown = [one for one in found if not (quiet and one.level is Level.OK)]
    if json:
        print_json({"status": str(worst(found)), "findings": [as_dict(one) for one in shown]})
    else:
        _tell(shown, Counter(str(one.level) for one in found))
    level = worst(found)
    if level is Level.FAILURE:
        raise typer.Exit(Status.ERROR)
    if level is Level.WARNING and not warnings_pass:
        raise typer.Exit(Status.DIFFERENCES)


async def _examine(route: str | None, config: Path | None, redis: str | None) -> list[Finding]:
    from worker.ledger.connect import open_redis
    from worker.ledger.store import Host
    from worker.setup.doctor import examine
    from worker.setup.findings import ok
    from worker.state import state_of

    configured = read_settings(config, redis)
    file, problems = load.check(configured.routes)
    scrub.watch(file)
    problems += settings.unknown(os.environ, _variables(file))
    chosen = [choose(file, route, str(configured.routes))] if route is not None else list(file.routes)
    count = f"{counted(len(file.instances), 'instance')} and {counted(len(file.routes), 'route')}"
    found = [ok("routes-file", str(configured.routes), count)]
    found += [_as_finding(problem) for problem in problems]
    client = open_redis(configured.redis_url)
    try:
        with progress("Looking at") as bar:
            state, host = state_of(client, configured), Host(client, configured.namespace)
            found += [one async for one in examine(file, chosen, state, host, bar)]
    finally:
        await client.aclose()
    return found


def _variables(file: RoutesFile) -> set[str]:
    """Variables of the environment that the routes file names for its secrets."""
    secrets = [one for instance in file.instances for one in (instance.api_key, *instance.webhook_secrets)]
    return {one.env for one in secrets if one.env is not None}


def _as_finding(problem: Problem) -> Finding:
    from worker.setup.findings import warning

    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    text = f"{problem.key}: {problem.message}" if problem.key else problem.message
    return warning("routes-file", where, text, problem.suggestion)


def _tell(found: list[Finding], counts: Counter[str]) -> None:
    console = results()
    for one in found:
        sign, style = _SIGNS[str(one.level)]
        about, text = visible(scrub.text(one.about)), visible(scrub.text(one.text))
        console.print(Text.assemble((sign, style), "  ", (about, "bold"), "  ", text))
        if one.then:
            console.print(Text.assemble("      ", ("next: ", "dim"), visible(scrub.text(one.then))))
    summary = f"{counts['ok']} fine, {counts['warning']} to look at, {counts['failure']} wrong"
    console.print(Text(summary, style="bold"))
