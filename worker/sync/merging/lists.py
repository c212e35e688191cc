"""Lists of objects with identity, merged element by element: steps, actions, packages, phases, templates, rules. Pure.

An element is known by the link that the ledger remembers, else by its name within its owner. What only the destination
has stays; what the source dropped goes only if we wrote it, nobody has edited it, and the route says so. Of a kind that
must be exact, what was taken out on the destination comes back, the order is the source's, and what only the
destination has goes, unless the kind lets it stay (tags).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from config.rules import ItemRules, Removed
from worker.kinds.references import is_secret
from worker.kinds.shape import Elements, Shape
from worker.plan.lines import DESTINATION_EDIT
from worker.plan.values import Change, CleanUp, Decision, Document, Edit, NamePath
from worker.sync.merging.elements import Renamed, name_of, objects, same_element
from worker.sync.merging.fresh import Fresh
from worker.sync.merging.order import interleave
from worker.sync.translating.translate import label
from worker.sync.world.baseline import Baseline
from worker.sync.world.fields import MISSING, Sides, same
from worker.sync.world.outcome import Merged, edited, plain

KEPT = "dropped by the source and kept here: remove it by hand if nothing needs it"
OTHER_TYPE = "takes what the source's has, and keeps what only one of its former type needs (packages, properties)"
THEIRS = "is on the destination only, and stays"
CLINGS = "dropped by the source; in use on the destination, whose server does not give it up"
CLINGING_REASON = "in-use"
CLINGING = "in use: "
"""How it is remembered that an element stays because the server refused to remove it."""
STILL_IN_USE = "still-in-use"
IN_USE = "dropped by the source, but the destination's versioning, release creation, channel rules or triggers name it"


class Walk(Protocol):
    """The merge of the document in which the list stands."""

    path: NamePath
    baseline: Baseline
    rules: ItemRules
    skipped: frozenset[str]
    in_use: Callable[[Document], bool]
    clings: bool
    """The server refuses to remove anything from the document."""
    defers: bool
    """What is to be removed is left to a second write, after those of all other documents."""
    steps: Mapping[str, str]
    """What the same plan calls the destination's steps otherwise: old name → new."""
    fresh: Fresh
    out: Merged

    def object(self, shape: Shape, sides: Sides, where: str) -> Document: ...

    def conflict(self, sides: Sides, where: str, *, kept: bool) -> None: ...

    def drift(self, where: str) -> None: ...


@dataclass(slots=True)
class _List:
    """One list on all sides, and what has been decided of it so far."""

    elements: Elements
    sides: Sides
    where: str
    want: list[Document] = field(init=False)
    there: list[Document] = field(init=False)
    before: list[Document] = field(init=False)
    wrote: list[Document] = field(init=False)
    there_of: dict[int, int] = field(default_factory=dict)
    """Position in ``want`` → position in ``there``, of what is on both sides."""
    merged: dict[int, Document] = field(default_factory=dict)
    """Position in ``there`` → the merged element."""
    added: dict[int, Document] = field(default_factory=dict)
    """Position in ``want`` → the new one."""
    gone: set[int] = field(default_factory=set)
    """Positions in ``there`` of what is removed now."""

    def __post_init__(self) -> None:
        self.want = list(self.sides.want)
        self.there, self.before, self.wrote = (
            objects(side) for side in (self.sides.there, self.sides.before, self.sides.wrote)
        )

    @property
    def foreign(self) -> list[int]:
        """Positions of what only the destination has."""
        return [position for position in range(len(self.there)) if position not in self.merged]

    def renamed(self, steps: Mapping[str, str]) -> Renamed:
        """An element that is known by a step has another name when the step has."""
        refs = self.elements.shape.refs
        return {part: steps for part in self.elements.identity if steps and part in refs and refs[part].kind == "step"}

    def place(self, element: Document) -> str:
        return f"{self.where}[{label(element, self.elements.identity)}]"


def merge_elements(walk: Walk, elements: Elements, sides: Sides, where: str) -> list[Any]:
    """The list to send. What was decided is in ``walk.out``."""
    one = _List(elements, sides, where)
    one.there_of = _match(walk, one)
    for index, element in enumerate(one.want):
        previous = same_element(element, one.before, elements.identity, one.want, one.renamed(walk.steps))
        if index in one.there_of:
            _both_have(walk, one, index, element, previous)
        else:
            _destination_lacks(walk, one, index, element, previous)
    _drop(walk, one)
    if sides.contact and not sides.exact:
        places = [one.place(one.there[at]) for at in one.foreign if at not in one.gone]
        theirs = [place for place in places if place not in walk.skipped]
        walk.out.decisions += [Decision("first-contact", place, THEIRS) for place in theirs]
        walk.out.contact_conflict = walk.out.contact_conflict or bool(one.added and theirs)
    return _arranged(walk, one)


