"""Tags: the API names them `Set/Tag`, the server keeps their ids.

So a renamed tag or tag set shows its new name in every document at once, and a tag that is used somewhere cannot be
deleted. Names are compared without regard to case. A tag set of type FreeText has no tags of its own; what is said of
it stays as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Kind, values_at
from sandbox.routing import Call
from sandbox.store import Document
from sandbox.versions import at_least

__all__ = ["TAGS", "known_id", "scope_of", "shown", "stored", "to_id", "to_name", "used_by"]

TAGS = "tags"
"""The collection that a `Reference` names when a property holds tags."""

# Kinds that carry tags themselves; elsewhere tags choose among tenants, and several of a set are alternatives.
_CARRIERS = {"tenants", "environments", "projects", "runbooks"}


def to_id(call: Call, value: str) -> str:
    """The id of a tag given by its name or id. Raises ApiError 404."""
    found = known_id(call, value)
    if found is None:
        raise not_found(value)
    return found


def known_id(call: Call, value: str) -> str | None:
    """The id of a tag given by its name or id; None if there is no such tag."""
    wanted = value.casefold()
    for tag_set in call.scope.collection("tagsets").values():
        if tag_set["Type"] == "FreeText" and value.split("/", 1)[0].casefold() == tag_set["Name"].casefold():
            return value
        for tag in tag_set["Tags"]:
            if wanted in (_name(tag_set, tag).casefold(), tag["Id"].casefold()):
                return str(tag["Id"])
    return None


def to_name(call: Call, value: str) -> str:
    """The canonical name of a tag; free text is its own name."""
    tag_set = call.scope.find("tagsets", value.split("/", 1)[0])
    tag = next((tag for tag in tag_set["Tags"] if tag["Id"] == value), None) if tag_set else None
    return _name(tag_set, tag) if tag_set and tag else value


def _name(tag_set: Document, tag: Document) -> str:
    return f"{tag_set['Name']}/{tag['Name']}"


def stored(call: Call, kind: Kind, document: Document) -> Document:
    """The document with ids in place of the names of tags. Raises ApiError 404 for a tag that is not there, 400 for
    one that is not for such documents, or for two of a set that allows one."""
    for reference in kind.references:
        if reference.collection == TAGS:
            _check(call, kind, reference.path, [str(value) for value in values_at(document, reference.path)])
    return _each(kind, document, lambda value: to_id(call, value))


def scope_of(path: str) -> str:
    """What kind of document a property's tags are for: `TenantTags[]` → `Tenant`."""
    name = path.rsplit(".", 1)[-1].removesuffix("[]").removeprefix("Included")
    return {"EnvironmentTags": "Environment", "ProjectTags": "Project", "RunbookTags": "Runbook"}.get(name, "Tenant")


def _check(call: Call, kind: Kind, path: str, values: list[str]) -> None:
    if not values or not at_least(call.settings.version, "2026.1"):
        return
    sets = {one["Name"].casefold(): one for one in call.scope.collection("tagsets").values()}
    sets |= {one["Id"].casefold(): one for one in sets.values()}
    seen: set[str] = set()
    for value in dict.fromkeys(values):
        tag_set = sets.get(value.split("/", 1)[0].casefold())
        if tag_set is None:
            raise not_found(value)
        if scope_of(path) not in tag_set["Scopes"]:
            raise bad_request(f"The tag set '{tag_set['Name']}' is not for tags of a {scope_of(path).lower()}.")
        if kind.collection in _CARRIERS and tag_set["Type"] == "SingleSelect" and tag_set["Id"] in seen:
            raise bad_request(f"Only one tag of the tag set '{tag_set['Name']}' can be chosen.")
        seen.add(tag_set["Id"])


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


def used_by(call: Call, tag_id: str) -> Iterator[tuple[str, str]]:
    """Who carries a tag: (the name of the document, what the tag is for there); variable sets by their owner's id.

    `Set/*` stands for any text of a FreeText set. Frozen copies of processes and variable sets count, too.
    """
    wanted = tag_id.casefold()

    def is_it(value: str) -> bool:
        return value.casefold().startswith(wanted[:-1]) if wanted.endswith("/*") else value.casefold() == wanted

    for kind in KINDS.values():
        for reference in kind.references:
            if reference.collection == TAGS:
                for document in call.scope.collection(kind.collection).values():
                    if any(is_it(value) for value in values_at(document, reference.path)):
                        yield str(document.get("Name") or document["Id"]), scope_of(reference.path)
    for collection in ("variables", "frozenvariables"):
        for variable_set in call.scope.collection(collection).values():
            scopes = (variable["Scope"].get("TenantTag", ()) for variable in variable_set["Variables"])
            if any(is_it(value) for values in scopes for value in values):
                yield str(variable_set["OwnerId"]), "Tenant"
