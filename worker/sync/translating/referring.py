"""References: what a field of the source's document names, in the destination's ids. Pure.

Declared ones by their form (:mod:`worker.kinds.references`); the values of parameters and defaults by their control
type; ids deep inside of inputs and of JSON text. What hides elsewhere is left as it stands, and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from config.rules import OnMissing
from worker.kinds import registry
from worker.kinds.controls import control_type_of, meaning_of
from worker.kinds.processes import PROCESS_TEMPLATE
from worker.kinds.references import (
    ANSWERS,
    OWN_STEP,
    Empty,
    Form,
    Nested,
    PendingText,
    Ref,
    is_expression,
    is_secret,
)
from worker.kinds.shape import Shape
from worker.plan.values import CleanUp, Decision, Document, NamePath
from worker.sync.translating.answers import translate_answers
from worker.sync.translating.crossing import Blocked, Resolve, Skip, Translated, at
from worker.sync.translating.hidden import Identify, hidden_ids, is_nobodys, the_only, told
from worker.sync.translating.json_text import Spot, replaced, strings
from worker.sync.translating.resolve import waits_on
from worker.sync.world.naming import verbatim
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Asking

BETWEEN_IDS = re.compile(r",(?![^{}]*\})")
"""A comma in a list of ids, not one within an expression."""


VersionOf = Callable[[str, str, str], tuple[str, bool]]
"""(source id of a step template, a version of it, its id on the destination) → what that version is called there, and
whether it is really that one."""


def as_it_is(_template: str, version: str, _there: str) -> tuple[str, bool]:
    return version, True


class Pinned(list[str]):
    """Ids that are the destination's already."""


class Referring:
    """What a walk over a document needs to translate references. The verdicts are in ``out``."""

    def __init__(
        self,
        path: NamePath,
        resolve: Resolve,
        on_missing: OnMissing,
        parameters: Callable[[Document], Mapping[str, str]],
        identify: Identify,
        version: VersionOf = as_it_is,
    ) -> None:
        self.path = path
        self.resolve = resolve
        self.on_missing = on_missing
        self.parameters = parameters
        self.identify = identify
        self.version = version
        self.out = Translated()

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
        versions: dict[str, tuple[str, str]],
    ) -> Any:
        if ref.kind == ANSWERS:
            return translate_answers(self, value, where)
        if is_secret(value) or (is_expression(value) and ref.form is not Form.CSV):
            return value
        if isinstance(value, Pinned):
            return list(value)
        if ref.foreign:
            named = f"names the {ref.kind} {verbatim(str(value))}, which belongs to the source"
            self.leave_to_a_person(f"{named}: choose one here", where)
            return None
        if ref.kind == OWN_STEP:
            return self.own_steps(str(value), where)
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
                if resolved.soon:
                    raise Blocked("waits", where, f"waits for {resolved.name}: {resolved.why}", resolved.item)
                if not resolved.ids:
                    lost.append(resolved)
                ids += [found for found in resolved.ids if found not in ids]
        asking.done()
        if scoped:
            missing[name] = [resolved.name for resolved in lost]
        elif lost:
            self.lost_from_list(ref, ids, lost, where)
        return PendingText.of(_between(ids)) if ref.form is Form.CSV else ids

    def single(
        self,
        ref: Ref,
        value: str,
        where: str,
        versions: dict[str, tuple[str, str]],
        missing: list[str] | None = None,
    ) -> Any:
        """``versions``: where to note that the key beside it counts versions of what it names (id here, and there).
        ``missing``: of one that is a scope, where to note what the destination lacks."""
        if ref.loose and is_no_id(ref.kind, value):
            return value
        resolved = self.ask(ref, value)
        if resolved.ids:
            if ref.version_key:
                versions[ref.version_key] = value, resolved.ids[0]
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
        if resolved.stays_at_home:
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

    def versioned(self, document: Document, versions: dict[str, tuple[str, str]], where: str) -> Document:
        """The keys that count versions, each with what the destination calls that version."""
        result: Document = {}
        asking = Asking()
        for key, (here, there) in versions.items():
            version = document.get(key)
            if version in (None, ""):
                continue
            with asking:
                number, same = self.version(here, str(version), there)
                result[key] = number
                if not same:
                    self.no_such_version(str(version), number, at(where, key))
        asking.done()
        return result

    def no_such_version(self, version: str, number: str, where: str) -> None:
        text = (
            f"the destination has no version of the step template that is the source's {version}: "
            f"the step keeps the script of that one, and says version {number}"
        )
        self.out.decisions.append(Decision("template-version", where, text))
        self.out.clean_ups.append(CleanUp(self.path, where, "template-version", text))

    # ── what no field of its own says ─────────────────────────────────────────────────────────────────────────────────

    def meanings(self, shape: Shape, document: Document) -> Mapping[str, Ref | Nested]:
        """What fields mean by what stands in them or beside them."""
        found: dict[str, Ref | Nested | None] = {**shape.nested}
        for name, settings in shape.typed.items():
            found[name] = meaning_of(control_type_of({"DisplaySettings": document.get(settings)}))
        if shape.parameters:
            found |= {name: meaning_of(control) for name, control in self.parameters(document).items()}
            if PROCESS_TEMPLATE in document:
                ids = {name: the_only(value, self.identify) for name, value in document.items()}
                found |= {name: Ref(known.kind, loose=True) for name, known in ids.items() if known is not None}
        return {name: meaning for name, meaning in found.items() if meaning is not None}

    def meant(self, meaning: Ref | Nested, value: Any, where: str) -> Any:
        if isinstance(meaning, Ref):
            return self.id_or_name(meaning, value, where) if isinstance(value, str) and value else value
        if not (meaning.text and isinstance(value, str)):
            return self.nested(meaning, None, value, where)
        if strings(value) is None:
            self.find_ids(value, where)
            return value
        asking = Asking()

        def one(spot: Spot) -> str | None:
            with asking:
                found: str | None = self.nested(meaning, spot.key, spot.value, at(where, spot.place))
                return found
            return None

        text = replaced(value, one)
        asking.done()
        return text

    def nested(self, nested: Nested, key: str | None, value: Any, where: str) -> Any:
        """``key``: the one under which the value stands, or the list in which it does."""
        if isinstance(value, str):
            if key is None or key not in nested.keys or not value:
                self.find_ids(value, where)
                return value
            return self.id_or_name(nested.keys[key], value, where) or ""
        asking = Asking()
        result: Any = value
        if isinstance(value, dict) and not is_secret(value):
            result = {}
            for name, item in value.items():
                with asking:
                    result[name] = self.nested(nested, name, item, at(where, name))
        elif isinstance(value, list):
            result = []
            for index, item in enumerate(value):
                with asking:
                    result.append(self.nested(nested, key, item, f"{where}[{index}]"))
        asking.done()
        return result

    def id_or_name(self, ref: Ref, value: str, where: str) -> Any:
        return value if is_expression(value) else self.single(ref, value, where, {})

    def own_steps(self, value: str, where: str) -> str:
        """One that is not there (yet) stays as it is: then it names nothing, and to leave it out would name all."""
        ids: list[str] = []
        asking = Asking()
        for item in (text.strip() for text in BETWEEN_IDS.split(value)):
            with asking:
                found = self.resolve(OWN_STEP, item) if not is_expression(item) else Resolved((item,))
                ids += found.ids or (item,)
                if not found.ids:
                    text = f"names the step {found.name!r}, which is not there: it is left as it stands"
                    self.out.decisions.append(Decision("untranslated-id", where, text))
                    self.out.clean_ups.append(CleanUp(self.path, f"{where}={verbatim(item)}", "untranslated-id", text))
        asking.done()
        return ",".join(ids)

    def leave_to_a_person(self, text: str, where: str) -> None:
        self.out.decisions.append(Decision("foreign", where, text))
        self.out.clean_ups.append(CleanUp(self.path, where, "choose-here", text))

    def find_ids(self, value: Any, where: str) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                self.find_ids(item, at(where, name))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.find_ids(item, f"{where}[{index}]")
        elif isinstance(value, str):
            for token, known in hidden_ids(value, self.identify):
                text = told(token, known)
                self.out.decisions.append(Decision("untranslated-id", where, text))
                self.out.clean_ups.append(CleanUp(self.path, f"{where}={verbatim(token)}", "untranslated-id", text))


