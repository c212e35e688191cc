"""What is remembered about a variable set: which rows belong together, and what we last wrote to them.

Row ids are the best link there is, but not a lasting one: tools that rewrite a whole set give every row a new id. So
before anything is compared, :meth:`VariablesBaseline.aligned` finds the remembered rows again by their content, where
an id is gone and the content leaves no doubt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from worker.plan.values import Document
from worker.sync.variable_rows import REMEMBERED, identity, is_sensitive, same_field

CREATED = frozenset({"Name", "Value", "Scope"})
"""Fields which we have all written only where the row is our own."""


@dataclass(frozen=True, slots=True)
class RowBaseline:
    """One source row and the destination row that it is linked to.

    ``want``: what the source asked for, per field, when the field was last settled. A field that had to be left alone
    for a person to finish keeps what it was, so that every later plan says so again. No ``Value``: it was a reference
    that could not be translated. No ``Scope``: see ``stands_in``. ``wrote``: the fields that we ourselves have
    written, as the destination returned them. ``placeholder``: the value is not the source's, but ours until a person
    fills it in. ``dropped``: the source no longer has the row, and we keep the destination's.
    """

    source_id: str
    destination_id: str
    want: Document
    wrote: Document | None
    placeholder: bool
    dropped: bool = False

    @property
    def stands_in(self) -> bool:
        """Whether the destination row merely stands in for a source row that may not cross, so that the name exists."""
        return "Scope" not in self.want

    def is_untouched(self, row: Document) -> bool:
        """Whether we created ``row``, and the destination has not edited it since."""
        wrote = self.wrote or {}
        return wrote.keys() >= CREATED and all(same_field(name, wrote, row) for name in wrote)

    def last_known(self) -> Document:
        return {**self.want, **(self.wrote or {})}


@dataclass(frozen=True, slots=True)
class VariablesBaseline:
    """``own``: ids of destination rows that had no counterpart once all source rows had found theirs: the destination's
    own. ``sources``: ids of source rows that were dealt with, those that were skipped included."""

    rows: tuple[RowBaseline, ...] = ()
    own: frozenset[str] = field(default_factory=frozenset)
    sources: frozenset[str] = field(default_factory=frozenset)

    @property
    def kept(self) -> Mapping[str, str]:
        """Destination row id → source row id, of rows that the source dropped and we keep."""
        return {row.destination_id: row.source_id for row in self.rows if row.dropped}

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    "source_id": row.source_id,
                    "destination_id": row.destination_id,
                    "want": row.want,
                    "wrote": row.wrote,
                    "placeholder": row.placeholder,
                    "dropped": row.dropped,
                }
                for row in self.rows
            ],
            "own": sorted(self.own),
            "sources": sorted(self.sources),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> VariablesBaseline:
        """The reverse of :meth:`to_json`. Raises ``KeyError`` or ``TypeError`` on anything else."""
        return cls(
            rows=tuple(
                RowBaseline(
                    source_id=row["source_id"],
                    destination_id=row["destination_id"],
                    want=row["want"],
                    wrote=row["wrote"],
                    placeholder=row["placeholder"],
                    dropped=row["dropped"],
                )
                for row in data["rows"]
            ),
            own=frozenset(data["own"]),
            sources=frozenset(data["sources"]),
        )

    def aligned(self, sources: Mapping[str, Document | None], destination: Mapping[str, Document]) -> VariablesBaseline:
        """The same, with the ids that rows have now. Rows by id; ``None`` for source rows that may not cross.

        A remembered row whose id is gone is found again if a row of unknown id has the name, class, scope and value
        that it had last. What is not found keeps its old id.
        """
        known = {row.destination_id for row in self.rows} | self.own
        by_destination = {row.destination_id: row for row in self.rows if row.destination_id not in destination}
        moved_to = _found_again(
            by_destination.items(),
            ((new, row) for new, row in destination.items() if new not in known),
            RowBaseline.last_known,
        )
        known_sources = {row.source_id for row in self.rows} | self.sources
        by_source = {row.source_id: row for row in self.rows if row.source_id not in sources and not row.stands_in}
        moved_from = _found_again(
            by_source.items(),
            ((new, row) for new, row in sources.items() if row is not None and new not in known_sources),
            lambda row: row.want,
        )
        rows = tuple(
            replace(
                row,
                source_id=moved_from.get(row.source_id, row.source_id),
                destination_id=moved_to.get(row.destination_id, row.destination_id),
            )
            for row in self.rows
        )
        return replace(self, rows=rows)


def remembered(row: Document) -> Document:
    """The merged fields of a row. The value of a secret is never among them."""
    kept = {name: row[name] for name in REMEMBERED if name in row} | {"Scope": row.get("Scope") or {}}
    return kept | {"Value": None} if is_sensitive(row) else kept


def name_only(row: Document) -> Document:
    """All that a stand-in has in common with the rows that it stands in for."""
    return {name: row[name] for name in ("Name", "Type", "IsSensitive") if name in row}


def _found_again(
    lost: Iterable[tuple[str, RowBaseline]],
    free: Iterable[tuple[str, Document]],
    content: Callable[[RowBaseline], Document],
) -> dict[str, str]:
    buckets: dict[Hashable, list[str]] = defaultdict(list)
    for new, row in free:
        buckets[identity(row)].append(new)
    found: dict[str, str] = {}
    for old, baseline in lost:
        if candidates := buckets.get(identity(content(baseline))):
            found[old] = candidates.pop(0)
    return found


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
