"""What a merge comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from worker.kinds.references import is_secret
from worker.plan.values import MASK, Change, CleanUp, Decision, Document
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
    contact_conflict: bool = False
    """First contact, and both sides have elements of one list that match nothing: a person should look first."""


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
