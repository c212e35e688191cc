"""Wanted: for whose sake closure made an item, and whether anything came of it. Pure.

Closure creates what a document names as soon as the document is translated. The document may then turn out not to
cross, or to wait for something else: then nobody needs what was made for it, and it is left out of the plan again. What
the route includes by itself is nobody's affair here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from worker.plan.values import Action, NamePath
from worker.sync.world.written import Written


class Wanted:
    """Of one plan. Items are known by their source ids."""

    def __init__(self) -> None:
        self.made: dict[str, NamePath] = {}
        """What closure made, and nothing else asks for. Such an item belongs to no other, so its path has two parts."""
        self._askers: dict[str, set[str | None]] = defaultdict(set)
        self._documents: list[str] = []

    @contextmanager
    def by(self, source_id: str) -> Iterator[None]:
        """The document of which references are being resolved."""
        self._documents.append(source_id)
        try:
            yield
        finally:
            self._documents.pop()

    def ask(self, source_id: str) -> None:
        """The document at hand names an item that the destination lacks."""
        self._askers[source_id].add(self._documents[-1] if self._documents else None)

    def in_vain(self, actions: Sequence[Action], written: Sequence[Written | None]) -> set[int]:
        """Which of the actions are for an item, or a part of one, that nothing which crosses asked for.

        ``written``: for each action what is to be remembered; without, and without a write, nothing came of it.
        """
        at = {path: source_id for source_id, path in self.made.items()}
        crossing: dict[str | None, str | None] = {None: None}
        for action, remembered in zip(actions, written, strict=True):
            if action.source_id is not None and (action.writes or remembered is not None):
                crossing[action.source_id] = at.get(action.path[:2])
        kept: set[str] = set()
        while more := {one for one in self.made.keys() - kept if self._serves(one, crossing, kept)}:
            kept |= more
        gone = self.made.keys() - kept
        return {place for place, action in enumerate(actions) if at.get(action.path[:2]) in gone}

    def _serves(self, made: str, crossing: dict[str | None, str | None], kept: set[str]) -> bool:
        homes = [crossing[asker] for asker in self._askers[made] if asker in crossing]
        return any(home is None or home in kept for home in homes)
