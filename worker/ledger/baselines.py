"""What the source asked for, and what we wrote, when we last decided: the third side of every merge.

Per route and source document id, a JSON object with ``want``, ``wrote``, ``elements``, ``versions`` and ``schema``.
What is in it is the engine's business. Baselines hold whole documents, secrets never: the API gives none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from worker.ledger.base import Part, pack, text, unpack
from worker.ledger.scripts import register

if TYPE_CHECKING:
    from redis.asyncio import Redis

Baseline = dict[str, Any]


class Baselines(Part):
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        super().__init__(redis, prefix)
        self._replace = register(redis, "baseline_replace")

    async def get(self, route: str, source_id: str) -> Baseline | None:
        return (await self.get_all(route, [source_id])).get(source_id)

    async def get_all(self, route: str, source_ids: Iterable[str]) -> dict[str, Baseline]:
        """Those of the documents that have one."""
        wanted = list(source_ids)
        if not wanted:
            return {}
        answers: Any = await self._redis.hmget(self._name("baselines", route), wanted)
        return {one: unpack(found) for one, found in zip(wanted, answers, strict=True) if found is not None}

    async def put(self, route: str, source_id: str, baseline: Baseline) -> None:
        await self.put_all(route, {source_id: baseline})

    async def replace(
        self, route: str, source_id: str, is_known: Callable[[Baseline | None], bool], baseline: Baseline
    ) -> bool:
        """Puts a baseline in the place of one that ``is_known``. ``False``: another run has put one that is not, and
        nothing was changed."""
        name = self._name("baselines", route)
        stands: Any = await self._redis.hget(name, source_id)
        if not is_known(unpack(stands) if stands is not None else None):
            return False
        return bool(await self._replace(keys=[name], args=[source_id, stands or b"", pack(baseline)]))

    async def put_all(self, route: str, baselines: Mapping[str, Baseline]) -> None:
        if baselines:
            name = self._name("baselines", route)
            await self._redis.hset(name, mapping={source_id: pack(one) for source_id, one in baselines.items()})

    async def delete(self, route: str, source_ids: Iterable[str]) -> int:
        """How many there were."""
        wanted = list(source_ids)
        return int(await self._redis.hdel(self._name("baselines", route), *wanted)) if wanted else 0

    async def ids(self, route: str) -> frozenset[str]:
        return frozenset(text(one) for one in await self._redis.hkeys(self._name("baselines", route)))

    async def clear(self, route: str) -> None:
        await self._redis.delete(self._name("baselines", route))
