"""Which documents of a source were *deleted*, as its audit log says.

Absence is no deletion: lists silently leave out what a key may not see. Only a ``Deleted`` event in the audit log
makes an item count as gone; a webhook alone does not, since anybody who knows the secret could send one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from worker.ledger.base import Part, space_name, text


class Deletions(Part):
    async def record(self, instance: str, space: str, deleted: Mapping[str, str]) -> None:
        """Document ids and when they were deleted (``Occurred`` of the event)."""
        if deleted:
            flat = [one for pair in deleted.items() for one in pair]
            await self._redis.hset(self._deletions(instance, space), items=flat)

    async def among(self, instance: str, space: str, source_ids: Iterable[str]) -> dict[str, str]:
        """Those of the documents that were deleted, and when."""
        wanted = list(source_ids)
        if not wanted:
            return {}
        answers: Any = await self._redis.hmget(self._deletions(instance, space), wanted)
        return {one: text(found) for one, found in zip(wanted, answers, strict=True) if found is not None}

    async def is_deleted(self, instance: str, space: str, source_id: str) -> bool:
        return bool(await self._redis.hexists(self._deletions(instance, space), source_id))

    async def forget(self, instance: str, space: str, source_ids: Iterable[str]) -> None:
        wanted = list(source_ids)
        if wanted:
            await self._redis.hdel(self._deletions(instance, space), *wanted)

    def _deletions(self, instance: str, space: str) -> str:
        return self._name("deletions", space_name(instance, space))
