"""What the source asked for, and what we wrote, when we last decided: the third side of every merge.

Per route and source document id, a JSON object with ``want``, ``wrote``, ``elements``, ``versions`` and ``schema``.
What is in it is the engine's business. Baselines hold whole documents, secrets never: the API gives none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from worker.ledger.base import Part, pack, text, unpack

Baseline = dict[str, Any]


class Baselines(Part):
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
