"""What may be dirty: a document of a route's source space, or a set of them.

==================  =========================================================
``Projects-3``      one document, by the id the *source* gives it
``Projects-3/*``    a project with everything beneath it
``*``               everything that the route includes
==================  =========================================================

The receiver knows ids, not items: which item a document is, the worker finds out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

EVERYTHING = "*"
SUBTREE = "/*"

_DOCUMENT = re.compile(r"[A-Za-z]+-[A-Za-z0-9-][A-Za-z0-9._-]*(/\*)?|\*")
"""Names of packages hold dots; no other id does."""


@dataclass(frozen=True, order=True, slots=True)
class DirtyKey:
    """A route's name and a document. Printed, and stored, as ``route|Projects-3``.

    Raises ``ValueError`` for a route that is empty or holds ``|`` or a line break, and for a document that is no id.
    """

    route: str
    document: str

    def __post_init__(self) -> None:
        if not self.route or any(sign in self.route for sign in "|\r\n"):
            raise ValueError(f"not a route's name: {self.route!r} (it must not be empty or hold '|' or a line break)")
        if not _DOCUMENT.fullmatch(self.document):
            raise ValueError(f"not a document id: {self.document!r} (expected 'Projects-3', 'Projects-3/*' or '*')")

    @classmethod
    def parse(cls, text: str) -> DirtyKey:
        route, _, document = text.partition("|")
        return cls(route, document)

    @property
    def is_subtree(self) -> bool:
        return self.document.endswith(SUBTREE)

    @property
    def is_everything(self) -> bool:
        return self.document == EVERYTHING

    @property
    def document_id(self) -> str:
        """The document without the ``/*``; ``*`` for everything."""
        return self.document.removesuffix(SUBTREE)

    def __str__(self) -> str:
        return f"{self.route}|{self.document}"
