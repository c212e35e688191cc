"""Written: what a plan decides about one document, and what is to be remembered of it once it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from worker.kinds.kind import Kind, Mode
from worker.plan.values import Action, CleanUp, Decision, Document, NamePath, Op
from worker.sync.world.baseline import Baseline, Intent
from worker.sync.world.fields import same


class Moved(Exception):  # noqa: N818  (a reason to plan again, not an error)
    """The destination is not as it was observed. Observe and plan again."""


Bind = Callable[[Any], Any]
"""Puts the ids that have come to exist in place of their stand-ins."""


class Rows(Protocol):
    """What was merged of a document whose content has no shape (variables, a tenant's values)."""

    def remember(self, answer: Document, bind: Bind, *, heard: bool) -> Document:
        """What to remember, as JSON. ``answer``: the document as the server answered it; where that was not
        ``heard`` (yet), what was sent."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """An item that is gone from both sides once the action is done. ``forgets``: source ids of it and its parts.
    ``looked_at``: the destination's documents by which it was decided, (kind, id, owner), to be looked at once more."""

    forgets: tuple[str, ...]
    looked_at: tuple[tuple[str, str, str], ...] = ()


OF_ROWS = frozenset({"placeholder-secret"})
"""That a row, or a value of a tenant, is a placeholder for a secret is said for as long as there is one."""


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
    due: Baseline | None = None
    """What to remember before anything of the plan is written, so that what is stopped is known for due."""
    before: Baseline | None = None
    intent: Intent | None = None
    retires: bool = False
    """The item is disabled, because its source was deleted."""
    settles: frozenset[str] = frozenset()
    """Reasons of clean-up entries that are settled unless the action states them, besides those that every plan states
    for as long as they hold: of the document it can be seen that they hold no more."""
    along: bool = False
    """It crosses although the route does not include it by its name."""
    leaving: Leaving | None = None
    only_name: bool = False
    """Nothing but the item's name was decided on: see :mod:`worker.sync.planning.renaming`."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """What the plan at hand has made of an item's name before it comes to the rest of the item. ``baseline``: as it
    will be then."""

    name: str
    baseline: Baseline | None = None


@dataclass(slots=True)
class Outcome:
    action: Action
    written: Written | None
    first_contact: bool = False
    contact_conflict: bool = False
    deferred: bool = False
    """Something is to be removed once all else of the plan was applied, by a second write of the document."""
    still_in_use: bool = False
    """A step that should go is still named by a document beside the process."""
    renamed: list[tuple[Document, str]] = field(default_factory=list)
    """Actions of a process that get another name: each as the destination has it, and the name."""


def left_for_its_phases(
    kind: Kind, path: NamePath, source_id: str, there: Document, merged: Document, name_of: Callable[[str], str]
) -> Outcome | None:
    """An environment may appear in only one phase of a lifecycle. Where each side has put it into a phase of its own,
    the server would refuse both together, and a person must say which one it is. ``None``: none is in two.
    ``name_of``: environment id → name."""
    if kind.name != "lifecycle":
        return None
    first: dict[str, Document] = {}
    for phase in merged.get("Phases") or []:
        for environment in (
            *(phase.get("AutomaticDeploymentTargets") or ()),
            *(phase.get("OptionalDeploymentTargets") or ()),
        ):
            known = first.setdefault(environment, phase)
            if known is not phase:
                text = (
                    f"{name_of(environment)!r} would be in two phases, {known['Name']!r} and {phase['Name']!r}: what "
                    "the source changed in this lifecycle does not follow until it is in one of them only"
                )
                where = f"Phases[{phase['Name']}]"
                clean_up = CleanUp(path, where, "environment-twice", text)
                decision = Decision("conflict", where, text)
                action = Action(Op.LEAVE, kind.name, path, source_id, there["Id"], (), (decision,), (clean_up,))
                return Outcome(action, Written(there["Id"]))
    return None


def left_for_its_type(kind: Kind, path: NamePath, source_id: str, want: Document, there: Document) -> Outcome | None:
    """Details of a shared name follow only where both are of one type: a pool of the Cloud's own workers has others
    than one of somebody's own. ``None``: they are."""
    differ = [name for name in kind.shape.fixed if not same(want.get(name, there.get(name)), there.get(name))]
    if kind.mode is not Mode.SHARED_NAME or not differ:
        return None
    text = f"is {there.get(differ[0])} and {want.get(differ[0])} on the source: its details do not follow"
    clean_up = CleanUp(path, differ[0], "fixed-differs", text)
    decision = Decision("fixed", differ[0], text)
    action = Action(Op.LEAVE, kind.name, path, source_id, there["Id"], (), (decision,), (clean_up,))
    return Outcome(action, Written(there["Id"]))
