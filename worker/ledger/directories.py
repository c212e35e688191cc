"""Name directories: id to entry, per instance, space and kind. A cache, kept true by the audit logs of both sides.

Before a directory is used, the audit log of its space must have been asked whether it changed; but once in ten seconds
is enough, for all workers together. So the first who needs to know asks, the others wait for the answer::

    if not await directories.checked_within(instance, space):
        ...ask the audit log, invalidate what changed...
        await directories.checked(instance, space)

Between the reading of a list and :meth:`Directories.put` another may write to the space and invalidate, or the reader
may be stopped for as long as you like. So whoever reads notes the *epoch* before; every invalidation begins another,
and a list of an older epoch is not stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from worker.ledger.base import Part, pack, space_name, text, unpack
from worker.ledger.scripts import register

if TYPE_CHECKING:
    from redis.asyncio import Redis

FRESH_S = 10.0
ASKING_S = 15.0
"""For how long one who said that he would ask is believed."""
_POLL_S = 0.05
_ALL = "*"

Directory = dict[str, Any]


class Directories(Part):
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        super().__init__(redis, prefix)
        self._put = register(redis, "directory_put")

    async def get(self, instance: str, space: str, kind: str) -> Directory | None:
        """``None``: not cached, read it from the server."""
        found: Any = await self._redis.hget(self._directory(instance, space), kind)
        return unpack(found) if found else None

    async def get_all(self, instance: str, space: str, kinds: Iterable[str]) -> dict[str, Directory]:
        """Those of the kinds that are cached."""
        wanted = list(kinds)
        if not wanted:
            return {}
        answers: Any = await self._redis.hmget(self._directory(instance, space), wanted)
        return {kind: unpack(found) for kind, found in zip(wanted, answers, strict=True) if found is not None}

    async def epoch(self, instance: str, space: str, kind: str) -> int:
        """To be asked before a list is read that :meth:`put` shall store."""
        found: Any = await self._redis.hmget(self._epochs(instance, space), [kind, _ALL])
        return sum(int(one or 0) for one in found)

    async def put(
        self, instance: str, space: str, kind: str, entries: Mapping[str, Any], epoch: int | None = None
    ) -> bool:
        """``False``: the kind was invalidated since that ``epoch``, so that nobody knows whether the entries are true;
        nothing was stored. Without an epoch they are true whatever happened meanwhile."""
        keys = [self._directory(instance, space), self._epochs(instance, space)]
        return bool(await self._put(keys=keys, args=[kind, "" if epoch is None else epoch, pack(dict(entries))]))

    async def invalidate(self, instance: str, space: str, *kinds: str) -> None:
        """Forgets directories of these kinds; of every kind when none is named."""
        async with self._redis.pipeline(transaction=True) as pipe:
            if kinds:
                pipe.hdel(self._directory(instance, space), *kinds)
            else:
                pipe.delete(self._directory(instance, space))
            for kind in kinds or (_ALL,):
                pipe.hincrby(self._epochs(instance, space), kind, 1)
            await pipe.execute()

    async def kinds(self, instance: str, space: str) -> frozenset[str]:
        return frozenset(text(one) for one in await self._redis.hkeys(self._directory(instance, space)))

    async def checked_within(self, instance: str, space: str, seconds: float = FRESH_S) -> bool:
        """``True``: the audit log was asked lately. ``False``: it is for the caller to ask, and to say so when done.

        While another asks, this waits for it. One who does not come back is relieved after :data:`ASKING_S`.
        """
        stamp = self._name("checked", space_name(instance, space))
        asking = self._name("asking", space_name(instance, space))
        while True:
            if await self._age_ms(stamp) <= seconds * 1000:
                return True
            if await self._redis.set(asking, "1", nx=True, px=int(ASKING_S * 1000)):
                # Between the two questions above another may have asked, and ended.
                if await self._age_ms(stamp) > seconds * 1000:
                    return False
                await self._redis.delete(asking)
                return True
            await asyncio.sleep(_POLL_S)

    async def checked(self, instance: str, space: str) -> None:
        """What :meth:`checked_within` asked for is done."""
        await self._redis.set(self._name("checked", space_name(instance, space)), await self._now_ms())
        await self._redis.delete(self._name("asking", space_name(instance, space)))

    async def gave_up(self, instance: str, space: str) -> None:
        """The audit log could not be asked: let the next one try at once."""
        await self._redis.delete(self._name("asking", space_name(instance, space)))

    async def _age_ms(self, stamp: str) -> float:
        found: Any = await self._redis.get(stamp)
        return await self._now_ms() - int(found) if found else float("inf")

    async def _now_ms(self) -> int:
        seconds, micros = await self._redis.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def _directory(self, instance: str, space: str) -> str:
        return self._name("directory", space_name(instance, space))

    def _epochs(self, instance: str, space: str) -> str:
        return self._name("directory-epochs", space_name(instance, space))
