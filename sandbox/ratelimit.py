"""The rate limit that came with 2026.3: a token bucket per user and node, by default 200 requests a minute.

A rejected request gets 429 with `Retry-After` in whole seconds, or without it if the settings say so: the reference
promises it only "when known".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from sandbox.errors import ApiError

__all__ = ["TokenBucket"]


class TokenBucket:
    """Holds `per_minute` tokens at most and gains as many in a minute; each request takes one. 0 means no limit."""

    def __init__(self, per_minute: int, clock: Callable[[], datetime], *, retry_after: bool = True) -> None:
        self._per_minute, self._clock, self._retry_after = per_minute, clock, retry_after
        self._tokens, self._at = float(per_minute), clock()

    def take(self) -> None:
        """Raises ApiError 429 when the bucket is empty."""
        if not self._per_minute:
            return
        now, per_second = self._clock(), self._per_minute / 60
        gained = max(0.0, (now - self._at).total_seconds()) * per_second
        self._tokens, self._at = min(float(self._per_minute), self._tokens + gained), now
        if self._tokens < 1:
            wait = math.ceil((1 - self._tokens) / per_second)
            headers = {"Retry-After": str(wait)} if self._retry_after else {}
            raise ApiError(429, "Too many requests. Please slow down.", headers=headers)
        self._tokens -= 1