def _between(ids: list[str]) -> list[str]:
    return [part for item in ids for part in (",", item)][1:]


def looks_like(kind_name: str, value: str) -> bool:
    """Whether a value is the id of an item of that kind, rather than text that stands where an id may stand."""
    kind = registry.kind_of(value)
    return kind is not None and kind.name == kind_name and value.partition("-")[2].isdigit()


def is_no_id(kind_name: str, value: str) -> bool:
    """Whether a value cannot be the id of an item of that kind (a package id, a variable's name): nobody is asked."""
    return kind_name in registry.BY_NAME and kind_name not in {kind.name for kind in registry.kinds_of(value)}


def translate_value(
    path: NamePath,
    where: str,
    control_type: str | None,
    value: Any,
    resolve: Resolve,
    identify: Identify = is_nobodys,
) -> tuple[Any, Translated]:
    """The value of a variable template (of a tenant, say) in the destination's terms, by its control type.

    The value is ``None`` where it names what the destination lacks; ``Translated`` then holds the clean-up entry, and
    in any case the findings. ``Translated.blocked`` is set where it names what the source does not list (not visible
    to the key, perhaps): such a value is not written. ``where`` is its place in the document of ``path``. Raises
    :class:`worker.sync.world.world.NotObserved` through ``resolve`` and ``identify``.
    """
    walk = Referring(path, resolve, OnMissing.BLOCK, lambda _: {}, identify)
    meaning = meaning_of(control_type)
    try:
        if meaning is not None:
            return walk.meant(meaning, value, where), walk.out
        if not is_secret(value):
            walk.find_ids(value, where)
    except Blocked as blocked:
        walk.out.blocked = blocked.decision
        walk.out.waits_for = (blocked.waits_for,) if blocked.waits_for else ()
        return None, walk.out
    return value, walk.out
