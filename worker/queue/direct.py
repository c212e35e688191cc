"""One script of ours, called often, over connections that it keeps.

What redis-py does for each call besides sending and reading (a connection from the pool and back, looking whether it
still lives, counters, wrappers for retrying) takes longer than a webhook's event takes in Redis. Here it is done only
when something fails. Connecting, passwords, TLS and the protocol stay redis-py's.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError

from worker.queue.scripts import source

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

WAITS_S = (0.05, 0.1)
"""A call that fails because the connection broke is tried again after these, as
:func:`worker.ledger.connect.open_redis` has it for all others: the script bears being run twice."""


class DirectScript:
    """As many calls at a time as there are callers, each over a connection of its own. The pool of ``redis`` closes
    the connections with itself. A call that is cancelled costs its connection, and no more."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._pool = redis.connection_pool
        self._text = source(name)
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()  # the name that Redis gives it
        self._idle: list[AbstractConnection] = []

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Raises what a call of redis-py raises."""
        for wait in WAITS_S:
            try:
                return await self._call(keys, args)
            except RedisConnectionError:
                await asyncio.sleep(wait)
        return await self._call(keys, args)

    async def _call(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        connection = self._idle.pop() if self._idle else await self._connect()
        try:
            try:
                await connection.send_command("EVALSHA", self._sha, len(keys), *keys, *args)
                return await connection.read_response()
            except NoScriptError:  # a server that was restarted, or emptied
                await connection.send_command("EVAL", self._text, len(keys), *keys, *args)
                return await connection.read_response()
        finally:
            # If it broke, redis-py has closed it, and connects anew with the next command.
            self._idle.append(connection)

    async def _connect(self) -> AbstractConnection:
        connection: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py
        return connection
