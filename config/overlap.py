"""Whether two routes into one space could take the same item: decided exactly, and shown by a name.

Patterns with only ``*`` are regular languages, so it can be computed whether some name is taken by both: walk over all
names letter by letter, one letter standing for all that no pattern mentions, and keep of every pattern the places at
which it could be. The walk is over the automaton of all patterns together, breadth first, so the name it finds is a
shortest one. It is bounded: patterns made to be costly are left undecided, and that is said.

Routes meet on the destination, so a mapped name counts there under the name that it has there.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from config.names import PART_KINDS, Pattern
from config.route import Route

_MOST_STATES = 20_000


class UndecidedError(Exception):
    """The patterns are too many or too long to say for sure."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names that one of ``include`` and none of ``exclude`` matches."""

    include: tuple[Pattern, ...]
    exclude: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    kind: str
    name: str


def overlaps(one: Route, other: Route) -> list[Overlap]:
    """Per kind one name, case-folded, that both routes would write on the destination. Raises :class:`UndecidedError`.

    Parts of projects are left to their project: whose project it is, his are the channels.
    """
    found = []
    for kind in sorted((one.include.kinds & other.include.kinds) - set(PART_KINDS)):
        pairs = ((a, b) for a in _on_destination(one, kind) for b in _on_destination(other, kind))
        name = next((name for a, b in pairs if (name := common(a, b)) is not None), None)
        if name is not None:
            found.append(Overlap(kind, name))
    return found


def _on_destination(route: Route, kind: str) -> list[Names]:
    include = tuple(selector.pattern for selector in route.include.selectors(kind))
    exclude = tuple(selector.pattern for selector in route.exclude.selectors(kind))
    maps = route.maps.get(kind, {})
    renamed = [name for source, names in maps.items() if route.includes(kind, source) for name in names]
    unmapped = Names(include, exclude + tuple(Pattern.literal(source) for source in maps))
    return [unmapped, Names(tuple(Pattern.literal(name) for name in renamed), ())]


Tokens = tuple[str, ...]
"""A pattern letter by letter; ``""`` is the wildcard."""

Places = frozenset[int]
"""Before which tokens a pattern could be, after some letters. Empty: it cannot match any more."""

State = tuple[tuple[tuple[Places, ...], ...], bool]
"""Of each group of patterns the places of each, and whether the last letter was a blank (no name ends in one)."""


def common(one: Names, other: Names) -> str | None:
    """A shortest name in both, case-folded, or ``None``."""
    groups = [
        [_tokens(pattern) for pattern in patterns]
        for patterns in (one.include, other.include, one.exclude, other.exclude)
    ]
    letters = _letters(groups)
    start: State = (tuple(tuple(_reach(tokens, {0}) for tokens in group) for group in groups), True)
    seen = {start}
    queue = deque([(start, "")])
    while queue:
        (places, blank), name = queue.popleft()
        if not blank and _in_both(groups, places):
            return name
        for letter in letters:
            if letter.isspace() and not name:  # no name begins with a blank
                continue
            moved = tuple(
                tuple(_after(tokens, at, letter) for tokens, at in zip(group, ats, strict=True))
                for group, ats in zip(groups, places, strict=True)
            )
            state = (moved, letter.isspace())
            if state in seen or not all(any(ats) for ats in moved[:2]):
                continue
            if len(seen) >= _MOST_STATES:
                raise UndecidedError
            seen.add(state)
            queue.append((state, name + letter))
    return None


def _tokens(pattern: Pattern) -> Tokens:
    first, *rest = pattern.segments
    return (*first, *(token for segment in rest for token in ("", *segment)))


def _letters(groups: list[list[Tokens]]) -> list[str]:
    """Every letter that some pattern mentions, and one that none does."""
    known = {token for group in groups for tokens in group for token in tokens if token}
    unknown = next(letter for letter in map(chr, range(ord("a"), 0x10FFFF)) if letter not in known and letter.isalnum())
    return [unknown, *sorted(known)]


def _reach(tokens: Tokens, places: set[int]) -> Places:
    """The places, and those behind wildcards that stand for nothing."""
    reached = set(places)
    for place in sorted(places):
        while place < len(tokens) and tokens[place] == "":
            place += 1
            reached.add(place)
    return frozenset(reached)


def _after(tokens: Tokens, places: Places, letter: str) -> Places:
    moved = {
        place if tokens[place] == "" else place + 1
        for place in places
        if place < len(tokens) and tokens[place] in {"", letter}
    }
    return _reach(tokens, moved)


def _in_both(groups: list[list[Tokens]], places: tuple[tuple[Places, ...], ...]) -> bool:
    one, other, *excluded = (
        any(len(tokens) in at for tokens, at in zip(group, ats, strict=True))
        for group, ats in zip(groups, places, strict=True)
    )
    return one and other and not any(excluded)
