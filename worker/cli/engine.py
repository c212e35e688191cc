"""The engine, opened for one route. Loaded only by the commands that need it, so that the others start at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from worker.cli.context import House
from worker.cli.errors import CliError
from worker.cli.items import Selection

if TYPE_CHECKING:
    from worker.sync.run import OpenRoute


@asynccontextmanager
async def opened(house: House, route: str) -> AsyncIterator[OpenRoute]:
    """The engine for ``route``, connected to both instances."""
    from worker.sync import run

    async with run.open_route(house.routes, route, ledger=house.ledger) as engine:
        yield engine


async def documents(engine: OpenRoute, what: Selection) -> list[str]:
    """The source documents that ``what`` means, in order of writing. Raises :class:`CliError` if there are none."""
    from worker.sync import run

    found = await engine.documents(run.Selection(paths=what.items, everything=what.everything))
    if not found and not what.everything:
        raise CliError(
            f"nothing on the source is called {what}",
            where=f"route {engine.route.name}, source {engine.route.source}",
            then="check the name in Octopus; `octosync plan` lists what the route includes",
        )
    return found
