"""The three-way merge of a variable set: which rows are new, which were edited, and what becomes of each. Pure.

    wanted (source rows, translated)  ┐
    destination rows                  ├─▶ pair ─▶ merge each pair ─▶ remove ─▶ add ─▶ no two rows alike ─▶ rows to send
    baseline (links, want, wrote)     ┘

Rows pair by link first, then as :mod:`worker.sync.variables.matching` says; a pair merges field by field
(:mod:`worker.sync.variables.row`). Then:

* A linked row that the source dropped, or scoped out of the destination's world, is kept with a clean-up entry, or
  removed if we created it and nobody has edited it (``removed: remove-ours``). A secret is never removed: one cannot
  see whether it was edited.
* A row that we wrote and the destination deleted stays deleted (unless ``value: always``).
* A secret is added, as a placeholder, only where no row of its name is there: a narrower one would shadow one that
  works.
* A name all of whose rows were skipped gets one unscoped placeholder row, if the destination has none: other
  variables and steps may refer to it. That row *stands in* for the skipped ones.
* No two rows of one name and scope come about that the source does not have. Except by *ignore-mismatch*, among rows
  of our own, each with a clean-up entry: a person chose that.

What only the destination has is never touched. A row that is ambiguous causes nothing but a clean-up entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from config.rules import Removed, ValueRule, VariableRules
from worker.plan.values import MASK, Change, Decision, Document, Edit, NamePath
from worker.sync.variables.additions import Addition, new_row, stand_in
from worker.sync.variables.baseline import RowBaseline, VariablesBaseline, name_only
from worker.sync.variables.compared import compared_row
from worker.sync.variables.drift import deletions, edits_of
from worker.sync.variables.pairing import Pairing, pair_rows
from worker.sync.variables.result import Link, MergedVariables, clean_up_entries, placed_after
from worker.sync.variables.row import (
    MergedRow,
    Note,
    WantedRow,
    changes_of,
    is_still_placeholder,
    merge_row,
    placeholder_note,
    wanted_fields,
)
from worker.sync.variables.rows import REMEMBERED, Scope, is_sensitive, label, name_of, scope_of, type_class
from worker.sync.world.compared import Tell, say_nothing

__all__ = ["MergedVariables", "RowBaseline", "VariablesBaseline", "WantedRow", "merge_variables"]


MOST_NAMED = 5
"""So many rows are named in one line of why."""


def merge_variables(
    item: NamePath,
    wanted: Sequence[WantedRow],
    destination: Sequence[Document],
    baseline: VariablesBaseline | None,
    rules: VariableRules,
    tell: Tell = say_nothing,
    *,
    partly: bool = False,
) -> MergedVariables:
    """Merges the rows of one variable set. ``item`` is what clean-up entries are filed under. ``tell``: told of every
    field of a pair of rows. ``partly``: the set has others, which live in Git and are not seen. Changes no argument."""
    pairing = pair_rows(wanted, destination, baseline, rules)
    merge = _Merge(item, wanted, destination, pairing, rules, first_contact=baseline is None, partly=partly)
    if tell is not say_nothing:
        merge.tell_pairs(tell)
    return merge.run()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row as it would be sent. ``source``: the place of its source row. ``place``: ``None``, if it is added."""

    source: int | None
    place: int | None = None
    addition: Addition | None = None


