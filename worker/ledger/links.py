"""Which document of the source became which document of the destination. One to one, per route.

A link outlives a rename on either side; without links a rename would look like a delete and a create.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.ledger.base import Part, text
from worker.ledger.scripts import register

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True, slots=True)
class LinkConflict:
    """Refused: ``destination_id`` is ``linked_to`` another source id already. Two items would share a document."""

    source_id: str
    destination_id: str
    linked_to: str


class Links(Part):
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        super().__init__(redis, prefix)
        self._link = register(redis, "link")
        self._unlink = register(redis, "unlink")

    async def routes(self) -> frozenset[str]:
        """The routes of which anything is remembered. Goes through all keys of Redis, so it is for seldom use."""
        root = self._name("links", "")
        found = [text(key) async for key in self._redis.scan_iter(match=f"{root}*", count=1000)]
        return frozenset(key.removeprefix(root) for key in found)

    async def all(self, route: str) -> dict[str, str]:
        """Source id to destination id."""
        return _texts(await self._redis.hgetall(self._name("links", route)))

    async def destinations(self, route: str, source_ids: Iterable[str]) -> dict[str, str]:
        """Those of the ids that are linked."""
        return await self._look_up(self._name("links", route), source_ids)

    async def sources(self, route: str, destination_ids: Iterable[str]) -> dict[str, str]:
        """The other way round."""
        return await self._look_up(self._name("linked", route), destination_ids)

    async def add(self, route: str, source_id: str, destination_id: str) -> LinkConflict | None:
        """Links two ids. A source id that was linked elsewhere moves; a destination id that is taken is refused."""
        conflicts = await self.add_all(route, {source_id: destination_id})
        return conflicts[0] if conflicts else None

    async def add_all(self, route: str, links: Mapping[str, str]) -> list[LinkConflict]:
        """The links that could not be made; all others are."""
        if not links:
            return []
        keys = [self._name("links", route), self._name("linked", route)]
        flat: Any = await self._link(keys=keys, args=[one for pair in links.items() for one in pair])
        refused = [text(one) for one in flat]
        return [LinkConflict(*refused[at : at + 3]) for at in range(0, len(refused), 3)]

    async def remove(self, route: str, source_ids: Iterable[str]) -> int:
        """How many there were."""
        wanted = list(source_ids)
        if not wanted:
            return 0
        keys = [self._name("links", route), self._name("linked", route)]
        return int(await self._unlink(keys=keys, args=wanted))

    async def clear(self, route: str) -> None:
        await self._redis.delete(self._name("links", route), self._name("linked", route))

    async def _look_up(self, name: str, ids: Iterable[str]) -> dict[str, str]:
        wanted = list(ids)
        if not wanted:
            return {}
        answers: Any = await self._redis.hmget(name, wanted)
        return {one: text(found) for one, found in zip(wanted, answers, strict=True) if found is not None}


def _texts(answer: Mapping[Any, Any]) -> dict[str, str]:
    return {text(key): text(value) for key, value in answer.items()}
