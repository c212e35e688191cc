"""Which version of a destination's step template a version of the source's is. Versions are counted by each server.

Per route and step template, by the source's ids: ``{"7": ["3", True]}`` means that the source's version 7 is version 3
on the destination; ``False`` that the destination has no such version, and 3 comes nearest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from worker.ledger.base import Part, text

Versions = dict[str, tuple[str, bool]]


class TemplateVersions(Part):
    async def all(self, route: str) -> dict[str, Versions]:
        found: Any = await self._redis.hgetall(self._name("versions", route))
        result: dict[str, Versions] = {}
        for field, value in found.items():
            template, _, version = text(field).rpartition("|")
            there, same = json.loads(value)
            result.setdefault(template, {})[version] = (there, same)
        return result

    async def put(self, route: str, template: str, versions: Mapping[str, tuple[str, bool]]) -> None:
        if versions:
            lines: Any = {f"{template}|{version}": json.dumps(there) for version, there in versions.items()}
            await self._redis.hset(self._name("versions", route), mapping=lines)

    async def put_all(self, route: str, versions: Mapping[str, Mapping[str, tuple[str, bool]]]) -> None:
        for template, of in versions.items():
            await self.put(route, template, of)

    async def clear(self, route: str) -> None:
        await self._redis.delete(self._name("versions", route))
