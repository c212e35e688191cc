"""What is about to be written: stored before each write, cleared after its baseline is.

An intent that is still there when a run begins tells that the last one was cut off between the write and the baseline:
the destination may hold our write, and the clean-up entries that belong to it may not have been reported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from worker.ledger.base import Part, pack, text, unpack, utc_now
from worker.plan.values import CleanUp


@dataclass(frozen=True, slots=True)
class Intent:
    """``document`` names the write: the source document id, or the action's path where there is none yet."""

    route: str
    document: str
    plan_hash: str
    run_id: str
    at: str
    clean_ups: tuple[CleanUp, ...] = ()
    write: Any = None
    """What is to be written, as the engine needs it to know its own write again. JSON-ready, opaque here."""


class Intents(Part):
    async def store(
        self,
        route: str,
        document: str,
        plan_hash: str,
        run_id: str,
        clean_ups: Iterable[CleanUp] = (),
        write: Any = None,
    ) -> None:
        await self.put(Intent(route, document, plan_hash, run_id, utc_now(), tuple(clean_ups), write))

    async def put(self, intent: Intent) -> None:
        """Just as it is."""
        body = {
            "plan_hash": intent.plan_hash,
            "run_id": intent.run_id,
            "at": intent.at,
            "clean_ups": [asdict(one) for one in intent.clean_ups],
            "write": intent.write,
        }
        await self._redis.hset(self._name("intents", intent.route), intent.document, pack(body))

    async def clear(self, route: str, *documents: str) -> None:
        """These, or all of the route when none is named."""
        if documents:
            await self._redis.hdel(self._name("intents", route), *documents)
        else:
            await self._redis.delete(self._name("intents", route))

    async def get(self, route: str, document: str) -> Intent | None:
        found: Any = await self._redis.hget(self._name("intents", route), document)
        return _intent(route, document, found) if found else None

    async def all(self, route: str) -> list[Intent]:
        found = await self._redis.hgetall(self._name("intents", route))
        return sorted((_intent(route, text(d), body) for d, body in found.items()), key=lambda one: one.document)


def _intent(route: str, document: str, body: Any) -> Intent:
    known: dict[str, Any] = unpack(body)
    return Intent(
        route=route,
        document=document,
        plan_hash=known["plan_hash"],
        run_id=known["run_id"],
        at=known["at"],
        write=known.get("write"),
        clean_ups=tuple(CleanUp.from_dict(one) for one in known["clean_ups"]),
    )
