"""How many requests may be sent: what a budget is.

Octopus limits the requests of a user (200 a minute with a burst of 200 from 2026.3 on), so the budget belongs to the
pair (server, user) and must be shared by all processes. The client only knows the two questions below; the budget that
is shared through Redis is `worker.ledger.budget`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Priority(StrEnum):
    EVENT = "event"
    """Somebody changed something and waits to see it on the other side."""
    BULK = "bulk"
    """Comparisons of everything. Steps back for events, but is never starved."""


class Budget(Protocol):
    async def take(self, priority: Priority) -> None:
        """Returns when one request may be sent."""

    async def penalise(self, seconds: float) -> None:
        """The server said 429: nobody sends anything for so many seconds."""


class Unlimited:
    """No limit: for servers before 2026.3, and for tests."""

    async def take(self, priority: Priority) -> None:
        return None

    async def penalise(self, seconds: float) -> None:
        return None
