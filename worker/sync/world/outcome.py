"""What a merge comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from worker.kinds.references import is_secret
from worker.plan.text import excerpt
from worker.plan.values import MASK, BothSides, Change, CleanUp, Decision, Document, Edit
from worker.sync.world.fields import MISSING, Sides


@dataclass(slots=True)
class Merged:
    """``document``: what to PUT. ``elements``: source element id → destination id, of those that exist on both
    sides."""

    document: Document
    changes: list[Change] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    clean_ups: list[CleanUp] = field(default_factory=list)
    elements: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    drift: list[Change] = field(default_factory=list)
    """Edits made on the destination to what we wrote, as far as they stay."""
    scoped: set[str] = field(default_factory=set)
    """Places of scopes that name something: what stands there does not apply everywhere."""
    deferred: bool = False
    """Something is to be removed, by a second write."""
    contact_conflict: bool = False
    """First contact, and both sides have elements of one list that match nothing: a person should look first."""


def both_sides(sides: Sides, *, hidden: bool = False) -> BothSides:
    """What a place was and is on both sides, for people. ``hidden``: not which values."""
    if hidden:
        return BothSides(hidden=True)
    wrote = sides.before if sides.wrote is MISSING else sides.wrote
    return shown(*(plain(value) for value in (sides.before, sides.want, wrote, sides.there)))


def shown(source_was: Any, source_is: Any, destination_was: Any, destination_is: Any) -> BothSides:
    """Of long texts, what differs."""
    return BothSides(*excerpt(source_was, source_is), *excerpt(destination_was, destination_is))


def edited(where: str, wrote: Any, there: Any) -> Change:
    """An edit made on the destination: what we wrote, and what is there."""
    edit = Edit.REMOVE if there is MISSING else Edit.ADD if wrote is MISSING else Edit.CHANGE
    return Change(edit, where, plain(wrote), plain(there))


def plain(value: Any) -> Any:
    """A value for the plan: secrets masked, the noise of ids left out."""
    if value is MISSING:
        return None
    if is_secret(value):
        return MASK if value.get("HasValue") else None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in {"Id", "Links"}}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
