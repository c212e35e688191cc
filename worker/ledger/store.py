"""The Redis itself: which one it is, and whether it keeps what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from worker.ledger.base import Part


@dataclass(frozen=True, slots=True)
class Store:
    """What a Redis says of itself. ``name``: ``redis`` or ``valkey``. ``appends``: every write goes to a file
    (``appendonly``). ``eviction``: what it throws away when it is full. ``used`` and ``limit`` in bytes, 0 for none."""

    name: str
    version: str
    appends: bool
    eviction: str
    used: int
    limit: int
    replica: bool = False
    last_write_failed: bool = False


class Host(Part):
    async def look(self) -> Store | None:
        """``None``: its user may not ask (``INFO``). Raises what any call raises."""
        try:
            said: Any = await self._redis.info()
        except (NoPermissionError, ResponseError):
            return None
        valkey = said.get("valkey_version")
        return Store(
            name="valkey" if valkey else "redis",
            version=str(valkey or said.get("redis_version") or "unknown"),
            appends=bool(said.get("aof_enabled")),
            eviction=str(said.get("maxmemory_policy") or "unknown"),
            used=int(said.get("used_memory") or 0),
            limit=int(said.get("maxmemory") or 0),
            replica=said.get("role") == "slave",
            last_write_failed=said.get("aof_last_write_status") == "err",
        )
