"""Lists: the envelope, its page links, and the filters that every list has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from sandbox import tags
from sandbox.kind import Kind, values_at
from sandbox.routing import Answer, Call
from sandbox.store import Document
from sandbox.versions import at_least

__all__ = ["natural_id", "page", "select", "sort_key", "tagged"]

ALL = 2147483647
_PAGING = ("skip", "take")
_TEXTS = ("Name", "NotAfter", "Username")  # orders by a text; others are numbers


def sort_key(kind: Kind) -> Any:
    """How a list of the kind is sorted: by name without regard to case, by SortOrder, or by the number of the id
    (`-Id`: newest first)."""

    def key(document: Document) -> tuple[Any, ...]:
        if kind.order in ("Id", "-Id"):
            return natural_id(str(document["Id"]))
        value = document.get(kind.order)
        first = str(value or "").casefold() if kind.order in _TEXTS else (value or 0)
        return (first, *natural_id(str(document["Id"])))

    return key


@lru_cache(maxsize=65_536)
def natural_id(document_id: str) -> tuple[Any, ...]:
    """`Projects-2` before `Projects-10`."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", document_id))


def select(call: Call, kind: Kind, documents: Iterable[Document]) -> list[Document]:
    """The documents that pass `ids`, `partialName`, `name` and the kind's own filters, sorted.

    The exact `name=` of most kinds is not in the Swagger of 2026.1 and was read in later references only, so older
    servers ignore it; that of feeds, targets and workers, and the obsolete *contains* of environments, projects and
    tenants, are older.
    """
    chosen = [document for document in documents if call.sees(document)]
    if "ids" in call.query:
        ids = {wanted.casefold() for wanted in call.arguments("ids")}
        chosen = [document for document in chosen if str(document["Id"]).casefold() in ids]
    partial = call.argument("partialName")
    name = call.argument("name")
    if name and kind.name_filter == "contains":
        chosen = [document for document in chosen if name.casefold() in str(document.get("Name")).casefold()]
    elif name and at_least(call.settings.version, kind.name_since):
        chosen = [document for document in chosen if str(document.get("Name")).casefold() == name.casefold()]
    if partial:
        wanted = partial.casefold()
        chosen = [
            document
            for document in chosen
            if any(wanted in str(document.get(name) or "").casefold() for name in kind.searched)
        ]
    for parameter, passes in kind.filters.items():
        if parameter.lower() in call.query:
            values = call.arguments(parameter)
            chosen = [document for document in chosen if passes(document, values)]
    for parameter, path in kind.tagged.items():
        chosen = tagged(call, chosen, parameter, path)
    return sorted(chosen, key=sort_key(kind), reverse=kind.order == "-Id")


def tagged(call: Call, documents: list[Document], parameter: str, path: str) -> list[Document]:
    """The documents that carry at `path` one of the tags which a parameter of the query names, by name or id."""
    if not call.arguments(parameter):
        return documents
    wanted = {found for value in call.arguments(parameter) if (found := tags.known_id(call, value))}
    return [one for one in documents if wanted & set(values_at(one, path))]


def page(call: Call, item_type: str, path: str, items: Sequence[Any], take: int = 30, show: Any = None) -> Answer:
    """One page of a list as a ResourceCollection. `path` is that of the list below the space, `take` its default.

    `show` turns each item of the page, and no other, into what is answered.
    """
    skip, take = call.number("skip", 0), call.number("take", take)
    shown = items[skip : skip + take]
    pages = max(1, -(-len(items) // take)) if take else 1
    current = skip // take if take else 0
    base = call.link(path)
    kept = [
        (name, value) for name, values in call.query.items() if name not in (*_PAGING, "apikey") for value in values
    ]

    def link(skip: int, take: int) -> str:
        return f"{base}?{urlencode([('skip', skip), ('take', take), *kept])}"

    links = {
        "Self": link(skip, take) if call.query else base,
        "Template": f"{base}{{?skip,take,ids,partialName}}",
        "Page.All": link(0, ALL),
        "Page.Current": link(skip, take),
        "Page.Last": link((pages - 1) * take, take),
    }
    if pages > 1:
        links.update({f"Page.{number}": link(number * take, take) for number in range(pages)})
    if skip + take < len(items):
        links["Page.Next"] = link(skip + take, take)
    if current > 0:
        links["Page.Previous"] = link(max(0, skip - take), take)
    return Answer(
        {
            "ItemType": item_type,
            "TotalResults": len(items),
            "ItemsPerPage": take,
            "NumberOfPages": pages,
            "LastPageNumber": pages - 1,
            "Items": [show(item) if show else item for item in shown],
            "Links": links,
        }
    )