def merge_ordered(walk: Walk, sides: Sides, where: str) -> list[Any]:
    """A list of ids whose order means something. Its elements are known by their own value."""
    if sides.exact and not sides.contact and sides.untouched and same(sides.want, sides.before):
        there_now: list[Any] = sides.there
        return there_now
    want = list(sides.want or [])
    there = list(sides.there or []) if sides.there is not MISSING else []
    before = None if sides.contact or sides.before is MISSING else list(sides.before or [])
    wrote = list(sides.wrote or []) if sides.wrote is not MISSING else []
    dropped = [item for item in there if item not in want and (item in (before or []) or item in walk.baseline.kept)]
    may_go = walk.rules.removed is Removed.REMOVE_OURS and not walk.clings
    removed = {item for item in dropped if may_go and item in wrote and item not in walk.baseline.kept}
    if removed and walk.defers:
        walk.out.deferred = True
        dropped, removed = [item for item in dropped if item not in removed], set()
    for item in dropped:
        if item not in removed:
            _keep(walk, f"{where}={item}", item)
    # One that the destination took out stays out, unless the source has just put it in.
    gone = [item for item in want if item not in there and before is not None and item in before]
    if sides.exact:
        if gone:
            walk.drift(where)
        gone = []
    result = interleave(
        [item for item in want if item not in gone], before, [item for item in there if item not in removed]
    )
    if result != there:
        walk.out.changes.append(Change(Edit.CHANGE, where, there, result))
    return result


def _match(walk: Walk, one: _List) -> dict[int, int]:
    """By link, else by name."""
    renamed = one.renamed(walk.steps)
    found: dict[int, int] = {}
    ids = {element.get("Id"): position for position, element in enumerate(one.there) if element.get("Id")}
    for index, element in enumerate(one.want):
        position = ids.get(walk.baseline.elements.get(element.get("Id") or "", ""))
        if position is not None and position not in found.values():
            found[index] = position
    taken = set(found.values())
    names: dict[tuple[str, ...], list[int]] = {}
    for position, element in enumerate(one.there):
        if position not in taken:
            names.setdefault(name_of(element, one.elements.identity, renamed), []).append(position)
    for index, element in enumerate(one.want):
        if index not in found and (positions := names.get(name_of(element, one.elements.identity))):
            found[index] = positions.pop(0)
    return found


def _both_have(walk: Walk, one: _List, index: int, element: Document, previous: Any) -> None:
    position = one.there_of[index]
    target = one.there[position]
    if element.get("Id") and target.get("Id"):
        walk.out.elements[element["Id"]] = target["Id"]
    inner = Sides(
        element,
        previous,
        target,
        same_element(target, one.wrote, one.elements.identity, one.there),
        contact=previous is MISSING and not one.sides.ours,
        ours=one.sides.ours and previous is MISSING,
        exact=one.sides.exact,
        unwritten=one.sides.unwritten,
    )
    one.merged[position] = walk.object(one.elements.shape, inner, one.place(element))
    by = one.elements.shape.typed_by
    if by is not None and inner.contact and not inner.exact and element.get(by) != target.get(by):
        text = f"{OTHER_TYPE}: it was {target.get(by)} here, and is {element.get(by)} on the source"
        walk.out.clean_ups.append(CleanUp(walk.path, one.place(element), "type-replaced", text))


def _destination_lacks(walk: Walk, one: _List, index: int, element: Document, previous: Any) -> None:
    place = one.place(element)
    remembered = previous is not MISSING and not one.sides.ours
    if remembered and one.sides.exact:
        walk.drift(place)
    elif remembered and same(element, previous):
        walk.out.decisions.append(Decision(DESTINATION_EDIT, place, "removed on the destination; stays so"))
        if (written := _written(walk, one, element)) is not MISSING:
            walk.out.drift.append(edited(place, written, MISSING))
        return
    elif remembered:
        walk.conflict(Sides(element, previous, MISSING, _written(walk, one, element)), place, kept=False)
    one.added[index] = walk.fresh.value(one.elements.shape, element, place)
    walk.out.changes.append(Change(Edit.ADD, place, None, plain(one.added[index])))


def _written(walk: Walk, one: _List, element: Document) -> Any:
    """What we wrote of an element of the source that is on the destination no more; ``MISSING`` if nothing."""
    there = {
        "Id": walk.baseline.elements.get(element.get("Id") or ""),
        **{n: element.get(n) for n in one.elements.identity},
    }
    return same_element(there, one.wrote, one.elements.identity)


