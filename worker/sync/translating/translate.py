"""Translate: a source document in the destination's terms.

Every id is replaced by the destination's (or a stand-in for one that the plan is about to create), what only the source
server can know is dropped, and scopes that do not fit are dealt with by the rules of the route. Elements (steps,
actions, phases…) keep the source's ``Id``: by it the merge knows them again. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from config.rules import OnMissing, ScopeOption
from worker.kinds.kind import Kind
from worker.kinds.processes import ACTION, STEP
from worker.kinds.references import Scope
from worker.kinds.shape import Elements, Keyed, Shape
from worker.plan.values import CleanUp, Decision, Document, NamePath
from worker.sync.translating.crossing import (
    SCOPE_WIDENED,
    Blocked,
    Resolve,
    Skip,
    Translated,
    at,
    label,
    verdict_on,
)
from worker.sync.translating.hidden import Identify, is_nobodys
from worker.sync.translating.referring import Pinned, Referring, VersionOf, as_it_is
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Asking

__all__ = ["at", "label", "translate"]


def translate(
    kind: Kind,
    path: NamePath,
    document: Document,
    resolve: Resolve,
    *,
    scope_option: Callable[[str, str], ScopeOption],
    on_missing: OnMissing,
    pinned: Callable[[str], Mapping[str, list[str]]] = lambda _: {},
    ignored: Callable[[str], bool] = lambda _: False,
    parameters: Callable[[Document], Mapping[str, str]] = lambda _: {},
    identify: Identify = is_nobodys,
    version: VersionOf = as_it_is,
) -> Translated:
    """``scope_option``: a scope's dimension and the name of the step in which it stands (or nothing) → the rule that
    answers for it. ``pinned``: the name of a step → the scope fields of its actions which the route sets itself,
    destination ids in them. ``ignored``: the name of a step → whether the route leaves it to the destination.
    ``parameters``: the properties of an action → the control types of its step template's parameters. ``identify``:
    what the source has under an id. ``version``: what the destination calls a version of a step template. Never raises
    for what the data holds; raises :class:`worker.sync.world.world.NotObserved` through these."""
    walk = _Walk(path, resolve, scope_option, on_missing, pinned, ignored, parameters, identify, version)
    try:
        walk.out.document = walk.object(kind.shape, document, "")
        walk.out.document.pop("Id", None)
    except Skip as skip:
        walk.out.decisions.append(Decision("does-not-cross", "", str(skip)))
    except Blocked as blocked:
        walk.out.blocked = blocked.decision
        walk.out.waits_for = (blocked.waits_for,) if blocked.waits_for else ()
    return walk.out


class _Walk(Referring):
    def __init__(
        self,
        path: NamePath,
        resolve: Resolve,
        scope_option: Callable[[str, str], ScopeOption],
        on_missing: OnMissing,
        pinned: Callable[[str], Mapping[str, list[str]]],
        ignored: Callable[[str], bool],
        parameters: Callable[[Document], Mapping[str, str]],
        identify: Identify,
        version: VersionOf,
    ) -> None:
        super().__init__(path, resolve, on_missing, parameters, identify, version)
        self.pinned = pinned
        self.ignored = ignored
        self.scope_option = scope_option
        self.step = ""
        """The name of the step whose actions are at hand."""

    def object(self, shape: Shape, document: Document, where: str) -> Document:
        result: Document = {}
        if shape is ACTION:
            document = self.pin(document, where)
        missing: dict[str, list[str]] = {}
        versions: dict[str, tuple[str, str]] = {}
        meanings = self.meanings(shape, document)
        asking = Asking()
        for name, value in document.items():
            if name in shape.server and name != "Id":
                continue
            place = at(where, name)
            with asking:
                if name in shape.refs and value not in (None, "", []):
                    result[name] = self.reference(shape, name, shape.refs[name], value, place, missing, versions)
                elif name in shape.elements and isinstance(value, list):
                    result[name] = self.elements(shape.elements[name], value, place)
                elif name in shape.children and isinstance(value, dict):
                    self.child(shape.children[name], name, value, place, result)
                elif name in shape.keyed and isinstance(value, dict):
                    result[name] = self.keyed(shape.keyed[name], value, place)
                elif name in meanings:
                    result[name] = self.meant(meanings[name], value, place)
                else:
                    if shape.free or name not in shape.plain:
                        self.find_ids(value, place)
                    result[name] = value
        asking.done()
        result |= self.versioned(document, versions, where)
        for name, other in shape.needs.items():
            if other in document and other not in result:
                result.pop(name, None)
        for scope in shape.scopes:
            self.fit(scope, result, missing, where)
        return result

    def child(self, shape: Shape, name: str, value: Document, where: str, result: Document) -> None:
        if not shape.whole:
            result[name] = self.object(shape, value, where)
            return
        try:
            result[name] = self.object(shape, value, where)
        except (Skip, Blocked) as reason:
            text = f"left as it is on the destination: {reason}"
            self.out.decisions.append(Decision("left-out", where, text))
            self.out.clean_ups.append(CleanUp(self.path, where, "left-out", text))

    def pin(self, action: Document, where: str) -> Document:
        """The action with the scope that the route gives it. What the source scoped it to no longer matters."""
        pinned = self.pinned(self.step)
        if not pinned:
            return action
        if not all(pinned.values()):
            raise Skip("pinned to what the destination does not have")
        self.out.decisions.append(Decision("steps.pins", where, f"pinned to a scope of its own: {', '.join(pinned)}"))
        return action | {name: Pinned(ids) for name, ids in pinned.items()}

    def elements(self, elements: Elements, values: list[Any], where: str) -> list[Any]:
        crossing = []
        gone = True
        asking = Asking()
        for value in values:
            place = f"{where}[{label(value, elements.identity)}]"
            if elements.shape is STEP:
                self.step = value.get("Name") or ""
            try:
                with asking:
                    crossing.append(self.element(elements, value, place))
            except Skip as skip:
                if elements.vital:
                    raise
                self.out.decisions.append(Decision("element-does-not-cross", place, str(skip)))
                gone = gone and skip.gone
                if not skip.gone:
                    self.out.skipped |= {place, value.get("Id") or place}
        asking.done()
        if values and not crossing and elements.needed:
            raise Skip(f"none of its {where.rpartition('/')[2].lower()} crosses", gone=gone)
        return crossing

    def element(self, elements: Elements, value: Document, where: str) -> Document:
        if elements.shape is STEP and self.ignored(self.step):
            raise Skip("the route leaves it to the destination (steps.ignore)")
        return self.object(elements.shape, value, where)

    def keyed(self, keyed: Keyed, links: Mapping[str, list[str]], where: str) -> dict[str, list[str]]:
        """A key that the destination lacks is no mismatch: what it would be linked to is not there. Of several that the
        maps of the route give one name, the first in their order counts, however the source lists them."""
        found: dict[str, list[str]] = {}
        asking = Asking()
        keys: dict[str, Resolved] = {}
        for key in links:
            with asking:
                keys[key] = self.ask(keyed.key, key)
        for key in sorted(keys, key=lambda one: keys[one].is_namesake):
            with asking:
                here = keys[key]
                each = [self.ask(keyed.each, one) for one in links[key]]
                if here.alone and here.linked is not None:
                    self.out.leave.add(f"{where}[{here.linked}]")
                if not here.ids:
                    self.out.decisions.append(Decision("link", f"{where}[{here.name}]", here.why))
                elif here.ids[0] in found:
                    text = "another one that the maps of the route give the same name is linked already"
                    self.out.decisions.append(Decision("many-to-one", f"{where}[{here.ids[0]}]", text))
                else:
                    self.link(keyed, here.ids[0], each, where, found)
        asking.done()
        return found

    def link(self, keyed: Keyed, key: str, each: list[Resolved], where: str, found: dict[str, list[str]]) -> None:
        """Puts the list of ``key`` into ``found``, as the rule says where not all of it exists on the destination."""
        place = f"{where}[{key}]"
        ids = list(dict.fromkeys(there for one in each for there in one.ids))
        lost = [one for one in each if not one.ids]
        option = self.scope_option(keyed.dimension, "")
        rule = f"scope:{keyed.dimension}={option}"
        text = f"{', '.join(repr(one.name) for one in lost)} is not on the destination"
        verdict = verdict_on(option, bool(ids)) if lost else "keep"
        if verdict == "error":
            raise Blocked(rule, place, text)
        if lost:
            self.out.decisions.append(Decision(rule, place, text))
        if any(one.alone for one in lost) or (verdict == "skip" and ids):
            self.out.leave.add(place)  # not known to be gone, or only the rule keeps it from crossing
        if option is ScopeOption.IGNORE_MISMATCH_ON_NEW and lost:
            self.out.leave.add(place)
        if verdict != "skip":
            found[key] = ids

    def fit(self, scope: Scope, result: Document, missing: dict[str, list[str]], where: str) -> None:
        """Apply the rule of a scope's dimension when not all that it names exists on the destination."""
        lost = [name for field_name in scope.fields for name in missing.get(field_name, [])]
        if not lost:
            return
        kept = [found for field_name in scope.fields for found in _all(result.get(field_name))]
        option = self.scope_option(scope.dimension, self.step)
        place = at(where, scope.fields[0])
        names = ", ".join(repr(name) for name in lost)
        verdict = verdict_on(option, bool(kept))
        rule = f"scope:{scope.dimension}={option}"
        if scope.exclusive and verdict != "error":
            self.out.decisions.append(Decision(rule, place, f"{names} is not on the destination, so excluded already"))
            return
        text = f"scoped to {names}, not on the destination"
        if verdict == "error":
            raise Blocked(rule, place, text)
        if verdict == "skip":
            raise Skip(f"{text} ({rule})", gone=not kept)
        if option is ScopeOption.IGNORE_MISMATCH_ON_NEW:
            self.out.leave |= {at(where, field_name) for field_name in scope.fields}
        self.out.decisions.append(Decision(rule, place, f"{text}; the rest of the scope is used"))
        if not kept:
            self.out.clean_ups.append(CleanUp(self.path, place, SCOPE_WIDENED, f"{text}: it now applies everywhere"))


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
