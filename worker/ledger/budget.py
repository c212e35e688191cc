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
from typing import TYPE_CHECKING

from worker.ledger import scripts

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
    brings the limits, so they take effect at once when they change. Raises ValueError if one is below 1.
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
    ) -> None:
        burst = per_minute if burst is None else burst
        if per_minute < 1 or burst < 1:
            raise ValueError(f"a budget of {per_minute} requests a minute, {burst} at once, sends nothing")
        identity = json.dumps([server_url.strip().rstrip("/").casefold(), user]).encode()
        self.key = f"{{{prefix}}}:ledger:budget:{hashlib.blake2b(identity, digest_size=10).hexdigest()}"
        self.left: int | None = None
        """Requests that could have been sent at once after the last `take`, by all classes together. For a gauge."""
        self._limits = (per_minute * MARGIN, burst * MARGIN)
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
        wait_ms, left = await self._take(keys=[self.key], args=[*self._limits, str(priority)])
        self.left = int(left)
        return int(wait_ms) / 1000

    async def penalise(self, seconds: float) -> None:
        """Nobody gets a request for so many seconds (ten minutes at most), then the bucket fills from empty."""
        await self._penalise(keys=[self.key], args=[max(0, int(seconds * 1000))])
