"""How much was changed lately: writes of each route in a sliding window, against the size of what the route includes.

Counted over all runs, so that a fault that comes in many small runs meets the same limit as one that comes at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.ledger.base import Part
from worker.ledger.scripts import register

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEPT_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Written:
    updates: int
    deletes: int


class Windows(Part):
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        super().__init__(redis, prefix)
        self._window = register(redis, "window")

    async def record(
        self, route: str, window_s: float, *, updates: Iterable[str] = (), deletes: Iterable[str] = ()
    ) -> Written:
        """Adds writes, and returns what the window holds with them.

        A write is named by its caller (``run id/document id``): one that is recorded twice counts once.
        """
        added = list(updates)
        keys = [self._name("updates", route), self._name("deletes", route)]
        args: list[str | int] = [KEPT_S * 1000, int(window_s * 1000), len(added), *added, *deletes]
        answer: Any = await self._window(keys=keys, args=args)
        return Written(int(answer[0]), int(answer[1]))

    async def count(self, route: str, window_s: float) -> Written:
        """Of the last ``window_s`` seconds, at most a day."""
        return await self.record(route, window_s)

    async def clear(self, route: str) -> None:
        """A person approved: the count begins anew."""
        await self._redis.delete(self._name("updates", route), self._name("deletes", route))

    async def set_population(self, route: str, items: int) -> None:
        """How many items the route includes, as the last comparison of the whole found."""
        await self._redis.hset(self._name("population"), route, str(items))

    async def population(self, route: str) -> int | None:
        """``None``: it was never compared as a whole."""
        found: Any = await self._redis.hget(self._name("population"), route)
        return int(found) if found is not None else None
