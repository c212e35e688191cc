"""Translate: a source document in the destination's terms.

Every id is replaced by the destination's (or a stand-in for one that the plan is about to create), what only the source
server can know is dropped, and scopes that do not fit are dealt with by the rules of the route. Elements (steps,
actions, phases…) keep the source's ``Id``: by it the merge knows them again. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from config.rules import OnMissing, ScopeOption
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.processes import ACTION, PROPERTY_REFERENCES, STEP
from worker.kinds.references import Empty, Form, Ref, Scope, is_expression, is_secret
from worker.kinds.shape import Elements, Keyed, Shape
from worker.plan.values import CleanUp, Decision, Document, NamePath
from worker.sync.crossing import Blocked, Resolve, Skip, Translated, verdict_on
from worker.sync.naming import verbatim
from worker.sync.resolve import Resolved, waits_on
from worker.sync.world import Asking

ID_LIKE = re.compile(
    r"\b(?:Feeds|Accounts|GitCredentials|Certificates|WorkerPools|Projects|Teams|Environments|Channels|"
    r"LibraryVariableSets|ActionTemplates|Lifecycles|Machines|Tenants)-\d+\b"
)
"""Ids hide in free text too (JSON in a property, a script). One that nothing translates is a finding, never silent."""

BETWEEN_IDS = re.compile(r",(?![^{}]*\})")
"""A comma in a list of ids, not one within an expression."""


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
) -> Translated:
    """``scope_option``: a scope's dimension and the name of the step in which it stands (or nothing) → the rule that
    answers for it. ``pinned``: the name of a step → the scope fields of its actions which the route sets itself,
    destination ids in them. ``ignored``: the name of a step → whether the route leaves it to the destination. Never
    raises for what the data holds; raises :class:`worker.sync.world.NotObserved` through ``resolve``."""
    walk = _Walk(path, resolve, scope_option, on_missing, pinned, ignored)
    try:
        walk.out.document = walk.object(kind.shape, document, "")
        walk.out.document.pop("Id", None)
        walk.find_ids(walk.out.document, "")
    except Skip as skip:
        walk.out.decisions.append(Decision("does-not-cross", "", str(skip)))
    except Blocked as blocked:
        walk.out.blocked = blocked.decision
        walk.out.waits_for = (blocked.waits_for,) if blocked.waits_for else ()
    return walk.out


def at(where: str, name: str) -> str:
    """A place below a place: ``Steps[Deploy web]`` and ``Actions`` make ``Steps[Deploy web]/Actions``."""
    return f"{where}/{name}" if where else name


def label(element: Document, identity: Iterable[str]) -> str:
    """An element's name for people: ``Deploy web``, or of a rule ``[1.0,2.0) ^$``."""
    return " ".join(verbatim(str(element.get(name))) for name in identity if element.get(name) not in (None, ""))


class _Pinned(list[str]):
    """Ids that are the destination's already."""


