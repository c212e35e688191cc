"""``octosync sync``: here and now, without the queue."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.engine import documents, opened
from worker.cli.errors import CliError, Status
from worker.cli.items import Selection, selection
from worker.cli.output import print_json, progress, say
from worker.cli.plan import Form, show
from worker.plan import json as plan_json

if TYPE_CHECKING:
    from worker.sync.run import Outcome

STATUS = {
    "unchanged": Status.DONE,
    "changed": Status.DONE,
    "blocked": Status.ERROR,
    "moved": Status.ERROR,
    "not-visible": Status.ERROR,
    "held": Status.REFUSED,
    "read-only": Status.REFUSED,
}
"""By the result of the engine."""


def sync(
    items: options.Items = None,
    projects: options.Projects = None,
    library_sets: options.LibrarySets = None,
    tenants: options.Tenants = None,
    route: options.Route = None,
    approved: Annotated[
        str | None,
        typer.Option("--approved", metavar="HASH", help="Write only if the plan is still the one with this hash."),
    ] = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Bring items on the destination in step with the source, now. `octosync plan` shows what it would do.

    Exit status 0: done, or nothing to do. 3: refused by a limit, or the route is held. 1: error.
    """
    what = selection(items, projects=projects, library_sets=library_sets, tenants=tenants)
    if not what:
        raise CliError("nothing is named to be synced", then="name items, as in project/OctoFX, or write `everything`")
    outcome = asyncio.run(_sync(what, route, approved, config, redis))
    status = STATUS[outcome.result]
    if json:
        plan = plan_json.as_dict(outcome.plan)
        print_json({"result": outcome.result, "message": outcome.message, "requests": outcome.requests, "plan": plan})
    else:
        show(outcome.plan, Form.CONSOLE)
        said = f": {outcome.message}" if outcome.message else ""
        say(f"{outcome.result}{said} ({outcome.requests} requests)", "bold" if status is Status.DONE else "bold red")
    raise typer.Exit(status)


async def _sync(
    what: Selection, route: str | None, approved: str | None, config: Path | None, redis: str | None
) -> Outcome:
    async with open_house(config, redis) as house:
        name = house.route(route).name
        async with opened(house, name) as engine:
            wanted = await documents(engine, what)
            with progress("Syncing") as report:
                return await engine.sync(
                    wanted, approved_hash=approved, correlation_id=house.correlation_id, progress=report
                )
