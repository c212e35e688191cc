"""The names of variables: each is there although all its rows were skipped, and a rename is a rename."""

from __future__ import annotations

import pytest

from tests.variable_rows import (
    PRODUCTION,
    REMOVE,
    WEB,
    account,
    content,
    entries,
    merge,
    row,
    secret,
    skipped,
    sync,
    wants,
)
from worker.plan.values import Document


@pytest.mark.parametrize(
    ("source", "value"),
    [(row("Db", "dev"), "REPLACE ME"), (secret("Db"), "REPLACE ME"), (account("Db", "Accounts-1"), "")],
    ids=["string", "secret", "reference"],
)
@pytest.mark.guide("scoping-name")
def test_a_name_that_was_skipped_entirely_exists_all_the_same(source: Document, value: str) -> None:
    wanted = [skipped("s1", source), skipped("s2", source | {"Scope": WEB})]

    merged = merge(wanted, [])
    rows, baseline = sync(wanted, [])

    assert content(merged.rows) == [("Db", value, {})]
    assert merged.rows[0]["Type"] == source["Type"]
    assert len(merged.clean_ups) == 1
    again = merge(wanted, rows, baseline, REMOVE)
    assert again.rows == rows
    assert entries(again) == entries(merged)


def test_a_skipped_row_adds_nothing_where_the_name_is_there() -> None:
    theirs = [row("Db", "theirs", PRODUCTION, Id="d1")]

    merged = merge([skipped("s1", row("Db", "dev"))], theirs)

    assert merged.rows == theirs
    assert entries(merged) == []
    assert [(line.rule, line.where) for line in merged.decisions] == [
        ("scope:environment=skip-unless-partial", "Variables[Db]"),
        ("first-contact", "Variables"),
    ]


def test_the_stand_in_goes_with_the_last_row_it_stands_for() -> None:
    wanted = [skipped("s1", row("Db", "dev")), skipped("s2", row("Db", "test"))]
    rows, baseline = sync(wanted, [], rules=REMOVE)
    rows, baseline = sync(wanted[1:], rows, baseline, REMOVE)
    assert content(rows) == [("Db", "REPLACE ME", {})]

    assert merge([], rows, baseline, REMOVE).rows == []


def test_a_row_that_may_cross_now_is_added_beside_an_untouched_stand_in() -> None:
    rows, baseline = sync([skipped("s1", row("Db", "dev")), skipped("s2", row("Db", "test"))], [])
    source = [wants("s1", row("Db", "prod", PRODUCTION)), skipped("s2", row("Db", "test"))]

    merged = merge(source, rows, baseline)

    assert content(merged.rows) == [("Db", "REPLACE ME", {}), ("Db", "prod", PRODUCTION)]


def test_a_rename_is_a_rename() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80")), wants("s2", secret("Password"))], [])
    rows = [rows[0] | {"Value": "theirs"}, rows[1]]

    merged = merge([wants("s1", row("HTTP.Port", "80")), wants("s2", secret("Db.Password"))], rows, baseline)

    assert merged.rows == [rows[0] | {"Name": "HTTP.Port"}, rows[1] | {"Name": "Db.Password"}]
    assert entries(merged) == [("Variables[Db.Password]", "placeholder-secret")]


def test_a_rename_onto_a_row_that_is_there_is_left() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80"))], [])
    rows = [*rows, row("port2", "theirs", Id="own")]

    merged = merge([wants("s1", row("Port2", "80"))], rows, baseline)

    assert merged.rows == rows
    assert entries(merged) == [("Variables[Port]", "name-left")]
