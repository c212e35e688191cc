"""Which source row is which destination row.

This is the question that makes syncing variables hard: a row that is there on one side only is either new, or an old
one whose scope or value was edited. Rows are matched one to one, within one name and type class, best evidence first:

    link                   they were matched before (by the caller; such rows do not come here)
    equal scope and value
    equal scope
    equal value            only where it says something: not empty, not a secret
    the only one left      on each side

At each rank, rows match only where there is no choice, or where the choice makes no difference (rows of equal scope
and value are interchangeable). Two candidates of equal rank are *ambiguous*, and drop out: a worse rank must not
decide what a better one could not. A row left over is new if no destination row of its name is left that it could be;
else ambiguous.

What the ledger remembers helps. A source row that was not there last time (*fresh*) can hardly be a destination row
that had already been without a counterpart then (*settled*): only the same scope makes it so, because two rows of one
scope must not be. And a placeholder that nobody has touched (*standing*) is no version of any source row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from worker.plan.values import Document
from worker.sync.variables.rows import identity, name_of, readable_value, scope_of, type_class


class Rank(IntEnum):
    """Why two rows are taken for the same. Best evidence first."""

    LINK = 0
    SCOPE_AND_VALUE = 1
    SCOPE = 2
    VALUE = 3
    ONLY_ONE_LEFT = 4


REASONS = {
    Rank.LINK: "link",
    Rank.SCOPE_AND_VALUE: "equal scope and value",
    Rank.SCOPE: "equal scope",
    Rank.VALUE: "equal value",
    Rank.ONLY_ONE_LEFT: "the only one left on each side",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that has no counterpart yet. ``place`` is its index on its side; for the flags see the module."""

    place: int
    row: Document
    fresh: bool = False
    settled: bool = False
    standing: bool = False


@dataclass(slots=True)
class Matching:
    """``pairs``: source place → (destination place, rank). ``ambiguous`` and ``new``: source places."""

    pairs: dict[int, tuple[int, Rank]] = field(default_factory=dict)
    ambiguous: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)


def match_rows(sources: Sequence[Candidate], destination: Sequence[Candidate]) -> Matching:
    """Pairs what belongs together among rows of any names. Pure; the order of rows decides only between equals."""
    found = Matching()
    theirs: dict[str, list[Candidate]] = defaultdict(list)
    ours: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sources:
        theirs[name_of(candidate.row)].append(candidate)
    for candidate in destination:
        ours[name_of(candidate.row)].append(candidate)
    for name, group in theirs.items():
        _match_name(group, ours.get(name, []), found)
    return found


def _match_name(sources: list[Candidate], destination: list[Candidate], found: Matching) -> None:
    for kind in dict.fromkeys(type_class(candidate.row) for candidate in sources):
        _match_class(
            [candidate for candidate in sources if type_class(candidate.row) == kind],
            [candidate for candidate in destination if type_class(candidate.row) == kind],
            found,
        )
    taken = {place for place, _ in found.pairs.values()}
    left = [candidate for candidate in destination if candidate.place not in taken]
    for candidate in sources:
        if candidate.place in found.pairs or candidate.place in found.ambiguous:
            continue
        if _possible([candidate], left):
            found.ambiguous.add(candidate.place)
        else:
            found.new.add(candidate.place)


def _match_class(sources: list[Candidate], destination: list[Candidate], found: Matching) -> None:
    rows, others = sources, destination
    undecided: set[int] = set()
    for rank, key in ((Rank.SCOPE_AND_VALUE, identity), (Rank.SCOPE, scope_of), (Rank.VALUE, readable_value)):
        paired: set[int] = set()
        for ours, theirs in _buckets(rows, others, key, by_scope=rank is not Rank.VALUE):
            if len(ours) == len(theirs) == 1 or (_interchangeable(ours) and _interchangeable(theirs)):
                for source, target in zip(ours, theirs, strict=False):
                    found.pairs[source.place] = (target.place, rank)
                    paired.add(target.place)
            else:
                found.ambiguous.update(source.place for source in ours)
                undecided.update(target.place for target in theirs)
        rows = [row for row in rows if row.place not in found.ambiguous and row.place not in found.pairs]
        others = [row for row in others if row.place not in undecided and row.place not in paired]
    ambiguous = any(source.place in found.ambiguous for source in sources)
    candidates = _possible(rows, others)
    if not ambiguous and not undecided and len(rows) == len(candidates) == 1:
        found.pairs[rows[0].place] = (candidates[0].place, Rank.ONLY_ONE_LEFT)


def _buckets(
    rows: list[Candidate], others: list[Candidate], key: Callable[[Document], Hashable], *, by_scope: bool
) -> Iterator[tuple[list[Candidate], list[Candidate]]]:
    """Rows of both sides with the same key, where both sides have any. ``None`` is no key."""
    theirs: dict[Hashable, list[Candidate]] = defaultdict(list)
    for candidate in others:
        theirs[key(candidate.row)].append(candidate)
    ours: dict[Hashable, list[Candidate]] = defaultdict(list)
    for candidate in rows:
        ours[key(candidate.row)].append(candidate)
    for shared, group in ours.items():
        if shared is None or shared not in theirs:
            continue
        candidates = theirs[shared] if by_scope else _possible(group, theirs[shared])
        if candidates:
            yield group, candidates


def _possible(sources: list[Candidate], destination: list[Candidate]) -> list[Candidate]:
    """What any of ``sources`` could be, going by more than an equal scope."""
    fresh = all(source.fresh for source in sources)
    return [row for row in destination if not row.standing and not (fresh and row.settled)]


def _interchangeable(candidates: list[Candidate]) -> bool:
    return len({identity(candidate.row) for candidate in candidates}) == 1
