"""Whether two routes into one space could take the same item: decided exactly, and shown by a name.

Patterns with only ``*`` are regular languages, so it can be computed whether some name is taken by both: walk over all
names letter by letter, one letter standing for all that no pattern mentions, and keep of every pattern the places at
which it could be. The walk is breadth first, so the name it finds is a short one. It is bounded: patterns made to be
costly are left undecided, and that is said.

Routes meet on the destination, so a mapped name counts there under the name that it has there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from config.names import PART_KINDS, Pattern
from config.route import Route

_MOST_STEPS = 300_000
"""About a quarter of a second."""


class UndecidedError(Exception):
    """The patterns are too many or too long to say for sure."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names that one of ``include`` and none of ``exclude`` matches."""

    include: tuple[Pattern, ...]
    exclude: tuple[Pattern, ...]

    def hold(self, name: str) -> bool:
        return any(p.matches(name) for p in self.include) and not any(p.matches(name) for p in self.exclude)


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


def common(one: Names, other: Names) -> str | None:
    """A name in both, case-folded, or ``None``. Raises :class:`UndecidedError`.

    Names that are listed are simply tried; the walk is only for what remains, pairs of patterns with wildcards.
    """
    for pattern in (*one.include, *other.include):
        name = pattern.segments[0]
        if pattern.is_literal and name and one.hold(name) and other.hold(name):
            return name
    return _Walk(
        [
            [_tokens(pattern) for pattern in patterns]
            for patterns in (_wild(one.include), _wild(other.include), one.exclude, other.exclude)
        ]
    ).name()


def _wild(patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
    return tuple(pattern for pattern in patterns if not pattern.is_literal)


Tokens = tuple[str, ...]
"""A pattern letter by letter; ``""`` is the wildcard."""

Places = frozenset[tuple[int, int]]
"""Which patterns could still match after some letters, each before which of its tokens."""


def _tokens(pattern: Pattern) -> Tokens:
    first, *rest = pattern.segments
    return (*first, *(token for segment in rest for token in ("", *segment)))


class _Walk:
    """Over all names, breadth first. ``groups``: included by one, by the other, excluded by either."""

    def __init__(self, groups: list[list[Tokens]]) -> None:
        self.patterns = [tokens for group in groups for tokens in group]
        self.group = [number for number, group in enumerate(groups) for _ in group]
        known = {token for tokens in self.patterns for token in tokens}
        self.unknown = next(letter for letter in map(chr, range(ord("a"), 0x10FFFF)) if letter not in known)
        self.steps_left = _MOST_STEPS

    def name(self) -> str | None:
        start = self._reach((number, 0) for number in range(len(self.patterns)))
        seen = {(start, True)}  # no name begins or ends with a blank, so it matters whether the last letter was one
        queue = deque([(start, "")])
        while queue:
            places, name = queue.popleft()
            if name and not name[-1].isspace() and self._in_both(places):
                return name
            for letter in self._letters(places):
                if letter.isspace() and not name:
                    continue
                after = self._after(places, letter)
                state = (after, letter.isspace())
                if state not in seen and {0, 1} <= {self.group[number] for number, _ in after}:
                    seen.add(state)
                    queue.append((after, name + letter))
        return None

    def _letters(self, places: Places) -> list[str]:
        """Those that some pattern waits for, and one for all others."""
        ahead = {self.patterns[number][place] for number, place in places if place < len(self.patterns[number])}
        return [self.unknown, *sorted(ahead - {""})]

    def _after(self, places: Places, letter: str) -> Places:
        self.steps_left -= len(places)
        if self.steps_left < 0:
            raise UndecidedError
        ahead = ((n, at, self.patterns[n][at]) for n, at in places if at < len(self.patterns[n]))
        return self._reach((n, at if token == "" else at + 1) for n, at, token in ahead if token in {"", letter})

    def _reach(self, places: Iterable[tuple[int, int]]) -> Places:
        """The places, and those behind wildcards that stand for nothing."""
        reached = set()
        for number, place in places:
            tokens = self.patterns[number]
            reached.add((number, place))
            while place < len(tokens) and tokens[place] == "":
                place += 1
                reached.add((number, place))
        return frozenset(reached)

    def _in_both(self, places: Places) -> bool:
        return {self.group[number] for number, place in places if place == len(self.patterns[number])} == {0, 1}
