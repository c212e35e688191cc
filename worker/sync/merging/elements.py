"""Elements of a list: which one of another list is the same. Pure.

An element is known by its id, on its own side; else by its name, or what takes the place of a name (``identity``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from config.names import name_key
from worker.plan.values import Document
from worker.sync.world.fields import MISSING


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


def name_of(element: Document, identity: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name_key(str(element.get(part) or "")) for part in identity)


def same_element(
    element: Document, among: Sequence[Document], identity: tuple[str, ...], beside: Sequence[Document] = ()
) -> Any:
    """The same element of the same side at another time, ``MISSING`` if there was none: by its id, else by its name.

    ``beside``: the elements that ``element`` stands among. One that is still there under its id is not taken for one
    that has its name now.
    """
    if element.get("Id"):
        for other in among:
            if other.get("Id") == element["Id"]:
                return other
    known = {one["Id"] for one in beside if one.get("Id")}
    for other in among:
        if name_of(other, identity) == name_of(element, identity) and other.get("Id") not in known:
            return other
    return MISSING
