"""Writes the table in docs/references.md: every place in which a document of a kind names another item.

    python scripts/references_page.py           writes it
    python scripts/references_page.py --check   says whether it is what the declarations say, exit status 1

The declarations are `worker/kinds/`. What stands around the table is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.generated import Generated
from worker.kinds import registry
from worker.kinds.controls import CONTROL_TYPES
from worker.kinds.references import ANSWERS, OWN_STEP, Empty, Form, Ref
from worker.kinds.shape import Shape
from worker.kinds.variables import SCOPE_REFERENCES, VALUE_REFERENCES

PART = Generated(
    Path(__file__).resolve().parents[1] / "docs" / "references.md",
    "<!-- table: scripts/references_page.py -->",
    "<!-- end of the table -->",
)
FORMS = {Form.ID: "an id", Form.LIST: "ids", Form.CSV: "ids in one string", Form.TAG: "tags by name"}
BY_CONTROL = "by control type"
NAMES = {"own-step": "a step of the process", "step": "a step of the process", "step-slug": "a step of the process"}


def table() -> str:
    rows = [f"| {kind} | {place} | {names} | {form} | {lacking} |" for kind, place, names, form, lacking in _rows()]
    return "\n".join(["| kind | place | names | as | where the destination lacks it |", "|---|---|---|---|---|", *rows])


def _rows() -> Iterator[tuple[str, str, str, str, str]]:
    for kind in registry.ALL:
        typed: set[str] = set()
        scoped = set(_scoped(kind.shape))
        for place, ref in kind.shape.references():
            before, _, control = place.partition(" (")
            if control.rstrip(")").split(")")[0] in CONTROL_TYPES:
                if before not in typed:
                    yield kind.name, f"`{before}`", BY_CONTROL, "see below", "left empty, and told"
                typed.add(before)
            else:
                lacking = "the rule of the scope" if place in scoped else _lacking(ref)
                yield kind.name, f"`{place}`", NAMES.get(ref.kind, ref.kind), _form(ref), lacking
    for name, ref in SCOPE_REFERENCES.items():
        yield "variable-set", f"`Variables[].Scope.{name}`", ref.kind, FORMS[ref.form], "the rule of the scope"
    for name in sorted({*VALUE_REFERENCES.values()}):
        types = ", ".join(f"`{one}`" for one, kind in VALUE_REFERENCES.items() if kind == name)
        yield "variable-set", f"`Variables[].Value` of type {types}", name, "an id", "`variables.references`"


def _scoped(shape: Shape, above: str = "") -> Iterator[str]:
    """The places that say where something applies."""
    for scope in shape.scopes:
        yield from (f"{above}{name}" for name in scope.fields)
    for name, child in shape.children.items():
        yield from _scoped(child, f"{above}{name}.")
    for name, elements in shape.elements.items():
        yield from _scoped(elements.shape, f"{above}{name}[].")


def _form(ref: Ref) -> str:
    if ref.kind == ANSWERS:
        return "answers, each by the variable's id"
    return "its id, name or slug" if ref.kind in ("step", "step-slug") else FORMS[ref.form]


def _lacking(ref: Ref) -> str:
    if ref.kind == OWN_STEP:
        return "put in once it is there, else told"
    if ref.kind == ANSWERS:
        return "the answer is left to a person"
    if ref.foreign:
        return "never has one: left to a person"
    if ref.required:
        return "blocks, or leaves out the element"
    return "blocks, if nothing is left" if ref.empty is Empty.ANYWHERE else "left out, and told"


if __name__ == "__main__":
    sys.exit(PART.main(table(), sys.argv))
