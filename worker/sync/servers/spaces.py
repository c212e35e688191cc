"""Which space a route's endpoint is, by id. Asked once, and remembered in the ledger: it changes only if somebody makes
another of the same name. The receiver reads the same line, to know which space an event is of."""

from __future__ import annotations

from config.routes import Endpoint
from worker.ledger.ledger import Ledger
from worker.octopus.client import OctopusClient, SpaceClient


async def space_of(client: OctopusClient, endpoint: Endpoint, ledger: Ledger) -> SpaceClient:
    """Raises :class:`worker.octopus.errors.UnknownSpace`, and what else the client raises."""
    known = await ledger.directories.get(endpoint.instance, endpoint.space, "space")
    if known is not None and known.get("url") == client.url:
        return client.space_at(known["id"], known["name"])
    space = await client.space(endpoint.space)
    line = {"id": space.space_id, "name": space.space_name, "url": client.url}
    await ledger.directories.put(endpoint.instance, endpoint.space, "space", line)
    return space
