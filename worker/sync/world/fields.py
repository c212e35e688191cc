"""One field, three ways: the heart of the merge.

    source side       destination side             outcome
    want unchanged    anything                     keep what is there
    want changed      as we wrote it               take what is wanted
    want changed      edited, and not as wanted    conflict: structure → source, values → destination
    want changed      as wanted                    nothing to do

``want``: what the source asks for, now and when we last decided. ``there`` and ``wrote``: what the destination has, now
and after our own last write. An edit made on the destination so stays the destination's, however often we sync.

Of a kind that must be exact, the source always wins:

    as wanted                                       nothing to do
    edited on the destination                       drift: take what is wanted, and say so
    neither side moved since we wrote               keep: the server writes it its own way, and would again
    else                                            take what is wanted
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from worker.kinds.references import is_secret


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()
"""The field is not there at all."""


class Verdict(StrEnum):
    SAME = "same"
    KEEP = "keep"
    TAKE = "take"
    CONFLICT = "conflict"
    DRIFT = "drift"
    """Of exact kinds: the destination's edit is put back."""


TAKES = frozenset({Verdict.TAKE, Verdict.CONFLICT, Verdict.DRIFT})
"""The source's is written."""


@dataclass(frozen=True, slots=True)
class Sides:
    """A place in the four documents. ``before`` and ``wrote`` mean nothing at first contact."""

    want: Any
    before: Any
    there: Any
    wrote: Any
    contact: bool = False
    """No baseline: neither what we asked for nor what we wrote is known."""
    ours: bool = False
    """The server has just made it for us: nothing in it is anybody's."""
    exact: bool = False
    """The source always wins."""
    unwritten: bool = False
    """We never wrote the document in which it stands: there was nothing to write."""

    def get(self, name: str) -> Sides:
        return Sides(
            _of(self.want, name),
            _of(self.before, name),
            _of(self.there, name),
            _of(self.wrote, name),
            self.contact,
            self.ours,
            self.exact,
            self.unwritten,
        )

    @property
    def untouched(self) -> bool:
        """Nobody has edited the destination since we last wrote there, or since both agreed."""
        if self.exact:
            return self.ours or same(self.there, self.before if self.unwritten else self.wrote)
        return self.ours or same(self.there, self.wrote) or (self.wrote is MISSING and same(self.there, self.before))

    @property
    def edited(self) -> bool:
        """We wrote it, and somebody has made of it something else than the source wants."""
        if self.contact or self.wrote is MISSING:
            return False
        return not same(self.there, self.wrote) and not same(self.there, self.want)


def _of(document: Any, name: str) -> Any:
    return document.get(name, MISSING) if isinstance(document, dict) else MISSING


def same(a: Any, b: Any) -> bool:
    """Whether two values mean the same. An absent field equals its default: servers of two versions differ in what they
    spell out, and drop empty strings from properties."""
    if a is b or a == b:
        return a is b or type(a) is type(b) or not (isinstance(a, bool) or isinstance(b, bool))
    if a is MISSING or b is MISSING:
        other = b if a is MISSING else a
        return _blank(other) or other is False or (other == 0 and not isinstance(other, bool))
    if _blank(a) and _blank(b):
        return True
    if is_secret(a) and is_secret(b):
        return bool(a["HasValue"]) == bool(b["HasValue"])
    if isinstance(a, dict) and isinstance(b, dict):
        return all(same(a.get(key, MISSING), b.get(key, MISSING)) for key in a.keys() | b.keys() if key not in _IGNORED)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return False


_IGNORED = frozenset({"Id", "Links", "LastModifiedOn", "LastModifiedBy"})
"""Inside an object that is compared as a whole, too, only one server can know these."""


def _blank(value: Any) -> bool:
    return value is MISSING or value is None or value == "" or value == [] or value == {}


def decide(sides: Sides, *, values_win: bool) -> Verdict:
    """``values_win``: the field is a value, so the destination's stands in a conflict and at first contact."""
    if same(sides.want, sides.there):
        return Verdict.SAME
    if sides.ours:
        return Verdict.TAKE
    if sides.exact:
        return _decide_exact(sides)
    if sides.contact:
        return Verdict.KEEP if values_win else Verdict.TAKE
    if same(sides.want, sides.before):
        return Verdict.KEEP
    return Verdict.TAKE if sides.untouched else Verdict.CONFLICT


def _decide_exact(sides: Sides) -> Verdict:
    if sides.contact:
        return Verdict.TAKE
    if not sides.untouched:
        return Verdict.DRIFT
    return Verdict.KEEP if same(sides.want, sides.before) else Verdict.TAKE


def merge_set(sides: Sides, *, is_scope: bool, widens_when_empty: bool) -> tuple[list[str], Verdict]:
    """A list of names or ids whose order means nothing, merged element by element.

    A change from or to *empty* is a change of the whole field: an empty scope is not "no elements" but "no
    restriction". ``is_scope``: at first contact a scope stays the destination's, and labels of both sides come
    together. Returns the merged list and :attr:`Verdict.SAME` where it is what the destination has.
    """
    want, before, there = _strings(sides.want), _strings(sides.before), _strings(sides.there)
    if set(want) == set(there):
        return there, Verdict.SAME
    if sides.exact:
        verdict = decide(sides_as_sets(sides), values_win=False)
        return (want, verdict) if verdict in TAKES else (there, Verdict.SAME)
    known = not sides.contact and not sides.ours
    if known and set(want) == set(before):
        return there, Verdict.SAME
    if sides.contact and not is_scope and not widens_when_empty:
        new = [item for item in want if item not in there]
        return there + new, Verdict.TAKE if new else Verdict.SAME
    if not known or not want or not before:
        verdict = decide(sides_as_sets(sides), values_win=is_scope and sides.contact)
        if verdict is Verdict.KEEP or verdict is Verdict.SAME:
            return there, Verdict.SAME
        return want, verdict
    added = [item for item in want if item not in before and item not in there]
    dropped = {item for item in before if item not in want}
    merged = [item for item in there if item not in dropped] + added
    if not there and added:
        # The destination's own edit took the restriction away. Adding to "everywhere" would restrict it by surprise.
        return (want, Verdict.CONFLICT) if not sides.untouched else (want, Verdict.TAKE)
    if not merged and widens_when_empty:
        return want, Verdict.CONFLICT
    return merged, Verdict.SAME if set(merged) == set(there) else Verdict.TAKE


def same_set(one: Any, other: Any) -> bool:
    """Whether two lists hold the same texts, in whatever order."""
    return isinstance(one, list) and isinstance(other, list) and set(_strings(one)) == set(_strings(other))


def sides_as_sets(sides: Sides) -> Sides:
    def ordered(value: Any) -> Any:
        return sorted(value) if isinstance(value, list) else value

    return replace(
        sides,
        want=ordered(sides.want),
        before=ordered(sides.before),
        there=ordered(sides.there),
        wrote=ordered(sides.wrote),
    )


def _strings(value: Any) -> list[str]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
