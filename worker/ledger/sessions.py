"""Who is signed in on the status page, and who tried in vain.

A session is known to several receivers, so it lies here; by the hash of its id, so that who reads Redis cannot use it.
It ends after some hours, when its person signs out, or when the token that opened it is no longer the token.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.ledger.base import Part, pack, unpack

if TYPE_CHECKING:
    from redis.asyncio import Redis

LASTS_S = 10 * 3600
TRIES = 10
"""Wrong tokens from one address, and …"""
TRIES_OF_ALL = 200
"""… from all of them, within …"""
WITHIN_S = 300
"""… seconds; after that nobody there is heard until these are over."""
_EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Session:
    """``csrf`` must come back with everything that is asked for; ``person`` is what they called themselves."""

    person: str
    csrf: str


class Sessions(Part):
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        super().__init__(redis, prefix)

    async def open(self, token: str, person: str) -> str:
        """The id of a new session, for the one who knows the ``token``."""
        session_id = secrets.token_urlsafe(32)
        body = {"person": person, "csrf": secrets.token_urlsafe(24), "token": _digest(token)}
        await self._redis.set(self._session(session_id), pack(body), ex=LASTS_S)
        return session_id

    async def get(self, session_id: str, token: str) -> Session | None:
        """``None``: there is none, it has ended, or it was opened with another token than ``token``."""
        found: Any = await self._redis.get(self._session(session_id))
        if not found:
            return None
        known = unpack(found)
        return Session(known["person"], known["csrf"]) if known["token"] == _digest(token) else None

    async def close(self, session_id: str) -> None:
        await self._redis.delete(self._session(session_id))

    async def failed(self, address: str) -> None:
        """Somebody there gave a wrong token."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for name in (self._tries(address), self._tries(_EVERYBODY)):
                pipe.set(name, 0, ex=WITHIN_S, nx=True)
                pipe.incr(name)
            await pipe.execute()

    async def locked_s(self, address: str) -> int:
        """For how many seconds nobody there is heard; 0: now."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in (self._tries(address), self._tries(_EVERYBODY)):
                pipe.get(name)
                pipe.ttl(name)
            here, here_s, all_, all_s = await pipe.execute()
        waits = [
            int(left)
            for count, left, most in ((here, here_s, TRIES), (all_, all_s, TRIES_OF_ALL))
            if int(count or 0) >= most
        ]
        return max([0, *(max(1, wait) for wait in waits)])

    def _session(self, session_id: str) -> str:
        return self._name("session", _digest(session_id))

    def _tries(self, address: str) -> str:
        return self._name("sign-ins", address)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