def _drop(walk: Walk, one: _List) -> None:
    """Decide about what only the destination has, and we once wrote."""
    linked = {destination: source for source, destination in walk.baseline.elements.items()}
    wanted = {element.get("Id") for element in one.want}
    for position in one.foreign:
        element = one.there[position]
        element_id = element.get("Id") or ""
        place = one.place(element)
        if element_id in walk.baseline.kept:
            _keep(walk, place, element_id)
            continue
        if linked.get(element_id) in walk.skipped or place in walk.skipped:
            continue
        if one.sides.exact and not one.elements.additions_stay:
            _drop_exact(walk, one, position)
            continue
        was_ours = linked.get(element_id) not in {None, *wanted} or (
            not element_id and same_element(element, one.before, one.elements.identity) is not MISSING
        )
        if not was_ours:
            continue
        if not _may_go(walk, one, element):
            _keep(walk, place, element_id)
        elif walk.in_use(element):
            walk.out.clean_ups.append(CleanUp(walk.path, place, STILL_IN_USE, IN_USE))
        elif walk.defers:
            walk.out.deferred = True
        else:
            one.gone.add(position)
            walk.out.changes.append(Change(Edit.REMOVE, place, plain(element), None))


def _drop_exact(walk: Walk, one: _List, position: int) -> None:
    """What the source does not have goes, but for a secret, and for what the server itself has put there."""
    element = one.there[position]
    place = one.place(element)
    known = same_element(element, one.before, one.elements.identity)
    written = same_element(element, one.wrote, one.elements.identity, one.there)
    if known is MISSING and written is not MISSING and not one.sides.contact:
        return
    if _holds_secret(element):
        _keep(walk, place, element.get("Id") or "")
        return
    if known is MISSING and not one.sides.contact:
        walk.drift(place)
    one.gone.add(position)
    walk.out.changes.append(Change(Edit.REMOVE, place, plain(element), None))


def _may_go(walk: Walk, one: _List, element: Document) -> bool:
    """Whether an element of ours may be removed. One with a secret never: nobody can see whether it was filled in."""
    written = same_element(element, one.wrote, one.elements.identity, one.there)
    untouched = written is not MISSING and same(element, written) and not _holds_secret(element)
    return walk.rules.removed is Removed.REMOVE_OURS and untouched and not walk.clings


def _holds_secret(value: Any) -> bool:
    if is_secret(value):
        return bool(value["HasValue"])
    if isinstance(value, dict):
        return any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)


def _keep(walk: Walk, where: str, element_id: str) -> None:
    clings = walk.clings or walk.baseline.kept.get(element_id, "").startswith(CLINGING)
    reason, text = (CLINGING_REASON, CLINGS) if clings else ("removed-on-source", KEPT)
    walk.out.decisions.append(Decision("removed=keep", where, text))
    walk.out.clean_ups.append(CleanUp(walk.path, where, reason, text))
    if element_id:
        walk.out.kept[element_id] = f"{CLINGING}{where}" if clings else where


def asking_again(baseline: Baseline) -> Baseline:
    """The baseline of a document without what stays only because the server would not remove it."""
    return replace(
        baseline, kept={one: where for one, where in baseline.kept.items() if not where.startswith(CLINGING)}
    )


def _arranged(walk: Walk, one: _List) -> list[Document]:
    """The elements in order. Keys: ("there", position) for what exists, ("want", index) for what is new."""
    crossing = [index for index in range(len(one.want)) if index in one.there_of or index in one.added]
    key_of = {index: ("there", one.there_of[index]) if index in one.there_of else ("want", index) for index in crossing}
    left = [("there", position) for position in range(len(one.there)) if position not in one.gone]
    before = _order_before(one, crossing, key_of)
    if one.sides.exact and not _order_as_written(one):
        before = None
    order = interleave([key_of[index] for index in crossing], before, left)
    staying = [key for key in order if key[0] == "there"]
    if staying != left:
        names = [label(one.there[position], one.elements.identity) for _, position in staying]
        walk.out.changes.append(Change(Edit.CHANGE, f"{one.where} (order)", None, names))
    return [one.merged.get(at, one.there[at]) if origin == "there" else one.added[at] for origin, at in order]


def _order_as_written(one: _List) -> bool:
    """Whether the elements stand as the server answered them when we last wrote: it may sort them itself."""
    index_of = {id(element): index for index, element in enumerate(one.wrote)}
    found = [same_element(element, one.wrote, one.elements.identity, one.there) for element in one.there]
    places = [index_of[id(element)] for element in found if element is not MISSING]
    return not one.sides.unwritten and places == sorted(places)


def _order_before(
    one: _List, crossing: Sequence[int], key_of: dict[int, tuple[str, int]]
) -> list[tuple[str, int]] | None:
    """The order of the same elements on the source when we last decided; ``None`` where there is none."""
    if one.sides.contact or one.sides.ours or one.sides.before is MISSING:
        return None
    candidates = [one.want[index] for index in crossing]
    index_of = {id(one.want[index]): index for index in crossing}
    found = [same_element(old, candidates, one.elements.identity) for old in one.before]
    return [key_of[index_of[id(element)]] for element in found if element is not MISSING]
