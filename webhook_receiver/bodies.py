"""Reading bodies, within bounds: of one, and of all that are read at the same time.

What a body is above a bound, it is read to its end and dropped, since Octopus takes an answer before that, and the
connection closed, for a failure, which costs the rest of its batch. For the same reason we unpack bodies ourselves:
aiohttp answers 400 to what it cannot unpack.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass

from aiohttp import web

WITHIN_S = 60.0
AT_A_TIME = 4
"""So many of the longest may be in memory at once."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class IncompleteError(Exception):
    """The body never came to its end: the caller went away, or took too long."""


class UndecodableError(Exception):
    """It is packed, and cannot be unpacked. ``str`` says why, in words of ours."""


@dataclass(frozen=True, slots=True)
class Body:
    """``content`` is ``None`` above a bound; ``size`` counts all that came."""

    content: bytes | None
    size: int


class Bodies:
    """``limit``: bytes of one body."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = limit * AT_A_TIME

    async def read(self, request: web.Request) -> Body:
        """Raises :class:`IncompleteError` and :class:`UndecodableError`."""
        body = await self._raw(request)
        packed = request.headers.get("Content-Encoding", "identity")
        return body if packed == "identity" else self._unpacked(body, packed.strip().lower())

    async def _raw(self, request: web.Request) -> Body:
        stream = request.content
        if stream.is_eof() and stream.total_bytes <= self._limit:  # it came together with its headers
            content = stream.read_nowait()
            return Body(content, len(content))
        kept: list[bytes] | None = []
        size = held = 0
        try:
            async with asyncio.timeout(WITHIN_S):
                async for chunk in stream.iter_any():
                    size += len(chunk)
                    if kept is not None and (size > self._limit or len(chunk) > self._free):
                        kept = None
                        self._free += held
                        held = 0
                    if kept is not None:
                        kept.append(chunk)
                        self._free -= len(chunk)
                        held += len(chunk)
        except (ConnectionError, TimeoutError) as error:
            raise IncompleteError(type(error).__name__) from error
        except web.RequestPayloadError as error:
            raise UndecodableError("the body is no HTTP") from error
        finally:
            self._free += held
        return Body(b"".join(kept) if kept is not None else None, size)

    def _unpacked(self, body: Body, packed: str) -> Body:
        if body.content is None:
            return body
        if packed not in {"gzip", "x-gzip", "deflate"}:
            raise UndecodableError("packed in a way that is not known here")
        unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            content = unpacking.decompress(body.content, self._limit + 1)
        except zlib.error:
            raise UndecodableError(f"not {packed}") from None
        return Body(content if len(content) <= self._limit else None, len(content))
