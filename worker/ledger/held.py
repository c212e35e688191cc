"""Held routes: they have stopped writing until a person approves, by the hash of a plan.

The queue's scripts look at the same two keys (``held`` and ``approved``): a claim of a held route is refused until one
of its plans is approved. From then on its items are claimed again, and each run applies its plan only if just that
plan was approved (:meth:`Held.is_approved`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from worker.ledger.base import Part, pack, text, unpack, utc_now


@dataclass(frozen=True, slots=True)
class HeldRoute:
    """``plan`` is the plan as JSON-ready data, for the one who decides. ``key`` is the dirty key whose run stopped."""

    route: str
    reason: str
    plan_hash: str
    summary: str
    since: str
    key: str = ""
    plan: Any = None
    approved: bool = False


class Held(Part):
    async def hold(
        self, route: str, reason: str, plan_hash: str, summary: str = "", *, key: str = "", plan: Any = None
    ) -> bool:
        """Holds a route, and shows this plan for approval. A later plan takes the place of the one shown.

        ``False``: another key's plan is approved and not applied yet. That one comes first; nothing was changed.
        """
        before = await self.get(route)
        if before and before.approved and before.key != key:
            return False
        body = {
            "reason": reason,
            "plan_hash": plan_hash,
            "summary": summary,
            "key": key,
            "plan": plan,
            "since": before.since if before else utc_now(),
        }
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(self._name("held"), route, pack(body))
            if before is None or before.plan_hash != plan_hash:
                pipe.hdel(self._name("approved"), route)  # it stood for exactly the plan before
            await pipe.execute()
        return True

    async def get(self, route: str) -> HeldRoute | None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(self._name("held"), route)
            pipe.hget(self._name("approved"), route)
            body, approved = await pipe.execute()
        return _held(route, body, approved) if body else None

    async def allow_adoption(self, route: str) -> None:
        """A person has approved a plan that takes over items which the destination had already."""
        await self._redis.sadd(self._name("adopting"), route)

    async def adoption_allowed(self, route: str) -> bool:
        return bool(await self._redis.sismember(self._name("adopting"), route))

    async def forbid_adoption(self, route: str) -> None:
        await self._redis.srem(self._name("adopting"), route)

    async def fingerprint(self, route: str) -> str | None:
        """What decided what the route wants, when it last wrote (``config.routes.Route.fingerprint``)."""
        found: Any = await self._redis.hget(self._name("fingerprints"), route)
        return text(found) if found is not None else None

    async def set_fingerprint(self, route: str, fingerprint: str) -> None:
        await self._redis.hset(self._name("fingerprints"), route, fingerprint)

    async def forget_fingerprint(self, route: str) -> None:
        await self._redis.hdel(self._name("fingerprints"), route)

    async def all(self) -> dict[str, HeldRoute]:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._name("held"))
            pipe.hgetall(self._name("approved"))
            bodies, approved = await pipe.execute()
        return {text(route): _held(text(route), body, approved.get(route)) for route, body in bodies.items()}

    async def approve(self, route: str, plan_hash: str) -> bool:
        """A person approves exactly this plan. ``False``: the route is not held for it (any more), so look again."""
        held = await self.get(route)
        if held is None or held.plan_hash != plan_hash:
            return False
        await self._redis.hset(self._name("approved"), route, plan_hash)
        return True

    async def is_approved(self, route: str, plan_hash: str) -> bool:
        found: Any = await self._redis.hget(self._name("approved"), route)
        return found is not None and text(found) == plan_hash

    async def release(self, route: str) -> bool:
        """The approved plan was applied, or a person lets the route go on as it is. ``False``: it was not held."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(self._name("held"), route)
            pipe.hdel(self._name("approved"), route)
            removed, _ = await pipe.execute()
        return bool(removed)


def _held(route: str, body: bytes, approved: bytes | None) -> HeldRoute:
    known: dict[str, Any] = unpack(body)
    is_approved = approved is not None and text(approved) == known["plan_hash"]
    return HeldRoute(route=route, approved=is_approved, **known)
