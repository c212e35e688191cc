"""What the parts of the ledger share: names of keys, and JSON in and out of Redis.

Every key begins with ``{prefix}:ledger:``; the braces are a hash tag, so all of it lies in one slot.
"""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

COMPRESS_ABOVE = 1024
_COMPRESSED = b"z"


class Part:
    """One subject of the ledger."""

    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        self._redis = redis
        self._root = f"{{{prefix}}}:ledger"

    def _name(self, *parts: str) -> str:
        return ":".join((self._root, *parts))


def space_name(instance: str, space: str) -> str:
    return f"{instance}|{space}"


def pack(value: Any) -> bytes:
    """JSON in bytes, compressed when it is long. Names may hold anything, lone surrogates too: these are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raw = json.dumps(value, separators=(",", ":")).encode()
    return _COMPRESSED + zlib.compress(raw, 1) if len(raw) > COMPRESS_ABOVE else raw


def unpack(raw: bytes) -> Any:
    # No JSON text begins with a z.
    return json.loads(zlib.decompress(raw[1:]) if raw[:1] == _COMPRESSED else raw)


def text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def utc_now() -> str:
    """For people to read. Nothing is decided by it: due times and leases are of the clock of Redis."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
