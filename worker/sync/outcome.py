"""What a merge comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from worker.kinds.references import is_secret
from worker.plan.values import MASK, Change, CleanUp, Decision, Document, Edit
from worker.sync.fields import MISSING


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
    contact_conflict: bool = False
    """First contact, and both sides have elements of one list that match nothing: a person should look first."""


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
