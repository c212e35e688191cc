"""Merge of the answers to prompted variables, each by itself; see :mod:`worker.kinds.answers`. Pure.

An answer is a value: it follows the source, but where both sides have changed it, and where the destination had one
before anything was synced, the destination's stays. What the destination answers to variables of its own the source
says nothing of, so it stays too; and so does a secret, whatever the source says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from config.rules import ItemRules, ValueRule
from worker.kinds.answers import closed, opened
from worker.kinds.references import ANSWERS, is_secret
from worker.kinds.shape import Shape
from worker.plan.values import Change, Edit
from worker.sync.translating.crossing import at
from worker.sync.world.compared import CONFLICT_KEPT
from worker.sync.world.fields import MISSING, TAKES, Sides, Verdict, decide
from worker.sync.world.outcome import Merged, plain


class Walk(Protocol):
    """The merge of the document in which the answers stand."""

    rules: ItemRules
    leave: frozenset[str]
    skipped: frozenset[str]
    out: Merged

    def tell(self, where: str, verdict: str, sides: Sides) -> None: ...

    def conflict(self, sides: Sides, where: str, *, kept: bool, hidden: bool = False) -> None: ...

    def record(self, verdict: Verdict, value: Any, sides: Sides, where: str, *, drifts: bool = True) -> None: ...

    def secret(self, name: str, sides: Sides, where: str) -> Any: ...


def merge_answers(walk: Walk, sides: Sides, where: str) -> Any:
    """What to send, in the form that is there, else in the source's; what is there itself, where nothing of it changes.
    What was decided is in ``walk.out``."""
    want, there = (opened(None if side is MISSING else side) for side in (sides.want, sides.there))
    if want is None or there is None:
        return _decided(walk, sides, where)  # text that is no JSON
    before, wrote = (MISSING if side is MISSING else opened(side) or {} for side in (sides.before, sides.wrote))
    inner = replace(sides, want=want, before=before, there=there, wrote=wrote)
    result = dict(there)
    # Where some answer has no counterpart for now, one that is missing need not be what the source has dropped.
    known = {} if sides.contact or where in walk.skipped else before or {}
    dropped = [key for key in known if key not in want and key in there]
    for key in (*want, *dropped):
        place = at(where, key)
        if place not in walk.leave:
            value = _merge_one(walk, inner.get(key), place)
            if value is MISSING:
                result.pop(key, None)
            else:
                result[key] = value
    if result == there:
        return sides.there
    return closed(result, sides.want if sides.there in (MISSING, None) else sides.there)


def with_answers(walk: Walk, shape: Shape, taken: Any, sides: Sides, where: str) -> Any:
    """An object that is ``taken`` as one, since it is of another type now, with the answers merged that both types have
    a place for."""
    there = sides.there if isinstance(sides.there, dict) else {}
    answers = [name for name, ref in shape.refs.items() if ref.kind == ANSWERS and name in there and name in taken]
    return taken | {name: merge_answers(walk, sides.get(name), at(where, name)) for name in answers}


def _merge_one(walk: Walk, sides: Sides, where: str) -> Any:
    if is_secret(sides.there):
        return walk.secret("", sides, where) if sides.want is not MISSING else sides.there
    if sides.contact and sides.there is MISSING:
        walk.tell(where, Verdict.TAKE, sides)
        walk.out.changes.append(Change(Edit.ADD, where, None, plain(sides.want)))
        return sides.want
    return _decided(walk, sides, where)


def _decided(walk: Walk, sides: Sides, where: str) -> Any:
    own = walk.rules.variables.value is ValueRule.KEEP
    verdict = decide(sides, values_win=True)
    if verdict is Verdict.CONFLICT:
        walk.tell(where, CONFLICT_KEPT, sides)
        walk.conflict(sides, where, kept=True, hidden=own)
        return sides.there
    walk.record(verdict, sides.want, sides, where, drifts=not own)
    return sides.want if verdict in TAKES else sides.there
