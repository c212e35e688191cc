"""Names for people: ids in the texts and values of a plan become the names of what they stand for. Pure.

Also what makes clean-up entries stable: an entry is known by where it stands, and an id that is still to come would
read otherwise once it has come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from worker.kinds.references import PendingId, PendingText
from worker.plan.values import Action, BothSides, Change, CleanUp, Decision
from worker.sync.world import World

VERSION = "version "
"""What a stand-in for a version of a step template begins with, after the template's id."""

_PLAIN = "\0"
"""No name can hold it. It stands in texts that are no id though they look like one."""

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TOKEN = re.compile(rf"new:[A-Za-z]+-[A-Za-z0-9-]+(?::{_GUID}(?::slug)?)?|[A-Za-z]+-[A-Za-z0-9-]+|{_GUID}")
"""What may be an id: ``Projects-1``, ``feeds-builtin``, a GUID, a stand-in for one of them."""


def verbatim(text: str) -> str:
    """``text`` for a place or a message, to be shown as it is even where it looks like an id: a step may be called
    ``Environments-1``."""
    return _TOKEN.sub(lambda found: found.group().replace("-", f"-{_PLAIN}"), text)


class Names:
    """Knows the names of everything that was looked up on either side."""

    def __init__(self, world: World) -> None:
        self._names: dict[str, str] = {}
        for directory in world.source.directories.values():
            self._names |= {PendingId.of(entry.id): entry.name for entry in directory}
        for directory in world.destination.directories.values():
            self._names |= {entry.id: entry.name for entry in directory}
        self._add_actions(world)

    def _add_actions(self, world: World) -> None:
        for side in (world.source, world.destination):
            for document_id, document in side.documents.items():
                for step in (document or {}).get("Steps") or []:
                    for action in step.get("Actions") or []:
                        self._names[action["Id"]] = action["Name"]
                        pending = PendingId.of(document_id, action["Id"])
                        self._names[pending] = self._names[PendingId.slug_of(pending)] = action["Name"]

    def action(self, action: Action) -> Action:
        """The action with names in all that people read. What is sent stays as it is."""
        return replace(
            action,
            changes=tuple(self._change(one) for one in action.changes),
            decisions=tuple(self._decision(one) for one in action.decisions),
            clean_ups=tuple(_once(self._clean_up(one, action.source_id or "") for one in action.clean_ups)),
            drift=tuple(self._change(one) for one in action.drift),
            destroys=tuple(self.text(one) for one in action.destroys),
        )

    def text(self, text: str) -> str:
        return _TOKEN.sub(lambda found: self._names.get(found.group(), found.group()), text).replace(_PLAIN, "")

    def value(self, value: Any) -> Any:
        """Only what is an id as a whole: free text, such as a script, is shown as it is."""
        if isinstance(value, PendingText):
            return value.bound(self.value)
        if isinstance(value, str):
            element = PendingId.element_of(value) if isinstance(value, PendingId) else None
            if element is not None and element.startswith(VERSION):
                return f"(the one that is the source's {element.removeprefix(VERSION)})"
            return self._names.get(value, value)
        if isinstance(value, dict):
            return {self._names.get(key, key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return value

    def _change(self, change: Change) -> Change:
        return Change(change.edit, self.text(change.where), self.value(change.before), self.value(change.after))

    def _clean_up(self, entry: CleanUp, about: str) -> CleanUp:
        named = replace(entry, where=self.text(entry.where), text=self.text(entry.text), about=about)
        return replace(named, both=self._both(entry.both))

    def _decision(self, one: Decision) -> Decision:
        return Decision(one.rule, self.text(one.where), self.text(one.text), self._both(one.both))

    def _both(self, both: BothSides | None) -> BothSides | None:
        if both is None:
            return None
        return BothSides(
            self.value(both.source_was),
            self.value(both.source_is),
            self.value(both.destination_was),
            self.value(both.destination_is),
            both.hidden,
        )


def _once(entries: Iterable[CleanUp]) -> Iterable[CleanUp]:
    seen: set[str] = set()
    for entry in entries:
        if entry.key not in seen:
            seen.add(entry.key)
            yield entry
