"""Crossing: what a translation comes to, and what can keep a document or an element of it from crossing. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from config.rules import ScopeOption
from worker.plan.values import CleanUp, Decision, Document, NamePath
from worker.sync.world.naming import verbatim
from worker.sync.world.resolved import Resolved

SCOPE_WIDENED = "scope-widened"
"""Of a clean-up entry: something applies everywhere, since nothing of its scope is on the destination."""


class Resolve(Protocol):
    """(kind of the reference, source id) → what it is on the destination. ``create``: it may be created, if missing."""

    def __call__(self, kind: str, source_id: str, /, *, create: bool = ...) -> Resolved: ...


class Skip(Exception):  # noqa: N818  (a verdict on an element, not an error)
    """The element at hand does not cross; its surroundings may.

    ``gone``: it means nothing in the destination's world any more, so the *removed* rule applies to what is there of
    it. Otherwise a rule only keeps it from crossing, and what is there stays.
    """

    def __init__(self, text: str, *, gone: bool = False) -> None:
        self.gone = gone
        super().__init__(text)


class Blocked(Exception):  # noqa: N818  (a verdict on the document, not an error)
    """The document cannot cross as it stands."""

    def __init__(self, rule: str, where: str, text: str, waits_for: NamePath | None = None) -> None:
        self.decision = Decision(rule, where, text)
        self.waits_for = waits_for
        super().__init__(text)


@dataclass(slots=True)
class Translated:
    """``document`` is ``None`` where it does not cross; then the last decision says why."""

    document: Document | None = None
    decisions: list[Decision] = field(default_factory=list)
    clean_ups: list[CleanUp] = field(default_factory=list)
    leave: set[str] = field(default_factory=set)
    """Places which, where they exist on the destination, stay as they are (``ignore-mismatch-on-new``)."""
    skipped: set[str] = field(default_factory=set)
    """Source ids and places of elements that were skipped though they belong here: *skip* never deletes."""
    blocked: Decision | None = None
    waits_for: tuple[NamePath, ...] = ()


def at(where: str, name: str) -> str:
    """A place below a place: ``Steps[Deploy web]`` and ``Actions`` make ``Steps[Deploy web]/Actions``."""
    return f"{where}/{name}" if where else name


def label(element: Document, identity: Iterable[str]) -> str:
    """An element's name for people: ``Deploy web``, or of a rule ``[1.0,2.0) ^$``."""
    return " ".join(verbatim(str(element.get(name))) for name in identity if element.get(name) not in (None, ""))


def verdict_on(option: ScopeOption, partly: bool) -> str:
    """``keep`` what fits, ``skip`` the element, or ``error``; for a scope of which something does not fit.

    ``partly``: something of it does. With *ignore*, ``keep`` may mean to keep nothing: the caller says so to a person.
    """
    match option:
        case ScopeOption.ERROR_UNLESS_EXACT:
            return "error"
        case ScopeOption.SKIP_UNLESS_EXACT:
            return "skip"
        case ScopeOption.ERROR_UNLESS_PARTIAL:
            return "keep" if partly else "error"
        case ScopeOption.SKIP_UNLESS_PARTIAL:
            return "keep" if partly else "skip"
        case _:
            return "keep"
