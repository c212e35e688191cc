"""Who refers to a document, and what its deletion does to them.

Each `Reference` says for itself: the deletion is refused ("block"), the id is taken out of the list ("remove"), or it
stays and dangles ("keep"), as Octopus does with feeds (OctopusDeploy/Issues#669). Where an empty list means everything,
a document that names nothing else goes ("narrow"): a team that sees one tenant must not come to see all of them when
that one is deleted (OctopusDeploy/Issues#19).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox import texts
from sandbox.errors import bad_request
from sandbox.kind import KINDS, Kind, Reference, values_at
from sandbox.routing import Call
from sandbox.store import Document, Write

__all__ = ["cascade", "referrers", "without"]


def referrers(call: Call, kind: Kind, document: Document) -> Iterator[tuple[Kind, Reference, Document]]:
    """Every document of the space that names this one, by the reference that does."""
    for other in KINDS.values():
        for reference in other.references:
            if reference.collection == kind.collection:
                for candidate in call.scope.collection(other.collection).values():
                    if any(same_id(value, document["Id"]) for value in values_at(candidate, reference.path)):
                        yield other, reference, candidate


def cascade(call: Call, kind: Kind, document: Document) -> list[Write]:
    """The writes that take a document's id out of others. Raises ApiError 400 when one of them blocks."""
    changed: dict[str, tuple[Kind, Document, Document | None]] = {}
    blocking: dict[str, list[str]] = {}
    for other, reference, referrer in referrers(call, kind, document):
        if reference.on_delete == "block":
            noun, name = _called(call, other, referrer)
            names = blocking.setdefault(texts.plural(noun), [])
            names += [f"'{name}'"] if f"'{name}'" not in names else []
        elif reference.on_delete in ("remove", "narrow"):
            _, before, after = changed.get(referrer["Id"], (other, referrer, referrer))
            if after is not None:
                after = without(after, reference.path, document["Id"])
                if reference.on_delete == "narrow" and not any(True for _ in values_at(after, reference.path)):
                    after = None
            changed[referrer["Id"]] = (other, before, after)
    if blocking:
        raise bad_request(*(texts.in_use(texts.words(kind.name), by, names) for by, names in blocking.items()))
    return [Write(other.collection, before, after, side_effect=True) for other, before, after in changed.values()]


def _called(call: Call, kind: Kind, document: Document) -> tuple[str, str]:
    """What a sentence calls a document: the noun and the name."""
    if kind.spoken_of_as:
        name, collection = kind.spoken_of_as
        other = call.look_up(collection, document[name])
        if other:
            return texts.words(KINDS[collection].name), str(other["Name"])
    return texts.words(kind.name), str(document.get("Name") or document["Id"])


def same_id(one: Any, other: str) -> bool:
    return isinstance(one, str) and one.casefold() == other.casefold()


def without(document: Any, path: str, document_id: str) -> Any:
    """A copy in which the id is gone from the path: out of a list, or null in place of a value."""
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    if not isinstance(document, dict) or name not in document:
        return document
    value = document[name]
    if head.endswith("[]") and isinstance(value, list):
        kept: Any = (
            [without(item, rest, document_id) for item in value]
            if rest
            else [item for item in value if not same_id(item, document_id)]
        )
    elif rest:
        kept = without(value, rest, document_id)
    else:
        kept = None if same_id(value, document_id) else value
    return {**document, name: kept}
