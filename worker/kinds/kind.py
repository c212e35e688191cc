"""Kind: one declaration per kind of Octopus resource.

To support another kind is to add one :class:`Kind` to this package (and, where Octopus is odd, one small named function
beside it), not a case in the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from worker.kinds.references import Ref
from worker.kinds.shape import Shape


class Mode(StrEnum):
    """How an item crosses, once and for ever (not only at first contact)."""

    SHARED_NAME = "shared-name"
    """It must exist on both sides under one name; its details may differ, and follow only if the route says so."""
    MERGE = "merge"
    """Missing: created. Existing: merged three ways."""
    EXACT = "exact"
    """Missing: created. Existing: the source always wins; drift on the destination is put back and reported."""
    ON_REQUEST = "on-request"
    """Crosses only where the route lists it, never because something refers to it; then as merged."""
    LOOKUP = "lookup"
    """Only found by name, never written: what the destination lacks, a person creates."""


class Place(StrEnum):
    """How a document comes to be."""

    COLLECTION = "collection"
    """Created by a POST to its collection."""
    WITH_OWNER = "with-owner"
    """The server makes it together with its owner (a project's process): only ever updated."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` as people write it in the routes file; ``prefix`` the id prefix; ``route`` the collection's route.

    ``owner``: the kinds that an item of this kind can belong to, with the field that names the owner. ``listed_by``:
    the route, relative to the space, that lists all of them for a name directory; ``None`` where the id follows from
    the owner's. ``document_route``: where one document is read and written, ``{id}`` and ``{owner}`` filled in.
    ``type_field`` (below an object as ``Details.Type``), or ``type_of`` where it takes more than a field: the same name
    with another type is no match (accounts, feeds). ``created_by_closure``: whether an
    item that depends on one may have it created. ``pristine``: fields of a new document, over what the source has.
    """

    name: str
    prefix: str
    route: str
    mode: Mode
    shape: Shape = field(default_factory=Shape)
    owner_kinds: tuple[str, ...] = ()
    owner_field: str | None = None
    place: Place = Place.COLLECTION
    listed_by: str | None = None
    document_route: str = ""
    type_field: str | None = None
    type_of: Callable[[Mapping[str, Any]], str | None] | None = None
    created_by_closure: bool = True
    pristine: Mapping[str, object] = field(default_factory=dict)
    segment: str | None = None
    """Its word in a name path below its owner, where the kind has no name of its own (``…/variables``)."""
    never_created_types: frozenset[str] = frozenset()
    """Types of which a space has exactly one, made by the server (the built-in feed): matched by type, not by name."""
    scope_rules: str | None = None
    """Which rules of the routes file answer for its scopes: ``steps``, ``infrastructure`` or ``tenants``. Without: what
    fits is used, and what fits nowhere does not cross, so nothing is widened."""
    bulk: str | None = None
    """The list, relative to the space, from which many documents come at once."""
    bulk_by_ids: bool = True
    """Whether that list takes ``ids``; else it is only paged."""
    put_only: frozenset[str] = frozenset()
    """Fields that the command which creates an item does not have, in some releases: they take a PUT of their own."""
    legacy_prefixes: tuple[str, ...] = ()
    """How ids begin that servers gave before 3.0 or 2018 and that are kept since: ``sshkeypair-x`` of an account."""
    never_changes: bool = False
    """A document that was read once need not be read again: each state of it has an id of its own."""
    keeps: Mapping[str, str] = field(default_factory=dict)
    """Lists, ``{id}`` filled in, of what the destination itself came to have of an item, which a deletion would take
    along: route → what it lists. An item with any is not deleted for the source's sake."""
    never_deleted: str = ""
    """Why no item of the kind is deleted for the source's sake, where the server alone would let it go."""
    versioned: bool = False
    """Its documents carry a ``Version`` that the server compares on a PUT (API reference 2026, "Concurrency")."""

    among: tuple[str, object] | None = None
    """Field and value: which documents of its list are of this kind. ``None``: all."""
    listed_whole: bool = True
    """Whether its list gives whole documents; else they are only good for names."""
    since: str = ""
    """The first release that has the kind. An older server answers 404: it has none."""
    never_types: frozenset[str] = frozenset()
    """Types that never cross."""
    looked_up_types: frozenset[str] = frozenset()
    """Types of which an item is only found on the destination, never written."""
    everywhere: Callable[[str], bool] | None = None
    """Whether an id is of an item that every server has, under the same id."""
    of_server: bool = False
    """Its items belong to the whole server; their routes are relative to it, and its space's audit log does not tell
    of them."""
    never_cached: bool = False
    """No list of its items is believed for longer than a run."""
    names_its_space: bool = False
    """A new one must say in which space it is: without, it would be one of the whole server."""
    called_by: str = ""
    """Of items that have no names: the field that tells them apart for people. Which is which, what they say tells."""
    never_created: str = ""
    """Why none is ever made on the destination. Who needs one finds it there by its name."""
    history: bool = False
    """Its items have numbered versions, which other documents name; see :mod:`worker.sync.planning.templates`."""
    removal_may_be_refused: bool = False
    """The server refuses to take away an element that is in use. Then it stays, and the rest is written."""

    sign: Callable[[Mapping[str, Any]], str] | None = None
    """Of a document that is dear to read: what its owner shows of it. As long as this stays, it has not changed."""
    shows: frozenset[str] = frozenset()
    """Properties that are written by way of other documents, and only shown by this one."""
    shown_by_owner: Callable[[Mapping[str, Any], str], dict[str, Any] | None] | None = None
    """(owner, id) → the document as its owner shows it; ``None`` where it must be read itself."""

    follows: str | None = None
    """A document that is only ever planned because one of this kind is."""

    def lists(self, document: Mapping[str, Any]) -> bool:
        """Whether a document of its list is of this kind."""
        return self.among is None or document.get(self.among[0]) == self.among[1]

    def type_in(self, document: Mapping[str, Any]) -> str | None:
        """Of which type an item is."""
        if self.type_of is not None:
            return self.type_of(document)
        value: Any = document
        for part in self.type_field.split(".") if self.type_field else ():
            value = value.get(part) if isinstance(value, Mapping) else None
        return value if self.type_field and isinstance(value, str) else None

    def path_of(self, document_id: str, owner_id: str | None = None) -> str:
        """The route, relative to the space, where the document is read and written."""
        template = self.document_route or f"{self.route}/{{id}}"
        return template.format(id=document_id, owner=owner_id or "")

    def referenced(self) -> dict[str, Ref]:
        return dict(self.shape.references())
