"""Names for people: ids in the texts and values of a plan become the names of what they stand for. Pure.

Also what makes clean-up entries stable: an entry is known by where it stands, whatever is named there (in a row's
scope) is called now, and whether it has come to exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from worker.kinds.references import PendingId, PendingText
from worker.plan.values import Action, BothSides, Change, CleanUp, Decision, Document
from worker.sync.world.world import World

VERSION = "version "
"""What a stand-in for a version of a step template begins with, after the template's id."""

_NEW = "new:"
"""What every stand-in begins with."""

_PLAIN = "\0"
"""No name can hold it. It stands in texts that are no id though they look like one."""

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TOKEN = re.compile(rf"new:[A-Za-z]+-[A-Za-z0-9-]+(?::{_GUID}(?::slug)?)?|[A-Za-z]+-[A-Za-z0-9-]+|{_GUID}")
"""What may be an id: ``Projects-1``, ``feeds-builtin``, a GUID, a stand-in for one of them."""


def verbatim(text: str) -> str:
    """``text`` for a place or a message, to be shown as it is even where it looks like an id: a step may be called
    ``Environments-1``."""
    return _TOKEN.sub(lambda found: found.group().replace("-", f"-{_PLAIN}"), text)


class Planned(Protocol):
    """What the planner knows at its end."""

    actions: list[Action]
    planned: dict[str, dict[str, str]]
    """Process → (action of the source → the destination's, or its stand-in)."""
    seen: dict[str, str]


class Names:
    """Knows the names of everything that was looked up on either side."""

    def __init__(self, world: World, planned: Planned | None = None) -> None:
        """``planned``: then what the plan renames is called by its new name."""
        self._world = world
        self._planned = planned
        self._names: dict[str, str] = {}
        """What no directory knows."""
        for side in (world.source, world.destination):
            self._add_actions(side.documents)
            self._add_variables(side.documents)
        if planned is not None:
            self._add_plan(planned)

    @cached_property
    def _sources(self) -> dict[str, str]:
        """Ids of the destination → those of the source. Seldom asked for, and as long as the space is large."""
        found = {there: source for source, there in self._world.links.items()}
        for baseline in self._world.baselines.known.values():
            if baseline is not None:
                found |= {there: source for source, there in baseline.elements.items()}
        if self._planned is not None:
            found |= {there: source for source, there in self._planned.seen.items()}
            for elements in self._planned.planned.values():
                found |= {there: source for source, there in elements.items()}
        return found

    def _name(self, token: str) -> str:
        """The name for an id of the destination or a stand-in; anything else stays what it is."""
        known = self._names.get(token)
        if known is not None:
            return known
        pending = token.startswith(_NEW)
        side, item_id = (self._world.source, token[len(_NEW) :]) if pending else (self._world.destination, token)
        for directory in side.directories.values():
            entry = directory.by_id.get(item_id)
            if entry is not None:
                return entry.name
        return token

    def _add_plan(self, planned: Planned) -> None:
        self._add_actions({one.source_id or "": one.body for one in planned.actions})
        for one in planned.actions:
            if one.body is not None and isinstance(one.destination_id, str) and isinstance(one.body.get("Name"), str):
                self._names[one.destination_id] = one.body["Name"]

    def _add_actions(self, documents: Mapping[str, Document | None]) -> None:
        for document_id, document in documents.items():
            for step in (document or {}).get("Steps") or []:
                for action in step.get("Actions") or []:
                    if not isinstance(action.get("Id"), str):
                        continue
                    self._names[action["Id"]] = action["Name"]
                    pending = PendingId.of(document_id, action["Id"])
                    self._names[pending] = self._names[PendingId.slug_of(pending)] = action["Name"]

    def _add_variables(self, documents: Mapping[str, Document | None]) -> None:
        for document_id, document in documents.items():
            rows = (document or {}).get("Variables")
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row.get("Id"), str) and isinstance(row.get("Name"), str):
                    self._names[row["Id"]] = self._names[PendingId.of(document_id, row["Id"])] = row["Name"]

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
        return _TOKEN.sub(lambda found: self._name(found.group()), text).replace(_PLAIN, "")

    def value(self, value: Any) -> Any:
        """Only what is an id as a whole: free text, such as a script, is shown as it is."""
        if isinstance(value, PendingText):
            return value.bound(self.value)
        if isinstance(value, str):
            element = PendingId.element_of(value) if isinstance(value, PendingId) else None
            if element is not None and element.startswith(VERSION):
                return f"(the one that is the source's {element.removeprefix(VERSION)})"
            return self._name(value)
        if isinstance(value, dict):
            return {self._name(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return value

    def _change(self, change: Change) -> Change:
        return Change(change.edit, self.text(change.where), self.value(change.before), self.value(change.after))

    def _clean_up(self, entry: CleanUp, about: str) -> CleanUp:
        where, place = self.text(entry.where), self._place(entry.where)
        named = replace(entry, where=where, place=place if place != where else "", text=self.text(entry.text))
        return replace(named, about=about, both=self._both(entry.both))

    def _place(self, where: str) -> str:
        """Of what is on both sides, or will be, the source's id: it stays the same from before it comes to exist."""

        def source(token: str) -> str:
            pending = token.removeprefix(_NEW)
            return pending.rpartition(":")[2] if pending != token else self._sources.get(token, token)

        return _TOKEN.sub(lambda found: source(found.group()), where).replace(_PLAIN, "")

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
