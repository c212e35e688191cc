"""How far the audit log of each source space was read, and when each route was last compared as a whole.

The cursor is an instant by the *server's* clock (its ``Date`` header, or ``Occurred`` of an event). It is never
compared with ours. Events may be committed late and appear below a cursor already passed (OctopusDeploy/Issues#3140),
so the reader goes back by an overlap, and tells by their ids which events it had before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.ledger.base import Part, pack, space_name, text, unpack

RECENT = 20_000


@dataclass(frozen=True, slots=True)
class Reading:
    """How many seconds ago, by the clock of Redis, the audit log of a space was last read to its end, and how many
    events stood there beyond the cursor, whether or not a webhook had told of them."""

    instance: str
    space: str
    age_s: int
    events: int


class Cursors(Part):
    async def get(self, instance: str, space: str) -> datetime | None:
        """``None``: never read, or forgotten. Then the cursor is set first, and everything is compared."""
        found = await self._redis.hget(self._name("cursors"), space_name(instance, space))
        return datetime.fromisoformat(text(found)) if found else None

    async def advance(self, instance: str, space: str, to: datetime) -> datetime:
        """Never goes back. Returns where it stands. ``ValueError`` for an instant without an offset."""
        if to.tzinfo is None:
            raise ValueError(f"a cursor needs an offset, this has none: {to.isoformat()}")
        stands = await self.get(instance, space)
        if stands is not None and stands >= to:
            return stands
        await self._redis.hset(self._name("cursors"), space_name(instance, space), to.isoformat())
        return to

    async def forget(self, instance: str, space: str) -> None:
        await self._redis.hdel(self._name("cursors"), space_name(instance, space))

    async def unseen(self, instance: str, space: str, event_ids: Iterable[str]) -> list[str]:
        """Those of the events that :meth:`remember` was not told of, in the order given."""
        wanted = list(dict.fromkeys(event_ids))
        if not wanted:
            return []
        name = self._name("events", space_name(instance, space))
        async with self._redis.pipeline(transaction=False) as pipe:
            for one in wanted:
                pipe.zscore(name, one)
            scores = await pipe.execute()
        return [one for one, score in zip(wanted, scores, strict=True) if score is None]

    async def remember(self, instance: str, space: str, event_ids: Iterable[str]) -> None:
        """These events are dealt with. The newest so many are remembered."""
        wanted = list(dict.fromkeys(event_ids))
        if not wanted:
            return
        name = self._name("events", space_name(instance, space))
        seconds, _ = await self._redis.time()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(name, dict.fromkeys(wanted, float(seconds)))
            pipe.zremrangebyrank(name, 0, -(RECENT + 1))
            await pipe.execute()

    async def caught_up(self, instance: str, space: str, events: int) -> None:
        """The log was read to its end just now, and so many events stood beyond the cursor."""
        seconds, _ = await self._redis.time()
        line = pack({"at": int(seconds), "events": events})
        await self._redis.hset(self._name("caught-up"), space_name(instance, space), line)

    async def readings(self) -> list[Reading]:
        """The last reading of each audit log."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.hgetall(self._name("caught-up"))
            (seconds, _), found = await pipe.execute()
        result = []
        for name, line in sorted(found.items()):
            instance, _, space = text(name).partition("|")
            known = unpack(line)
            result.append(Reading(instance, space, max(0, int(seconds) - known["at"]), known["events"]))
        return result

    async def compared(self, route: str, at: datetime) -> None:
        """The route was compared as a whole; ``at`` is when that began."""
        await self._redis.hset(self._name("compared"), route, at.isoformat())

    async def last_compared(self, route: str) -> datetime | None:
        found: Any = await self._redis.hget(self._name("compared"), route)
        return datetime.fromisoformat(text(found)) if found else None
