"""``octosync queue``: what is to be done, what is being done, and why something is not done yet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.output import print_json, print_table, say
from worker.desk.names import named
from worker.desk.times import span
from worker.queue.keys import DirtyKey
from worker.queue.values import Entry, State


def queue(
    route: options.AnyRoute = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 50,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """List what runs, what is due and what waits, in that order, and why it waits. What was given up is among
    `octosync dead-letters`."""
    found, names, more = asyncio.run(_waiting(route, limit, config, redis))
    if json:
        print_json([{**_as_dict(entry), "name": names[entry.key]} for entry in found])
        return
    print_table(
        ["route", "item", "state", "when", "tries", "told by", "why it is not done yet"],
        [
            [
                entry.key.route,
                names[entry.key],
                entry.state,
                _when(entry),
                str(entry.attempts),
                ", ".join(entry.sources),
                entry.why,
            ]
            for entry in found
        ],
        empty="Nothing is to be done.",
    )
    if more:
        say(f"and more: these are the first {limit}; --limit shows others", "dim")


async def _waiting(
    route: str | None, limit: int, config: Path | None, redis: str | None
) -> tuple[list[Entry], dict[DirtyKey, str], bool]:
    async with open_house(config, redis) as house:
        found = await house.queue.waiting(house.route(route).name if route is not None else None, limit=limit + 1)
        names = await named(house.state, [entry.key for entry in found])
    return found[:limit], names, len(found) > limit


def _when(entry: Entry) -> str:
    if entry.state is State.RUNNING:
        return f"its lease ends in {span(entry.in_ms / 1000)}"
    return f"in {span(entry.in_ms / 1000)}" if entry.in_ms > 0 else f"since {span(-entry.in_ms / 1000)}"


def _as_dict(entry: Entry) -> dict[str, Any]:
    return {
        "key": str(entry.key),
        "route": entry.key.route,
        "document": entry.key.document,
        "state": str(entry.state),
        "class": str(entry.priority),
        "in_seconds": entry.in_ms / 1000,
        "attempts": entry.attempts,
        "why": entry.why,
        "sources": list(entry.sources),
        "correlation_ids": list(entry.correlation_ids),
    }
