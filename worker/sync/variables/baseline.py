"""What is remembered about a variable set: which rows belong together, and what we last wrote to them.

Row ids are the best link there is, but not a lasting one: tools that rewrite a whole set give every row a new id. So
before anything is compared, :meth:`VariablesBaseline.aligned` finds the remembered rows again by their content, where
an id is gone and the content leaves no doubt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from worker.plan.values import Document
from worker.sync.variables.rows import REMEMBERED, fingerprint, identity, is_sensitive, same_field

CREATED = frozenset({"Name", "Value", "Scope"})
"""Fields which we have all written only where the row is our own."""


@dataclass(frozen=True, slots=True)
class RowBaseline:
    """One source row and the destination row that it is linked to.

    ``want``: what the source asked for, per field, when the field was last settled. A field that had to be left alone
    for a person to finish keeps what it was, so that every later plan says so again. No ``Value``: it was a reference
    that could not be translated. No ``Scope``: see ``stands_in``. ``wrote``: the fields that we ourselves have
    written, as the destination returned them. ``placeholder``: the value is not the source's, but ours until a person
    fills it in. ``dropped``: the source no longer has the row, and we keep the destination's. ``seen``: the fingerprint
    of the destination's row as it was then.
    """

    source_id: str
    destination_id: str
    want: Document
    wrote: Document | None
    placeholder: bool
    dropped: bool = False
    seen: str = ""

    @property
    def stands_in(self) -> bool:
        """Whether the destination row merely stands in for a source row that may not cross, so that the name exists."""
        return "Scope" not in self.want

    def is_untouched(self, row: Document) -> bool:
        """Whether we created ``row``, and the destination has not edited it since."""
        wrote = self.wrote or {}
        return wrote.keys() >= CREATED and all(same_field(name, wrote, row) for name in wrote)


@dataclass(frozen=True, slots=True)
class VariablesBaseline:
    """``own``: id → fingerprint of destination rows that had no counterpart once all source rows had found theirs: the
    destination's own. ``sources``: ids of source rows that were dealt with, those that were skipped included."""

    rows: tuple[RowBaseline, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)
    sources: frozenset[str] = field(default_factory=frozenset)

    @property
    def kept(self) -> Mapping[str, str]:
        """Destination row id → source row id, of rows that the source dropped and we keep."""
        return {row.destination_id: row.source_id for row in self.rows if row.dropped}

    @property
    def counterparts(self) -> dict[str, str]:
        """Source row id → destination row id."""
        return {row.source_id: row.destination_id for row in self.rows if not row.stands_in}

    def to_json(self) -> dict[str, Any]:
        rows = [{part.name: getattr(row, part.name) for part in fields(RowBaseline)} for row in self.rows]
        return {"rows": rows, "own": dict(self.own), "sources": sorted(self.sources)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> VariablesBaseline:
        """The reverse of :meth:`to_json`. Raises ``KeyError`` or ``TypeError`` on anything else."""
        rows = tuple(RowBaseline(**row) for row in data["rows"])
        return cls(rows, dict(data["own"]), frozenset(data["sources"]))

    def aligned(self, sources: Mapping[str, Document | None], destination: Mapping[str, Document]) -> VariablesBaseline:
        """The same, with the ids that rows have now. Rows by id; ``None`` for source rows that may not cross.

        A remembered row whose id is gone is found again if a row of unknown id has the name, class, scope and value
        that it had last. What is not found keeps its old id.
        """
        known = {row.destination_id for row in self.rows} | self.own.keys()
        lost = {row.destination_id: row.seen for row in self.rows} | dict(self.own)
        moved_to = _found_again(
            {old: seen for old, seen in lost.items() if old not in destination},
            {new: row for new, row in destination.items() if new not in known},
        )
        known_sources = {row.source_id for row in self.rows} | self.sources
        moved_from = _found_again(
            {
                row.source_id: fingerprint(row.want)
                for row in self.rows
                if row.source_id not in sources and not row.stands_in
            },
            {new: row for new, row in sources.items() if row is not None and new not in known_sources},
        )
        rows = tuple(
            replace(
                row,
                source_id=moved_from.get(row.source_id, row.source_id),
                destination_id=moved_to.get(row.destination_id, row.destination_id),
            )
            for row in self.rows
        )
        return replace(self, rows=rows, own={moved_to.get(old, old): seen for old, seen in self.own.items()})


def remembered(row: Document) -> Document:
    """The merged fields of a row. The value of a secret is never among them."""
    kept = {name: row[name] for name in REMEMBERED if name in row} | {"Scope": row.get("Scope") or {}}
    return kept | {"Value": None} if is_sensitive(row) else kept


def name_only(row: Document) -> Document:
    """All that a stand-in has in common with the rows that it stands in for."""
    return {name: row[name] for name in ("Name", "Type", "IsSensitive") if name in row}


def _found_again(lost: Mapping[str, str], free: Mapping[str, Document]) -> dict[str, str]:
    """Old id → new id. ``lost``: fingerprints by old id. Rows of one fingerprint are interchangeable."""
    buckets: dict[str, list[str]] = defaultdict(list)
    for new, row in free.items():
        buckets[fingerprint(row)].append(new)
    return {old: candidates.pop(0) for old, seen in lost.items() if (candidates := buckets.get(seen))}


def pair_with_answer(rows: Sequence[Document], answer: Sequence[Document]) -> list[Document | None]:
    """For each row that was sent, the row of the answer that it became: by id, else by content, place, name, scope."""
    by_id = {str(row["Id"]): place for place, row in enumerate(answer)}
    taken: dict[int, int] = {}
    for place, row in enumerate(rows):
        if (found := by_id.get(str(row["Id"]))) is not None:
            taken[place] = found
    for key in (_by_identity, _by_place_and_name, _by_name_and_scope):
        used = set(taken.values())
        free: dict[Hashable, list[int]] = defaultdict(list)
        for other, row in enumerate(answer):
            if other not in used:
                free[key(other, row)].append(other)
        for place, row in enumerate(rows):
            if place not in taken and (candidates := free.get(key(place, row))):
                taken[place] = candidates.pop(0)
    return [answer[taken[place]] if place in taken else None for place in range(len(rows))]


def _by_identity(_place: int, row: Document) -> Hashable:
    return identity(row)


def _by_place_and_name(place: int, row: Document) -> Hashable:
    return place, *identity(row)[:2]


def _by_name_and_scope(_place: int, row: Document) -> Hashable:
    return identity(row)[:3]
