"""The shared request budget: a token bucket in Redis for each (server, user), which all processes draw from.

Octopus limits a user's requests per node: 200 a minute with a burst of 200 from 2026.3 on. We stay a little under, as
its clock is not ours. The rules of the bucket are in ``lua/budget_take.lua``; time is Redis' own, so the clocks of our
machines do not matter.

Fits `worker.octopus.budget.Budget`, without importing it: the two live on one layer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.ledger import scripts
from worker.ledger.base import Part, text

if TYPE_CHECKING:
    from redis.asyncio import Redis

MARGIN = 0.95
"""The share of the server's limit that we use."""

LONGEST_NAP = 2.0
"""Seconds. Whoever waits asks again at least so often: others may have left more than was foreseen."""


class RedisBudget:
    """Requests to one server as one user.

    ``server_url`` and ``user`` (an id or name; what stands for the credential, but not the credential) name the
    bucket. ``per_minute`` and ``burst`` are the server's limits; ``burst`` is ``per_minute`` unless given. Who asks
    brings the limits, so they take effect at once when they change. Raises ValueError if one is below 1. ``instance``
    is how the routes file calls the server; by it :class:`Budgets` shows what is left.
    """

    def __init__(
        self,
        redis: Redis,
        server_url: str,
        user: str,
        *,
        per_minute: float = 200,
        burst: float | None = None,
        prefix: str = "octosync",
        instance: str = "",
    ) -> None:
        burst = per_minute if burst is None else burst
        if per_minute < 1 or burst < 1:
            raise ValueError(f"a budget of {per_minute} requests a minute, {burst} at once, sends nothing")
        identity = json.dumps([server_url.strip().rstrip("/").casefold(), user]).encode()
        self.key = f"{{{prefix}}}:ledger:budget:{hashlib.blake2b(identity, digest_size=10).hexdigest()}"
        self.left: int | None = None
        """Requests that could have been sent at once after the last `take`, by all classes together. For a gauge."""
        self._limits = (per_minute * MARGIN, burst * MARGIN)
        self._register, self._instance = f"{{{prefix}}}:ledger:budgets", instance
        self._take = scripts.register(redis, "budget_take")
        self._penalise = scripts.register(redis, "budget_penalise")

    async def take(self, priority: str) -> None:
        """Returns when one request may be sent. ``priority``: ``event``, or ``bulk`` which steps back for events but
        gets a fifth at least. Raises ValueError for another one, and Redis' errors if it cannot be asked."""
        while (wait := await self.ask(priority)) > 0:  # noqa: ASYNC110 - what we wait for happens in other processes
            # Not all at the same moment: only one of those who wait for a request gets it.
            await asyncio.sleep(min(wait, LONGEST_NAP) * random.uniform(1.0, 1.2))  # noqa: S311 - spreads load

    async def ask(self, priority: str) -> float:
        """Takes one request if there is one, and returns 0; else the seconds after which to ask again."""
        if priority not in ("event", "bulk"):
            raise ValueError(f"not a priority: {priority!r} (expected 'event' or 'bulk')")
        wait_ms, left = await self._take(
            keys=[self.key, self._register], args=[*self._limits, str(priority), self._instance]
        )
        self.left = int(left)
        return int(wait_ms) / 1000

    async def penalise(self, seconds: float) -> None:
        """Nobody gets a request for so many seconds (ten minutes at most), then the bucket fills from empty."""
        await self._penalise(keys=[self.key], args=[max(0, int(seconds * 1000))])


@dataclass(frozen=True, slots=True)
class Left:
    """``requests`` could be sent to the instance now, of ``burst`` at most. ``standstill_ms``: none for so long, since
    the server asked for it."""

    instance: str
    requests: int
    burst: int
    standstill_ms: int = 0


class Budgets(Part):
    """What is left of each budget, for those that know no credential."""

    async def left(self) -> list[Left]:
        """Of every instance that a request was ever sent to."""
        registered = {
            text(name): text(line) for name, line in (await self._redis.hgetall(self._name("budgets"))).items()
        }
        buckets = [line.split("|") for line in registered.values()]
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            for bucket, *_ in buckets:
                pipe.hmget(bucket, "at", "events", "bulk")
            (seconds, micros), *saved = await pipe.execute()
        now = int(seconds) * 1000 + int(micros) // 1000
        return [
            _left(instance, now, float(per_minute), float(burst), one)
            for instance, (_, per_minute, burst), one in zip(registered, buckets, saved, strict=True)
        ]


def _left(instance: str, now: int, per_minute: float, burst: float, saved: list[Any]) -> Left:
    """As ``lua/budget_take.lua`` fills the two buckets, which give each other what they cannot hold."""
    at, events, bulk = (float(one) if one is not None else None for one in saved)
    if at is None or events is None or bulk is None:  # nobody asked for so long that it is full
        return Left(instance, int(burst), int(burst))
    if at > now:
        return Left(instance, 0, int(burst), int(at - now))
    return Left(instance, int(min(burst, events + bulk + (now - at) * per_minute / 60_000)), int(burst))
