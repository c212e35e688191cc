"""References by name, inside documents that otherwise have the API's shape.

A document of the demo says `⟦environments/Test⟧` where the API wants the id `Environments-2`: the kind is the API's
collection, the rest is the name. A reference may stand alone or inside a longer text (a list of teams, JSON in a
property), and may be a key. The brackets are ones that no script, variable expression or Helm template uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["ref", "references", "resolve"]

_REFERENCE = re.compile(r"⟦(\w+)/(.+?)⟧")


def ref(kind: str, name: str) -> str:
    """The reference to the item of that name, e.g. `ref("environments", "Test")`."""
    return f"⟦{kind}/{name}⟧"


def references(value: Any) -> set[tuple[str, str]]:
    """Every (kind, name) that a document, a list of them or a text refers to."""
    found: set[tuple[str, str]] = set()

    def note(kind: str, name: str) -> str:
        found.add((kind, name))
        return ""

    resolve(value, note)
    return found


def resolve(value: Any, find: Callable[[str, str], str]) -> Any:
    """A copy of `value` with `find(kind, name)` in place of every reference."""
    match value:
        case str():
            return _REFERENCE.sub(lambda found: find(found[1], found[2]), value)
        case dict():
            return {resolve(key, find): resolve(item, find) for key, item in value.items()}
        case list() | tuple():
            return [resolve(item, find) for item in value]
        case _:
            return value
