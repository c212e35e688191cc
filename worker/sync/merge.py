"""Merge: what a document of the destination should become. Pure.

Walks the four documents (wanted now, wanted before, there now, as we wrote it) along the shape of the kind and
decides field by field (:mod:`worker.sync.fields`), element by element. What comes out is destination-shaped: it
starts from what the destination returned, and only what was decided is laid over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.rules import Removed, Rules
from worker.kinds.references import Empty, Form, is_secret
from worker.kinds.shape import Elements, Shape
from worker.plan.values import MASK, Change, CleanUp, Decision, Document, Edit, NamePath
from worker.sync.baseline import Baseline
from worker.sync.elements import ids_in, name_of, objects, same_element
from worker.sync.fields import MISSING, Sides, Verdict, decide, merge_set, same
from worker.sync.fresh import Fresh
from worker.sync.order import interleave
from worker.sync.translate import at, label

_UNDECLARED = Shape(server=frozenset(), free=True)
"""An object that no declaration describes is compared key by key."""

STILL_IN_USE = "still-in-use"
IN_USE = "dropped by the source, but the destination's versioning, release creation or channel rules still name it"

KEPT = "dropped by the source; kept, as the route says"


@dataclass(slots=True)
class Merged:
    """``document``: what to PUT. ``elements``: source element id → destination id, of those that exist on both
    sides."""

    document: Document
    changes: list[Change] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    clean_ups: list[CleanUp] = field(default_factory=list)
    elements: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    contact_conflict: bool = False
    """First contact, and both sides have elements of one list that match nothing: a person should look first."""


def merge(
    shape: Shape,
    path: NamePath,
    source_id: str,
    want: Document,
    there: Document,
    baseline: Baseline | None,
    *,
    rules: Rules,
    leave: frozenset[str] | set[str] = frozenset(),
    skipped: frozenset[str] | set[str] = frozenset(),
    in_use: Callable[[Document], bool] = lambda _: False,
) -> Merged:
    """``want``: the source's document in destination terms, elements with the source's ids. ``there``: as the
    destination returned it. ``leave``: places that stay as they are. ``skipped``: source ids of elements that do not
    cross for now, though the source has not dropped them: what is there of them stays too. ``in_use``: whether another
    document of the destination still names an element, which must not go before that does not."""
    walk = _Walk(path, source_id, baseline or Baseline(), rules, frozenset(leave), frozenset(skipped), in_use)
    ours = baseline is not None and baseline.fresh
    sides = Sides(
        want,
        baseline.want if baseline else MISSING,
        there,
        baseline.wrote if baseline and baseline.wrote is not None else MISSING,
        contact=baseline is None,
        ours=ours,
    )
    walk.out.document = walk.object(shape, sides, "")
    walk.out.clean_ups += walk.fresh.clean_ups
    walk.recall_links()
    return walk.out


class _Walk:
    def __init__(
        self,
        path: NamePath,
        source_id: str,
        baseline: Baseline,
        rules: Rules,
        leave: frozenset[str],
        skipped: frozenset[str],
        in_use: Callable[[Document], bool],
    ) -> None:
        self.path = path
        self.baseline = baseline
        self.rules = rules
        self.leave = leave
        self.skipped = skipped
        self.in_use = in_use
        self.fresh = Fresh(path, source_id, rules.sensitive_placeholder)
        self.out = Merged({})

    # ── objects ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def object(self, shape: Shape, sides: Sides, where: str) -> Document:
        result = dict(sides.there) if isinstance(sides.there, dict) else {}
        for name in sides.want:
            place = at(where, name)
            if name in shape.server or name == "Id" or place in self.leave:
                continue
            if name in shape.own and name in result and not sides.ours:
                continue
            if name in shape.fixed and name in result:
                self.check_fixed(sides.get(name), place)
                continue
            value = self.field(shape, name, sides.get(name), place)
            if value is MISSING:
                result.pop(name, None)
            else:
                result[name] = value
        if shape.free and isinstance(sides.before, dict):
            for name in [key for key in sides.before if key not in sides.want and key in result]:
                if self.field(shape, name, sides.get(name), at(where, name)) is MISSING:
                    del result[name]
        return result

    def check_fixed(self, sides: Sides, where: str) -> None:
        if not same(sides.want, sides.there):
            text = f"is {sides.there!r} and cannot become {sides.want!r}: it is set when the item is created"
            self.out.decisions.append(Decision("fixed", where, text))
            self.out.clean_ups.append(CleanUp(self.path, where, "fixed-differs", text))

    def field(self, shape: Shape, name: str, sides: Sides, where: str) -> Any:
        """The merged value, or ``MISSING`` where the field should not be there."""
        want, there = sides.want, sides.there
        if is_secret(want) or is_secret(there):
            return self.secret(name, sides, where)
        if name in shape.elements and isinstance(want, list):
            return self.elements(shape.elements[name], sides, where)
        child = shape.children.get(name)
        if isinstance(want, dict) and isinstance(there, dict) and not (child is not None and child.whole):
            return self.object(child or _UNDECLARED, sides, where)
        if name in shape.ordered and isinstance(want, list):
            return self.ordered(sides, where)
        ref = shape.refs.get(name)
        if ref is not None and ref.form in {Form.LIST, Form.TAG} and isinstance(want, list):
            is_scope = any(name in scope.fields for scope in shape.scopes)
            merged, verdict = merge_set(sides, is_scope=is_scope, widens_when_empty=ref.empty is Empty.ANYWHERE)
            self.record(verdict, merged, sides, where)
            return merged if verdict is not Verdict.SAME else (there if there is not MISSING else merged)
        verdict = decide(sides, values_win=name in shape.values)
        if verdict is Verdict.CONFLICT and name in shape.values:
            self.conflict(sides, where, kept=True)
            return there
        self.record(verdict, want, sides, where)
        if verdict in {Verdict.TAKE, Verdict.CONFLICT}:
            return self.fresh.leaf(name, want, where) if isinstance(want, dict | list) else want
        return there

    def record(self, verdict: Verdict, value: Any, sides: Sides, where: str) -> None:
        if verdict is Verdict.CONFLICT:
            self.conflict(sides, where, kept=False)
        edited = not sides.contact and sides.wrote is not MISSING and not same(sides.there, sides.wrote)
        if verdict is Verdict.KEEP and edited:
            self.out.decisions.append(Decision("merge:destination-edit", where, "edited on the destination; stays"))
        if verdict in {Verdict.TAKE, Verdict.CONFLICT}:
            edit = Edit.REMOVE if value is MISSING else Edit.ADD if sides.there is MISSING else Edit.CHANGE
            self.out.changes.append(Change(edit, where, plain(sides.there), plain(value)))

    def conflict(self, sides: Sides, where: str, *, kept: bool) -> None:
        outcome = "the destination's value stays" if kept else "the source's was taken"
        self.out.decisions.append(Decision("merge:conflict", where, f"changed on both sides; {outcome}"))
        text = f"changed on both sides since the last sync; {outcome}"
        self.out.clean_ups.append(CleanUp(self.path, where, "conflict", text))

    # ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def secret(self, name: str, sides: Sides, where: str) -> Any:
        """A secret that the destination holds is never overwritten and never cleared."""
        want, there = sides.want, sides.there
        if is_secret(there) and there.get("HasValue"):
            if not is_secret(want) and not same(want, sides.before) and not sides.contact:
                text = "is a secret on the destination and none on the source any more: the destination's stays"
                self.out.decisions.append(Decision("secret:kept", where, text))
                self.out.clean_ups.append(CleanUp(self.path, where, "no-longer-secret", text))
            return there
        if not is_secret(want):
            return (
                there if want is MISSING or sides.contact or same(want, sides.before) else self.take(want, sides, where)
            )
        if not want.get("HasValue") or (same(want, sides.before) and is_secret(sides.before)):
            return there
        if sides.contact and there is not MISSING:
            return there  # at first contact, what the destination has (also: no secret) is its own
        if not is_secret(there) and there not in (MISSING, None, ""):
            text = "became a secret on the source; the destination's readable value stays"
            self.out.decisions.append(Decision("secret:kept", where, text))
            self.out.clean_ups.append(CleanUp(self.path, where, "became-secret", text))
            return there
        self.out.changes.append(Change(Edit.ADD, where, None, MASK))
        return self.fresh.secret(name, want, where)

    def take(self, want: Any, sides: Sides, where: str) -> Any:
        self.record(Verdict.TAKE, want, sides, where)
        return want

    # ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def ordered(self, sides: Sides, where: str) -> list[Any]:
        """A list of ids whose order means something. Its elements are known by their own value."""
        want = list(sides.want or [])
        there = list(sides.there or []) if sides.there is not MISSING else []
        before = None if sides.contact or sides.before is MISSING else list(sides.before or [])
        wrote = list(sides.wrote or []) if sides.wrote is not MISSING else []
        dropped = [
            item for item in there if item not in want and (item in (before or []) or item in self.baseline.kept)
        ]
        gone = [item for item in dropped if self.rules.removed is Removed.REMOVE_OURS and item in wrote]
        gone = [item for item in gone if item not in self.baseline.kept]
        for item in dropped:
            if item not in gone:
                self.keep(f"{where}={item}", "removed-on-source", KEPT, item)
        there_after = [item for item in there if item not in gone]
        # One that the destination took out stays out, unless the source has just put it in.
        taken_out = [item for item in want if item not in there and before is not None and item in before]
        result = interleave([item for item in want if item not in taken_out], before, there_after)
        if result != there:
            self.out.changes.append(Change(Edit.CHANGE, where, there, result))
        return result

    def elements(self, elements: Elements, sides: Sides, where: str) -> list[Any]:
        want: list[Document] = list(sides.want)
        there = objects(sides.there)
        before, wrote = objects(sides.before), objects(sides.wrote)
        there_of = self.match(want, there, elements.identity)
        merged: dict[int, Document] = {}
        """Position in ``there`` → the merged element."""
        added: dict[int, Document] = {}
        """Position in ``want`` → the new one."""
        for index, element in enumerate(want):
            place = f"{where}[{label(element, elements.identity)}]"
            previous = same_element(element, before, elements.identity, want)
            if index in there_of:
                position = there_of[index]
                target = there[position]
                self.link(element, target)
                inner = Sides(
                    element,
                    previous,
                    target,
                    same_element(target, wrote, elements.identity, there),
                    contact=previous is MISSING and not sides.ours,
                    ours=sides.ours and previous is MISSING,
                )
                merged[position] = self.object(elements.shape, inner, place)
            elif previous is not MISSING and not sides.ours and not self.changed(element, previous):
                self.out.decisions.append(
                    Decision("merge:destination-edit", place, "removed on the destination; stays so")
                )
            else:
                if previous is not MISSING and not sides.ours:
                    self.conflict(sides, place, kept=False)
                added[index] = self.fresh.value(elements.shape, element, place)
                self.out.changes.append(Change(Edit.ADD, place, None, plain(added[index])))
        foreign = [position for position in range(len(there)) if position not in merged]
        gone = self.dropped(elements, foreign, there, want, before, wrote, where)
        if sides.contact and added and any(position not in gone for position in foreign):
            self.out.contact_conflict = True
        return self.arrange(want, there, before, there_of, merged, added, gone, sides, elements, where)

    def match(self, want: Sequence[Document], there: Sequence[Document], identity: tuple[str, ...]) -> dict[int, int]:
        """Position in ``want`` → position in ``there``: by link, else by name."""
        found: dict[int, int] = {}
        ids = {element.get("Id"): position for position, element in enumerate(there) if element.get("Id")}
        for index, element in enumerate(want):
            position = ids.get(self.baseline.elements.get(element.get("Id") or "", ""))
            if position is not None and position not in found.values():
                found[index] = position
        taken = set(found.values())
        names: dict[tuple[str, ...], list[int]] = {}
        for position, element in enumerate(there):
            if position not in taken:
                names.setdefault(name_of(element, identity), []).append(position)
        for index, element in enumerate(want):
            if index not in found and (positions := names.get(name_of(element, identity))):
                found[index] = positions.pop(0)
        return found

    def link(self, element: Document, target: Document) -> None:
        if element.get("Id") and target.get("Id"):
            self.out.elements[element["Id"]] = target["Id"]

    def recall_links(self) -> None:
        """What the source has not got now, and the destination still has, is known again when it comes back."""
        linked = set(self.out.elements.values())
        there = set(ids_in(self.out.document))
        for source, destination in self.baseline.elements.items():
            if source not in self.out.elements and destination in there - linked:
                self.out.elements[source] = destination

    def changed(self, element: Document, previous: Document) -> bool:
        return not same(element, previous)

    def dropped(
        self,
        elements: Elements,
        foreign: Sequence[int],
        there: Sequence[Document],
        want: Sequence[Document],
        before: Sequence[Document],
        wrote: Sequence[Document],
        where: str,
    ) -> set[int]:
        """Of what only the destination has: the positions of elements of ours to be removed now."""
        linked = {destination: source for source, destination in self.baseline.elements.items()}
        gone: set[int] = set()
        wanted = {element.get("Id") for element in want}
        for position in foreign:
            element = there[position]
            element_id = element.get("Id") or ""
            place = f"{where}[{label(element, elements.identity)}]"
            if element_id in self.baseline.kept:
                self.keep(place, "removed-on-source", KEPT, element_id)
                continue
            if linked.get(element_id) in self.skipped:
                continue
            was_ours = linked.get(element_id) not in {None, *wanted} or (
                not element_id and same_element(element, before, elements.identity) is not MISSING
            )
            if not was_ours:
                continue
            written = same_element(element, wrote, elements.identity, there)
            if self.rules.removed is Removed.REMOVE_OURS and written is not MISSING and same(element, written):
                if self.in_use(element):
                    self.out.clean_ups.append(CleanUp(self.path, place, STILL_IN_USE, IN_USE))
                    continue
                gone.add(position)
                self.out.changes.append(Change(Edit.REMOVE, place, plain(element), None))
            else:
                self.keep(place, "removed-on-source", KEPT, element_id)
        return gone

    def keep(self, where: str, reason: str, text: str, element_id: str) -> None:
        self.out.decisions.append(Decision("removed=keep", where, text))
        self.out.clean_ups.append(CleanUp(self.path, where, reason, text))
        if element_id:
            self.out.kept[element_id] = where

    def arrange(
        self,
        want: Sequence[Document],
        there: Sequence[Document],
        before: Sequence[Document],
        there_of: Mapping[int, int],
        merged: Mapping[int, Document],
        added: Mapping[int, Document],
        gone: set[int],
        sides: Sides,
        elements: Elements,
        where: str,
    ) -> list[Document]:
        """Put the elements in order. Keys: ("there", position) for what exists, ("want", index) for what is new."""
        crossing = [index for index in range(len(want)) if index in there_of or index in added]
        key_of = {index: ("there", there_of[index]) if index in there_of else ("want", index) for index in crossing}
        previous = None
        if not sides.contact and not sides.ours and sides.before is not MISSING:
            ranks = [
                (i, same_element(old, [want[i] for i in crossing], elements.identity)) for i, old in enumerate(before)
            ]
            previous = [key_of[i] for _, found in ranks if found is not MISSING for i in crossing if want[i] is found]
        left = [("there", position) for position in range(len(there)) if position not in gone]
        order = interleave([key_of[index] for index in crossing], previous, left)
        staying = [key for key in order if key[0] == "there"]
        if staying != left:
            names = [label(there[position], elements.identity) for _, position in staying]
            self.out.changes.append(Change(Edit.CHANGE, f"{where} (order)", None, names))
        return [
            merged.get(position, there[position]) if origin == "there" else added[position]
            for origin, position in order
        ]


def plain(value: Any) -> Any:
    """A value for the plan: secrets masked, the noise of ids left out."""
    if value is MISSING:
        return None
    if is_secret(value):
        return MASK if value.get("HasValue") else None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in {"Id", "Links"}}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
