"""What the merge of a variable set comes to: the rows to send, why, and how to remember it once the server has
answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from worker.kinds.references import PendingId
from worker.plan.values import Change, CleanUp, Decision, Document, NamePath
from worker.sync.variables.baseline import RowBaseline, VariablesBaseline, pair_with_answer
from worker.sync.variables.row import Note
from worker.sync.variables.rows import REMEMBERED, fingerprint, is_sensitive
from worker.sync.world.written import Bind


@dataclass(frozen=True, slots=True)
class Link:
    """A baseline row in the making. ``place``: of its destination row in the rows to send; ``None``: it is not there.

    ``written``: the fields that this merge writes.
    """

    baseline: RowBaseline
    place: int | None
    written: frozenset[str] = frozenset()

    def remembered(self, row: Document) -> RowBaseline:
        """The baseline row, once ``row`` is what the server made of it."""
        wrote = {name: row.get(name) for name in REMEMBERED if name in self.written}
        if "Value" in wrote and is_sensitive(row):
            wrote["Value"] = None
        return replace(
            self.baseline,
            destination_id=str(row["Id"]),
            wrote={**(self.baseline.wrote or {}), **wrote} or None,
            seen=fingerprint(row),
        )


@dataclass(frozen=True, slots=True)
class MergedVariables:
    """``rows``: the full list to send, the destination's with their ids and all their fields.

    ``contact_conflict``: at first contact, both sides have rows of one name that match nothing.
    """

    rows: list[Document]
    changes: tuple[Change, ...]
    decisions: tuple[Decision, ...]
    clean_ups: tuple[CleanUp, ...]
    contact_conflict: bool
    links: tuple[Link, ...] = field(repr=False)
    own: tuple[int, ...] = field(repr=False)
    """Places of rows that are the destination's own."""
    sources: frozenset[str] = field(repr=False)
    """Ids of the source rows that were dealt with."""
    drift: tuple[Change, ...] = ()

    def counterparts(self, set_id: str) -> dict[str, str]:
        """Source row id → destination row id, or a stand-in for that of a new row. ``set_id``: of the source's set."""
        found = {}
        for link in self.links:
            if link.place is not None and not link.baseline.stands_in:
                there, source = self.rows[link.place]["Id"], link.baseline.source_id
                found[source] = PendingId.of(set_id, source) if isinstance(there, PendingId) else str(there)
        return found

    def remember(self, answer: Document, bind: Bind, *, heard: bool) -> Document:
        """See :class:`worker.sync.world.written.Rows`. New rows that nobody has heard of have stand-ins for ids; they
        are found again by what they hold."""
        return self.baseline_after(answer.get("Variables") or []).to_json()

    def baseline_after(self, answer_rows: Sequence[Document]) -> VariablesBaseline:
        """What to remember once the server has answered.

        ``answer_rows``: the rows of its answer; where nothing was written, those of the destination. A link whose row
        the server did not give back is forgotten.
        """
        answered = pair_with_answer(self.rows, answer_rows)
        rows: list[RowBaseline] = []
        for link in self.links:
            if link.place is None:
                rows.append(link.baseline)
            elif (row := answered[link.place]) is not None:
                rows.append(link.remembered(row))
        own = (answered[place] for place in self.own)
        return VariablesBaseline(
            rows=tuple(sorted(rows, key=lambda row: (row.source_id, row.destination_id))),
            own={str(row["Id"]): fingerprint(row) for row in own if row is not None},
            sources=self.sources,
        )


def placed_after(
    existing: Sequence[int], added: Sequence[tuple[int, ...]], place_of_source: dict[int, int]
) -> list[tuple[int | None, int]]:
    """The order of rows: the destination's own, each new one after the row that precedes it in the source, or at the
    end.

    ``existing``: destination places that remain. ``added``: per new row, the source places that it is for.
    ``place_of_source``: where a source row is on the destination already. Returns pairs: a destination place, or
    ``None`` and the index of a new row.
    """
    following: dict[int | None, list[int]] = defaultdict(list)
    index_of = {source: index for index, sources in enumerate(added) for source in sources}
    anchor: int | None = None
    seen: set[int] = set()
    for source in range(max([*place_of_source, *index_of], default=-1) + 1):
        if source in index_of:
            if index_of[source] not in seen:
                seen.add(index_of[source])
                following[anchor].append(index_of[source])
        else:
            anchor = place_of_source.get(source, anchor)
    order: list[tuple[int | None, int]] = []
    for place in existing:
        order.append((place, -1))
        order.extend((None, index) for index in following[place])
    order.extend((None, index) for index in following[None])
    return order


def clean_up_entries(item: NamePath, notes: Iterable[tuple[str, Note]]) -> tuple[CleanUp, ...]:
    """The entries. Where two have one place and reason (rows of equal name and scope), the second is numbered."""
    entries = []
    times: Counter[tuple[str, str]] = Counter()
    for where, note in notes:
        times[where, note.code] += 1
        count = times[where, note.code]
        numbered = where if count == 1 else f"{where} ({count})"
        entries.append(CleanUp(item, numbered, note.code, note.text, both=note.both))
    return tuple(entries)
