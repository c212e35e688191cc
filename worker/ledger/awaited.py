"""Which documents do without something that the destination lacks: a step that stays at home because its channel does.

Whoever later makes that something cross asks here what to look at again. What is remembered are source ids; a
document's line is replaced by every plan of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from worker.ledger.base import Part, text


class Awaited(Part):
    async def note(self, route: str, lacking: Mapping[str, Iterable[str]]) -> None:
        """Document id → ids of the items that it refers to and the destination lacks; empty for none."""
        if not lacking:
            return
        lines, index = self._name("lacking", route), self._name("awaited", route)
        answers: Any = await self._redis.hmget(lines, list(lacking))
        async with self._redis.pipeline(transaction=True) as pipe:
            for (document, items), known in zip(lacking.items(), answers, strict=True):
                before, now = set(json.loads(known) if known else ()), set(items)
                if before == now:
                    continue
                for item in before - now:
                    pipe.zrem(index, f"{item}|{document}")
                for item in now - before:
                    pipe.zadd(index, {f"{item}|{document}": 0})
                if now:
                    pipe.hset(lines, document, json.dumps(sorted(now)))
                else:
                    pipe.hdel(lines, document)
            if len(pipe):
                await pipe.execute()

    async def by(self, route: str, items: Iterable[str]) -> list[str]:
        """The documents that do without one of the items."""
        found: dict[str, None] = {}
        for item in items:
            lines: Any = await self._redis.zrangebylex(self._name("awaited", route), f"[{item}|", f"({item}|\xff")
            found |= dict.fromkeys(text(line).partition("|")[2] for line in lines)
        return list(found)

    async def clear(self, route: str) -> None:
        await self._redis.delete(self._name("lacking", route), self._name("awaited", route))
