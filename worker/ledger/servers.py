"""Which release each instance is, as it said when it was asked last.

A server tells its version at one route, and changes it seldom: whoever needs it asks only when nobody did for
:data:`FRESH_S`, or when something suggests that the server was away (:meth:`Servers.doubt`). What it said before is
kept, so that an upgrade is noticed when it is found, and so that a status can be shown without asking anybody.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from worker.ledger.base import Part, pack, unpack, utc_now

FRESH_S = 300


@dataclass(frozen=True, slots=True)
class Server:
    """``version`` as the server writes it; ``asked`` is an ISO instant, for people to read.

    ``upgraded_from``: the version before this one, and ``seen`` when the change was found; empty while there was none.
    """

    url: str
    version: str
    installation_id: str = ""
    asked: str = ""
    upgraded_from: str = ""
    seen: str = ""


class Servers(Part):
    async def known(self, instance: str) -> Server | None:
        """What was said last, however long ago. ``None``: nobody asked yet."""
        found: Any = await self._redis.hget(self._name("servers"), instance)
        return Server(**unpack(found)) if found else None

    async def fresh(self, instance: str, url: str) -> Server | None:
        """What was said a moment ago by the server at ``url``. ``None``: ask it, and say so with :meth:`note`."""
        if not await self._redis.exists(self._fresh(instance)):
            return None
        known = await self.known(instance)
        return known if known is not None and known.url == url else None

    async def note(self, instance: str, url: str, version: str, installation_id: str) -> Server:
        """What the server has just said. ``seen`` of the answer equals ``asked`` if it was upgraded since."""
        before = await self.known(instance)
        now = utc_now()
        server = Server(url, version, installation_id, now)
        if before is not None and before.url == url:
            server = Server(url, version, installation_id, now, before.upgraded_from, before.seen)
            if before.version != version:
                server = Server(url, version, installation_id, now, before.version, now)
        await self._redis.hset(self._name("servers"), instance, pack(asdict(server)))
        await self._redis.set(self._fresh(instance), "1", ex=FRESH_S)
        return server

    async def doubt(self, instance: str) -> None:
        """The server was away, or refused what it should have taken: it may have been upgraded. Ask it anew."""
        await self._redis.delete(self._fresh(instance))

    def _fresh(self, instance: str) -> str:
        return self._name("server-fresh", instance)
