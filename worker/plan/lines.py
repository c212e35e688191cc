"""Lines: a plan as the lines that people read, each with its role. The console colours them, Markdown fences them.

~ update project/OctoFX/variables                                   ACTION, its role is the operation
    Variables[Url]/Value: "https://a" -> "https://b"                CHANGED, ADDED or REMOVED
    Steps[Deploy]/Properties[Octopus.Action.Script.ScriptBody]:     … and its block of ADDED, REMOVED, CONTEXT lines
  # value=follow: Variables[Url]: changed on the source only        DECISION
  - also deletes: 3 values of tenant Acme                           DESTROYS
  * waits for: environment/Production                               WAITS
  * by hand: Variables[Password]: fill in the secret                CLEAN_UP
  * by hand: Description: changed on both sides since the last sync CLEAN_UP
      source: "was" -> "is"                                         SIDE
      destination: "was" -> "is"                                    SIDE

What was edited on the destination since it was written, and stays, comes after all that is pending, in a section of its
own:

edited on the destination: project/OctoFX                           DRIFTED
    ~ Description: "as we wrote it" -> "as it is"                   CHANGED, ADDED or REMOVED

At the end what the check after the plan found, where it was asked for:

? project/OctoFX/process: Steps[Deploy]: no target has the role…    FINDING
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from worker.plan.text import block, short, visible
from worker.plan.values import Action, BothSides, Change, CleanUp, Edit, Finding, NamePath, Op, Plan, printed


class Role(StrEnum):
    ACTION = "action"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    CONTEXT = "context"
    DECISION = "decision"
    DESTROYS = "destroys"
    WAITS = "waits"
    CLEAN_UP = "clean-up"
    DRIFTED = "drifted"
    SIDE = "side"
    FINDING = "finding"


SIGNS = {Op.CREATE: "+", Op.UPDATE: "~", Op.LEAVE: "=", Op.SKIP: ".", Op.BLOCK: "!", Op.DELETE: "-"}

_ROLE_OF_EDIT = {Edit.ADD: Role.ADDED, Edit.CHANGE: Role.CHANGED, Edit.REMOVE: Role.REMOVED}
_ROLE_OF_SIGN = {"+": Role.ADDED, "-": Role.REMOVED}

DESTINATION_EDIT = "merge:destination-edit"
"""The rule that answers where an edit made on the destination stays. Such a place is shown as drift."""


NOTHING: Mapping[str, bool] = {}
"""No entry is on the clean-up list."""

IN_BLOCK = 8
"""How far the lines of a long value are indented, and no others are."""

_STANDING = ("scope:", "element-does-not-cross")
"""Rules that answer the same in every plan, until source, destination or route are another."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, safe to show: nothing in ``text`` acts on a terminal. ``sign`` is its first column, or empty."""

    role: Role
    sign: str
    text: str
    indent: int = 0

    def __str__(self) -> str:
        return " " * self.indent + (f"{self.sign} {self.text}" if self.sign else self.text)


def name(action: Action) -> str:
    return visible(printed(action.path))


def shown(plan: Plan, *, everything: bool = False, listed: Collection[str] = ()) -> list[Action]:
    """The actions that say something: not those that leave an item as it is, unless ``everything`` is asked for.
    ``listed``: keys of entries that are on the clean-up list already; what is skipped for one of these is not said
    again."""

    def says_something(action: Action) -> bool:
        if action.op is Op.LEAVE or (action.op is Op.SKIP and action.clean_ups):
            return bool(unlisted(action.clean_ups, listed))
        return True

    return [action for action in plan if everything or says_something(action)]


def unlisted(entries: Iterable[CleanUp], listed: Collection[str]) -> list[CleanUp]:
    return [entry for entry in entries if entry.key not in listed] if listed else list(entries)


def headline(action: Action) -> Line:
    return Line(Role.ACTION, SIGNS[action.op], f"{action.op} {name(action)}")