class _Merge:
    """One merge under way. Source rows go by their place in ``wanted``, destination rows in ``destination``."""

    def __init__(
        self,
        item: NamePath,
        wanted: Sequence[WantedRow],
        destination: Sequence[Document],
        pairing: Pairing,
        rules: VariableRules,
        *,
        first_contact: bool,
        partly: bool,
    ) -> None:
        self.partly = partly
        self.item, self.wanted, self.destination = item, wanted, destination
        self.pairing, self.rules, self.first_contact = pairing, rules, first_contact
        self.undecided = {name_of(wanted[source].row) for source in pairing.ambiguous}
        self.paired = {place: source for source, (place, _) in pairing.pairs.items()}
        self.merged: dict[int, MergedRow] = {place: self._merge(place) for place in sorted(self.paired)}
        self.removed: set[int] = set()
        self.additions: list[Addition] = []
        self.changes: list[Change] = []
        self.decisions: list[Decision] = []
        self.notes: list[tuple[str, Note]] = []
        self.links: list[Link] = []

    def run(self) -> MergedVariables:
        for source in sorted(self.pairing.ambiguous):
            text = "cannot tell which row of the destination this is, or whether it is new"
            self._note(self.wanted[source].row, Note("ambiguous-rows", text))
        self._remove()
        self._add()
        self._let_no_rows_be_alike()
        self._guarantee_names()
        return self._result()

    def tell_pairs(self, tell: Tell) -> None:
        for place, source in sorted(self.paired.items()):
            known, merged = self.pairing.about(place), self.merged[place]
            for one in compared_row(self.wanted[source], self.destination[place], known, merged, self.rules):
                tell(one)

    def _merge(self, place: int, *, stay: bool = False) -> MergedRow:
        source = self.paired[place]
        rank = self.pairing.pairs[source][1]
        known = self.pairing.about(place)
        return merge_row(self.wanted[source], self.destination[place], known, rank, self.rules, stay=stay)

    # -- rows that the source no longer has, or no longer has here ---------------------------------------------------

    def _remove(self) -> None:
        for place, row in enumerate(self.destination):
            known = self.pairing.about(place)
            if known is None or place in self.paired:
                continue
            leaver = self.pairing.gone.get(place)
            if self.pairing.stood_for.get(place):
                if is_still_placeholder(row, known.placeholder, known.wrote or {}, self.rules):
                    self._note(row, placeholder_note(row))
            elif leaver is not None and self.wanted[leaver].partly:
                self._note(row, Note("scope-left", "its scope on the source does not fit here any more"))
            elif leaver is not None:
                self._drop(place, known, "scope-gone", "the source's scope is of nothing that is here")
            elif name_of(row) in self.undecided and not known.dropped:
                self.links.append(Link(known, place))
            else:
                self._drop(place, known, "removed-on-source", "the source no longer has it")
            if leaver is not None and place not in self.removed:
                self.links.append(Link(known, place))

    def _drop(self, place: int, known: RowBaseline, code: str, text: str) -> None:
        row = self.destination[place]
        ours = known.is_untouched(row) and not is_sensitive(row)
        if self.rules.removed is Removed.REMOVE_OURS and ours and name_of(row) not in self.undecided:
            self.removed.add(place)
            self.changes.append(Change(Edit.REMOVE, label(row), before=_shown(row)))
            self.decisions.append(Decision("removed=remove-ours", label(row), text))
            return
        self._note(row, Note(code, f"{text}: remove it by hand, if it is not needed"))
        if place not in self.pairing.gone:
            self.links.append(Link(replace(known, dropped=True), place))

    # -- rows that the destination does not have ---------------------------------------------------------------------

    def _add(self) -> None:
        names = self._names_there()
        for source in sorted(self.pairing.new):
            wanted = self.wanted[source]
            if source in self.pairing.lost and self.rules.value is not ValueRule.ALWAYS:
                self._note(wanted.row, Note("deleted-here", "was deleted on the destination, and stays so"))
            elif is_sensitive(wanted.row) and name_of(wanted.row) in names:
                self._refuse_secret(wanted.row)
            else:
                self.additions.append(new_row(source, wanted, self.rules))

    def _surviving(self) -> list[tuple[int, Document]]:
        return [
            (place, self.merged[place].row if place in self.merged else row)
            for place, row in enumerate(self.destination)
            if place not in self.removed
        ]

    def _names_there(self) -> set[str]:
        return {name_of(row) for _, row in self._surviving()}

    def _refuse_secret(self, row: Document) -> None:
        text = "not added: a placeholder could hide a secret of that name that is here"
        self._note(row, Note("secret-not-added", text))

    def _guarantee_names(self) -> None:
        there = self._names_there() | {name_of(addition.row) for addition in self.additions}
        groups: dict[str, list[int]] = defaultdict(list)
        for source, wanted in enumerate(self.wanted):
            groups[name_of(wanted.row)].append(source)
        for name, sources in groups.items():
            if name in there or any(self.wanted[source].skip is None for source in sources):
                continue
            first = min(sources, key=self._speaks_for_its_name)
            if self.partly:
                text = "all its rows were skipped, and none is added: Git may have one of that name, which is not seen"
                self._note(self.wanted[first].row, Note("secret-not-added", text))
                continue
            self.additions.append(stand_in(sources, self.wanted[first], self.rules))
            text = "all its rows were skipped, and something may refer to it"
            self.decisions.append(Decision("name-guarantee", label(self.additions[-1].row), text))

    def _speaks_for_its_name(self, source: int) -> tuple[bool, str, str, str]:
        """Orders namesakes, so that in whatever order they come the same one lends its type; a secret before others."""
        wanted = self.wanted[source]
        return not is_sensitive(wanted.row), type_class(wanted.row), str(wanted.row.get("Name")), wanted.source_id

    # -- no two rows of one name and scope ---------------------------------------------------------------------------

    def _let_no_rows_be_alike(self) -> None:
        """Gives up moves and additions, the last of the source first, until no two rows are alike that may not be.

        A move given up puts a row back to where it was, which may now be taken: so again, until nothing is found.
        """
        while victims := [victim for group in self._alike() for victim in self._too_many(group)]:
            for victim in victims:
                if victim.place is not None:
                    self.merged[victim.place] = self._merge(victim.place, stay=True)
                elif victim.addition is not None:
                    self._give_up(victim.addition)
        names = self._names_there()
        for addition in [entry for entry in self.additions if is_sensitive(entry.row) and name_of(entry.row) in names]:
            self._give_up(addition)

    def _give_up(self, addition: Addition) -> None:
        self.additions.remove(addition)
        if is_sensitive(addition.row):
            self._refuse_secret(addition.row)
        else:
            text = "not added: a row of that name and scope is there"
            self._note(addition.row, Note("duplicate-scope", text))

    def _alike(self) -> list[list[_Entry]]:
        groups: dict[tuple[str, Scope], list[_Entry]] = defaultdict(list)
        for place, row in self._surviving():
            groups[name_of(row), scope_of(row)].append(_Entry(self.paired.get(place), place))
        for addition in self.additions:
            groups[name_of(addition.row), scope_of(addition.row)].append(_Entry(addition.sources[0], addition=addition))
        return [group for group in groups.values() if len(group) > 1]

    def _too_many(self, group: list[_Entry]) -> list[_Entry]:
        """Of rows that would be alike, those that may not come to stand there."""
        new = [entry for entry in group if entry.place is None or self._moves(entry.place)]
        there = [entry for entry in group if entry.place is not None and not self._moves(entry.place)]
        victims = []
        for entry in sorted(new, key=self._precedence):
            if all(self._may_be_alike(entry, other) for other in there):
                there.append(entry)
            else:
                victims.append(entry)
        return victims

    def _precedence(self, entry: _Entry) -> tuple[bool, int]:
        """By the order of the source; but what the maps of the route give another's name comes after that one."""
        source = entry.source or 0
        return self.wanted[source].namesake, source

    def _moves(self, place: int) -> bool:
        return place in self.merged and self.merged[place].moves

    def _may_be_alike(self, entry: _Entry, other: _Entry) -> bool:
        """Whether a row that is new where it is may be like another: the source has both, or *ignore* made it so."""
        if entry.source is None or other.source is None:
            return False
        one, two = self.wanted[entry.source], self.wanted[other.source]
        if one.is_twin_of(two):
            return True
        return bool(one.widened and two.widened and self._put_by_us(other))

    def _put_by_us(self, entry: _Entry) -> bool:
        if entry.place is None or self._moves(entry.place):
            return True
        known = self.pairing.about(entry.place)
        return known is not None and "Scope" in (known.wrote or {})

    # -- the result --------------------------------------------------------------------------------------------------

    def _result(self) -> MergedVariables:
        surviving = dict(self._surviving())
        sources = [addition.sources for addition in self.additions]
        order = placed_after(list(surviving), sources, self._places_of_sources())
        now_at = {place: position for position, (place, _) in enumerate(order) if place is not None}
        for place in sorted(self.paired):
            self._report_pair(place)
        for place in sorted(self.pairing.stand_ins.keys() - self.removed):
            self._link_stand_in(place)
        links = [replace(link, place=now_at[link.place]) for link in self.links if link.place is not None]
        for position, (_, index) in enumerate(order):
            if index >= 0:
                links.extend(self._report_addition(self.additions[index], position))
        self._report_skipped()
        own = self._own()
        if self.first_contact and own:
            labels = [label(self.destination[place]) for place in own]
            more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
            text = f"only the destination has {', '.join(labels[:MOST_NAMED])}{more}: that stays"
            self.decisions.append(Decision("first-contact", "Variables", text))
        linked = {link.baseline.source_id for link in links}
        links.extend(Link(row, None) for row in self.pairing.lost.values() if row.source_id not in linked)
        return MergedVariables(
            rows=[surviving[place] if place is not None else self.additions[index].row for place, index in order],
            changes=tuple(self.changes),
            decisions=tuple(self.decisions),
            clean_ups=clean_up_entries(self.item, self.notes),
            contact_conflict=self.first_contact and bool(self.pairing.ambiguous),
            links=tuple(links),
            own=tuple(now_at[place] for place in own),
            sources=self._dealt_with(),
            drift=tuple(self._drift()),
        )

    def _drift(self) -> Iterator[Change]:
        for place, source in sorted(self.paired.items()):
            known = self.pairing.links.get(place)
            if known is not None:
                want, written = wanted_fields(self.wanted[source]), self.merged[place].written
                yield from edits_of(self.destination[place], known, want, self.rules, written)
        if self.rules.value is not ValueRule.ALWAYS:
            yield from deletions(known for _, known in sorted(self.pairing.lost.items()))

    def _places_of_sources(self) -> dict[int, int]:
        """Source place → place of its row on the destination, where it has one that remains."""
        places = {source: place for place, source in [*self.paired.items(), *self.pairing.gone.items()]}
        for place, sources in self.pairing.stood_for.items():
            places = dict.fromkeys(sources, place) | places
        return {source: place for source, place in places.items() if place not in self.removed}

    def _report_pair(self, place: int) -> None:
        wanted, merged, before = self.wanted[self.paired[place]], self.merged[place], self.destination[place]
        self.changes.extend(changes_of(before, merged.row, merged.written))
        self.decisions.extend(Decision(note.code, label(merged.row), note.text) for note in merged.decisions)
        for note in merged.clean_ups:
            self._note(merged.row, note)
        known = self.pairing.about(place)
        wrote = known.wrote if known is not None else None
        baseline = RowBaseline(wanted.source_id, str(before["Id"]), merged.want, wrote, merged.placeholder)
        self.links.append(Link(baseline, place, frozenset(merged.written)))

    def _link_stand_in(self, place: int) -> None:
        row, known = self.destination[place], self.pairing.stand_ins[place]
        for source in self.pairing.stood_for[place]:
            if self.pairing.gone.get(place) != source:
                source_id = self.wanted[source].source_id
                baseline = RowBaseline(source_id, str(row["Id"]), name_only(row), known.wrote, known.placeholder)
                self.links.append(Link(baseline, place))

    def _report_addition(self, addition: Addition, position: int) -> list[Link]:
        row = addition.row
        self.changes.append(Change(Edit.ADD, label(row), after=_shown(row)))
        for note in addition.notes:
            self._note(row, note)
        links = []
        for source in addition.sources:
            wanted = self.wanted[source]
            want = name_only(row) if addition.stands_in else wanted_fields(wanted)
            baseline = RowBaseline(wanted.source_id, str(row["Id"]), want, None, addition.placeholder)
            links.append(Link(baseline, position, frozenset(REMEMBERED)))
        return links

    def _report_skipped(self) -> None:
        for wanted in self.wanted:
            if wanted.skip is not None:
                rule, _, text = wanted.skip.partition(": ")
                self.decisions.append(Decision(rule, label(wanted.row), text or rule))

    def _own(self) -> list[int]:
        """The destination's own rows: left over although all source rows of their name have found their place."""
        return [
            place
            for place, row in enumerate(self.destination)
            if place not in self.paired
            and self.pairing.about(place) is None
            and (name_of(row) not in self.undecided or str(row["Id"]) in self.pairing.own)
        ]

    def _dealt_with(self) -> frozenset[str]:
        """Ids of all source rows, but for those that are fresh and have not found their place: they remain fresh."""
        placed = self.pairing.pairs.keys() | {source for addition in self.additions for source in addition.sources}
        return frozenset(
            row.source_id
            for source, row in enumerate(self.wanted)
            if source in placed or row.skip is not None or row.source_id not in self.pairing.fresh
        )

    def _note(self, row: Document, note: Note) -> None:
        self.notes.append((label(row), note))


def _shown(row: Document) -> object:
    return MASK if is_sensitive(row) else row.get("Value")
