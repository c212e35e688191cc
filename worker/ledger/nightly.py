"""Nightly: what a comparison of the whole found, as a report that grows while the comparison goes on.

    begin ──▶ add, add, … (chunk by chunk; one added twice counts once) ──▶ ended: takes the place of the last report

A comparison that was cut off and goes on under the same beginning adds to what it had found; the report before it is
shown until it has ended.
"""

from __future__ import annotations

from typing import Any, ClassVar

from worker.ledger.base import Part, text

BEGAN = "began"
"""The field that tells when a report was begun. No source id, and no key of a finding, looks like this."""


class Nightly(Part):
    subject: ClassVar[str]
    """In the names of keys."""

    async def begin(self, route: str, began: str) -> None:
        """``began``: an ISO instant, by which a comparison that goes on is known from a new one."""
        found: Any = await self._redis.hget(self._next(route), BEGAN)
        if found is None or text(found) != began:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(self._next(route))
                pipe.hset(self._next(route), BEGAN, began)
                await pipe.execute()

    def _last(self, route: str) -> str:
        return self._name(self.subject, route)

    def _next(self, route: str) -> str:
        return self._name(f"{self.subject}-next", route)
