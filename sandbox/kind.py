"""What a kind of document is, as data.

A `Kind` says where its documents live, what each writable property becomes when a body leaves it out (a PUT replaces
everything), which properties name other documents, and what makes a name taken. Where Octopus is odd, a kind names
small functions: `prepare` before a document is stored, `created` and `deleting` for what the server does besides,
`shown` for what is computed on reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.routing import Call, RouteScope
from sandbox.store import Document, Write

__all__ = ["KINDS", "Field", "Kind", "Reference", "Save", "declare", "own", "values_at"]

OnDelete = Literal["keep", "remove", "narrow", "block"]


@dataclass(frozen=True, slots=True)
class Field:
    """A property that a body may carry.

    `default` is what a missing one becomes; its type (bool, int, list, dict) is checked in a body. `writable` is
    "always", "create" (later bodies cannot change it), "update" (a POST ignores it) or "never" (the server's own).
    """

    name: str
    default: Any = None
    writable: Literal["always", "create", "update", "never"] = "always"
    required: bool = False
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    sensitive: bool = False


def own(name: str, default: Any = None) -> Field:
    """A property that only the server writes."""
    return Field(name, default, writable="never")


@dataclass(frozen=True, slots=True)
class Reference:
    """A property that holds ids of another kind in the same space.

    `path` steps into list elements with `[]`: `Phases[].OptionalDeploymentTargets[]`. `expression`: `#{...}` stands for
    any id. `on_delete` is what deleting the other document does here: nothing (the id dangles), take the id out
    ("remove"), the same but a document whose list would become empty goes as a whole, because empty means everything
    ("narrow"), or it is refused.
    """

    path: str
    collection: str
    on_delete: OnDelete = "keep"
    expression: bool = False


@dataclass(slots=True)
class Save:
    """A document on its way into the store. `after` is a draft of its own: `prepare` may change it in place, and put
    into `besides` what is to be written with it."""

    call: Call
    kind: Kind
    before: Document | None
    after: Document
    body: Document
    besides: list[Write] = field(default_factory=list)


def _nothing(_: Save) -> None:
    return None


def _no_writes(_: Save) -> list[Write]:
    return []


def _no_cascade(_call: Call, _document: Document) -> list[Write]:
    return []


def _as_stored(_call: Call, document: Document) -> Document:
    return document


@dataclass(frozen=True, slots=True)
class Kind:
    """See the module. `take` is the size of a page where the query names none; `order` is the property that lists are
    sorted by; `searched` are those in which `partialName` looks; `unique_within` are the properties that, with the
    name, must not occur twice (empty: the space); `name_filter` is how a list's `name=` compares, and `name_since` the
    first release that has that parameter; `tagged` are parameters that name tags, and the paths where those stand;
    `since` is the first release that has the kind; `spoken_of_as` names a reference and the collection of what stands
    for a document without a name in sentences."""

    collection: str
    prefix: str
    name: str
    fields: tuple[Field, ...]
    scope: RouteScope = "space"
    take: int = 30
    order: str = "Name"
    slug: bool = False
    unique_name: bool = True
    unique_within: tuple[str, ...] = ()
    searched: tuple[str, ...] = ("Name",)
    name_filter: Literal["contains", "exact"] = "exact"
    name_since: str = "2026.2"
    references: tuple[Reference, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, Callable[[Document, list[str]], bool]] = field(default_factory=dict)
    tagged: Mapping[str, str] = field(default_factory=dict)
    routes: tuple[str, ...] = ("list", "all", "get", "create", "update", "delete")
    since: str = ""
    spoken_of_as: tuple[str, str] | None = None
    prepare: Callable[[Save], None] = _nothing
    created: Callable[[Save], list[Write]] = _no_writes
    deleting: Callable[[Call, Document], list[Write]] = _no_cascade
    shown: Callable[[Call, Document], Document] = _as_stored


KINDS: dict[str, Kind] = {}
"""Every declared kind by collection."""


def declare(kind: Kind) -> Kind:
    """Make a kind known: to the routes, and to the search for what refers to a document."""
    KINDS[kind.collection] = kind
    return kind


def values_at(document: Any, path: str) -> Iterable[Any]:
    """The values at a path; none where it leads nowhere. Null counts as nothing."""
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    value = document.get(name) if isinstance(document, dict) else None
    for item in value if head.endswith("[]") and isinstance(value, list) else [value]:
        if item is None or (head.endswith("[]") and value is item):
            continue
        if rest:
            yield from values_at(item, rest)
        else:
            yield item