def details(action: Action, *, everything: bool = False, listed: Collection[str] = ()) -> Iterator[Line]:
    """What stands below an action's headline, in the order of the module's example. Of an item that stays as it is,
    what every plan would say of it again is said only if ``everything`` is asked for, as are entries that are on the
    clean-up list already: it would bury the rest."""
    yield from changed(action.changes)
    by_hand = {(entry.where, entry.text) for entry in action.clean_ups}
    told = [(entry.where, entry.both) for entry in action.clean_ups]
    drifted = {change.where for change in action.drift}
    for decision in action.decisions:
        if decision.rule == DESTINATION_EDIT and decision.where in drifted:
            continue
        if action.op is Op.LEAVE and decision.rule.startswith(_STANDING) and not everything:
            continue
        if (decision.where, decision.text) not in by_hand:  # what a person must do is said once, below
            yield Line(Role.DECISION, "#", visible(f"{decision.rule}: {_placed(decision.where, decision.text)}"), 2)
            if (decision.where, decision.both) not in told:
                yield from sides(decision.both)
    for destroyed in action.destroys:
        yield Line(Role.DESTROYS, "-", visible(f"also deletes: {destroyed}"), 2)
    for path in action.waits_for:
        yield Line(Role.WAITS, "*", visible(f"waits for: {printed(path)}"), 2)
    everything = everything or action.op is Op.BLOCK  # why it waits is always said
    for entry in action.clean_ups if everything else unlisted(action.clean_ups, listed):
        yield from clean_up(entry, below=action.path)


def clean_up(entry: CleanUp, *, below: NamePath = ()) -> Iterator[Line]:
    """What a person must do. ``below``: the item under whose headline it stands; its name is not said again."""
    item = "" if entry.item == below else f"{printed(entry.item)}: "
    yield Line(Role.CLEAN_UP, "*", visible(f"by hand: {item}{_placed(entry.where, entry.text)}"), 2 if below else 0)
    yield from sides(entry.both)


def sides(both: BothSides | None) -> Iterator[Line]:
    """What a place was and is on both sides, below the line that says that they differ. Nothing for ``None``."""
    if both is None:
        return
    if both.hidden:
        yield Line(Role.SIDE, "", "changed on both sides (not shown: values are the destination's own)", 6)
        return
    for side, was, now in (
        ("source", both.source_was, both.source_is),
        ("destination", both.destination_was, both.destination_is),
    ):
        before, after = short(was), short(now)
        if before is not None and after is not None:
            yield Line(Role.SIDE, "", f"{side}: {before} -> {after}", 6)
            continue
        yield Line(Role.SIDE, "", f"{side}:", 6)
        for line in block(Change(Edit.CHANGE, "", was, now)):
            yield Line(_ROLE_OF_SIGN.get(line[0], Role.CONTEXT), "", line, IN_BLOCK)


def drift_headline(path: Sequence[str], left_out: int = 0) -> Line:
    """``left_out``: how many edited fields are not shown below it."""
    more = f" (and {left_out} more fields)" if left_out else ""
    return Line(Role.DRIFTED, "", visible(f"edited on the destination: {printed(tuple(path))}{more}"))


def finding(one: Finding) -> Line:
    text = f"{printed(one.item)}: {_placed(one.where, one.text)} ({one.rule})"
    return Line(Role.FINDING, "?", visible(text))


def changed(changes: Iterable[Change]) -> Iterator[Line]:
    """Fields, as below an action's headline."""
    for change in changes:
        yield from _changed(change)


def _placed(where: str, text: str) -> str:
    """``text`` with its place before it, unless it begins with that itself."""
    return text if text.startswith(where) else f"{where}: {text}"


def _changed(change: Change) -> Iterator[Line]:
    role = _ROLE_OF_EDIT[change.edit]
    sign = {Edit.ADD: "+", Edit.REMOVE: "-"}.get(change.edit, "~")
    where = visible(change.where)
    before, after = short(change.before), short(change.after)
    if change.edit is Edit.ADD and after is not None:
        yield Line(role, sign, f"{where}: {after}", 4)
    elif change.edit is Edit.REMOVE and before is not None:
        yield Line(role, sign, f"{where}: {before}", 4)
    elif change.edit is Edit.CHANGE and before is not None and after is not None:
        yield Line(role, sign, f"{where}: {before} -> {after}", 4)
    else:
        yield Line(role, sign, f"{where}:", 4)
        for line in block(change):
            yield Line(_ROLE_OF_SIGN.get(line[0], Role.CONTEXT), "", line, IN_BLOCK)
