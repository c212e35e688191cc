"""The scope of a variable, rule by rule: whom it follows, where it fits in part or nowhere, and no two rows alike."""

from __future__ import annotations

import pytest

from config.rules import ItemRules, Removed, ScopeOption, ScopeRules, VariableRules
from tests.variable_rows import (
    ALWAYS,
    DB,
    FOLLOW,
    KEEP,
    PRODUCTION,
    STAGING,
    WEB,
    content,
    entries,
    merge,
    row,
    secret,
    sync,
    wants,
)
from worker.plan.values import Change, Document, Edit
from worker.sync.variables.source_rows import translate_rows
from worker.sync.world.resolved import Resolved

# -- scope -----------------------------------------------------------------------------------------------------------


@pytest.mark.spacecloner("feature-12")
def test_scope_follows_while_value_and_scope_are_ours() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", WEB))], [])

    merged = merge([wants("s1", row("Port", "80", DB))], rows, baseline)

    assert content(merged.rows) == [("Port", "80", DB)]
    assert merged.rows[0]["Id"] == rows[0]["Id"]
    assert merged.changes == (Change(Edit.CHANGE, "Variables[Port · Role: web]/Scope", WEB, DB),)
    assert entries(merged) == []


@pytest.mark.guide("scoping-rescoped", "clean-up-existing")
def test_scope_of_a_value_that_was_edited_here_is_left_until_it_is_done_by_hand() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", STAGING))], [])
    rows = [rows[0] | {"Value": "staging's own"}]
    source = [wants("s1", row("Port", "80", PRODUCTION))]

    first = merge(source, rows, baseline)
    second = merge(source, rows, first.baseline_after(rows))
    by_hand = merge(source, [rows[0] | {"Scope": PRODUCTION}], first.baseline_after(rows))

    assert first.rows == rows
    assert entries(first) == entries(second) == [("Variables[Port · Environment: Environments-2]", "scope-left")]
    assert entries(by_hand) == []


@pytest.mark.guide("scoping-rescoped", "clean-up-existing")
def test_a_value_that_was_entered_here_is_not_moved_though_the_source_has_come_to_the_same() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", STAGING))], [])
    rows = [rows[0] | {"Value": "81"}]

    merged = merge([wants("s1", row("Port", "81", PRODUCTION))], rows, baseline)

    assert merged.rows == rows
    assert entries(merged) == [("Variables[Port · Environment: Environments-2]", "scope-left")]


@pytest.mark.guide("scoping-rescoped", "clean-up-existing")
def test_a_scope_that_was_edited_here_stays() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", WEB))], [])
    rows = [rows[0] | {"Scope": {**WEB, **STAGING}}]

    merged = merge([wants("s1", row("Port", "80"))], rows, baseline)

    assert merged.rows == rows
    assert [entry.reason for entry in merged.clean_ups] == ["scope-left"]


@pytest.mark.guide("scoping-rescoped")
def test_a_value_that_stays_behind_is_not_carried_into_the_scope_of_another() -> None:
    rows, baseline = sync([wants("s1", row("Db", "staging", STAGING))], [])

    kept = merge([wants("s1", row("Db", "production", PRODUCTION))], rows, baseline, KEEP)
    followed = merge([wants("s1", row("Db", "production", PRODUCTION))], rows, baseline, FOLLOW)

    assert kept.rows == rows
    assert [entry.reason for entry in kept.clean_ups] == ["scope-left"]
    assert content(followed.rows) == [("Db", "production", PRODUCTION)]


def test_at_first_contact_an_equal_value_takes_the_dimensions_that_it_lacks() -> None:
    theirs = [row("Port", "80", STAGING, Id="d1")]

    merged = merge([wants("s1", row("Port", "80", {**WEB, **PRODUCTION}))], theirs)

    assert content(merged.rows) == [("Port", "80", {**STAGING, **WEB})]
    assert merged.rows[0]["Id"] == "d1"


@pytest.mark.parametrize(
    ("source", "theirs"),
    [
        (row("Port", "80"), row("Port", "80", WEB, Id="d1")),
        (row("Port", "80", WEB), row("Port", "81", Id="d1")),
        (secret("Port", WEB), secret("Port", Id="d1")),
        (row("Port", "", WEB), row("Port", "", Id="d1")),
    ],
    ids=["never wider", "another value", "a secret", "no value"],
)
def test_at_first_contact_other_scopes_are_the_destinations_own(source: Document, theirs: Document) -> None:
    merged = merge([wants("s1", source)], [theirs])

    assert merged.rows == [theirs]
    assert entries(merged) == []
    again = merge([wants("s1", source)], [theirs], merged.baseline_after([theirs]))
    assert again.rows == [theirs]
    assert entries(again) == []


def test_scopes_can_change_places() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", WEB)), wants("s2", row("Port", "81", DB))], [])

    merged = merge([wants("s1", row("Port", "80", DB)), wants("s2", row("Port", "81", WEB))], rows, baseline)

    assert content(merged.rows) == [("Port", "80", DB), ("Port", "81", WEB)]


# -- no two rows alike -----------------------------------------------------------------------------------------------


