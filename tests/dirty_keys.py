"""What the tests of the dirty queue share: keys, marks that are due at once, and what lies about in Redis."""

from __future__ import annotations

from typing import Any

from fakeredis import FakeAsyncRedis

from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import Source

A = DirtyKey("north", "Projects-1")
B = DirtyKey("north", "variableset-Projects-1")
SOUTH = DirtyKey("south", "Projects-1")
LEASE = 60_000


async def now(queue: DirtyQueue, *keys: DirtyKey, source: Source = Source.CLI, **more: Any) -> None:
    await queue.mark(keys, source=source, debounce_ms=0, **more)


async def left_over(redis: FakeAsyncRedis) -> set[bytes]:
    return {key for key in await redis.keys("*") if b":item:" in key or b":ready:" in key}
