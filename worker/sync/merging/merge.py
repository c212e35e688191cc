"""Merge: what a document of the destination should become. Pure.

Walks the four documents (wanted now, wanted before, there now, as we wrote it) along the shape of the kind and
decides field by field (:mod:`worker.sync.world.fields`), element by element. What comes out is destination-shaped: it
starts from what the destination returned, and only what was decided is laid over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from config.options import Retention
from config.rules import ItemRules, ValueRule
from worker.kinds.references import ANSWERS, Empty, Form, is_secret
from worker.kinds.shape import Shape
from worker.plan.lines import DESTINATION_EDIT
from worker.plan.values import MASK, Change, CleanUp, Decision, Document, Edit, NamePath
from worker.sync.merging.answers import merge_answers, with_answers
from worker.sync.merging.elements import ids_in
from worker.sync.merging.fresh import Fresh
from worker.sync.merging.keyed import Precious, merge_keyed
from worker.sync.merging.lists import merge_elements, merge_ordered
from worker.sync.translating.translate import at
from worker.sync.world.baseline import Baseline
from worker.sync.world.compared import CONFLICT_KEPT, OWN, SECRET, Tell, compared, say_nothing
from worker.sync.world.fields import MISSING, TAKES, Sides, Verdict, decide, merge_set, same, same_set, sides_as_sets
from worker.sync.world.outcome import Merged, both_sides, edited, plain

DRIFT = "exact:drift"

_UNDECLARED = Shape(server=frozenset(), free=True)
"""An object that no declaration describes is compared key by key."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds while a document is merged, beside the documents themselves."""

    path: NamePath
    source_id: str
    rules: ItemRules
    leave: frozenset[str] | set[str] = frozenset()
    """Places that stay as they are."""
    skipped: frozenset[str] | set[str] = frozenset()
    """Source ids and places of elements that do not cross for now, though the source has not dropped them: what is
    there of them stays too."""
    in_use: Callable[[Document], bool] = lambda _: False
    """Whether another document of the destination still names an element, which must not go before that does not."""
    owed: frozenset[str] = frozenset()
    """Fields that our creation of the document has left to a second write, of which nobody knows whether it came
    about."""
    precious: Precious = lambda _key, _id: True
    """See :mod:`worker.sync.merging.keyed`."""
    exact: bool = False
    """The source always wins."""
    clings: bool = False
    """The server has refused to remove what the source dropped."""
    defers: bool = False
    """What is to be removed is left to a second write."""
    steps: Mapping[str, str] = field(default_factory=dict)
    """Steps of the destination that the same plan gives other names: old → new, as they are compared."""
    tell: Tell = say_nothing
    """Told of every place that was compared, and what came of it."""


def merge(shape: Shape, want: Document, there: Document, baseline: Baseline | None, terms: Terms) -> Merged:
    """``want``: the source's document in destination terms, elements with the source's ids. ``there``: as the
    destination returned it. ``baseline``: ``None`` at first contact."""
    walk = _Walk(terms, baseline or Baseline())
    sides = Sides(
        want,
        baseline.want if baseline else MISSING,
        there,
        baseline.wrote if baseline and baseline.wrote is not None else MISSING,
        contact=baseline is None,
        ours=baseline is not None and baseline.fresh,
        exact=terms.exact,
        unwritten=baseline is not None and baseline.wrote is None,
    )
    walk.out.document = walk.object(shape, sides, "")
    walk.out.clean_ups += walk.fresh.clean_ups
    walk.recall_links()
    return walk.out


def as_one(shape: Shape, want: Document, there: Document) -> bool:
    """Whether an object is taken or left as a whole, rather than merged field by field."""
    return shape.whole or (shape.variant is not None and want.get(shape.variant) != there.get(shape.variant))


