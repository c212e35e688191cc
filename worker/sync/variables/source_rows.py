"""Rows: the variables of the source in the destination's terms, each with what the scope rules say of it. Pure."""

from __future__ import annotations

from config.rules import ItemRules, ScopeOption, UnknownReference
from worker.kinds.references import is_expression
from worker.kinds.variables import SCOPE_DIMENSIONS, SCOPE_REFERENCES, VALUE_REFERENCES
from worker.plan.values import Decision, Document, NamePath
from worker.sync.translating.crossing import Blocked, Resolve, Translated, verdict_on
from worker.sync.translating.hidden import Identify, hidden_ids, is_nobodys, told
from worker.sync.translating.resolve import waits_on
from worker.sync.variables.merge import WantedRow
from worker.sync.world.naming import verbatim
from worker.sync.world.world import Asking


def translate_rows(
    path: NamePath, variable_set: Document, resolve: Resolve, rules: ItemRules, identify: Identify = is_nobodys
) -> tuple[list[WantedRow], Translated]:
    """The rows, and the decisions on them. ``Translated.blocked`` is set where an *error* option refuses the whole set.

    ``identify``: what the source has under an id. Raises :class:`worker.sync.world.world.NotObserved` through both.
    """
    out = Translated()
    rows: list[WantedRow] = []
    asking = Asking()
    for row in variable_set.get("Variables") or []:
        try:
            with asking:
                rows.append(_row(row, resolve, rules, out, identify))
        except Blocked as blocked:
            out.blocked = blocked.decision
            out.waits_for = (blocked.waits_for,) if blocked.waits_for else ()
            return [], out
    asking.done()
    return rows, out


def _row(row: Document, resolve: Resolve, rules: ItemRules, out: Translated, identify: Identify) -> WantedRow:
    where = f"Variables[{verbatim(str(row.get('Name')))}]"
    translated = {name: value for name, value in row.items() if name != "Id"}
    skip: str | None = None
    scope: dict[str, list[str]] = {}
    widened: list[str] = []
    on_new_only = partly = unseen = namesake = False
    for dimension, ids in (row.get("Scope") or {}).items():
        ref = SCOPE_REFERENCES.get(dimension)
        if ref is None or not ids:
            scope[dimension] = list(ids or [])
            continue
        found: list[str] = []
        lost: list[str] = []
        first = False
        for source_id in ids:
            resolved = resolve(ref.kind, source_id)
            first = first or not resolved.is_namesake
            if not resolved.ids:
                lost.append(resolved.name)
            if resolved.alone:
                # Not known to be gone: the row stays at home, and what is there already stays as it is.
                unseen, skip = True, f"not-visible: {resolved.why}"
            if resolved.soon:
                text = f"waits for {resolved.name}: {resolved.why}"
                raise Blocked("waits", f"{where}/Scope/{dimension}", text, resolved.item)
            found += [item for item in resolved.ids if item not in found]
        if lost:
            option = _option(rules, dimension)
            rule = f"scope:{SCOPE_DIMENSIONS[dimension]}={option}"
            text = f"scoped to {', '.join(map(repr, lost))}, not on the destination"
            verdict = verdict_on(option, bool(found))
            if verdict == "error":
                raise Blocked(rule, f"{where}/Scope/{dimension}", text)
            if verdict == "skip":
                # What fits in part is skipped by an *exact* option: it has not left the destination's world.
                partly = bool(found) if skip is None else partly and bool(found)
                skip = skip or f"{rule}: {text}"
            else:
                out.decisions.append(Decision(rule, f"{where}/Scope/{dimension}", text))
                if not found:
                    widened.append(dimension)
            on_new_only = on_new_only or option is ScopeOption.IGNORE_MISMATCH_ON_NEW
        if found:
            scope[dimension] = found
            namesake = namesake or not first
    translated["Scope"] = {dimension: ids for dimension, ids in scope.items() if ids}
    unresolved = _value(translated, resolve)
    if unresolved is not None:
        match _unknown(rules, str(row.get("Type"))):
            case UnknownReference.ERROR:
                raise Blocked("variables.references=error", f"{where}/Value", unresolved)
            case UnknownReference.SKIP:
                skip, partly = skip or f"variables.references=skip: {unresolved}", True
            case UnknownReference.PLACEHOLDER:
                pass
    return WantedRow(
        source_id=row.get("Id") or "",
        row=translated,
        skip=skip,
        partly=skip is not None and (partly or unseen),
        source_scope=dict(row.get("Scope") or {}),
        on_new_only=on_new_only,
        widened=tuple(widened),
        unresolved_value=unresolved,
        hidden=() if row.get("Type") in VALUE_REFERENCES else _hidden(row.get("Value"), identify),
        namesake=namesake,
    )


def _hidden(value: object, identify: Identify) -> tuple[str, ...]:
    return tuple(told(*found) for found in hidden_ids(value, identify)) if isinstance(value, str) else ()


def _unknown(rules: ItemRules, row_type: str) -> UnknownReference:
    """The rule for a value that names nothing on the destination."""
    found: UnknownReference = getattr(rules.variables.references, VALUE_REFERENCES[row_type].replace("-", "_"))
    return found


def _value(row: Document, resolve: Resolve) -> str | None:
    """Put the destination's id in place of the source's. What cannot be translated is said, never passed on."""
    kind = VALUE_REFERENCES.get(row.get("Type") or "")
    value = row.get("Value")
    if kind is None or not value or is_expression(value):
        return None
    resolved = resolve(kind, value)
    if resolved.ids:
        row["Value"] = resolved.ids[0]
        return None
    row["Value"] = ""
    return waits_on(resolved)


def _option(rules: ItemRules, dimension: str) -> ScopeOption:
    option: ScopeOption = getattr(rules.variables.scopes, SCOPE_DIMENSIONS[dimension])
    return option
