"""Where clean-up entries are found: of each state those of a route, in order of time, with their reasons; and counted.

An entry is filed as ``opened|key|reason``, so an index knows enough to be read in pages and narrowed to a reason, while
no entry is read. What state an entry is in is decided in one place, the script, from what is noted of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from worker.ledger.base import Part, text
from worker.ledger.scripts import register

if TYPE_CHECKING:
    from redis.asyncio import Redis


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """``opened`` is an ISO instant of one form, so places stand in order of time."""

    opened: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.opened}|{self.key}|{self.reason}"

    @classmethod
    def parse(cls, line: bytes | str) -> Place:
        return cls(*text(line).split("|", 2))


class CleanUpIndex(Part):
    """Methods that take a ``client`` add their command to that pipeline, and answer nothing."""

    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        super().__init__(redis, prefix)
        self._index = register(redis, "clean_ups_index")

    async def add(self, route: str, places: Iterable[Place], client: Any) -> None:
        """Those that are filed already keep their place in time, and are filed by the state that they are in now."""
        await self._file(route, 0, {one.key: str(one) for one in places}, client)

    async def renew(self, route: str, places: Iterable[Place], client: Any) -> None:
        """Files them at these places, wherever they were before."""
        await self._file(route, 1, {one.key: str(one) for one in places}, client)

    async def refile(self, route: str, keys: Iterable[str], client: Any) -> None:
        """The state of these has changed, perhaps."""
        await self._file(route, 0, dict.fromkeys(keys, ""), client)

    async def is_complete(self, route: str) -> bool:
        """``False``: there are entries of a time that had no index."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hlen(self._name("clean-ups", route))
            pipe.hlen(self._name("clean-ups-filed", route))
            entries, filed = await pipe.execute()
        return bool(entries == filed)

    async def counts(self, route: str) -> dict[State, dict[str, int]]:
        """By state and reason."""
        found: Any = await self._redis.hgetall(self._name("clean-ups-counts", route))
        counts: dict[State, dict[str, int]] = {state: {} for state in State}
        for name, count in sorted(found.items()):
            state, _, reason = text(name).partition("|")
            if int(count):
                counts[State(state)][reason] = int(count)
        return counts

    async def places(self, route: str, state: State, after: str | None, limit: int) -> list[Place]:
        """At most ``limit``, in order of time."""
        name = self._name(f"clean-ups-{state}-index", route)
        found: Any = await self._redis.zrangebylex(name, f"({after}" if after else "-", "+", 0, limit)
        return [Place.parse(line) for line in found]

    async def clear(self, route: str) -> None:
        await self._redis.delete(*(self._name(f"clean-ups-{part}", route) for part in _OWN))

    async def _file(self, route: str, renewed: int, places: Mapping[str, str], client: Any) -> None:
        parts = ("filed", "closed", "resolved", "counts", *(f"{state}-index" for state in State))
        await self._index(
            keys=[self._name(f"clean-ups-{part}", route) for part in parts],
            args=[renewed, *(one for pair in places.items() for one in pair)],
            client=client,
        )


_OWN = ("filed", "counts", *(f"{state}-index" for state in State))