class _Walk:
    def __init__(self, terms: Terms, baseline: Baseline) -> None:
        self.terms = terms
        self.baseline = baseline
        self.path, self.rules = terms.path, terms.rules
        self.leave, self.skipped = frozenset(terms.leave), frozenset(terms.skipped)
        self.in_use, self.precious = terms.in_use, terms.precious
        self.clings, self.defers, self.steps = terms.clings, terms.defers, terms.steps
        self.fresh = Fresh(terms.path, terms.source_id, terms.rules.sensitive_placeholder)
        self.out = Merged({})

    # ── objects ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def object(self, shape: Shape, sides: Sides, where: str) -> Document:
        result = dict(sides.there) if isinstance(sides.there, dict) else {}
        for name in sides.want:
            place = at(where, name)
            if name in shape.server or name == "Id" or place in self.leave:
                continue
            owed = not where and name in self.terms.owed
            if name in result and not sides.ours and not owed and self.is_own(shape, name):
                self.tell(place, OWN, sides.get(name))
                continue
            if name in shape.fixed and name in result:
                self.check_fixed(sides.get(name), place)
                continue
            field = sides.get(name)
            value = self.field(shape, name, replace(field, ours=True) if owed else field, place)
            if value is MISSING:
                result.pop(name, None)
            else:
                result[name] = value
        if shape.free:
            known = sides.there if sides.exact else sides.before
            for name in [key for key in known if key not in sides.want and key in result] if known else []:
                if self.field(shape, name, sides.get(name), at(where, name)) is MISSING:
                    del result[name]
        for scope in shape.scopes:
            if any(result.get(name) for name in scope.fields):
                self.out.scoped.add(at(where, scope.fields[0]))
        return result

    def is_own(self, shape: Shape, name: str) -> bool:
        """Whether the field is the destination's, whatever the source says."""
        return name in shape.own or (name in shape.retention and self.rules.retention is Retention.KEEP)

    def check_fixed(self, sides: Sides, where: str) -> None:
        if not same(sides.want, sides.there):
            text = f"is {sides.there!r} and cannot become {sides.want!r}: it is set when the item is created"
            self.out.decisions.append(Decision("fixed", where, text))
            self.out.clean_ups.append(CleanUp(self.path, where, "fixed-differs", text))

    def field(self, shape: Shape, name: str, sides: Sides, where: str) -> Any:
        """The merged value, or ``MISSING`` where the field should not be there."""
        want, there = sides.want, sides.there
        if there is MISSING and name in shape.defaults and same(want, shape.defaults[name]):
            return MISSING
        if is_secret(want) or is_secret(there):
            return self.secret(name, sides, where)
        ref = shape.refs.get(name)
        if ref is not None and ref.kind == ANSWERS:
            return merge_answers(self, sides, where)
        if name in shape.elements and isinstance(want, list):
            return merge_elements(self, shape.elements[name], sides, where)
        if name in shape.keyed and isinstance(want, dict):
            return merge_keyed(self, sides, where)
        child = shape.children.get(name)
        if isinstance(want, dict) and isinstance(there, dict) and (child is None or not as_one(child, want, there)):
            return self.object(child or _UNDECLARED, sides, where)
        if name in shape.ordered and isinstance(want, list):
            return merge_ordered(self, sides, where)
        if name in shape.sets and isinstance(want, list):
            merged, verdict = merge_set(sides, is_scope=False, widens_when_empty=False)
            self.record(verdict, merged, sides_as_sets(sides), where)
            return merged if verdict in TAKES else (there if there is not MISSING else merged)
        if ref is not None and ref.form in {Form.LIST, Form.TAG} and isinstance(want, list):
            if ref.form is Form.TAG and same_set(there, sides.before):
                # The tags may have got other names since we wrote them: the server then shows these.
                sides = replace(sides, wrote=there)
            is_scope = any(name in scope.fields for scope in shape.scopes)
            merged, verdict = merge_set(sides, is_scope=is_scope, widens_when_empty=ref.empty is Empty.ANYWHERE)
            self.record(verdict, merged, sides_as_sets(sides), where)
            return merged if verdict in TAKES else (there if there is not MISSING else merged)
        verdict = decide(sides, values_win=name in shape.values)
        if verdict is Verdict.CONFLICT and name in shape.values:
            self.tell(where, CONFLICT_KEPT, sides)
            self.conflict(sides, where, kept=True, hidden=self.is_own_value(shape, name, there))
            return there
        self.record(verdict, want, sides, where, drifts=not self.is_own_value(shape, name, there))
        if verdict in TAKES:
            taken = self.fresh.leaf(name, want, where) if isinstance(want, dict | list) else want
            return (
                taken if child is None or not isinstance(want, dict) else with_answers(self, child, taken, sides, where)
            )
        return there

    def is_own_value(self, shape: Shape, name: str, there: Any) -> bool:
        """Whether a field is a value, and values are the destination's own: that one was edited is no news."""
        return name in shape.values and self.rules.variables.value is ValueRule.KEEP and not isinstance(there, bool)

    def tell(self, where: str, verdict: str, sides: Sides) -> None:
        if self.terms.tell is not say_nothing:  # it is asked at every field of every document
            self.terms.tell(compared(where, str(verdict), sides))

    def record(self, verdict: Verdict, value: Any, sides: Sides, where: str, *, drifts: bool = True) -> None:
        self.tell(where, verdict, sides)
        if verdict is Verdict.CONFLICT:
            self.conflict(sides, where, kept=False)
        if verdict is Verdict.DRIFT:
            self.drift(where)
        if verdict in {Verdict.SAME, Verdict.KEEP} and sides.edited:
            self.out.decisions.append(Decision(DESTINATION_EDIT, where, "edited on the destination; stays"))
            if drifts:
                self.out.drift.append(edited(where, sides.wrote, sides.there))
        if verdict in TAKES:
            edit = Edit.REMOVE if value is MISSING else Edit.ADD if sides.there is MISSING else Edit.CHANGE
            self.out.changes.append(Change(edit, where, plain(sides.there), plain(value)))

    def conflict(self, sides: Sides, where: str, *, kept: bool, hidden: bool = False) -> None:
        outcome = "the destination's value stays" if kept else "the source's was taken"
        both = both_sides(sides, hidden=hidden)
        self.out.decisions.append(Decision("merge:conflict", where, f"changed on both sides; {outcome}", both))
        text = f"changed on both sides since the last sync; {outcome}"
        self.out.clean_ups.append(CleanUp(self.path, where, "conflict", text, both=both))

    def drift(self, where: str) -> None:
        self.out.decisions.append(Decision(DRIFT, where, "edited on the destination; put back as the source has it"))

    # ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def secret(self, name: str, sides: Sides, where: str) -> Any:
        """A secret that the destination holds is never overwritten and never cleared."""
        self.tell(where, SECRET, sides)
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

    def recall_links(self) -> None:
        """What the source has not got now, and the destination still has, is known again when it comes back."""
        linked = set(self.out.elements.values())
        there = set(ids_in(self.out.document))
        for source, destination in self.baseline.elements.items():
            if source not in self.out.elements and destination in there - linked:
                self.out.elements[source] = destination
