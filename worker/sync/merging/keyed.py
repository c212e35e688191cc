"""Objects whose keys name items and whose values are lists of ids (the links of a tenant), merged key by key. Pure.

Both a key and each id under it stand for something that can be lost: the server deletes a tenant's values for what it
is no longer linked to. So what the source dropped stays, unless the route says ``removed: remove-ours``, it was we who
wrote it, and nothing that a person entered would be lost with it. What only the destination has stays anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from config.rules import ItemRules, Removed
from worker.plan.values import Change, CleanUp, Decision, Edit, NamePath
from worker.sync.world.baseline import Baseline
from worker.sync.world.fields import MISSING, Sides
from worker.sync.world.outcome import Merged, edited

KEPT = "dropped by the source; kept, as the route says: what has been entered for it would be deleted"
PRECIOUS = "dropped by the source; kept, since values that were entered on the destination would be deleted with it"

Precious = Callable[[str, str], bool]
"""(key, id) → whether something would be lost with it that is not ours."""


class Walk(Protocol):
    """The merge of the document in which the object stands."""

    path: NamePath
    baseline: Baseline
    rules: ItemRules
    leave: frozenset[str]
    precious: Precious
    out: Merged

    def conflict(self, sides: Sides, where: str, *, kept: bool) -> None: ...


def merge_keyed(walk: Walk, sides: Sides, where: str) -> dict[str, list[str]]:
    """The object to send. What was decided is in ``walk.out``."""
    want, there = _lists(sides.want), _lists(sides.there)
    result = {key: list(ids) for key, ids in there.items()}
    for key, ids in want.items():
        place = f"{where}[{key}]"
        if place in walk.leave:
            continue
        inner = sides.get(key)
        if key in there:
            result[key] = _merge_ids(walk, inner, key, place)
        elif inner.before is not MISSING and not sides.contact and set(inner.before) == set(ids):
            text = "removed on the destination; stays so"
            walk.out.decisions.append(Decision("merge:destination-edit", place, text))
            walk.out.drift.append(edited(place, inner.wrote, MISSING))
        else:
            result[key] = list(ids)
            walk.out.changes.append(Change(Edit.ADD, place, None, list(ids)))
    for key in there.keys() - want.keys():
        place = f"{where}[{key}]"
        if place not in walk.leave and _was_ours(walk, sides, key, place):
            _drop_key(walk, sides.get(key), key, place, result)
    return result


def _was_ours(walk: Walk, sides: Sides, key: str, place: str) -> bool:
    return key in _lists(sides.before) or place in walk.baseline.kept.values()


def _drop_key(walk: Walk, sides: Sides, key: str, place: str, result: dict[str, list[str]]) -> None:
    wrote = set(_ids(sides.wrote))
    ids = _ids(sides.there)
    if walk.rules.removed is not Removed.REMOVE_OURS or sides.wrote is MISSING or not set(ids) <= wrote:
        _keep(walk, key, place, KEPT)
        return
    precious = [one for one in ids if walk.precious(key, one)]
    if not precious:
        del result[key]
        walk.out.changes.append(Change(Edit.REMOVE, place, ids, None))
        return
    result[key] = precious
    _keep(walk, key, place, PRECIOUS)
    gone = [one for one in ids if one not in precious]
    walk.out.changes += [Change(Edit.REMOVE, f"{place}[{one}]", one, None) for one in gone]


def _merge_ids(walk: Walk, sides: Sides, key: str, place: str) -> list[str]:
    want, there = _ids(sides.want), _ids(sides.there)
    if sides.before is MISSING or sides.contact:
        if set(want) != set(there):
            text = "linked on the destination already: in which environments is its own"
            walk.out.decisions.append(Decision("first-contact", place, text))
        return there
    before, wrote = _ids(sides.before), set(_ids(sides.wrote))
    new = [one for one in want if one not in there and one not in before]
    gone = set()
    for one in there:
        at = f"{place}[{one}]"
        if one in want or not (one in before or at in walk.baseline.kept.values()):
            continue
        if walk.rules.removed is not Removed.REMOVE_OURS or one not in wrote:
            _keep(walk, f"{key} {one}", at, KEPT)
        elif walk.precious(key, one):
            _keep(walk, f"{key} {one}", at, PRECIOUS)
        else:
            gone.add(one)
            walk.out.changes.append(Change(Edit.REMOVE, at, one, None))
    walk.out.changes += [Change(Edit.ADD, f"{place}[{one}]", None, one) for one in new]
    return [one for one in there if one not in gone] + new


def _keep(walk: Walk, what: str, place: str, text: str) -> None:
    walk.out.decisions.append(Decision("removed=keep", place, text))
    walk.out.clean_ups.append(CleanUp(walk.path, place, "removed-on-source", text))
    walk.out.kept[what] = place


def _lists(value: Any) -> dict[str, list[str]]:
    return value if isinstance(value, dict) else {}


def _ids(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else []
