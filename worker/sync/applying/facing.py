"""Facing: a route must not lead the way back of one that has written. Octopus' guide calls it one source of truth."""

from __future__ import annotations

from config.names import name_key
from config.routes import Endpoint, Route
from worker.ledger.directions import Place
from worker.ledger.ledger import Ledger


class RouteReversed(Exception):  # noqa: N818  (a setting that keeps us out, not an error of the run)
    """``text`` says what the ledger remembers, and what to do about it."""

    def __init__(self, route: str, text: str) -> None:
        self.route = route
        self.text = text
        super().__init__(f"route {route}: {text}")


def place(endpoint: Endpoint) -> Place:
    return endpoint.instance, name_key(endpoint.space)


async def check_facing(route: Route, ledger: Ledger) -> None:
    """Raises :class:`RouteReversed` if a route, this one or another, has written the other way round."""
    here = place(route.source), place(route.destination)
    for name, (source, destination) in (await ledger.directions.all()).items():
        if (destination, source) == here:
            text = (
                f"the ledger remembers that route {name} has written from {'/'.join(source)} to "
                f"{'/'.join(destination)}, the other way round: one of the two is the source of truth. If that is to "
                f"change, first `octosync ledger forget {name}`"
            )
            raise RouteReversed(route.name, text)
