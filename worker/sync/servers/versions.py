"""Versions: the releases of the servers of a route, asked for when it is opened, and held to the rule of the guide
(:mod:`config.versions`)."""

from __future__ import annotations

import structlog

from config.route import Endpoint, Route
from config.versions import Check, ServerVersion, Verdict, checked
from worker.ledger.ledger import Ledger
from worker.octopus.client import OctopusClient
from worker.octopus.version import ServerInfo

log = structlog.get_logger(__name__)


class VersionsRefused(Exception):  # noqa: N818  (named for what it says)
    """The servers of a route are too far apart: nothing of it is planned or written."""

    def __init__(self, route: str, check: Check) -> None:
        self.route = route
        self.check = check
        super().__init__(f"route {route}: {check.text}")


async def agreed(route: Route, ledger: Ledger, source: OctopusClient, destination: OctopusClient) -> Check:
    """The check of a route, whose servers are asked if nobody did lately. Raises :class:`VersionsRefused`, and what
    the clients raise."""
    one, other = await _version(route.source, ledger, source), await _version(route.destination, ledger, destination)
    check = checked(one, other, route.versions)
    if check.verdict is Verdict.REFUSED:
        raise VersionsRefused(route.name, check)
    return check


async def _version(endpoint: Endpoint, ledger: Ledger, client: OctopusClient) -> ServerVersion:
    known = await ledger.servers.fresh(endpoint.instance, client.url)
    if known is not None:
        info = ServerInfo(ServerVersion.parse(known.version), known.installation_id)
        client.believe(info)
        return info.version
    info = await client.server()
    noted = await ledger.servers.note(endpoint.instance, client.url, str(info.version), info.installation_id)
    if noted.upgraded_from and noted.seen == noted.asked:
        log.info("server.upgraded", instance=endpoint.instance, before=noted.upgraded_from, now=noted.version)
    return info.version
