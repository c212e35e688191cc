"""JSON in a string: find the strings in it, and put others in their place, leaving all else as it is. Pure.

Octopus keeps some of what a step says as JSON text in one property. Whoever reads it and writes it anew changes blanks,
the order of keys or how a character is escaped, and the destination shows an edit that nobody made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from worker.kinds.references import PendingId, PendingText

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Spot:
    """A string value. ``key``: of the object that it stands in, or that its list stands in; ``None`` at the top.

    ``place`` is where it stands, for people: ``[0].FeedId``. ``start`` and ``end`` enclose it, quotes included.
    """

    key: str | None
    value: str
    place: str
    start: int
    end: int


def strings(text: str) -> list[Spot] | None:
    """The string values of JSON text, in their order; ``None`` where the text is not a JSON object or list."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return list(_spots(text))


def _spots(text: str) -> Iterator[Spot]:
    """Of text that is known to be JSON."""
    stack: list[_Open] = []
    for token in _TOKEN.finditer(text):
        found = token.group()
        here = stack[-1] if stack else None
        if found in ("{", "["):
            stack.append(_Open(found == "{", here.key if here else None, here.place() if here else ""))
        elif found in ("}", "]"):
            stack.pop()
        elif found == ":" and here:
            here.reads_key = False
        elif found == "," and here:
            here.index += 1
            here.reads_key = here.is_object
        elif here and here.reads_key:
            here.key = here.name = json.loads(found, strict=False)
        elif here:
            yield Spot(here.key, json.loads(found, strict=False), here.place(), token.start(), token.end())


class _Open:
    """An object or a list whose end was not reached yet."""

    def __init__(self, is_object: bool, key: str | None, above: str) -> None:
        self.is_object = is_object
        self.key = key
        self.above = above
        self.name = ""
        self.index = 0
        self.reads_key = is_object

    def place(self) -> str:
        if not self.is_object:
            return f"{self.above}[{self.index}]"
        return f"{self.above}.{self.name}" if self.above else self.name


def replaced(text: str, replacement: Callable[[Spot], str | None]) -> str:
    """The text with every string for which ``replacement`` gives another one. Text that is not JSON stays.

    Where a stand-in for an id is put in, the result is a :class:`worker.kinds.references.PendingText`.
    """
    parts: list[str] = []
    done = 0
    for spot in strings(text) or []:
        other = replacement(spot)
        if other is None or other == spot.value:
            continue
        quoted = ['"', other, '"'] if isinstance(other, PendingId) else [json.dumps(other, ensure_ascii=False)]
        parts += [text[done : spot.start], *quoted]
        done = spot.end
    return PendingText.of([*parts, text[done:]]) if parts else text
