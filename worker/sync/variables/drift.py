"""Edits made on the destination to rows that we wrote. Pure.

A value is one only where values follow the source: else it is the destination's own. That a placeholder was filled in
is no edit but what it is for, and of a secret nobody can see it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from config.rules import ValueRule, VariableRules
from worker.plan.values import Change, Document
from worker.sync.variables.baseline import CREATED, RowBaseline
from worker.sync.variables.rows import REMEMBERED, is_sensitive, label, plain, same_field, scope_document, scope_of
from worker.sync.world.fields import MISSING
from worker.sync.world.outcome import edited


def edits_of(
    row: Document, known: RowBaseline, want: Document, rules: VariableRules, written: Collection[str]
) -> Iterator[Change]:
    """``row``: as it is on the destination. ``want``: what the source asks for; where both agree nothing drifted.
    ``written``: fields which are about to be written anyway."""
    wrote = known.wrote or {}
    for name in REMEMBERED:
        if name in written:
            continue
        if name not in wrote or name == "IsSensitive" or same_field(name, wrote, row) or same_field(name, row, want):
            continue
        if name == "Value" and not _value_follows(row, known, wrote, rules):
            continue
        yield edited(f"{label(row)}/{name}", _shown(name, wrote), _shown(name, row))


def deletions(lost: Iterable[RowBaseline]) -> Iterator[Change]:
    """``lost``: rows that are still on the source and have gone from the destination. Of those that we created."""
    for known in lost:
        wrote = known.wrote or {}
        if wrote.keys() >= CREATED and not known.dropped:
            yield edited(label(wrote), {"Name": wrote["Name"], "Scope": wrote["Scope"]}, MISSING)


def _value_follows(row: Document, known: RowBaseline, wrote: Document, rules: VariableRules) -> bool:
    secret = is_sensitive(row) or is_sensitive(wrote) or is_sensitive(known.want)
    return rules.value is not ValueRule.KEEP and not known.placeholder and not secret


def _shown(name: str, row: Document) -> object:
    return scope_document(scope_of(row)) if name == "Scope" else plain(row.get(name))
