"""What a person must finish by hand on a destination: the clean-up list of each route.

An entry is opened once, by its key (item, place and reason). It ends in one of two ways: a person *closes* it, and
then it stays closed however often it is reported again; or a later plan of its item no longer reports it, and it is
*resolved*. A resolved entry that is reported again is open again: the matter has come back. So is a closed one about
a conflict, when it is reported with another change of the source's: that is a new conflict in an old place.

Lists may grow to many thousands, so they are read in pages (:mod:`worker.ledger.clean_up_index`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from worker.ledger.base import Part, pack, text, unpack, utc_now
from worker.ledger.clean_up_index import CleanUpIndex, Place, State
from worker.plan.values import CleanUp, NamePath, printed

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["CleanUpEntry", "CleanUps", "Page", "State"]

_CHUNK = 500
_SCANNED = 200
"""Bodies that are searched at a time: whoever asks may have others to serve meanwhile."""


@dataclass(frozen=True, slots=True)
class CleanUpEntry:
    """Times are ISO instants. ``run_id`` is the run that opened it; ``note`` what the person wrote who closed it."""

    key: str
    route: str
    entry: CleanUp
    state: State
    opened: str
    run_id: str | None = None
    closed: str | None = None
    closed_by: str | None = None
    resolved: str | None = None
    note: str | None = None

    @property
    def place(self) -> Place:
        return Place(self.opened, self.key, self.entry.reason)


@dataclass(frozen=True, slots=True)
class Page:
    """``after``: what to ask the next page with; ``None`` if this is the last one."""

    entries: list[CleanUpEntry]
    after: str | None = None


class CleanUps(Part):
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        super().__init__(redis, prefix)
        self._index = CleanUpIndex(redis, prefix)

    async def report(self, route: str, entries: Iterable[CleanUp], run_id: str | None = None) -> list[str]:
        """Opens what is new and returns its keys; reopens what was resolved; leaves alone what a person closed, but for
        a conflict that has come anew."""
        wanted = {entry.key: entry for entry in entries}
        if not wanted:
            return []
        await self._renew(route, wanted, run_id)
        opened = utc_now()
        async with self._redis.pipeline(transaction=True) as pipe:
            for key, entry in wanted.items():
                body = {**asdict(entry), "opened": opened, "run_id": run_id}
                pipe.hsetnx(self._name("clean-ups", route), key, pack(body))
                pipe.hdel(self._name("clean-ups-resolved", route), key)
                pipe.zadd(self._name("clean-ups-of", route), {_indexed(entry): 0})
            await self._index.add(route, (Place(opened, key, one.reason) for key, one in wanted.items()), pipe)
            *answers, _ = await pipe.execute()
        return [key for key, was_new in zip(wanted, answers[::3], strict=True) if was_new]

    async def _renew(self, route: str, entries: Mapping[str, CleanUp], run_id: str | None) -> None:
        """Brings known entries up to date with what things are called and what both sides are now, and reopens what is
        another conflict."""
        bodies: Any = await self._redis.hmget(self._name("clean-ups", route), list(entries))
        async with self._redis.pipeline(transaction=True) as pipe:
            for (key, entry), body in zip(entries.items(), bodies, strict=True):
                known: dict[str, Any] = unpack(body) if body is not None else {}
                before = CleanUp.from_dict(known) if known else entry
                if before == entry:
                    continue
                if _is_another(before, entry):
                    opened = utc_now()
                    pipe.hdel(self._name("clean-ups-closed", route), key)
                    await self._index.renew(route, [Place(opened, key, entry.reason)], pipe)
                    known |= {"opened": opened, "run_id": run_id}
                pipe.hset(self._name("clean-ups", route), key, pack({**known, **asdict(entry)}))
            if len(pipe):
                await pipe.execute()

    async def close(self, route: str, key: str, by: str, note: str = "") -> bool:
        """A person says that it is done. ``False``: there is no such entry, or it is closed already."""
        if not await self._redis.hexists(self._name("clean-ups", route), key):
            return False
        mark = pack({"by": by, "at": utc_now(), "note": note})
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(self._name("clean-ups-closed", route), key, mark)
            await self._index.refile(route, [key], pipe)
            changed, _ = await pipe.execute()
        return bool(changed)

    async def reopen(self, route: str, key: str) -> bool:
        """Takes a closing back. ``False``: it was not closed."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(self._name("clean-ups-closed", route), key)
            await self._index.refile(route, [key], pipe)
            changed, _ = await pipe.execute()
        return bool(changed)

    async def listed(self, route: str, entries: Iterable[CleanUp]) -> dict[str, bool]:
        """See :func:`listed_among`."""
        wanted = {entry.key: entry for entry in entries}
        return listed_among(await self._get(route, list(wanted)), wanted.values())

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
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(self._name("clean-ups-resolved", route), mapping=dict.fromkeys(gone, utc_now()))
                await self._index.refile(route, gone, pipe)
                await pipe.execute()
        return gone

    async def counts(self, route: str) -> dict[State, dict[str, int]]:
        """How many entries there are of each state and reason."""
        await self._complete(route)
        return await self._index.counts(route)

    async def page(
        self,
        route: str,
        state: State = State.OPEN,
        *,
        reason: str | None = None,
        words: str = "",
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """At most ``limit`` entries, oldest first. ``words``: only those that hold this somewhere, in any case."""
        await self._complete(route)
        found: list[CleanUpEntry] = []
        wanted = words.casefold().strip()
        while True:
            places = await self._index.places(route, state, after, _CHUNK)
            keys = [one.key for one in places if reason is None or one.reason == reason]
            step = _SCANNED if wanted else limit + 1
            for at in range(0, len(keys), step):
                some = await self._holding(route, keys[at : at + step], wanted)
                found += await self._get(route, some[: limit + 1])
                if len(found) > limit:
                    return Page(found[:limit], str(found[limit - 1].place))
            if len(places) < _CHUNK:
                return Page(found)
            after = str(places[-1])

    async def get(self, route: str, key: str) -> CleanUpEntry | None:
        return next(iter(await self._get(route, [key])), None)

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
        known = list(entries)
        async with self._redis.pipeline(transaction=True) as pipe:
            for one in known:
                body = {**asdict(one.entry), "opened": one.opened, "run_id": one.run_id}
                pipe.hset(self._name("clean-ups", route), one.key, pack(body))
                pipe.zadd(self._name("clean-ups-of", route), {_indexed(one.entry): 0})
                if one.closed:
                    mark = pack({"by": one.closed_by, "at": one.closed, "note": one.note or ""})
                    pipe.hset(self._name("clean-ups-closed", route), one.key, mark)
                if one.resolved:
                    pipe.hset(self._name("clean-ups-resolved", route), one.key, one.resolved)
            await self._index.renew(route, (one.place for one in known), pipe)
            await pipe.execute()

    async def clear(self, route: str) -> None:
        parts = ("clean-ups", "clean-ups-of", "clean-ups-closed", "clean-ups-resolved")
        await self._redis.delete(*(self._name(part, route) for part in parts))
        await self._index.clear(route)

    async def _holding(self, route: str, keys: list[str], wanted: str) -> list[str]:
        """The entries among them that hold the words."""
        if not wanted or not keys:
            return keys
        bodies: Any = await self._redis.hmget(self._name("clean-ups", route), keys)
        return [key for key, body in zip(keys, bodies, strict=True) if body and wanted in _searched(unpack(body))]

    async def _get(self, route: str, keys: list[str]) -> list[CleanUpEntry]:
        if not keys:
            return []
        async with self._redis.pipeline(transaction=True) as pipe:
            for part in ("clean-ups", "clean-ups-closed", "clean-ups-resolved"):
                pipe.hmget(self._name(part, route), keys)
            answers = await pipe.execute()
        return [_entry(route, key, *parts) for key, *parts in zip(keys, *answers, strict=True) if parts[0] is not None]

    async def _complete(self, route: str) -> None:
        """Entries of a time that had no index get into it."""
        if await self._index.is_complete(route):
            return
        known = await self.entries(route, State)
        for at in range(0, len(known), _CHUNK):
            await self._index.add(route, (one.place for one in known[at : at + _CHUNK]), self._redis)


def listed_among(known: Iterable[CleanUpEntry], entries: Iterable[CleanUp]) -> dict[str, bool]:
    """Of the entries that a plan reports, those that are on the list already: it would not open them. Key → whether it
    is still to be done, or was closed by a person."""
    before = {one.key: one for one in known if one.state is not State.RESOLVED}
    return {
        one.key: before[one.key].state is State.OPEN
        for one in entries
        if one.key in before and not _is_another(before[one.key].entry, one)
    }


def _is_another(before: CleanUp, entry: CleanUp) -> bool:
    """Whether it is a new conflict in an old place."""
    return entry.both is not None and (before.both is None or before.both.source_is != entry.both.source_is)


def _indexed(entry: CleanUp) -> str:
    """A member of the index by item, in which all of an item stand together."""
    return f"{_digest(entry.subject)}:{entry.key}:{entry.reason}"


def _digest(subject: str | NamePath) -> str:
    return hashlib.blake2b(pack(subject), digest_size=10).hexdigest()


def _searched(body: dict[str, Any]) -> str:
    """All that a person may look for, in small letters."""
    return "\n".join((printed(tuple(body["item"])), body["where"], body["text"], body["reason"])).casefold()


def _entry(route: str, key: bytes | str, body: bytes, closed: bytes | None, resolved: bytes | None) -> CleanUpEntry:
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
        note=mark.get("note") or None,
    )
