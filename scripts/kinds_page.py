"""Writes the generated part of docs/kinds.md: what becomes of each kind of item, from the declarations.

    python scripts/kinds_page.py           writes it
    python scripts/kinds_page.py --check   says whether it is what the declarations say, exit status 1

The declarations are `worker/kinds/`, what never crosses stands in `config/names.py`. What stands around the generated
part is written by hand.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from config.names import NEVER_KINDS
from scripts.generated import Generated
from worker.kinds import registry
from worker.kinds.controls import CONTROL_TYPES
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.projects import ON_DEPLOYMENT_SETTINGS, PROJECT
from worker.kinds.references import ANSWERS, Empty, Ref
from worker.kinds.shape import SERVER_FIELDS, Elements, Shape
from worker.kinds.tenants import TENANT_VARIABLES
from worker.kinds.variables import SCOPE_REFERENCES, VALUE_REFERENCES, VARIABLE_SET

PART = Generated(
    Path(__file__).resolve().parents[1] / "docs" / "kinds.md",
    "<!-- kinds: scripts/kinds_page.py -->",
    "<!-- end of the kinds -->",
)
MODES = {
    Mode.EXACT: "exact",
    Mode.SHARED_NAME: "shared name",
    Mode.MERGE: "merged",
    Mode.ON_REQUEST: "on request",
    Mode.LOOKUP: "looked up",
}
EMPTY = {
    Empty.ANYWHERE: "no restriction: never emptied",
    Empty.NOWHERE: "nothing",
    Empty.DEFAULT: "the server's default",
}
NAMES = dict.fromkeys(("own-step", "step", "step-slug", "action"), "a step of the process") | {
    "process-owner": "the deployment process or a runbook",
    "github-connection": "a GitHub connection",
    ANSWERS: "a variable that is prompted for",
}
ROW_BY_ROW = {
    VARIABLE_SET.name: "value, scope, type, prompt and description each by its rule: [Variables](merge.md#variables)",
    TENANT_VARIABLES.name: "each value by the rules `tenants.variables`; secrets only where the destination has none",
}


def generated() -> str:
    crossing = registry.writable()
    out = ["## At a glance", "", *_glance(crossing), ""]
    out += ["## Never written", "", "No route can name these.", "", *_never(), ""]
    out += ["Only found on both sides, by name, so that others can refer to them:", "", *_looked_up(), ""]
    out += ["## Every kind", "", "In the order in which they are written.", ""]
    for kind in crossing:
        out += [f"### {kind.name}", "", *_section(kind), ""]
    return "\n".join(out).rstrip() + "\n"


def _glance(kinds: Iterable[Kind]) -> Iterator[str]:
    yield "| kind | mode | belongs to | missing on the destination | deleted on the source, where the route deletes |"
    yield "|---|---|---|---|---|"
    for kind in kinds:
        owners = " or ".join(kind.owner_kinds) or ("the server" if kind.of_server else "the space")
        cells = (f"[{kind.name}](#{kind.name})", MODES[kind.mode], owners, _missing(kind), _deleted(kind))
        yield f"| {' | '.join(cells)} |"


def _missing(kind: Kind) -> str:
    if kind.place is Place.WITH_OWNER:
        return "comes with its owner"
    if kind.never_created:
        return "never created"
    if not kind.created_by_closure:
        return "created where the route includes it"
    return "created" if kind.owner_kinds else "created, also where something needs it"


def _deleted(kind: Kind) -> str:
    if kind.place is Place.WITH_OWNER:
        return "goes with its owner"
    if kind.never_created:
        return "stays: it is never ours"
    if kind.never_deleted:
        return f"stays: {kind.never_deleted}"
    held = " or ".join(kind.keeps.values())
    return f"deleted, unless it has {held}" if held else "deleted"


def _never() -> Iterator[str]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, reason in NEVER_KINDS.items():
        by_reason[reason].append(name)
    for reason, names in by_reason.items():
        yield f"- {', '.join(names)}: {reason}."


def _looked_up() -> Iterator[str]:
    for kind in registry.ALL:
        if kind.mode is Mode.LOOKUP and kind.listed_by is not None:
            yield f"- {kind.name}: `{kind.listed_by}`."


# ── one kind ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _section(kind: Kind) -> Iterator[str]:
    for what, text in _facts(kind):
        yield f"- **{what}**: {text}."
    if rows := list(_references(kind)):
        yield ""
        yield "| refers to | where | required | empty means |"
        yield "|---|---|---|---|"
        yield from rows


def _facts(kind: Kind) -> Iterator[tuple[str, str]]:
    yield "Mode", MODES[kind.mode]
    yield "Lives", _lives(kind)
    yield "Identified by", _identified(kind)
    yield "Missing on the destination", _missing(kind) + (f": {kind.never_created}" if kind.never_created else "")
    yield "Deleted on the source", _deleted(kind)
    if kind.follows:
        yield "Planned", f"only where its {kind.follows} is"
    if kind.name in ROW_BY_ROW:
        yield "Merged row by row", ROW_BY_ROW[kind.name]
    if lists := list(_lists(kind.shape)):
        yield "Merged element by element", ", ".join(lists)
    for what, field in (
        ("Never sent nor compared", "server"),
        ("Set once, never changed", "fixed"),
        ("The destination's own once it exists", "own"),
        ("The destination's own unless `retention: follow`", "retention"),
        ("In a conflict the destination's", "values"),
    ):
        elsewhere = SERVER_FIELDS | (ON_DEPLOYMENT_SETTINGS if kind is PROJECT else frozenset())
        names = [name for name in _fields(kind.shape, field) if name.rpartition(".")[2] not in elsewhere]
        if names:
            yield what, _quoted(names)
    if kind is PROJECT:
        yield "Shown on it, but written with its deployment-settings", _quoted(sorted(ON_DEPLOYMENT_SETTINGS))
    if kind.pristine:
        yield "New ones have", ", ".join(f"`{name}: {_value(value)}`" for name, value in sorted(kind.pristine.items()))
    if never := list(_types(kind)):
        yield "Never written", "; ".join(never)


def _lives(kind: Kind) -> str:
    where = f"`{kind.document_route or kind.route}`"
    if kind.of_server:
        where += " of the whole server"
    if kind.place is Place.WITH_OWNER:
        where += f", made by the server with its {' or '.join(kind.owner_kinds)}"
    elif kind.owner_kinds:
        where += f", in a {' or '.join(kind.owner_kinds)}"
    if kind.among is not None:
        field, value = kind.among
        where += f", where `{field}` is {_value(value)}"
    return where + (f", since {kind.since}" if kind.since else "")


def _identified(kind: Kind) -> str:
    if kind.place is Place.WITH_OWNER:
        return "its owner, which has one"
    if kind.called_by:
        text = f"`{kind.called_by}` and what else it says"
    else:
        text = "its name" + (f" within its {' or '.join(kind.owner_kinds)}" if kind.owner_kinds else "")
    if kind.type_field or kind.type_of:
        text += ", and its type" + (f" (`{kind.type_field}`)" if kind.type_field else "")
    return text + "; once it has crossed, the link that is remembered"


def _types(kind: Kind) -> Iterator[str]:
    """What of a kind never crosses, though the kind does."""
    if kind.never_types:
        yield f"those of type {_listed(kind.never_types)}"
    if kind.looked_up_types:
        yield f"those that are {_listed(kind.looked_up_types)}: only found"
    if made := kind.never_created_types - kind.looked_up_types:
        yield f"those of type {_listed(made)}: each space has its own"


def _lists(shape: Shape, above: str = "") -> Iterator[str]:
    for name, elements in shape.elements.items():
        yield f"`{above}{name}` ({_identity(elements)})"
        yield from _lists(elements.shape, f"{above}{name}[].")
    for name, child in shape.children.items():
        yield from _lists(child, f"{above}{name}.")
    for name in shape.keyed:
        yield f"`{above}{name}` (what its keys name)"


def _identity(elements: Elements) -> str:
    return "by " + " and ".join(f"`{name}`" for name in elements.identity)


def _fields(shape: Shape, field: str, above: str = "") -> Iterator[str]:
    yield from (f"{above}{name}" for name in sorted(getattr(shape, field)))
    for name, child in shape.children.items():
        yield from _fields(child, field, f"{above}{name}.")
    for name, elements in shape.elements.items():
        yield from _fields(elements.shape, field, f"{above}{name}[].")


def _references(kind: Kind) -> Iterator[str]:
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    typed: list[str] = []
    for place, ref in kind.shape.references():
        before, _, control = place.partition(" (")
        if control.rstrip(")").split(")")[0] in CONTROL_TYPES:
            typed += [before] if before not in typed else []
        else:
            found[_meaning(ref)].append(place)
    if kind is VARIABLE_SET:
        for name, ref in SCOPE_REFERENCES.items():
            found[(NAMES.get(ref.kind, ref.kind), "", "everywhere: the rule of the scope")].append(
                f"Variables[].Scope.{name}"
            )
        for type_name, named in VALUE_REFERENCES.items():
            found[(named, "", "no value")].append(f"Variables[].Value of type {type_name}")
    for (named, required, empty), places in found.items():
        yield f"| {named} | {', '.join(f'`{place}`' for place in places)} | {required} | {empty} |"
    if typed:
        yield f"| by control type | {', '.join(f'`{place}`' for place in typed)} | | nothing |"


def _meaning(ref: Ref) -> tuple[str, str, str]:
    return NAMES.get(ref.kind, ref.kind), "yes" if ref.required else "", EMPTY[ref.empty]


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _value(value: object) -> str:
    return "empty" if value is None or value == [] else str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(PART.main(generated(), sys.argv))
