"""``octosync status``: each route at a glance."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from config.versions import Verdict
from worker.cli import options
from worker.cli.context import open_house
from worker.cli.errors import Status
from worker.cli.output import moment, print_json, print_table, say
from worker.desk.status import RouteStatus, as_dict, of_routes


def status(
    route: options.AnyRoute = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Show of each route what waits, runs, failed, is held, and what was done last.

    Exit status 3: a route is held. `octosync approve ROUTE` shows why.
    """
    found = asyncio.run(_status(route, config, redis))
    if json:
        print_json([as_dict(one) for one in found])
    else:
        print_table(
            ["route", "state", "waiting", "running", "failed", "behind", "by hand", "last run", "last compared"],
            [_row(one) for one in found],
            empty="The file has no route.",
        )
        for one in found:
            for closed in one.circuits:
                say(f"{one.route} waits for {closed.instance}: {closed.reason}", "yellow")
            if one.held is not None:
                say(f"{one.route} is held: {one.held.reason}. Next: octosync approve {one.route}", "red")
            if one.versions is not None and one.versions.verdict is not Verdict.FINE:
                refused = one.versions.verdict is Verdict.REFUSED
                say(f"{one.route}: {one.versions.text}", "red" if refused else "yellow")
    if any(one.held is not None for one in found):
        raise typer.Exit(Status.REFUSED)


async def _status(route: str | None, config: Path | None, redis: str | None) -> list[RouteStatus]:
    async with open_house(config, redis) as house:
        return await of_routes(house.state, house.chosen(route))


def _row(one: RouteStatus) -> list[str]:
    return [
        one.route,
        one.state,
        str(one.waiting),
        str(one.depth.running),
        str(one.depth.dead),
        f"{one.behind_s:g} s",
        str(one.clean_ups),
        f"{one.last_run.outcome} {moment(one.last_run.started)}" if one.last_run is not None else "never",
        _compared(one),
    ]


def _compared(one: RouteStatus) -> str:
    if one.comparing is not None:
        return f"now: {one.comparing.done} of {one.comparing.of}, {one.comparing.differing} differ"
    return moment(one.last_compared.isoformat()) if one.last_compared is not None else "never"
