"""Written: what a plan decides about one document, and what is to be remembered of it once it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from worker.plan.values import Action, Document
from worker.sync.baseline import Baseline, Intent

Bind = Callable[[Any], Any]
"""Puts the ids that have come to exist in place of their stand-ins."""


class Rows(Protocol):
    """What was merged of a document whose content has no shape (variables, a tenant's values)."""

    def remember(self, answer: Document, bind: Bind, *, heard: bool) -> Document:
        """What to remember, as JSON. ``answer``: the document as the server answered it; where that was not
        ``heard`` (yet), what was sent."""


@dataclass(slots=True)
class Written:
    """What to remember of a document once the plan is applied: the baseline, but for what the server answers."""

    destination_id: str
    want: Document = field(default_factory=dict)
    elements: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    rows: Rows | None = None
    """Of a document whose content has no shape; it knows how to read the answer."""
    version: str | None = None
    """Of a step template: the source's version that is written."""
    same_version: bool = True
    """Whether it is really that one."""
    adds: bool = False
    """``want`` adds to what is remembered, rather than taking its place."""
    before: Baseline | None = None
    intent: Intent | None = None


@dataclass(slots=True)
class Outcome:
    action: Action
    written: Written | None
    first_contact: bool = False
    contact_conflict: bool = False
    still_in_use: bool = False
    """A step that should go is still named by a document beside the process."""