@pytest.mark.guide("scoping-recurring")
def test_a_rescope_onto_a_row_of_the_destinations_own_is_left() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", WEB))], [])
    rows = [*rows, row("Port", "443", DB, Id="own")]
    source = [wants("s1", row("Port", "80", DB))]

    merged = merge(source, rows, baseline)
    again = merge(source, rows, merged.baseline_after(rows))

    assert merged.rows == again.rows == rows
    assert entries(merged) == entries(again) == [("Variables[Port · Role: web]", "scope-left")]


def test_rows_that_only_translation_made_equal_are_added_once() -> None:
    dev, test = {"Environment": ["S-Dev", "S-Prod"]}, {"Environment": ["S-Test", "S-Prod"]}
    source = [
        wants("s1", row("Db", "a", PRODUCTION), source_scope=dev),
        wants("s2", row("Db", "b", PRODUCTION), source_scope=test),
    ]

    merged = merge(source, [])

    assert content(merged.rows) == [("Db", "a", PRODUCTION)]
    assert entries(merged) == [("Variables[Db · Environment: Environments-1]", "duplicate-scope")]


def test_rows_that_the_source_has_twice_are_added_twice() -> None:
    source = [wants(f"s{n}", row("Db", f"{n}", WEB), source_scope=WEB) for n in range(2)]

    assert content(merge(source, []).rows) == [("Db", "0", WEB), ("Db", "1", WEB)]


@pytest.mark.guide("scoping-copy")
def test_ignoring_a_mismatch_puts_no_row_beside_an_equal_one_of_the_destinations_own() -> None:
    theirs = [row("Db", "theirs", Id="d1")]
    source = [
        wants("s1", row("Db", "theirs"), widened=("environment",), source_scope={"Environment": ["S-Dev"]}),
        wants("s2", row("Db", "test"), widened=("environment",), source_scope={"Environment": ["S-Test"]}),
    ]

    merged = merge(source, theirs)

    assert merged.rows == theirs
    assert entries(merged) == [("Variables[Db]", "duplicate-scope")]


# -- options on scopes -----------------------------------------------------------------------------------------------


def test_ignored_on_new_only_leaves_an_existing_row_alone() -> None:
    theirs = [row("Db", "theirs", PRODUCTION, Id="d1", Description="theirs")]
    source = [wants("s1", row("Db", "dev", Description="dev"), widened=("environment",), on_new_only=True)]

    merged = merge(source, theirs, None, ALWAYS)

    assert merged.rows == theirs
    assert entries(merged) == []


def test_ignored_on_new_only_adds_a_new_row_and_leaves_it_alone_afterwards() -> None:
    source = [wants("s1", row("Db", "dev"), widened=("environment",), on_new_only=True)]
    rows, baseline = sync(source, [], rules=ALWAYS)
    assert content(rows) == [("Db", "dev", {})]

    merged = merge(
        [wants("s1", row("Db", "dev 2"), widened=("environment",), on_new_only=True)], rows, baseline, ALWAYS
    )

    assert merged.rows == rows
    assert entries(merged) == [("Variables[Db]", "scope-widened")]


def test_a_scope_widened_by_a_rescope_is_put_on_the_list() -> None:
    rows, baseline = sync([wants("s1", row("Db", "x", PRODUCTION))], [])

    merged = merge([wants("s1", row("Db", "x"), widened=("environment",))], rows, baseline)

    assert content(merged.rows) == [("Db", "x", {})]
    assert entries(merged) == [("Variables[Db]", "scope-widened")]


@pytest.mark.guide("scoping-environments", "scoping-partial", "clean-up-existing")
@pytest.mark.parametrize("option", list(ScopeOption))
def test_a_row_for_what_the_source_does_not_show_stays_at_home_and_what_is_there_of_it_stays(
    option: ScopeOption,
) -> None:
    """Lists leave out what the key may not see. It may be there still: no row gets wider, or goes, for its sake."""

    def resolve(_kind: str, source_id: str, /, *, create: bool = True) -> Resolved:
        hidden = source_id == "Environments-9"
        return Resolved(name=source_id, alone=True, why="not shown") if hidden else Resolved((source_id,), source_id)

    rules = ItemRules(variables=VariableRules(scopes=ScopeRules(environment=option), removed=Removed.REMOVE_OURS))
    known, baseline = sync([wants("s1", row("Url", "1", PRODUCTION)), wants("s2", row("Url", "2", STAGING))], [])
    rows = [
        {"Id": "s1", **row("Url", "1", {"Environment": ["Environments-1", "Environments-9"]})},
        {"Id": "s2", **row("Url", "2", {"Environment": ["Environments-9"]})},
    ]

    wanted, out = translate_rows(("project", "OctoFX", "variables"), {"Variables": rows}, resolve, rules)

    if option in {ScopeOption.ERROR_UNLESS_EXACT, ScopeOption.ERROR_UNLESS_PARTIAL}:
        assert out.blocked is not None
        return
    assert [(one.skip or "").partition(":")[0] for one in wanted] == ["not-visible", "not-visible"]
    assert merge(wanted, known, baseline, rules.variables).rows == known
