"""What one audit event says, before the log gives it a number and a time.

The sentence of an event is made of parts, some of which are links to documents. From them follow the plain message,
its HTML, and the references, which count characters of the plain message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from sandbox.store import Document

__all__ = ["Entry", "Part"]

# Where a document's page is. Other types link to the server's own resolver, `/r/<id>`, as in captures of 2016.
_PAGES = {
    "deployments": "#/deployments/",
    "environments": "#/environments/",
    "libraryvariablesets": "#/library/variables/",
    "projects": "#/projects/",
    "releases": "#/releases/",
    "teams": "#/configuration/teams/",
    "tenants": "#/tenants/",
    "users": "#/configuration/users/",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an event's sentence; with `document_id`, a link to that document."""

    text: str
    document_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "document_id": self.document_id}

    @property
    def html(self) -> str:
        if self.document_id is None:
            return escape(self.text)
        page = _PAGES.get(self.document_id.split("-", 1)[0].casefold(), "/r/")
        return f"<a href='{page}{escape(self.document_id)}'>{escape(self.text)}</a>"


@dataclass(frozen=True, slots=True)
class Entry:
    """One audit entry.

    `related` are the ids of the documents concerned, a set. `space_id` None is an event of the system. `before` and
    `after` are documents as stored; both None for events that are not about a document (a deployment started).
    `secret_changed`: a secret of the document was set, replaced or cleared, which `before` and `after` do not show.
    `internal` marks the events that a list can hide with `includeInternalEvents=false`.
    """

    category: str
    related: tuple[str, ...]
    parts: tuple[Part, ...]
    space_id: str | None
    before: Document | None = None
    after: Document | None = None
    secret_changed: bool = False
    internal: bool = False

    @property
    def message(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def message_html(self) -> str:
        return "".join(part.html for part in self.parts)

    @property
    def message_references(self) -> list[dict[str, Any]]:
        """`[{ReferencedDocumentId, StartIndex, Length}]`, in the order of the sentence."""
        references: list[dict[str, Any]] = []
        start = 0
        for part in self.parts:
            if part.document_id is not None:
                references.append(
                    {"ReferencedDocumentId": part.document_id, "StartIndex": start, "Length": len(part.text)}
                )
            start += len(part.text)
        return references

    def to_json(self) -> dict[str, Any]:
        """A JSON form from which `from_json` makes an equal entry. Shares the documents."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "related": list(self.related), "parts": [part.to_json() for part in self.parts]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Entry":
        """The entry of a row that `to_json` made."""
        parts = tuple(Part(**part) for part in row["parts"])
        return cls(**{**row, "related": tuple(row["related"]), "parts": parts})
