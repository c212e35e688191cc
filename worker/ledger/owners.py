"""Which route an item of a destination belongs to: the first that wrote it. Two routes may lead into one space.

Kept per space, by the items' ids there. A claim counts as long as its route leads there: whoever takes a route out of
the routes file gives up what it owned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from worker.ledger.base import Part, pack, space_name, text, unpack


class Owners(Part):
    async def claim(
        self, instance: str, space: str, route: str, ids: Iterable[str], others: Collection[str] = ()
    ) -> dict[str, str]:
        """The ids that belong to another route; all others are the route's from now on. ``others``: the other routes
        that lead into the space; a claim of any else is void."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        name = self._owners(instance, space)
        async with self._redis.pipeline(transaction=True) as pipe:
            for one in wanted:
                pipe.hsetnx(name, one, route)
            pipe.hmget(name, wanted)
            pipe.sadd(self._name("owning", route), pack([instance, space]))
            answers: Any = await pipe.execute()
        owners = {one: text(found) for one, found in zip(wanted, answers[-2], strict=True)}
        void = [one for one, owner in owners.items() if owner != route and owner not in others]
        if void:
            claimed: Any = dict.fromkeys(void, route)
            await self._redis.hset(name, mapping=claimed)
        return {one: owner for one, owner in owners.items() if owner in others}

    async def of_others(self, instance: str, space: str, others: Collection[str]) -> dict[str, str]:
        """All that belongs to these routes in the space: id → route."""
        if not others:
            return {}
        found: Mapping[Any, Any] = await self._redis.hgetall(self._owners(instance, space))
        return {text(one): text(owner) for one, owner in found.items() if text(owner) in others}

    async def release(self, instance: str, space: str, ids: Iterable[str]) -> None:
        """These are gone."""
        wanted = list(ids)
        if wanted:
            await self._redis.hdel(self._owners(instance, space), *wanted)

    async def clear(self, route: str) -> None:
        """The route owns nothing any more."""
        spaces: Any = await self._redis.smembers(self._name("owning", route))
        for packed in spaces:
            instance, space = unpack(packed)
            found = await self.of_others(instance, space, {route})
            await self.release(instance, space, found)
        await self._redis.delete(self._name("owning", route))

    def _owners(self, instance: str, space: str) -> str:
        return self._name("owners", space_name(instance, space))
