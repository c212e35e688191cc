"""What follows from a new name of a tag, while a plan is applied.

The server shows the new name in every document that has the tag, at once. So must what we read before, what we are
about to write, and what we remember of earlier writes: else all of it would look edited.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.ledger.ledger import Ledger
from worker.plan.values import Document
from worker.sync.translating.tags import TAGS, Names, renamed_in, renamed_in_baseline, renames
from worker.sync.world.baseline import Baseline

BATCH = 200
"""So many baselines are read at once where all must be looked through."""


class Retagging:
    """Of one run. ``documents``: what was read of the destination; brought up to date in place."""

    def __init__(self, ledger: Ledger, route: str, documents: dict[str, Document | None]) -> None:
        self.ledger = ledger
        self.route = route
        self.documents = documents
        self.renamed: list[Names] = []
        """Write by write: all that was planned before still has the old names."""

    async def follow(self, kind: Kind, before: Document | None, after: Document | None) -> None:
        """A document was written; if it was a tag set, what names its tags follows. To be called before the write is
        forgotten: cut off in between, the next run does it again."""
        if kind.name != TAGS.listed_with or before is None or after is None:
            return
        names = renames(before, after)
        if not names:
            return
        self.renamed.append(names)
        for document_id, document in self.documents.items():
            of = registry.kind_of(document_id)
            if document is not None and of is not None:
                self.documents[document_id] = renamed_in(of, document, names)
        ids = sorted(await self.ledger.baselines.ids(self.route))
        for at in range(0, len(ids), BATCH):
            found = await self.ledger.baselines.get_all(self.route, ids[at : at + BATCH])
            await self.ledger.baselines.put_all(self.route, dict(_renamed(found, names)))

    def body(self, kind: Kind, body: Document) -> Document:
        """What was planned, as it must be sent now."""
        for names in self.renamed:
            body = renamed_in(kind, body, names)
        return body

    def baseline(self, source_id: str, baseline: Baseline) -> Baseline:
        """What was planned to be remembered, in today's names."""
        kind = registry.kind_of(source_id)
        if kind is not None:
            for names in self.renamed:
                baseline = renamed_in_baseline(kind, baseline, names)
        return baseline


def _renamed(baselines: Mapping[str, Document], names: Names) -> Iterator[tuple[str, Document]]:
    """Those that name a tag which has another name now."""
    for source_id, known in baselines.items():
        kind = registry.kind_of(source_id)
        before = Baseline.from_json(known)
        after = renamed_in_baseline(kind, before, names) if kind is not None else before
        if after != before:
            yield source_id, after.to_json()
