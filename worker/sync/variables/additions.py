"""Rows that the destination is to get: a source row that is new, or a stand-in for rows that may not cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.rules import NewRows, VariableRules
from worker.kinds.references import PendingId
from worker.plan.values import Document
from worker.sync.variables.row import Note, WantedRow, hidden_notes, placeholder_note, widened_note
from worker.sync.variables.rows import SENSITIVE, is_reference, is_sensitive


@dataclass(frozen=True, slots=True)
class Addition:
    """A row to add. ``sources``: places of the source rows that it is for. ``placeholder``: its value is not theirs."""

    row: Document
    sources: tuple[int, ...]
    placeholder: bool
    notes: tuple[Note, ...] = ()
    stands_in: bool = False


def new_row(source: int, wanted: WantedRow, rules: VariableRules) -> Addition:
    """The row as the source has it; a placeholder where its value is a secret, unknown here, or not to be copied."""
    row = {"Id": PendingId.of(wanted.source_id), **_portable(wanted.row)}
    notes = [widened_note(wanted)] if wanted.widened else []
    placeholder = is_sensitive(row) or wanted.unresolved_value is not None or rules.new_rows is NewRows.PLACEHOLDER
    if placeholder:
        row |= _placeholder(row, rules)
        notes.append(placeholder_note(row, wanted.unresolved_value))
    else:
        notes += hidden_notes(wanted)
    return Addition(row, (source,), placeholder, tuple(notes))


def stand_in(sources: Sequence[int], first: WantedRow, rules: VariableRules) -> Addition:
    """One unscoped placeholder for all rows of a name, of the first one's type."""
    row = {"Id": PendingId.of(first.source_id), **_portable(first.row), "Scope": {}}
    row |= _placeholder(row, rules)
    return Addition(row, tuple(sources), True, (placeholder_note(row),), stands_in=True)


def _placeholder(row: Document, rules: VariableRules) -> Document:
    if is_sensitive(row):
        return {"Type": SENSITIVE, "IsSensitive": True, "Value": rules.placeholder}
    return {"Value": "" if is_reference(row) else rules.placeholder}


def _portable(row: Document) -> Document:
    """What of a source row goes into a new one. Links are the server's own."""
    return {name: value for name, value in row.items() if name not in {"Id", "Links"}}
