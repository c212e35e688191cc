"""What a person must finish by hand on a destination: the clean-up list of each route.

An entry is opened once, by its key (item, place and reason). It ends in one of two ways: a person *closes* it, and
then it stays closed however often it is reported again; or a later plan of its item no longer reports it, and it is
*resolved*. A resolved entry that is reported again is open again: the matter has come back. So is a closed one about
a conflict, when it is reported with another change of the source's: that is a new conflict in an old place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from worker.ledger.base import Part, pack, text, unpack, utc_now
from worker.plan.values import CleanUp, NamePath


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class CleanUpEntry:
    """Times are ISO instants. ``run_id`` is the run that opened it."""

    key: str
    route: str
    entry: CleanUp
    state: State
    opened: str
    run_id: str | None = None
    closed: str | None = None
    closed_by: str | None = None
    resolved: str | None = None


class CleanUps(Part):
    async def report(self, route: str, entries: Iterable[CleanUp], run_id: str | None = None) -> list[str]:
        """Opens what is new and returns its keys; reopens what was resolved; leaves alone what a person closed, but for
        a conflict that has come anew."""
        wanted = {entry.key: entry for entry in entries}
        if not wanted:
            return []
        await self._renew(route, {key: entry for key, entry in wanted.items() if entry.both is not None}, run_id)
        opened = utc_now()
        async with self._redis.pipeline(transaction=True) as pipe:
            for key, entry in wanted.items():
                body = {**asdict(entry), "opened": opened, "run_id": run_id}
                pipe.hsetnx(self._name("clean-ups", route), key, pack(body))
                pipe.hdel(self._name("clean-ups-resolved", route), key)
                pipe.zadd(self._name("clean-ups-of", route), {_indexed(entry): 0})
            answers = await pipe.execute()
        return [key for key, was_new in zip(wanted, answers[::3], strict=True) if was_new]

    async def _renew(self, route: str, conflicts: Mapping[str, CleanUp], run_id: str | None) -> None:
        """Brings known entries up to date with what both sides are now, and reopens what is another conflict."""
        if not conflicts:
            return
        bodies: Any = await self._redis.hmget(self._name("clean-ups", route), list(conflicts))
        async with self._redis.pipeline(transaction=True) as pipe:
            for (key, entry), body in zip(conflicts.items(), bodies, strict=True):
                known: dict[str, Any] = unpack(body) if body is not None else {}
                before = CleanUp.from_dict(known).both if known else None
                if not known or before == entry.both:
                    continue
                if before is None or entry.both is None or before.source_is != entry.both.source_is:
                    pipe.hdel(self._name("clean-ups-closed", route), key)
                    known |= {"opened": utc_now(), "run_id": run_id}
                pipe.hset(self._name("clean-ups", route), key, pack({**known, **asdict(entry)}))
            if len(pipe):
                await pipe.execute()

    async def close(self, route: str, key: str, by: str) -> bool:
        """A person says that it is done. ``False``: there is no such entry, or it is closed already."""
        if not await self._redis.hexists(self._name("clean-ups", route), key):
            return False
        mark = pack({"by": by, "at": utc_now()})
        return bool(await self._redis.hsetnx(self._name("clean-ups-closed", route), key, mark))

    async def reopen(self, route: str, key: str) -> bool:
        """Takes a closing back. ``False``: it was not closed."""
        return bool(await self._redis.hdel(self._name("clean-ups-closed", route), key))

    async def settle(
        self, route: str, subject: str | NamePath, current_keys: Iterable[str], reasons: Collection[str] | None = None
    ) -> list[str]:
        """After a plan of an item: its open entries that the plan no longer reports are resolved. Returns their keys.

        ``subject``: as :attr:`worker.plan.values.CleanUp.subject`.
        Only those with one of the ``reasons``, where these are given. Entries of the items beneath it are theirs, and
        left alone.
        """
        current = set(current_keys)
        begin = f"{_digest(subject)}:"
        found: Any = await self._redis.zrangebylex(self._name("clean-ups-of", route), f"[{begin}", f"({begin}\xff")
        known = [text(one).split(":", 2)[1:] for one in found]
        gone = [key for key, reason in known if key not in current and (reasons is None or reason in reasons)]
        if not gone:
            return []
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hmget(self._name("clean-ups-closed", route), gone)
            pipe.hmget(self._name("clean-ups-resolved", route), gone)
            closed, resolved = await pipe.execute()
        gone = [key for key, *ended in zip(gone, closed, resolved, strict=True) if not any(ended)]
        if gone:
            await self._redis.hset(self._name("clean-ups-resolved", route), mapping=dict.fromkeys(gone, utc_now()))
        return gone

    async def entries(self, route: str, states: Iterable[State] = (State.OPEN,)) -> list[CleanUpEntry]:
        """Oldest first."""
        wanted = frozenset(states)
        async with self._redis.pipeline(transaction=True) as pipe:
            for part in ("clean-ups", "clean-ups-closed", "clean-ups-resolved"):
                pipe.hgetall(self._name(part, route))
            bodies, closed, resolved = await pipe.execute()
        found = [_entry(route, key, body, closed.get(key), resolved.get(key)) for key, body in bodies.items()]
        return sorted((one for one in found if one.state in wanted), key=lambda one: (one.opened, one.key))

    async def restore(self, route: str, entries: Iterable[CleanUpEntry]) -> None:
        """Puts entries back as they were exported, states and all."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for one in entries:
                body = {**asdict(one.entry), "opened": one.opened, "run_id": one.run_id}
                pipe.hset(self._name("clean-ups", route), one.key, pack(body))
                pipe.zadd(self._name("clean-ups-of", route), {_indexed(one.entry): 0})
                if one.closed:
                    mark = pack({"by": one.closed_by, "at": one.closed})
                    pipe.hset(self._name("clean-ups-closed", route), one.key, mark)
                if one.resolved:
                    pipe.hset(self._name("clean-ups-resolved", route), one.key, one.resolved)
            await pipe.execute()

    async def clear(self, route: str) -> None:
        parts = ("clean-ups", "clean-ups-of", "clean-ups-closed", "clean-ups-resolved")
        await self._redis.delete(*(self._name(part, route) for part in parts))


def _indexed(entry: CleanUp) -> str:
    """A member of the index by item, in which all of an item stand together."""
    return f"{_digest(entry.subject)}:{entry.key}:{entry.reason}"


def _digest(subject: str | NamePath) -> str:
    return hashlib.blake2b(pack(subject), digest_size=10).hexdigest()


def _entry(route: str, key: bytes, body: bytes, closed: bytes | None, resolved: bytes | None) -> CleanUpEntry:
    known: dict[str, Any] = unpack(body)
    mark: dict[str, Any] = unpack(closed) if closed else {}
    return CleanUpEntry(
        key=text(key),
        route=route,
        entry=CleanUp.from_dict(known),
        state=State.CLOSED if closed else State.RESOLVED if resolved else State.OPEN,
        opened=known["opened"],
        run_id=known.get("run_id"),
        closed=mark.get("at"),
        closed_by=mark.get("by"),
        resolved=text(resolved) if resolved else None,
    )
