"""The value of a variable, rule by rule: plain text, references and secrets; and the text beside it."""

from __future__ import annotations

from typing import Any

import pytest

from config.rules import NewRows, ValueRule, VariableRules
from tests.variable_rows import (
    ALWAYS,
    FOLLOW,
    KEEP,
    PRODUCTION,
    REMOVE,
    STAGING,
    WEB,
    account,
    content,
    entries,
    merge,
    row,
    secret,
    sync,
    wants,
)
from worker.plan.values import MASK, BothSides

# -- value -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "here", "expected", "reason"),
    [
        (KEEP, "80", "80", None),
        (KEEP, "theirs", "theirs", None),
        (FOLLOW, "80", "81", None),
        (FOLLOW, "theirs", "theirs", "value-conflict"),
        (FOLLOW, "81", "81", None),
        (ALWAYS, "80", "81", None),
        (ALWAYS, "theirs", "81", None),
    ],
)
@pytest.mark.guide("scoping-overwrite")
@pytest.mark.spacecloner("feature-12")
def test_a_value_changed_on_the_source(rules: VariableRules, here: str, expected: str, reason: str | None) -> None:
    rows, baseline = sync([wants("s1", row("Port", "80"))], [], rules=rules)

    merged = merge([wants("s1", row("Port", "81"))], [rows[0] | {"Value": here}], baseline, rules)

    assert content(merged.rows) == [("Port", expected, {})]
    assert [entry.reason for entry in merged.clean_ups] == ([reason] if reason else [])


@pytest.mark.parametrize("value", ["ABC", "abc ", "abc\n"])
def test_case_and_blanks_are_changes_of_a_value(value: str) -> None:
    rows, baseline = sync([wants("s1", row("Key", "abc"))], [], rules=FOLLOW)

    merged = merge([wants("s1", row("Key", value))], rows, baseline, FOLLOW)

    assert merged.rows[0]["Value"] == value


@pytest.mark.parametrize("rules", [KEEP, FOLLOW])
def test_a_value_edited_here_only_is_left_in_silence(rules: VariableRules) -> None:
    source = [wants("s1", row("Port", "80"))]
    rows, baseline = sync(source, [], rules=rules)

    merged = merge(source, [rows[0] | {"Value": "theirs"}], baseline, rules)

    assert merged.rows[0]["Value"] == "theirs"
    assert entries(merged) == []


def test_at_first_contact_values_are_the_destinations_and_stay_so() -> None:
    theirs = [row("Port", "81", Id="d1")]
    rows, baseline = sync([wants("s1", row("Port", "80"))], theirs, rules=FOLLOW)

    merged = merge([wants("s1", row("Port", "82"))], rows, baseline, FOLLOW)

    assert rows == theirs
    assert merged.rows == theirs
    assert entries(merged) == [("Variables[Port]", "value-conflict")]


def test_a_conflict_is_said_until_it_is_over() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80"))], [], rules=FOLLOW)
    rows = [rows[0] | {"Value": "theirs"}]
    source = [wants("s1", row("Port", "81"))]

    for _ in range(2):
        merged = merge(source, rows, baseline, FOLLOW)
        assert entries(merged) == [("Variables[Port]", "value-conflict")]
        assert merged.clean_ups[0].both == BothSides("80", "81", "80", "theirs")
        baseline = merged.baseline_after(rows)
    resolved = merge(source, [rows[0] | {"Value": "81"}], baseline, FOLLOW)

    assert entries(resolved) == []


@pytest.mark.guide("scoping-replace")
def test_new_rows_as_placeholders_until_somebody_fills_them_in() -> None:
    rules = VariableRules(new_rows=NewRows.PLACEHOLDER, value=ValueRule.ALWAYS, placeholder="TO DO")
    source = [wants("s1", row("Port", "80", WEB)), wants("s2", account("Azure", "Accounts-1"))]
    rows, baseline = sync(source, [], rules=rules)

    again = merge(source, rows, baseline, rules)
    done = merge(source, [rows[0] | {"Value": "443"}, rows[1] | {"Value": "Accounts-7"}], baseline, rules)

    assert content(rows) == [("Port", "TO DO", WEB), ("Azure", "", {})]
    assert again.changes == ()
    assert entries(again) == [
        ("Variables[Port · Role: web]", "placeholder-value"),
        ("Variables[Azure]", "placeholder-reference"),
    ]
    assert done.changes == ()
    assert entries(done) == []


# -- references ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [KEEP, FOLLOW, ALWAYS])
def test_a_reference_that_names_nothing_here_overwrites_nothing(rules: VariableRules) -> None:
    theirs = [account("Azure", "Accounts-9", Id="d1")]
    source = [wants("s1", account("Azure", None), unresolved_value="account 'Dev'")]

    rows, baseline = sync(source, theirs, rules=rules)

    assert rows == theirs
    assert merge(source, rows, baseline, rules).rows == theirs


def test_a_new_row_with_such_a_reference_is_empty_until_it_can_be_filled() -> None:
    lost = [wants("s1", account("Azure", "Accounts-1"), unresolved_value="account 'Dev'")]
    rows, baseline = sync(lost, [])
    again = merge(lost, rows, baseline)
    found = merge([wants("s1", account("Azure", "Accounts-5"))], rows, baseline)
    taken = merge([wants("s1", account("Azure", "Accounts-5"))], [rows[0] | {"Value": "Accounts-6"}], baseline)

    assert content(rows) == [("Azure", "", {})]
    assert entries(again) == [("Variables[Azure]", "placeholder-reference")]
    assert "account 'Dev'" in again.clean_ups[0].text
    assert found.rows[0]["Value"] == "Accounts-5"
    assert entries(found) == []
    assert taken.rows[0]["Value"] == "Accounts-6"


