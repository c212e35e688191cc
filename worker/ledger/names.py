"""What the documents of a route's source are called, for people: by id, as the last plan that saw them called them.

Dirty keys, dead letters and deliveries know only ids. Nothing is decided by these names; one that is missing or old
does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from worker.ledger.base import Part
from worker.plan.values import NamePath

MOST_TOGETHER = 1_000


class Names(Part):
    async def remember(self, route: str, names: Mapping[str, NamePath]) -> None:
        lines = {one: json.dumps(path) for one, path in names.items()}
        flat = [part for pair in lines.items() for part in pair]
        for at in range(0, len(flat), 2 * MOST_TOGETHER):
            await self._redis.hset(self._name("names", route), items=flat[at : at + 2 * MOST_TOGETHER])

    async def of(self, route: str, document_ids: Iterable[str]) -> dict[str, NamePath]:
        """Those that are known."""
        wanted = list(dict.fromkeys(document_ids))
        if not wanted:
            return {}
        found: Any = await self._redis.hmget(self._name("names", route), wanted)
        return {one: tuple(json.loads(line)) for one, line in zip(wanted, found, strict=True) if line}

    async def clear(self, route: str) -> None:
        await self._redis.delete(self._name("names", route))
