"""Circuits: instances that nobody should talk to for a while, since they cannot be reached or let nobody in.

Such a failure says nothing about the item whose run met it. The first run that meets one opens the instance's circuit
for all workers; while it is open, items wait without being tried. Each failure in a row opens it for twice as long as
the one before; an exchange that succeeds closes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

FIRST_S = 5.0
LONGEST_S = 120.0
FORGET_S = 3600
"""So long after its last failure an instance counts as one that never failed."""


@dataclass(frozen=True, slots=True)
class Open:
    """``wait_ms`` until it may be tried again. ``reason`` is for people."""

    instance: str
    wait_ms: int
    reason: str


class Circuits:
    """``first_s``: how long the first failure opens a circuit."""

    def __init__(self, redis: Redis, prefix: str = "octosync", *, first_s: float = FIRST_S) -> None:
        self._redis = redis
        self._first_s = first_s
        self._root = f"{{{prefix}}}:circuit"

    async def open(self, instance: str, reason: str, at_least_s: float = 0.0) -> int:
        """Opens the circuit. ``at_least_s``: what the server asked for. Returns for how many milliseconds."""
        failures = f"{self._root}:failures:{instance}"
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.incr(failures)
            pipe.expire(failures, FORGET_S)
            count, _ = await pipe.execute()
        doubled = self._first_s * 2 ** min(int(count) - 1, 10)
        wait_ms = int(max(min(doubled, LONGEST_S), at_least_s) * 1000)
        await self._redis.set(f"{self._root}:open:{instance}", reason[:500], px=wait_ms)
        return wait_ms

    async def close(self, instance: str) -> None:
        """The instance answers."""
        await self._redis.delete(f"{self._root}:open:{instance}", f"{self._root}:failures:{instance}")

    async def among(self, *instances: str) -> list[Open]:
        """Those of the instances whose circuit is open, the one that stays so for longest first."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for instance in instances:
                pipe.get(f"{self._root}:open:{instance}")
                pipe.pttl(f"{self._root}:open:{instance}")
            answers: list[Any] = await pipe.execute()
        found = [
            Open(instance, max(1, int(left)), reason.decode("utf-8", "replace"))
            for instance, reason, left in zip(instances, answers[::2], answers[1::2], strict=True)
            if reason is not None
        ]
        return sorted(found, key=lambda one: -one.wait_ms)
