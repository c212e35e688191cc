"""From where to where each route has written: there is one source of truth, and it does not change sides in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.ledger.base import Part, pack, text, unpack

Place = tuple[str, str]
"""Instance and space, as the routes file calls them."""


class Directions(Part):
    async def remember(self, route: str, source: Place, destination: Place) -> None:
        await self._redis.hset(self._name("directions"), route, pack([source, destination]))

    async def all(self) -> dict[str, tuple[Place, Place]]:
        """Of routes that are in no routes file any more, too."""
        found: Mapping[Any, Any] = await self._redis.hgetall(self._name("directions"))
        known = {text(route): unpack(body) for route, body in found.items()}
        return {route: ((one[0], one[1]), (two[0], two[1])) for route, (one, two) in known.items()}

    async def forget(self, route: str) -> None:
        await self._redis.hdel(self._name("directions"), route)
