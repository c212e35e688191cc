"""Canaries: is work taken, or does everything only look alive?

A worker may run, answer its probes, and take nothing: its connection to the broker went stale, or nobody takes its
class of work at all. So every few seconds a message goes into each queue that does nothing but note that it was taken::

    release (beat) ──message──▶ take (any worker of that queue)

A canary that was not taken yet is not followed by another, so that a queue which nobody takes from does not fill up;
only after a while, since messages get lost. How long ago the last one was taken is the age that alerts and probes look
at; how long one has been waiting tells a queue that nobody takes from a beat that sends none. All times are of Redis'
own clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

LOST_AFTER_MS = 120_000
"""After so long a canary that was not taken counts as lost, and another is sent."""


@dataclass(frozen=True, slots=True)
class Canary:
    """``age_ms``: since the last one was taken, or since the first was sent if none ever was. ``waiting_ms``: for how
    long one has been waiting to be taken; 0 if none is."""

    queue: str
    age_ms: int
    waiting_ms: int


class Canaries:
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        self._redis = redis
        self._name = f"{{{prefix}}}:canary"

    async def release(self, queues: Iterable[str]) -> list[str]:
        """The queues into which one is to be sent now; it is noted as sent."""
        now, known = await self._read()
        wanted = list(queues)
        taken = [queue for queue in wanted if _waiting_since(known, queue) is None]
        lost = [queue for queue in wanted if queue not in taken and now - known[f"sent:{queue}"] >= LOST_AFTER_MS]
        if taken or lost:
            async with self._redis.pipeline(transaction=True) as pipe:
                for queue in taken:
                    pipe.hset(self._name, f"since:{queue}", now)
                for queue in (*taken, *lost):
                    pipe.hset(self._name, f"sent:{queue}", now)
                    pipe.hsetnx(self._name, f"first:{queue}", now)
                await pipe.execute()
        return [*taken, *lost]

    async def take(self, queue: str) -> None:
        now, _ = await self._read()
        await self._redis.hset(self._name, f"taken:{queue}", now)

    async def look(self) -> list[Canary]:
        """One for each queue into which any was ever sent."""
        now, known = await self._read()
        found = []
        for name, first in sorted(known.items()):
            kind, _, queue = name.partition(":")
            if kind == "first":
                since = _waiting_since(known, queue)
                age = now - known.get(f"taken:{queue}", first)
                found.append(Canary(queue, max(0, age), max(0, now - since) if since is not None else 0))
        return found

    async def _read(self) -> tuple[int, dict[str, int]]:
        """The time, and what is noted."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.hgetall(self._name)
            (seconds, micros), noted = await pipe.execute()
        known: Any = {name.decode(): int(value) for name, value in noted.items()}
        return int(seconds) * 1000 + int(micros) // 1000, known


def _waiting_since(known: dict[str, int], queue: str) -> int | None:
    """When the first was sent of those that nobody took; ``None`` if none waits."""
    since = known.get(f"since:{queue}")
    return since if since is not None and known.get(f"taken:{queue}", -1) < since else None
