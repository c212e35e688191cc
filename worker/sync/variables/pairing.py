"""Which row is which, going by all that is known: links first, then evidence; and which rows merely stand in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.rules import VariableRules
from worker.plan.values import Document
from worker.sync.variables.baseline import RowBaseline, VariablesBaseline, name_only
from worker.sync.variables.matching import Candidate, Rank, match_rows
from worker.sync.variables.row import WantedRow, is_still_placeholder
from worker.sync.variables.rows import STRING, is_reference, is_sensitive, name_of, scope_of, type_class, value_of


@dataclass(slots=True)
class Pairing:
    """Source rows go by their place in ``wanted``, destination rows by theirs in ``destination``.

    ``pairs``: source → (destination, why). ``gone``: destination → source, of linked rows that may not cross any
    more. ``lost``: source → its link, where the destination row is not there any more. ``ambiguous``, ``new``: source
    rows. ``links``: destination → what is known of the row, from whichever source row it was linked to.
    ``stand_ins``: the same of rows which are there only so that their name is; ``stood_for``: the source rows for
    which they are. ``fresh``: ids of source rows that were not there last time; ids tell only if the source has kept
    those that we knew. ``own``: ids of destination rows that had no counterpart then.
    """

    pairs: dict[int, tuple[int, Rank]] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    lost: dict[int, RowBaseline] = field(default_factory=dict)
    links: dict[int, RowBaseline] = field(default_factory=dict)
    stand_ins: dict[int, RowBaseline] = field(default_factory=dict)
    stood_for: dict[int, list[int]] = field(default_factory=dict)
    ambiguous: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)
    fresh: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    def about(self, place: int) -> RowBaseline | None:
        """What is known of a destination row."""
        return self.links.get(place) or self.stand_ins.get(place)


def pair_rows(
    wanted: Sequence[WantedRow],
    destination: Sequence[Document],
    baseline: VariablesBaseline | None,
    rules: VariableRules,
) -> Pairing:
    """Pairs the rows of both sides. Pure; the order of rows decides only between equals."""
    aligned = (baseline or VariablesBaseline()).aligned(
        {row.source_id: None if row.skip else row.row for row in wanted},
        {str(row["Id"]): row for row in destination},
    )
    present = {row.source_id for row in wanted}
    known = aligned.sources | {row.source_id for row in aligned.rows}
    found = Pairing(own=frozenset(aligned.own), fresh=frozenset(present - known if present & known else ()))
    _recall(found, wanted, destination, aligned)
    _find_stand_ins(found, wanted, destination, rules)
    taken = {place for place, _ in found.pairs.values()} | found.gone.keys()
    matching = match_rows(
        [
            Candidate(source, row.row, fresh=row.source_id in found.fresh)
            for source, row in enumerate(wanted)
            if row.skip is None and source not in found.pairs
        ],
        [
            Candidate(
                place,
                row,
                settled=str(row["Id"]) in found.own or (place in found.links and found.links[place].dropped),
                standing=_is_standing(found, place, row, rules),
            )
            for place, row in enumerate(destination)
            if place not in taken
        ],
    )
    found.pairs |= matching.pairs
    found.ambiguous, found.new = matching.ambiguous, matching.new
    return found


def _recall(
    found: Pairing, wanted: Sequence[WantedRow], destination: Sequence[Document], baseline: VariablesBaseline
) -> None:
    """Takes up the links that still hold. One destination row goes with one source row, the first."""
    place_of = {str(row["Id"]): place for place, row in enumerate(destination)}
    by_source: dict[str, RowBaseline] = {}
    for row in baseline.rows:
        place = place_of.get(row.destination_id)
        if row.stands_in:
            if place is not None:
                found.stand_ins.setdefault(place, row)
            continue
        by_source[row.source_id] = row
        if place is not None and (place not in found.links or found.links[place].dropped):
            found.links[place] = row
    taken: set[int] = set()
    for source, wants in enumerate(wanted):
        link = by_source.get(wants.source_id)
        if link is None:
            continue
        place = place_of.get(link.destination_id)
        if place is None:
            found.lost[source] = link
        elif place not in taken:
            taken.add(place)
            found.links[place] = link
            if wants.skip is None:
                found.pairs[source] = (place, Rank.LINK)
            else:
                found.gone[place] = source


def _find_stand_ins(
    found: Pairing, wanted: Sequence[WantedRow], destination: Sequence[Document], rules: VariableRules
) -> None:
    """Says for which skipped rows a stand-in is there: all of its name.

    Without a baseline, the only row of a name that was skipped, if it is an unscoped placeholder, can only be one.
    """
    theirs: dict[str, list[int]] = defaultdict(list)
    for source, wants in enumerate(wanted):
        theirs[name_of(wants.row)].append(source)
    ours: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(destination):
        ours[name_of(row)].append(place)
    for name, places in ours.items():
        row, sources = destination[places[0]], theirs.get(name, [])
        if len(places) == 1 and found.about(places[0]) is None and sources and all(wanted[at].skip for at in sources):
            empty = is_reference(row) and not value_of(row)
            text = type_class(row) == STRING and value_of(row) == rules.placeholder
            if (empty or text) and not scope_of(row):
                source_id = wanted[sources[0]].source_id
                found.stand_ins[places[0]] = RowBaseline(source_id, str(row["Id"]), name_only(row), None, True)
    for place in found.stand_ins:
        found.stood_for[place] = [
            source for source in theirs.get(name_of(destination[place]), []) if wanted[source].skip is not None
        ]


def _is_standing(found: Pairing, place: int, row: Document, rules: VariableRules) -> bool:
    """Whether it is a stand-in that nobody has filled in. Of a secret one cannot see that."""
    stand_in = found.stand_ins.get(place)
    if stand_in is None or place in found.links or is_sensitive(row):
        return False
    return is_still_placeholder(row, stand_in.placeholder, stand_in.wrote or {}, rules)
