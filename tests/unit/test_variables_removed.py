"""Variables that one side no longer has: dropped by the source, out of the destination's world, deleted there."""

from __future__ import annotations

import pytest

from config.rules import VariableRules
from tests.variable_rows import (
    ALWAYS,
    FOLLOW,
    KEEP,
    PRODUCTION,
    REMOVE,
    STAGING,
    WEB,
    content,
    entries,
    merge,
    row,
    secret,
    skipped,
    sync,
    wants,
)
from worker.plan.values import Change, Document, Edit


def test_what_the_source_dropped_stays_on_the_list_for_as_long_as_it_is_there() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80")), wants("s2", row("Host", "h"))], [])
    left = [wants("s2", row("Host", "h"))]

    first = merge(left, rows, baseline)
    kept = first.baseline_after(rows)
    second = merge(left, rows, kept)
    by_hand = merge(left, rows[1:], second.baseline_after(rows))

    assert first.rows == second.rows == rows
    assert entries(first) == entries(second) == [("Variables[Port]", "removed-on-source")]
    assert kept.kept == {rows[0]["Id"]: "s1"}
    assert entries(by_hand) == []


@pytest.mark.parametrize(
    "edit",
    [{}, {"Value": "theirs"}, {"Scope": WEB}, {"Description": "theirs"}],
    ids=["untouched", "value", "scope", "description"],
)
def test_remove_ours_removes_only_what_nobody_edited(edit: Document) -> None:
    rows, baseline = sync([wants("s1", row("Port", "80")), wants("s2", secret("Password"))], [])
    rows = [rows[0] | edit, rows[1], row("Own", "x", Id="own")]

    merged = merge([], rows, baseline, REMOVE)

    assert merged.rows == (rows if edit else rows[1:])
    if not edit:
        assert merged.changes == (Change(Edit.REMOVE, "Variables[Port]", "80"),)
    assert ("Variables[Password]", "removed-on-source") in entries(merged)


def test_remove_ours_takes_effect_on_what_was_kept_before() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80"))], [])
    rows, baseline = sync([], rows, baseline, KEEP)
    assert len(rows) == 1

    assert merge([], rows, baseline, REMOVE).rows == []


def test_what_was_there_before_us_is_not_ours_to_remove() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80"))], [row("Port", "80", Id="d1")], rules=REMOVE)

    merged = merge([], rows, baseline, REMOVE)

    assert merged.rows == rows
    assert entries(merged) == [("Variables[Port]", "removed-on-source")]


@pytest.mark.parametrize(("rules", "left"), [(KEEP, 2), (REMOVE, 1)])
def test_a_row_scoped_out_of_the_destinations_world(rules: VariableRules, left: int) -> None:
    host = wants("s2", row("Db", "any"))
    rows, baseline = sync([wants("s1", row("Db", "prod", PRODUCTION)), host], [])
    source = [skipped("s1", row("Db", "prod")), host]

    merged = merge(source, rows, baseline, rules)

    assert len(merged.rows) == left
    assert [entry.reason for entry in merged.clean_ups] == (["scope-gone"] if left == 2 else [])


def test_a_row_that_comes_back_is_the_same_row() -> None:
    source = [wants("s1", row("Db", "prod", PRODUCTION))]
    rows, baseline = sync(source, [])
    rows, baseline = sync([skipped("s1", row("Db", "prod"))], rows, baseline)

    merged = merge([wants("s1", row("Db", "prod", STAGING))], rows, baseline)

    assert content(merged.rows) == [("Db", "prod", STAGING)]


def test_a_row_that_fits_in_part_has_not_left() -> None:
    rows, baseline = sync([wants("s1", row("Db", "prod", PRODUCTION))], [])

    merged = merge([skipped("s1", row("Db", "prod", PRODUCTION), partly=True)], rows, baseline, REMOVE)

    assert merged.rows == rows
    assert [entry.reason for entry in merged.clean_ups] == ["scope-left"]


@pytest.mark.parametrize(("rules", "there"), [(KEEP, 0), (FOLLOW, 0), (ALWAYS, 1)])
def test_a_row_deleted_here_stays_deleted(rules: VariableRules, there: int) -> None:
    source = [wants("s1", row("Port", "80"))]
    _, baseline = sync(source, [], rules=rules)

    merged = merge(source, [], baseline, rules)

    assert len(merged.rows) == there
    assert [entry.reason for entry in merged.clean_ups] == ([] if there else ["deleted-here"])
