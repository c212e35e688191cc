"""Whether a document of the destination is ours as it stands: made by us, and edited by nobody. Pure.

What is not, holds something that only the destination has, and is never deleted for the source's sake. A secret is
never ours: nobody can see whether somebody has entered it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worker.kinds.kind import Kind
from worker.kinds.logos import LOGO, is_plain
from worker.kinds.references import is_secret
from worker.kinds.shape import Shape
from worker.kinds.tenants import TENANT_VARIABLES
from worker.kinds.variables import VARIABLE_SET
from worker.plan.values import Document
from worker.sync.tenants.cells import cells_of, same_value
from worker.sync.tenants.merge import Memory
from worker.sync.variables.baseline import RowBaseline, VariablesBaseline
from worker.sync.variables.rows import is_sensitive
from worker.sync.world.baseline import Baseline
from worker.sync.world.fields import MISSING, same

HIDDEN = "holds a secret, and nobody can see who entered it"


def edited(kind: Kind, baseline: Baseline | None, there: Document) -> str | None:
    """What of the document is not ours, for people; ``None`` where all of it is."""
    if kind is LOGO and is_plain(there):
        return None
    if baseline is None or not (baseline.created or baseline.fresh):
        return "was there before it was synced"
    if kind is VARIABLE_SET:
        return _rows(baseline, there)
    if kind is TENANT_VARIABLES:
        return _values(baseline, there)
    if any(_secrets(there)):
        return HIDDEN
    if baseline.wrote is None:
        has_content = any(there.get(name) for name in kind.shape.elements)
        return "was filled on the destination" if has_content else None
    return next(_edits(kind.shape, baseline.wrote, there), None)


def _edits(shape: Shape, wrote: Document, there: Document) -> Iterator[str]:
    for name, value in there.items():
        if name in shape.server or name in shape.own or name in {"Id", "Links"}:
            continue
        if not same(_as_set(value), _as_set(wrote.get(name, MISSING))):
            yield f"{name} was edited on the destination"


def _as_set(value: Any) -> Any:
    plain = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return sorted(value) if plain else value


def _rows(baseline: Baseline, there: Document) -> str | None:
    known: dict[str, RowBaseline] = {}
    if baseline.rows:
        # Those of a write of which nobody heard have no ids yet: they are known by what they hold.
        of_id = {str(row.get("Id")): row for row in there.get("Variables") or []}
        known = {row.destination_id: row for row in VariablesBaseline.from_json(baseline.rows).aligned({}, of_id).rows}
    for row in there.get("Variables") or []:
        name = f"the variable {row.get('Name')!r}"
        ours = known.get(str(row.get("Id")))
        if ours is None:
            return f"{name} is the destination's own"
        if is_sensitive(row):
            return f"{name} {HIDDEN}"
        if not ours.is_untouched(row):
            return f"{name} was edited on the destination"
    return None


def _values(baseline: Baseline, there: Document) -> str | None:
    wrote = Memory.from_json(baseline.rows or {}).wrote
    for cell, value in cells_of(there.get("Values")).items():
        if not isinstance(value, str):
            return HIDDEN
        if cell not in wrote or not same_value(wrote[cell], value):
            return "values were entered on the destination"
    return None


def _secrets(value: Any) -> Iterator[bool]:
    if is_secret(value):
        yield bool(value["HasValue"])
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item)
