"""``octosync plan``: what a sync would do. Writes nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.engine import checked, documents, opened
from worker.cli.errors import Status
from worker.cli.items import Selection, selection
from worker.cli.output import progress, results
from worker.plan import json as as_json
from worker.plan import markdown
from worker.plan.console import print_plan
from worker.plan.lines import NOTHING
from worker.plan.values import Plan


class Form(StrEnum):
    CONSOLE = "console"
    JSON = "json"
    MARKDOWN = "markdown"


def plan(
    items: options.Items = None,
    projects: options.Projects = None,
    library_sets: options.LibrarySets = None,
    tenants: options.Tenants = None,
    route: options.Route = None,
    form: Annotated[Form, typer.Option("--format", "-f", help="How to print it.")] = Form.CONSOLE,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Print what stays as it is, too.")] = False,
    check: options.Check = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Show what a sync would do, and write nothing. Without an item: for everything that the route includes.

    Exit status 0: nothing to do. 2: there are differences, findings of --check, or something that should cross and
    cannot. 1: error.
    """
    what = selection(items, projects=projects, library_sets=library_sets, tenants=tenants) or Selection(everything=True)
    found, listed = asyncio.run(_plan(what, route, check, config, redis))
    show(found, Form.JSON if json else form, everything=everything, listed=listed)
    if not found.is_empty or found.blocked or found.findings:
        raise typer.Exit(Status.DIFFERENCES)


def show(found: Plan, form: Form, *, everything: bool = False, listed: Mapping[str, bool] = NOTHING) -> None:
    """Print a plan to standard output. ``listed``: see :func:`worker.plan.console.print_plan`."""
    if form is Form.CONSOLE:
        print_plan(found, results(), everything=everything, listed=listed)
    elif form is Form.JSON:
        sys.stdout.write(as_json.render(found) + "\n")
    else:
        sys.stdout.write(markdown.render(found, everything=everything, listed=listed))


async def _plan(
    what: Selection, route: str | None, check: bool, config: Path | None, redis: str | None
) -> tuple[Plan, dict[str, bool]]:
    async with open_house(config, redis) as house:
        name = house.route(route).name
        async with opened(house, name) as engine:
            if what.everything:
                await engine.read_in_bulk()
            wanted = await documents(engine, what)
            with progress("Comparing") as report:
                planned = await engine.plan(wanted, progress=report)
                plan = await checked(engine, planned) if check else planned.plan
        return plan, await house.ledger.clean_ups.listed(name, plan.clean_ups)
