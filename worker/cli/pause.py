"""``octosync pause`` and ``resume``: stop the workers from taking up work, and let them again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.output import print_json, say

_EVERYTHING = "*"


def pause(
    route: options.AnyRoute = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Let the workers take up nothing more, of one route or at all. What changes meanwhile is kept for later."""
    _report(asyncio.run(_set(route, config, redis, pausing=True)), json)


def resume(
    route: options.AnyRoute = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Undo one pause: that of a route, or that of everything. Routes paused by name stay so until they are named."""
    _report(asyncio.run(_set(route, config, redis, pausing=False)), json)


async def _set(route: str | None, config: Path | None, redis: str | None, *, pausing: bool) -> list[str]:
    async with open_house(config, redis) as house:
        name = house.route(route).name if route is not None else None
        await (house.queue.pause(name) if pausing else house.queue.resume(name))
        return sorted(await house.queue.paused())


def _report(paused: list[str], json: bool) -> None:
    if json:
        print_json({"everything": _EVERYTHING in paused, "routes": [name for name in paused if name != _EVERYTHING]})
    elif not paused:
        say("Nothing is paused.")
    else:
        say(
            "Paused: " + ", ".join("everything" if name == _EVERYTHING else f"route {name}" for name in paused),
            "yellow",
        )
        named = next((f" --route {name}" for name in paused if name != _EVERYTHING), "")
        say(f"next:  octosync resume{'' if _EVERYTHING in paused else named} lets it go on", "dim")
