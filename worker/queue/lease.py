"""Write leases: one writer at a time for a document of a *destination*.

Dirty keys belong to a route; several routes may write into one space, and one route may reach a document by several
keys (a project's own and its subtree's). Whoever writes a document holds its lease from the read to the baseline: one
at a time, never two held, so that no two workers can wait for each other.

Octopus cannot check our token, so the writer does, with :meth:`DocumentLease.beat` right before each request. What
slips through the gap between that check and the request is caught by Octopus' own version tokens, where a document has
one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.queue.scripts import register

if TYPE_CHECKING:
    from redis.asyncio import Redis


LEASE_MS = 45_000
"""Longer than one request may take. Of a writer that died, others wait so long at most."""


@dataclass(frozen=True, slots=True)
class Lease:
    """``token`` rises with every lease given, of any document."""

    destination: str
    document: str
    token: int


class LeaseBusyError(Exception):
    """Another writer holds the document; its lease ends in ``wait_ms`` at the latest."""

    def __init__(self, destination: str, document: str, wait_ms: int) -> None:
        super().__init__(
            f"{document} of {destination} is being written by another worker; free in {wait_ms} ms at the latest"
        )
        self.wait_ms = wait_ms


class DocumentLease:
    """``lease_ms``: how long a silent writer keeps its document."""

    def __init__(self, redis: Redis, prefix: str = "octosync", *, lease_ms: int = LEASE_MS) -> None:
        self.lease_ms = lease_ms
        self._root = f"{{{prefix}}}:write"
        self._acquire = register(redis, "acquire")
        self._extend = register(redis, "extend")

    async def acquire(self, destination: str, document: str, lease_ms: int, holder: str = "") -> Lease:
        """Raises :class:`LeaseBusyError` while another holds it. ``holder`` is for a person who looks into Redis."""
        keys = [self._key(destination, document), f"{self._root}:fence"]
        token, wait = await self._acquire(keys=keys, args=[lease_ms, holder])
        if not token:
            raise LeaseBusyError(destination, document, int(wait))
        return Lease(destination, document, int(token))

    async def beat(self, lease: Lease, lease_ms: int) -> bool:
        """Prolongs the lease. ``False``: it has ended, do not write."""
        key = self._key(lease.destination, lease.document)
        return bool(await self._extend(keys=[key], args=[lease.token, max(1, lease_ms)]))

    async def release(self, lease: Lease) -> bool:
        """``False``: it had ended before. Another's lease is left alone."""
        return bool(await self._extend(keys=[self._key(lease.destination, lease.document)], args=[lease.token, 0]))

    @asynccontextmanager
    async def hold(self, destination: str, document: str, lease_ms: int, holder: str = "") -> AsyncIterator[Lease]:
        """:meth:`acquire` and :meth:`release` around a block."""
        lease = await self.acquire(destination, document, lease_ms, holder)
        try:
            yield lease
        finally:
            await self.release(lease)

    def _key(self, destination: str, document: str) -> str:
        return f"{self._root}:{destination}|{document}"
