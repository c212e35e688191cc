"""Which row of a variable set is which: on the two sides, in the list that is sent, and in the answer to it."""

from __future__ import annotations

import pytest

from tests.variable_rows import (
    ALWAYS,
    DB,
    FOLLOW,
    PRODUCTION,
    STAGING,
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
from worker.plan.values import Change, Document, Edit
from worker.sync.variables.merge import VariablesBaseline

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
@pytest.mark.guide("scoping-recurring")
@pytest.mark.spacecloner("bug-2", "feature-11")
def test_evidence_is_weighed_in_order(theirs: list[Document], expected: set[str]) -> None:
    merged = merge([wants("s1", row("Port", "80", WEB))], theirs)

    assert len(merged.rows) == len(theirs)
    remembered = merged.baseline_after(merged.rows)
    assert {link.destination_id for link in remembered.rows} == expected


@pytest.mark.guide("scoping-recurring", "clean-up-existing")
@pytest.mark.spacecloner("bug-2", "feature-11")
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(row("Port", "80"), [("1", WEB), ("2", DB)], id="neither says anything"),
        pytest.param(row("Port", "80", WEB), [("1", WEB), ("2", WEB)], id="equal scope"),
        pytest.param(row("Port", "80", PRODUCTION), [("80", WEB), ("80", DB)], id="equal value"),
    ],
)
def test_two_candidates_of_one_rank_are_ambiguous_and_nothing_is_done(
    ours: Document, theirs: list[tuple[str, dict[str, list[str]]]]
) -> None:
    there = [row("Port", value, scope, Id=f"d{number}") for number, (value, scope) in enumerate(theirs)]

    merged = merge([wants("s1", ours)], there)

    assert merged.rows == there
    assert merged.changes == ()
    assert [entry.reason for entry in merged.clean_ups] == ["ambiguous-rows"]
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


@pytest.mark.guide("details-variables")
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


@pytest.mark.spacecloner("bug-2", "feature-11")
def test_two_source_rows_never_share_a_row_of_the_destination() -> None:
    theirs = [row("Db", "same", WEB, Id="d1")]
    source = [wants("s1", row("Db", "same", DB)), wants("s2", row("Db", "same", WEB))]

    merged = merge(source, theirs)

    assert content(merged.rows) == [("Db", "same", WEB), ("Db", "same", DB)]
    assert merged.rows[0] == theirs[0]


@pytest.mark.spacecloner("bug-2", "feature-11")
def test_rows_with_swapped_values_keep_their_scopes() -> None:
    theirs = [row("Db", "b", WEB, Id="d1"), row("Db", "a", DB, Id="d2")]

    merged = merge([wants("s1", row("Db", "a", WEB)), wants("s2", row("Db", "b", DB))], theirs)

    assert merged.rows == theirs


@pytest.mark.spacecloner("bug-2", "feature-11")
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


@pytest.mark.guide("scoping-recurring")
def test_rows_that_got_other_ids_on_the_destination_are_still_those_that_we_wrote() -> None:
    """A tool has written the whole set anew. What we wrote follows the source as before, also if it is the next run."""
    source = [wants("s1", row("Port", "80", WEB)), wants("s2", row("Port", "90", DB)), wants("s3", row("Own", "1"))]
    rows, baseline = sync(source, [], rules=FOLLOW)
    anew = [one | {"Id": f"anew-{number}"} for number, one in enumerate(rows)]
    changed = [wants("s1", row("Port", "81", WEB)), wants("s2", row("Port", "90", DB)), wants("s3", row("Mine", "1"))]

    merged = merge(changed, anew, baseline, FOLLOW)

    assert content(merged.rows) == [("Port", "81", WEB), ("Port", "90", DB), ("Mine", "1", {})]
    assert entries(merged) == []
