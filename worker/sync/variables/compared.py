"""What was compared in a row of a variable set, for whoever asks why. Pure. See :mod:`worker.sync.world.compared`."""

from __future__ import annotations

from collections.abc import Iterator

from config.rules import ValueRule, VariableRules
from worker.plan.values import Document
from worker.sync.variables.baseline import RowBaseline
from worker.sync.variables.row import MergedRow, WantedRow, wanted_fields
from worker.sync.variables.rows import REMEMBERED, is_sensitive, label, plain, same_field, scope_document, scope_of
from worker.sync.world.compared import SECRET, Compared

LEFT = "left"
WRITTEN = "written"


def compared_row(
    wanted: WantedRow, there: Document, known: RowBaseline | None, merged: MergedRow, rules: VariableRules
) -> Iterator[Compared]:
    """``there``: the destination's row as it is; ``merged``: what came of it."""
    want = wanted_fields(wanted)
    base = known.want if known is not None and not known.stands_in else None
    wrote = (known.wrote if known is not None else None) or {}
    secret = any(is_sensitive(row) for row in (want, there, merged.row))
    for name in REMEMBERED:
        if name == "IsSensitive" or name not in want:
            continue
        alike = same_field(name, want, there)
        moved = base is not None and not (name in base and same_field(name, base, want))
        if name == "Value" and secret:
            verdict = SECRET
        elif name in merged.written:
            verdict = WRITTEN
        elif alike:
            verdict = "same"
        else:
            verdict = LEFT if moved else "keep"
        yield Compared(
            f"{label(there)}/{name}",
            verdict,
            _shown(name, base) if base is not None else None,
            _shown(name, want),
            _shown(name, wrote) if name in wrote else None,
            _shown(name, there),
            base is None,
            alike and (name not in wrote or same_field(name, wrote, there)),
            hidden=name == "Value" and (secret or rules.value is ValueRule.KEEP),
        )


def _shown(name: str, row: Document) -> object:
    return scope_document(scope_of(row)) if name == "Scope" else plain(row.get(name))
