"""What was edited on the destination since we wrote it, as the last comparison of the whole route found it.

It grows as :mod:`worker.ledger.nightly` says. A report is bounded: of the first items it holds all that is shown, of
those after them only that there are more; of a long text the lines around what differs. Secrets never come here: they
are masked before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from worker.ledger.base import pack, text, unpack
from worker.ledger.nightly import BEGAN, Nightly
from worker.plan.text import excerpt, masked
from worker.plan.values import Change, Edit, NamePath

MOST_ITEMS = 500
"""Items of one report of which the changes are kept."""
MOST_CHANGES = 50
"""Fields of one item that are kept."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """One item. Of each change, ``before`` is as we wrote it and ``after`` as it is on the destination now.

    ``left_out``: how many more fields were edited than ``changes`` holds.
    """

    kind: str
    path: NamePath
    source_id: str
    destination_id: str
    changes: tuple[Change, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class DriftReport:
    """``at``: when the comparison began, an ISO instant. ``items``: ordered by path. ``total``: how many items were
    edited; ``items`` holds the first :data:`MOST_ITEMS` that were found."""

    route: str
    at: str
    items: tuple[Drifted, ...]
    total: int


class Drift(Nightly):
    subject = "drift"

    async def add(self, route: str, items: Iterable[Drifted]) -> None:
        """Adds to the report that was begun. An item that is in it already is replaced."""
        new = {one.source_id: one for one in items if one.changes}
        if not new:
            return
        held = int(await self._redis.hlen(self._next(route))) - 1
        lines: dict[Any, Any] = {}
        for place, (source_id, one) in enumerate(new.items()):
            lines[source_id] = pack(_line(one) if held + place < MOST_ITEMS else {"kind": one.kind})
        await self._redis.hset(self._next(route), mapping=lines)

    async def ended(self, route: str) -> None:
        """What was found since :meth:`begin` takes the place of the last report."""
        found: Mapping[Any, Any] = await self._redis.hgetall(self._next(route))
        if not found:
            return
        kinds = Counter(unpack(body)["kind"] for name, body in found.items() if text(name) != BEGAN)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.rename(self._next(route), self._last(route))
            pipe.hset(self._name("drift-kinds"), route, pack(dict(kinds)))
            await pipe.execute()

    async def kinds(self) -> dict[str, dict[str, int]]:
        """How many items of each kind the last report of each route holds."""
        found: Any = await self._redis.hgetall(self._name("drift-kinds"))
        return {text(route): unpack(counts) for route, counts in found.items()}

    async def report(self, route: str) -> DriftReport | None:
        """``None``: the route was never compared as a whole."""
        found: Mapping[Any, Any] = await self._redis.hgetall(self._last(route))
        lines = {text(key): value for key, value in found.items()}
        began = lines.pop(BEGAN, None)
        if began is None:
            return None
        bodies = {source_id: unpack(body) for source_id, body in lines.items()}
        items = [_drifted(source_id, body) for source_id, body in bodies.items() if "path" in body]
        return DriftReport(route, text(began), tuple(sorted(items, key=lambda one: one.path)), len(lines))

    async def total(self, route: str) -> int:
        """How many items were edited, without reading what; 0 also where nothing was ever compared."""
        return max(0, int(await self._redis.hlen(self._last(route))) - 1)

    async def clear(self, route: str) -> None:
        await self._redis.delete(self._last(route), self._next(route))
        await self._redis.hdel(self._name("drift-kinds"), route)


def _line(one: Drifted) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "path": list(one.path),
        "destination_id": one.destination_id,
        "changes": [
            [change.edit, change.where, *excerpt(masked(change.before), masked(change.after))]
            for change in one.changes[:MOST_CHANGES]
        ],
        "left_out": one.left_out + max(0, len(one.changes) - MOST_CHANGES),
    }


def _drifted(source_id: str, line: Mapping[str, Any]) -> Drifted:
    return Drifted(
        kind=line["kind"],
        path=tuple(line["path"]),
        source_id=source_id,
        destination_id=line["destination_id"],
        changes=tuple(Change(Edit(edit), where, before, after) for edit, where, before, after in line["changes"]),
        left_out=line["left_out"],
    )