class _Walk:
    def __init__(
        self,
        path: NamePath,
        resolve: Resolve,
        scope_option: Callable[[str, str], ScopeOption],
        on_missing: OnMissing,
        pinned: Callable[[str], Mapping[str, list[str]]],
        ignored: Callable[[str], bool],
    ) -> None:
        self.path = path
        self.pinned = pinned
        self.ignored = ignored
        self.resolve = resolve
        self.scope_option = scope_option
        self.on_missing = on_missing
        self.out = Translated()
        self.step = ""
        """The name of the step whose actions are at hand."""

    def object(self, shape: Shape, document: Document, where: str) -> Document:
        result: Document = {}
        if shape is ACTION:
            document = self.pin(document, where)
        missing: dict[str, list[str]] = {}
        versions: Document = {}
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
                else:
                    result[name] = value
        asking.done()
        result |= versions
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
        return action | {name: _Pinned(ids) for name, ids in pinned.items()}

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
        """A key that the destination lacks is no mismatch: what it would be linked to is not there."""
        found: dict[str, list[str]] = {}
        asking = Asking()
        for key, ids in links.items():
            with asking:
                here = self.ask(keyed.key, key)
                each = [self.ask(keyed.each, one) for one in ids]
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

    def ask(self, ref: Ref, source_id: str) -> Resolved:
        return self.resolve(ref.kind, source_id) if ref.closure else self.resolve(ref.kind, source_id, create=False)

    def reference(
        self,
        shape: Shape,
        name: str,
        ref: Ref,
        value: Any,
        where: str,
        missing: dict[str, list[str]],
        versions: Document,
    ) -> Any:
        if is_secret(value) or (is_expression(value) and ref.form is not Form.CSV):
            return value
        if isinstance(value, _Pinned):
            return list(value)
        scoped = any(name in scope.fields for scope in shape.scopes)
        if ref.form is Form.ID:
            return self.single(ref, value, where, versions, missing.setdefault(name, []) if scoped else None)
        separate = BETWEEN_IDS.split(str(value)) if ref.form is Form.CSV else list(value)
        ids: list[str] = []
        lost: list[Resolved] = []
        asking = Asking()
        for item in (text.strip() for text in separate):
            if is_expression(item):
                ids.append(item)
                continue
            with asking:
                resolved = self.ask(ref, item)
                if resolved.alone:
                    # Not known to be gone, so not left out: a shorter list could mean more.
                    raise Blocked("not-visible", where, f"names {item}: {resolved.why}")
                if not resolved.ids:
                    lost.append(resolved)
                ids += [found for found in resolved.ids if found not in ids]
        asking.done()
        if scoped:
            missing[name] = [resolved.name for resolved in lost]
        elif lost:
            self.lost_from_list(ref, ids, lost, where)
        return ",".join(ids) if ref.form is Form.CSV else ids

    def single(self, ref: Ref, value: str, where: str, versions: Document, missing: list[str] | None) -> Any:
        """``missing``: of one that is a scope, where to note what the destination lacks."""
        resolved = self.ask(ref, value)
        if resolved.ids:
            if ref.version_key and resolved.version is not None:
                versions[ref.version_key] = str(resolved.version)
            return resolved.ids[0]
        if resolved.alone and looks_like(ref.kind, value):
            raise Blocked("not-visible", where, f"names {value}: {resolved.why}")
        if resolved.alone and ref.loose:
            return value
        if missing is not None:
            missing.append(resolved.name)
            return None
        if not ref.required:
            self.drop(where, resolved)
            return None
        self.required(ref, resolved, where)
        return None

    def required(self, ref: Ref, resolved: Resolved, where: str) -> None:
        """Always raises: nothing can stand in for what is required."""
        text = f"requires {waits_on(resolved)}"
        if self.on_missing is OnMissing.SKIP_ELEMENT and where.count("["):
            raise Skip(text)
        if not resolved.may_come and resolved.why.startswith("does not cross"):
            # What it requires stays at home on purpose, and so does it. Nothing is wrong, and nobody waits.
            raise Skip(text)
        raise Blocked("required-reference", where, text, resolved.item or None)

    def lost_from_list(self, ref: Ref, ids: list[str], lost: list[Resolved], where: str) -> None:
        if not ids and ref.empty is Empty.ANYWHERE:
            self.required(ref, lost[0], where)
        for resolved in lost:
            self.drop(where, resolved)

    def drop(self, where: str, resolved: Resolved) -> None:
        text = f"{resolved.name} is left out: {resolved.why or 'it is not on the destination'}"
        self.out.decisions.append(Decision("reference-dropped", where, text))
        self.out.clean_ups.append(CleanUp(self.path, f"{where}={resolved.name}", "reference-dropped", text))

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
            self.out.clean_ups.append(CleanUp(self.path, place, "scope-widened", f"{text}: it now applies everywhere"))

    def find_ids(self, value: Any, where: str) -> None:
        """Ids in the free text of properties that no declaration knows."""
        if isinstance(value, list):
            for index, item in enumerate(value):
                name = label(item, ("Name",)) if isinstance(item, dict) else ""
                self.find_ids(item, f"{where}[{name or index}]")
        elif isinstance(value, dict):
            for name, item in value.items():
                if name == "Properties" and isinstance(item, dict):
                    self.find_in_properties(item, at(where, name))
                elif name != "Id":
                    self.find_ids(item, at(where, name))

    def find_in_properties(self, properties: Document, where: str) -> None:
        for key, value in properties.items():
            if key in PROPERTY_REFERENCES or not isinstance(value, str):
                continue
            for found in sorted(set(ID_LIKE.findall(value))):
                text = f"holds {verbatim(found)}, which looks like an id of the source and is left as it stands"
                place = f"{at(where, key)}={verbatim(found)}"
                self.out.decisions.append(Decision("untranslated-id", at(where, key), text))
                self.out.clean_ups.append(CleanUp(self.path, place, "untranslated-id", text))


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def looks_like(kind_name: str, value: str) -> bool:
    """Whether a value is the id of an item of that kind, rather than text that stands where an id may stand."""
    kind = registry.kind_of(value)
    return kind is not None and kind.name == kind_name and value.partition("-")[2].isdigit()
