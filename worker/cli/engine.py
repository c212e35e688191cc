"""The engine, opened for one route. Loaded only by the commands that need it, so that the others start at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from worker.cli.context import House
from worker.cli.errors import CliError
from worker.cli.items import Selection

if TYPE_CHECKING:
    from worker.plan.values import Plan
    from worker.sync.planning.planner import Planned
    from worker.sync.run import OpenRoute


@asynccontextmanager
async def opened(house: House, route: str, *, bulk: bool = False) -> AsyncIterator[OpenRoute]:
    """The engine for ``route``, connected to both instances. ``bulk``: its requests step back for those of events."""
    from worker.octopus.budget import Priority
    from worker.sync import run

    priority = Priority.BULK if bulk else Priority.EVENT
    async with run.open_route(
        house.routes, route, ledger=house.ledger, priority=priority, leases=house.leases
    ) as engine:
        yield engine


async def documents(engine: OpenRoute, what: Selection) -> list[str]:
    """Ids of the source documents that ``what`` means, in order of writing. Raises :class:`CliError`."""
    from worker.sync.planning.items import Items, UnknownItem

    if what.everything:
        return await engine.everything()
    try:
        return await engine.documents(Items(paths=what.items))
    except UnknownItem as error:
        source = f"route {engine.route.name}, source {engine.route.source}"
        raise CliError(
            str(error),
            where=source,
            then="names are those of the source; `octosync plan --all` lists them, and what was deleted there",
        ) from None


async def checked(engine: OpenRoute, planned: Planned) -> Plan:
    """The plan, with what would not work on the destination once it is applied."""
    from worker.sync.findings.check import Checker

    return await Checker().check(engine, planned)