def test_a_reference_without_a_value_is_no_reason_to_stop() -> None:
    merged = merge([wants("s1", account("Azure", None)), wants("s2", account("Gcp", ""))], [])

    assert [row["Name"] for row in merged.rows] == ["Azure", "Gcp"]


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_new_secrets_are_placeholders_and_stay_as_the_destination_has_them() -> None:
    source = [wants("s1", secret("Password", STAGING)), wants("s2", secret("Password", PRODUCTION))]
    first = merge(source, [])
    rows, baseline = sync(source, [])

    again = merge(source, rows, baseline, ALWAYS)

    assert [row["Value"] for row in first.rows] == ["REPLACE ME", "REPLACE ME"]
    assert all(row["Type"] == "Sensitive" and row["IsSensitive"] for row in first.rows)
    assert [change.after for change in first.changes] == [MASK, MASK]
    assert again.rows == rows
    assert [entry.reason for entry in again.clean_ups] == ["placeholder-secret", "placeholder-secret"]
    assert entries(first) == entries(again)


@pytest.mark.parametrize("rules", [KEEP, FOLLOW, ALWAYS, REMOVE])
@pytest.mark.guide("clean-up-existing")
def test_a_secret_whose_scope_was_edited_gets_no_second_row(rules: VariableRules) -> None:
    theirs = [secret("Password", STAGING, Id="d1")]
    rows, baseline = sync([wants("s1", secret("Password", STAGING))], theirs, rules=rules)

    merged = merge([wants("s1", secret("Password", PRODUCTION))], rows, baseline, rules)

    assert merged.rows == theirs
    assert entries(merged) == [("Variables[Password · Environment: Environments-2]", "scope-left")]


def test_a_secret_new_beside_another_of_its_name_is_only_put_on_the_list() -> None:
    source = [wants("s1", secret("Password"))]
    rows, baseline = sync(source, [secret("Password", Id="d1")])

    merged = merge([*source, wants("s2", secret("Password", PRODUCTION))], rows, baseline)

    assert merged.rows == rows
    assert entries(merged) == [("Variables[Password · Environment: Environments-1]", "secret-not-added")]


@pytest.mark.spacecloner("feature-12")
def test_a_string_that_became_a_secret_keeps_the_destinations_value() -> None:
    rows, baseline = sync([wants("s1", row("Password", "dev"))], [])
    rows = [rows[0] | {"Value": "theirs"}]

    merged = merge([wants("s1", secret("Password"))], rows, baseline)

    assert merged.rows == [rows[0] | {"Type": "Sensitive", "IsSensitive": True}]
    assert [change.where for change in merged.changes] == ["Variables[Password]/Type"]
    assert "theirs" not in repr(merged.changes)
    stored = [merged.rows[0] | {"Value": None}]
    remembered = merged.baseline_after(stored)
    assert "theirs" not in repr(remembered.to_json())
    assert merge([wants("s1", secret("Password"))], stored, remembered).changes == ()


def test_a_secret_that_became_a_string_is_left() -> None:
    rows, baseline = sync([wants("s1", secret("Password"))], [])
    source = [wants("s1", row("Password", "readable now"))]

    first = merge(source, rows, baseline, ALWAYS)
    second = merge(source, rows, first.baseline_after(rows), ALWAYS)

    assert first.rows == second.rows == rows
    assert ("Variables[Password]", "no-longer-secret") in entries(first)
    assert entries(first) == entries(second)


@pytest.mark.spacecloner("bug-24")
def test_no_secret_is_in_what_is_remembered_or_shown() -> None:
    rules = VariableRules(placeholder="pl4ceh0lder")
    # No server gives a secret; and if one did, it would go nowhere.
    source = [
        wants("s1", secret("Password")),
        wants("s2", row("Port", "80")),
        wants("s3", secret("Key", Value="g1ven")),
    ]
    merged = merge(source, [], rules=rules)

    remembered = merged.baseline_after([row | {"Id": f"d{n}"} for n, row in enumerate(merged.rows)])

    told = repr((remembered.to_json(), merged.changes, merged.decisions, merged.clean_ups))
    assert "pl4ceh0lder" not in told
    assert "g1ven" not in told + repr(merged.rows)


# -- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new", "theirs"),
    [
        ("Description", "one", "two", "three"),
        ("Prompt", {"Label": "one"}, {"Label": "two", "Required": True}, {"Label": "three"}),
    ],
)
@pytest.mark.spacecloner("feature-12")
def test_text_follows_and_in_a_conflict_the_source_wins(name: str, old: Any, new: Any, theirs: Any) -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", **{name: old}))], [])
    changed = [wants("s1", row("Port", "80", **{name: new}))]

    followed = merge(changed, rows, baseline)
    conflict = merge(changed, [rows[0] | {name: theirs}], baseline)
    left = merge([wants("s1", row("Port", "80", **{name: old}))], [rows[0] | {name: theirs}], baseline)

    assert followed.rows[0][name] == conflict.rows[0][name] == new
    assert entries(followed) == []
    assert entries(conflict) == [("Variables[Port]", "text-overwritten")]
    assert left.rows[0][name] == theirs


def test_text_that_only_the_destination_has_survives_first_contact() -> None:
    theirs = [row("Port", "80", Id="d1", Description="theirs", Prompt={"Label": "which?"})]

    assert merge([wants("s1", row("Port", "80", Description="", Prompt=None))], theirs).rows == theirs
