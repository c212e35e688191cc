"""``octosync status``: each route at a glance."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from config.routes import Route
from worker.cli import options
from worker.cli.context import House, open_house
from worker.cli.errors import Status
from worker.cli.output import print_json, print_table, say
from worker.queue.values import Depth

_ALL = "*"


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
        print_json(found)
    else:
        print_table(
            ["route", "state", "waiting", "running", "failed", "behind", "by hand", "last run", "last compared"],
            [_row(one) for one in found],
            empty="The file has no route.",
        )
        for one in found:
            if one["held"] is not None:
                say(f"{one['route']} is held: {one['held']['reason']}. Next: octosync approve {one['route']}", "red")
    if any(one["held"] is not None for one in found):
        raise typer.Exit(Status.REFUSED)


async def _status(route: str | None, config: Path | None, redis: str | None) -> list[dict[str, Any]]:
    async with open_house(config, redis) as house:
        depths = await house.queue.depth()
        paused = await house.queue.paused()
        return [
            await _of(house, one, depths.get(one.name, Depth()), bool(paused & {one.name, _ALL}))
            for one in house.chosen(route)
        ]


async def _of(house: House, route: Route, depth: Depth, paused: bool) -> dict[str, Any]:
    held = await house.ledger.held.get(route.name)
    runs = await house.ledger.runs.newest(route.name, limit=1)
    compared = await house.ledger.cursors.last_compared(route.name)
    state = "held" if held is not None and not held.approved else "paused" if paused else route.mode.value
    return {
        "route": route.name,
        "source": str(route.source),
        "destination": str(route.destination),
        "state": state,
        "waiting": depth.events + depth.bulk,
        "due": depth.due,
        "running": depth.running,
        "dead_letters": depth.dead,
        "behind_seconds": round(depth.oldest_overdue_ms / 1000, 1),
        "clean_ups": len(await house.ledger.clean_ups.entries(route.name)),
        "held": {"reason": held.reason, "since": held.since, "plan_hash": held.plan_hash, "summary": held.summary}
        if state == "held" and held is not None
        else None,
        "last_run": {"id": runs[0].id, "started": runs[0].started, "outcome": runs[0].outcome} if runs else None,
        "last_compared": compared.isoformat() if compared is not None else None,
    }


def _row(one: dict[str, Any]) -> list[str]:
    last = one["last_run"]
    return [
        one["route"],
        one["state"],
        str(one["waiting"]),
        str(one["running"]),
        str(one["dead_letters"]),
        f"{one['behind_seconds']:g} s",
        str(one["clean_ups"]),
        f"{last['outcome']} {last['started']}" if last else "never",
        one["last_compared"] or "never",
    ]
