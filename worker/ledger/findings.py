"""What the check after the plan found amiss on the destination, when the whole route was compared last.

It grows as :mod:`worker.ledger.nightly` says. A report is bounded: of the first findings it holds all, of those after
them only their rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.ledger.base import pack, text, unpack
from worker.ledger.nightly import BEGAN, Nightly
from worker.plan.values import Finding

MOST = 1_000
"""Findings of one report that are kept."""
LONGEST = 1_000
"""Characters of a text that are kept."""

_UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class FindingsReport:
    """``at``: when the comparison began, an ISO instant. ``findings``: ordered by item. ``rules``: how many there are
    of each rule, also of those that are not kept. ``unchecked``: what could not be checked, in words."""

    at: str
    findings: tuple[Finding, ...]
    rules: Mapping[str, int]
    unchecked: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.rules.values())


class Findings(Nightly):
    subject = "findings"

    async def add(self, route: str, findings: Iterable[Finding], unchecked: Sequence[str] = ()) -> None:
        """Adds to the report that was begun. ``unchecked`` takes the place of what was said before."""
        lines: dict[Any, Any] = {_UNCHECKED: pack(list(unchecked))}
        held = max(0, int(await self._redis.hlen(self._next(route))) - 2)
        for place, (key, one) in enumerate({one.key: one for one in findings}.items()):
            kept = held + place < MOST
            line = [one.rule, list(one.item), one.where[:LONGEST], one.text[:LONGEST]] if kept else [one.rule]
            lines[key] = pack(line)
        await self._redis.hset(self._next(route), mapping=lines)

    async def ended(self, route: str) -> None:
        """What was found since :meth:`begin` takes the place of the last report."""
        if await self._redis.exists(self._next(route)):
            await self._redis.rename(self._next(route), self._last(route))

    async def report(self, route: str) -> FindingsReport | None:
        """``None``: the route was never compared as a whole."""
        found: Mapping[Any, Any] = await self._redis.hgetall(self._last(route))
        lines = {text(key): value for key, value in found.items()}
        began = lines.pop(BEGAN, None)
        if began is None:
            return None
        unchecked = lines.pop(_UNCHECKED, None)
        known = [unpack(line) for line in lines.values()]
        kept = [Finding(tuple(line[1]), line[2], line[0], line[3]) for line in known if len(line) > 1]
        return FindingsReport(
            text(began),
            tuple(sorted(kept, key=lambda one: (one.item, one.where, one.text))),
            Counter(line[0] for line in known),
            tuple(unpack(unchecked)) if unchecked is not None else (),
        )

    async def total(self, route: str) -> int:
        """How many the last report has, without reading them; 0 also where nothing was ever compared."""
        name = self._name("findings", route)
        held, unchecked = int(await self._redis.hlen(name)), await self._redis.hexists(name, _UNCHECKED)
        return max(0, held - 1 - int(bool(unchecked)))

    async def clear(self, route: str) -> None:
        await self._redis.delete(self._last(route), self._next(route))
