"""Where the comparison of a whole route stands, so that one that was cut off goes on where it was, and no night is
asked for twice."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from worker.ledger.base import Part, pack, text, unpack


@dataclass(frozen=True, slots=True)
class Progress:
    """``after`` is the last item done, as the comparison orders them; ``counts`` what was found so far.

    ``began`` is an ISO instant, ``fingerprint`` that of the route: another one begins from the start. ``done`` items
    ``of`` all, each with its parts, of which ``differing`` keys were marked.
    """

    began: str
    fingerprint: str
    after: tuple[int, str] | None = None
    documents: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    done: int = 0
    of: int = 0
    differing: int = 0


class Comparisons(Part):
    async def progress(self, route: str) -> Progress | None:
        """``None``: none is under way."""
        found: Any = await self._redis.hget(self._name("comparing"), route)
        if not found:
            return None
        known = unpack(found)
        after = known["after"]
        return Progress(**{**known, "after": (after[0], after[1]) if after else None})

    async def note(self, route: str, progress: Progress) -> None:
        await self._redis.hset(self._name("comparing"), route, pack(asdict(progress)))

    async def ended(self, route: str) -> None:
        await self._redis.hdel(self._name("comparing"), route)

    async def asked(self, route: str) -> datetime | None:
        """The night for which the last comparison was asked."""
        found: Any = await self._redis.hget(self._name("nights"), route)
        return datetime.fromisoformat(text(found)) if found else None

    async def ask(self, route: str, night: datetime) -> None:
        await self._redis.hset(self._name("nights"), route, night.isoformat())
