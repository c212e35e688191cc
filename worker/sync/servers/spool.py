"""Spool: documents that a comparison read before it needed them, and would else read once more, one by one.

A comparison reads whole lists for the names in them (projects, channels, runbooks…), and the lists hold the documents.
Other kinds have a list, but none that takes ids (runbook processes); and of some the content stands in the document of
their owner, too (deployment settings). What the lists held stays here until its chunk comes, compressed: a thousand
projects with their runbooks take a few megabytes.

What lies here is as old as the comparison at most, which is no harm: a comparison writes nothing, an item that it marks
is read again by its own run, and what changes after its beginning the audit log tells.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from math import ceil

from worker.kinds.projects import settings_on
from worker.octopus.paging import PAGE
from worker.plan.values import Document

NIGHTS = 28
"""In so many nights the settings of every project are read themselves once: a new server has settings that do not show
on the project (``FailTargetDiscovery`` since 2026.1). So are the values of every tenant, whose list does not tell for
which environments the common ones are, and pictures, of which a project shows that they changed, or so it seems. Until
then, only events tell of those."""


class Spool:
    """Of one side. ``night``: any number that is another each night; ``None`` for the destination, where an edit is no
    difference, so that nobody need look for one."""

    def __init__(self, night: int | None) -> None:
        self._night = night
        self._documents: dict[str, bytes] = {}
        self._asked: dict[str, int] = {}
        self.listed: set[str] = set()
        """Kinds whose whole list was read, or could not be."""
        self.named: set[str] = set()
        """Kinds whose names this comparison has read itself, and with them what the list held."""

    def put(self, documents: Iterable[Document]) -> None:
        for document in documents:
            self._documents[document["Id"]] = zlib.compress(json.dumps(document).encode(), 1)

    def get(self, document_id: str) -> Document | None:
        found = self._documents.get(document_id)
        document: Document | None = json.loads(zlib.decompress(found)) if found is not None else None
        return document

    def is_cheaper(self, kind: str, asked: int, total: int) -> bool:
        """Whether the time has come to read the whole list of a kind: so many documents of it were asked for, with
        these ``asked`` now, that its pages would have cost less."""
        self._asked[kind] = self._asked.get(kind, 0) + asked
        return kind not in self.listed and self._asked[kind] > ceil(total / PAGE)

    def settings(self, settings_id: str, project: Document) -> Document | None:
        """Deployment settings as the project shows them; ``None`` where they are to be read themselves: it does not
        show them, or it is the turn of this project."""
        return None if self.is_turn_of(settings_id) else settings_on(project, settings_id)

    def is_turn_of(self, document_id: str) -> bool:
        """Whether a document, that lists do not show as a whole, is to be read itself in this night."""
        return self._night is not None and zlib.crc32(document_id.encode()) % NIGHTS == self._night % NIGHTS
