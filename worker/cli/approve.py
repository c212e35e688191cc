"""``octosync approve``: let a held route go on, with exactly the plan that was looked at."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import replace
from typing import Annotated, Any

import typer

from worker.cli import options
from worker.cli.context import House, open_house
from worker.cli.enqueue import wake
from worker.cli.errors import CliError, Status
from worker.cli.output import print_json, results, say
from worker.desk.approval import OtherPlanError
from worker.desk.approval import approve as approve_plan
from worker.ledger.held import HeldRoute
from worker.plan import json as plan_json
from worker.plan.console import print_plan


def approve(
    route: Annotated[
        str, typer.Argument(metavar="ROUTE", autocompletion=options.route_names, help="The route that is held.")
    ],
    plan_hash: Annotated[
        str | None,
        typer.Argument(metavar="[HASH]", help="Of the plan to approve. Without: show that plan, and its hash."),
    ] = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Approve the plan for which a route is held; the workers then apply exactly that plan and go on.

    Exit status 0: approved, or the route is not held. 3: it is held, and not for this plan.
    """

    async def run() -> tuple[HeldRoute | None, dict[str, bool]]:
        async with open_house(config, redis) as house:
            name = house.route(route).name
            held = await house.ledger.held.get(name)
            if held is None:
                return None, {}
            if plan_hash is None:
                entries = plan_json.from_dict(held.plan).clean_ups if held.plan is not None else ()
                return held, await house.ledger.clean_ups.listed(name, entries)
            await _approve(house, held, plan_hash)
            return replace(held, approved=True), {}  # a quick worker may have let the route go on by now

    held, listed = asyncio.run(run())
    if json:
        print_json(as_dict(held) if held is not None else None)
    elif held is None:
        say(f"Route {route} is not held: there is nothing to approve.")
    elif held.approved:
        say(f"Plan {held.plan_hash} of route {route} is approved. `octosync status` shows how far it is.", "bold")
    else:
        _show(held, listed)
    if held is not None and not held.approved:
        raise typer.Exit(Status.REFUSED)


def as_dict(held: HeldRoute) -> dict[str, Any]:
    return {
        name: getattr(held, name) for name in ("route", "reason", "plan_hash", "summary", "since", "approved", "plan")
    }


async def _approve(house: House, held: HeldRoute, plan_hash: str) -> None:
    try:
        keys = await approve_plan(
            house.state, held.route, plan_hash, by=house.requested_by, correlation_id=house.correlation_id
        )
    except OtherPlanError as error:
        raise CliError(
            str(error),
            then=f"look at it with `octosync approve {shlex.quote(held.route)}`, then approve its hash",
            status=Status.REFUSED,
        ) from None
    if keys:
        await wake(house, keys)


def _show(held: HeldRoute, listed: dict[str, bool]) -> None:
    if held.plan is not None:
        print_plan(plan_json.from_dict(held.plan), results(), listed=listed)
    say(f"Route {held.route} is held since {held.since}: {held.reason}", "bold red")
    say(f"If this plan is what you want: octosync approve {shlex.quote(held.route)} {held.plan_hash}")
