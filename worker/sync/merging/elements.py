"""Elements of a list: which one of another list is the same. Pure.

An element is known by its id, on its own side; else by its name, or what takes the place of a name (``identity``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from config.names import name_key
from worker.plan.values import Document
from worker.sync.world.fields import MISSING

Renamed = Mapping[str, Mapping[str, str]]
"""Part of an element's name → old → new, both as :func:`config.names.name_key` has them."""

NOTHING: Renamed = {}


def objects(value: Any) -> list[Document]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def ids_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("Id"), str):
            yield value["Id"]
        for item in value.values():
            yield from ids_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from ids_in(item)


def name_of(element: Document, identity: tuple[str, ...], renamed: Renamed = NOTHING) -> tuple[str, ...]:
    """``renamed``: what is called otherwise now, by the part of the name in which it stands."""
    names = ((part, name_key(str(element.get(part) or ""))) for part in identity)
    return tuple(renamed.get(part, {}).get(name, name) for part, name in names)


def same_element(
    element: Document,
    among: Sequence[Document],
    identity: tuple[str, ...],
    beside: Sequence[Document] = (),
    renamed: Renamed = NOTHING,
) -> Any:
    """The same element of the same side at another time, ``MISSING`` if there was none: by its id, else by its name.

    ``beside``: the elements that ``element`` stands among. One that is still there under its id is not taken for one
    that has its name now. ``renamed``: what the elements of ``among`` are named by has other names since.
    """
    if element.get("Id"):
        for other in among:
            if other.get("Id") == element["Id"]:
                return other
    known = {one["Id"] for one in beside if one.get("Id")}
    for other in among:
        if name_of(other, identity, renamed) == name_of(element, identity) and other.get("Id") not in known:
            return other
    return MISSING
