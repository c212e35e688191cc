"""The merge of variable sets, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from config.rules import NewRows, Removed, ValueRule, VariableRules
from worker.plan.values import MASK, BothSides, Change, Document, Edit
from worker.sync.variables.merge import MergedVariables, VariablesBaseline, WantedRow, merge_variables

ITEM = ("project", "OctoFX", "variables", "")
KEEP = VariableRules()
FOLLOW = VariableRules(value=ValueRule.FOLLOW)
ALWAYS = VariableRules(value=ValueRule.ALWAYS)
REMOVE = VariableRules(removed=Removed.REMOVE_OURS)

Scope = dict[str, list[str]]
STAGING: Scope = {"Environment": ["Environments-2"]}
PRODUCTION: Scope = {"Environment": ["Environments-1"]}
WEB: Scope = {"Role": ["web"]}
DB: Scope = {"Role": ["db"]}


def row(name: str, value: str | None = None, scope: Scope | None = None, **more: Any) -> Document:
    return {"Name": name, "Value": value, "Type": "String", "IsSensitive": False, "Scope": scope or {}} | more


def secret(name: str, scope: Scope | None = None, **more: Any) -> Document:
    return row(name, None, scope, Type="Sensitive", IsSensitive=True, **more)


def account(name: str, value: str | None, scope: Scope | None = None, **more: Any) -> Document:
    return row(name, value, scope, Type="AzureAccount", **more)


def wants(source_id: str, source: Document, **more: Any) -> WantedRow:
    return WantedRow(source_id, source, **more)


def skipped(source_id: str, source: Document, **more: Any) -> WantedRow:
    return WantedRow(source_id, source, skip="scope:environment=skip-unless-partial: none of 'Dev' is here", **more)


def merge(
    wanted: list[WantedRow],
    destination: list[Document],
    baseline: VariablesBaseline | None = None,
    rules: VariableRules = KEEP,
) -> MergedVariables:
    return merge_variables(ITEM, wanted, destination, baseline, rules)


def sync(
    wanted: list[WantedRow],
    destination: list[Document],
    baseline: VariablesBaseline | None = None,
    rules: VariableRules = KEEP,
) -> tuple[list[Document], VariablesBaseline]:
    """A whole run: the rows as the server has them afterwards, and what is remembered."""
    merged = merge(wanted, destination, baseline, rules)
    rows = [
        row
        | ({"Id": f"d-{row['Id'].removeprefix('new:')}"} if row["Id"].startswith("new:") else {})
        | ({"Value": None} if row["IsSensitive"] else {})
        for row in merged.rows
    ]
    return rows, merged.baseline_after(rows)


def content(rows: list[Document]) -> list[tuple[str, str | None, Scope]]:
    return [(row["Name"], row["Value"], row["Scope"]) for row in rows]


def entries(merged: MergedVariables) -> list[tuple[str, str]]:
    return [(entry.where, entry.reason) for entry in merged.clean_ups]


# -- which row is which ----------------------------------------------------------------------------------------------


def test_a_link_outranks_an_equal_row() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", WEB))], [])
    swapped = [rows[0] | {"Value": "81"}, row("Port", "80", DB, Id="theirs")]

    merged = merge([wants("s1", row("Port", "80", DB))], swapped, baseline)

    assert merged.rows == swapped
    assert entries(merged) == [("Variables[Port · Role: web]", "scope-left")]


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ([row("Port", "1", WEB, Id="d1"), row("Port", "80", WEB, Id="d2")], {"d2"}),
        ([row("Port", "1", WEB, Id="d1"), row("Port", "80", DB, Id="d2")], {"d1"}),
        ([row("Port", "1", DB, Id="d1"), row("Port", "80", STAGING, Id="d2")], {"d2"}),
        ([row("Port", "1", DB, Id="d1")], {"d1"}),
    ],
    ids=["equal scope and value", "equal scope", "equal value", "the only one left"],
)
def test_evidence_is_weighed_in_order(theirs: list[Document], expected: set[str]) -> None:
    merged = merge([wants("s1", row("Port", "80", WEB))], theirs)

    assert len(merged.rows) == len(theirs)
    remembered = merged.baseline_after(merged.rows)
    assert {link.destination_id for link in remembered.rows} == expected


def test_two_candidates_of_one_rank_are_ambiguous_and_nothing_is_done() -> None:
    theirs = [row("Port", "1", WEB, Id="d1"), row("Port", "2", DB, Id="d2")]

    merged = merge([wants("s1", row("Port", "80"))], theirs)

    assert merged.rows == theirs
    assert merged.changes == ()
    assert entries(merged) == [("Variables[Port]", "ambiguous-rows")]
    assert merged.contact_conflict


def test_equal_rows_are_interchangeable() -> None:
    theirs = [row("Port", "80", Id="d1"), row("Port", "80", Id="d2")]

    merged = merge([wants("s1", row("Port", "80")), wants("s2", row("Port", "80"))], theirs)

    assert merged.rows == theirs
    assert entries(merged) == []


def test_a_row_without_any_possible_counterpart_is_new() -> None:
    theirs = [row("Port", "80", WEB, Id="d1")]

    merged = merge([wants("s1", row("Port", "80", WEB)), wants("s2", row("Port", "81", DB))], theirs)

    assert content(merged.rows) == [("Port", "80", WEB), ("Port", "81", DB)]
    assert merged.changes == (Change(Edit.ADD, "Variables[Port · Role: db]", None, "81"),)


def test_names_are_one_whatever_their_case_and_types_are_not() -> None:
    theirs = [account("port", "Accounts-9", Id="d1"), row("PORT ", "80", Id="d2")]

    merged = merge([wants("s1", row("Port", "80")), wants("s2", account("Port", "Accounts-1"))], theirs)

    assert merged.rows == theirs


def test_scopes_are_sets() -> None:
    theirs = [row("Port", "80", {"Role": ["web", "db"], "Environment": ["Environments-1"]}, Id="d1")]
    same = {"Environment": ["Environments-1"], "Role": ["db", "web"], "Channel": []}

    merged = merge([wants("s1", row("Port", "80", same))], theirs)

    assert merged.rows == theirs
    assert entries(merged) == []


def test_a_row_new_on_the_source_is_not_mistaken_for_one_that_was_always_the_destinations() -> None:
    theirs = [row("Level", "Info", Id="d1"), row("Level", "Warn", PRODUCTION, Id="own")]
    source = [wants("s1", row("Level", "Info"))]
    rows, baseline = sync(source, theirs)

    merged = merge([*source, wants("s2", row("Level", "Warn", WEB))], rows, baseline)

    assert content(merged.rows) == [("Level", "Info", {}), ("Level", "Warn", WEB), ("Level", "Warn", PRODUCTION)]
    assert merged.rows[2] == theirs[1]


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


# -- scope -----------------------------------------------------------------------------------------------------------


@pytest.mark.spacecloner("feature-12")
def test_scope_follows_while_value_and_scope_are_ours() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", WEB))], [])

    merged = merge([wants("s1", row("Port", "80", DB))], rows, baseline)

    assert content(merged.rows) == [("Port", "80", DB)]
    assert merged.rows[0]["Id"] == rows[0]["Id"]
    assert merged.changes == (Change(Edit.CHANGE, "Variables[Port · Role: web]/Scope", WEB, DB),)
    assert entries(merged) == []


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


def test_a_scope_that_was_edited_here_stays() -> None:
    rows, baseline = sync([wants("s1", row("Port", "80", WEB))], [])
    rows = [rows[0] | {"Scope": {**WEB, **STAGING}}]

    merged = merge([wants("s1", row("Port", "80"))], rows, baseline)

    assert merged.rows == rows
    assert [entry.reason for entry in merged.clean_ups] == ["scope-left"]


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


def test_ignoring_a_mismatch_puts_no_row_beside_an_equal_one_of_the_destinations_own() -> None:
    theirs = [row("Db", "theirs", Id="d1")]
    source = [
        wants("s1", row("Db", "theirs"), widened=("environment",), source_scope={"Environment": ["S-Dev"]}),
        wants("s2", row("Db", "test"), widened=("environment",), source_scope={"Environment": ["S-Test"]}),
    ]

    merged = merge(source, theirs)

    assert merged.rows == theirs
    assert entries(merged) == [("Variables[Db]", "duplicate-scope")]


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


def test_no_secret_is_in_what_is_remembered_or_shown() -> None:
    rules = VariableRules(placeholder="pl4ceh0lder")
    merged = merge([wants("s1", secret("Password")), wants("s2", row("Port", "80"))], [], rules=rules)

    remembered = merged.baseline_after([row | {"Id": f"d{n}"} for n, row in enumerate(merged.rows)])

    assert "pl4ceh0lder" not in repr((remembered.to_json(), merged.changes, merged.decisions, merged.clean_ups))


# -- names -----------------------------------------------------------------------------------------------------------


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
        ("scope:environment=skip-unless-partial", "Variables[Db]")
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


# -- what the source no longer has -----------------------------------------------------------------------------------


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


# -- the list to send ------------------------------------------------------------------------------------------------


def test_new_rows_come_after_the_row_that_precedes_them_on_the_source() -> None:
    theirs = [row("Own", "o", Id="d0"), row("B", "b", Id="d1"), row("Last", "l", Id="d2")]
    source = [wants(name, row(name, name.lower())) for name in ("A", "B", "C", "D")]

    merged = merge(source, theirs)

    assert [row["Name"] for row in merged.rows] == ["Own", "B", "C", "D", "Last", "A"]
    assert [row["Id"] for row in merged.rows] == ["d0", "d1", "new:C", "new:D", "d2", "new:A"]


def test_fields_that_only_the_server_knows_are_sent_back_and_new_rows_bring_none() -> None:
    theirs = [row("Port", "80", WEB, Id="d1", IsEditable=False, Later={"of": "2027"})]
    source = [
        wants("s1", row("Port", "80", WEB, IsEditable=True)),
        wants("s2", row("Host", "h", IsEditable=False, Links={"Self": "/api/x"}, Id="s2")),
    ]

    merged = merge(source, theirs)

    assert merged.rows[0] == theirs[0]
    assert merged.rows[1]["IsEditable"] is False
    assert merged.rows[1]["Id"] == "new:s2"
    assert "Links" not in merged.rows[1]


def test_the_answer_is_matched_by_content_where_the_server_orders_rows_its_own_way() -> None:
    source = [wants("s1", row("Port", "80", WEB)), wants("s2", row("Port", "81", DB)), wants("s3", secret("Key"))]
    merged = merge(source, [])
    answered = [
        row | {"Id": f"d{row['Id']}", "Value": None if row["IsSensitive"] else row["Value"]} for row in merged.rows
    ]

    remembered = merged.baseline_after(answered[::-1])

    assert {link.source_id: link.destination_id for link in remembered.rows} == {
        "s1": "dnew:s1",
        "s2": "dnew:s2",
        "s3": "dnew:s3",
    }


def test_what_is_remembered_survives_storage_and_refuses_nonsense() -> None:
    _, baseline = sync([wants("s1", row("Port", "80", WEB)), skipped("s2", row("Db", "x"))], [row("Own", "o", Id="d")])

    assert VariablesBaseline.from_json(baseline.to_json()) == baseline
    with pytest.raises((KeyError, TypeError)):
        VariablesBaseline.from_json({"rows": [{"source_id": "s1"}], "own": {}, "sources": []})


# -- how the known tool gets it wrong --------------------------------------------------------------------------------


def test_two_source_rows_of_one_value_both_arrive() -> None:
    source = [wants("s1", row("Db", "same", WEB)), wants("s2", row("Db", "same", DB))]

    assert content(merge(source, []).rows) == [("Db", "same", WEB), ("Db", "same", DB)]


def test_two_source_rows_never_share_a_row_of_the_destination() -> None:
    theirs = [row("Db", "same", WEB, Id="d1")]
    source = [wants("s1", row("Db", "same", DB)), wants("s2", row("Db", "same", WEB))]

    merged = merge(source, theirs)

    assert content(merged.rows) == [("Db", "same", WEB), ("Db", "same", DB)]
    assert merged.rows[0] == theirs[0]


def test_rows_with_swapped_values_keep_their_scopes() -> None:
    theirs = [row("Db", "b", WEB, Id="d1"), row("Db", "a", DB, Id="d2")]

    merged = merge([wants("s1", row("Db", "a", WEB)), wants("s2", row("Db", "b", DB))], theirs)

    assert merged.rows == theirs


def test_a_production_row_of_the_same_value_as_a_skipped_one_keeps_its_scope() -> None:
    theirs = [row("Db", "same", PRODUCTION, Id="d1")]

    assert merge([skipped("s1", row("Db", "same"))], theirs).rows == theirs
    ignored = wants("s1", row("Db", "same"), widened=("environment",), on_new_only=True)
    assert merge([ignored], theirs).rows == theirs


def test_ignoring_mismatches_does_not_pour_all_source_rows_into_the_first_of_the_destination() -> None:
    theirs = [row("Db", "theirs", Id="d1")]
    source = [wants(f"s{n}", row("Db", f"{n}"), widened=("environment",)) for n in range(3)]

    merged = merge(source, theirs, None, ALWAYS)

    assert merged.rows == theirs
    assert [entry.reason for entry in merged.clean_ups] == ["ambiguous-rows"] * 3
