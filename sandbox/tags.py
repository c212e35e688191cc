"""Tags: the API names them `Set/Tag`, the server keeps their ids.

So a renamed tag or tag set shows its new name in every document at once, and a tag that is used somewhere cannot be
deleted. Names are compared without regard to case. A tag set of type FreeText has no tags of its own; what is said of
it stays as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.errors import not_found
from sandbox.kind import KINDS, Kind, values_at
from sandbox.routing import Call
from sandbox.store import Document

__all__ = ["TAGS", "shown", "stored", "to_id", "to_name", "used_by"]

TAGS = "tags"
"""The collection that a `Reference` names when a property holds tags."""


def to_id(call: Call, value: str) -> str:
    """The id of a tag given by its name or id. Raises ApiError 404."""
    wanted = value.casefold()
    for tag_set in call.scope.collection("tagsets").values():
        if tag_set["Type"] == "FreeText" and value.split("/", 1)[0].casefold() == tag_set["Name"].casefold():
            return value
        for tag in tag_set["Tags"]:
            if wanted in (_name(tag_set, tag).casefold(), tag["Id"].casefold()):
                return str(tag["Id"])
    raise not_found(value)


def to_name(call: Call, value: str) -> str:
    """The canonical name of a tag; free text is its own name."""
    tag_set = call.scope.find("tagsets", value.split("/", 1)[0])
    tag = next((tag for tag in tag_set["Tags"] if tag["Id"] == value), None) if tag_set else None
    return _name(tag_set, tag) if tag_set and tag else value


def _name(tag_set: Document, tag: Document) -> str:
    return f"{tag_set['Name']}/{tag['Name']}"


def stored(call: Call, kind: Kind, document: Document) -> Document:
    """The document with ids in place of the names of tags. Raises ApiError 404 for a tag that is not there."""
    return _each(kind, document, lambda value: to_id(call, value))


def shown(call: Call, kind: Kind, document: Document) -> Document:
    """The document with names in place of the ids of tags."""
    return _each(kind, document, lambda value: to_name(call, value))


def _each(kind: Kind, document: Document, change: Callable[[str], str]) -> Document:
    for reference in kind.references:
        if reference.collection == TAGS and any(True for _ in values_at(document, reference.path)):
            document = _mapped(document, reference.path, change)
    return document


def _mapped(document: Any, path: str, change: Callable[[str], str]) -> Any:
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    if not isinstance(document, dict) or not document.get(name):
        return document
    value = document[name]
    if head.endswith("[]"):
        changed: Any = [_mapped(item, rest, change) if rest else change(str(item)) for item in value]
    else:
        changed = _mapped(value, rest, change)
    return {**document, name: changed}


def used_by(call: Call, tag_id: str) -> Iterator[str]:
    """The names of the documents that carry a tag, variable sets by their owner's id."""
    for kind in KINDS.values():
        for reference in kind.references:
            if reference.collection == TAGS:
                for document in call.scope.collection(kind.collection).values():
                    if tag_id in values_at(document, reference.path):
                        yield str(document.get("Name") or document["Id"])
    for variable_set in call.scope.collection("variables").values():
        if any(tag_id in variable["Scope"].get("TenantTag", ()) for variable in variable_set["Variables"]):
            yield str(variable_set["OwnerId"])
