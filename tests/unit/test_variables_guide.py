"""The tables of the guide "Sync multiple instances", section "Variable Scoping".

The source has Development and Test, the destination Staging and Production. ``OctoFx-Dev`` is scoped to Development,
``OctoFX-Test`` to Test, and ``ConnectionString`` is not scoped. Later the source unites the first two, and gives
``ConnectionString`` a row per role.
"""

from __future__ import annotations

from typing import Any

import pytest

from config.rules import VariableRules
from worker.plan.values import Document
from worker.sync.variables.merge import VariablesBaseline, WantedRow, merge_variables

ITEM = ("project", "OctoFX", "variables", "")
DATABASE = "Application.Database.Name"
CONNECTION = "ConnectionString"
UNITED = "OctoFx-#{Octopus.Environment.Name}"
SQL_SERVER = "Database=#{Application.Database.Name}"
ORACLE = "Data Source=#{Application.Database.Name}"
SKIPPED = "scope:environment=skip-unless-partial: none of {} exists on the destination"

Table = list[tuple[str, str, dict[str, list[str]]]]


def row(name: str, value: str, scope: dict[str, list[str]] | None = None, **more: Any) -> Document:
    return {
        "Name": name,
        "Value": value,
        "Type": "String",
        "IsSensitive": False,
        "Description": "",
        "Scope": scope or {},
        "Prompt": None,
        "IsEditable": True,
    } | more


def table(rows: list[Document]) -> Table:
    return [(row["Name"], row["Value"], row["Scope"]) for row in rows]


def answer(rows: list[Document], first_id: int = 1) -> list[Document]:
    """What the server returns: it gives new rows an id of its own."""
    return [
        row | {"Id": f"destination-{number}" if row["Id"].startswith("new:") else str(row["Id"])}
        for number, row in enumerate(rows, first_id)
    ]


def before(option: str = "skip") -> list[WantedRow]:
    """The source's first table, under ``skip-unless-partial`` or ``ignore-mismatch``."""
    scoped: dict[str, Any] = {"widened": ("environment",)}
    return [
        WantedRow(
            "s-1",
            row(DATABASE, "OctoFx-Dev "),
            **({"skip": SKIPPED.format("Development")} if option == "skip" else scoped),
        ),
        WantedRow(
            "s-2", row(DATABASE, "OctoFX-Test"), **({"skip": SKIPPED.format("Test")} if option == "skip" else scoped)
        ),
        WantedRow("s-3", row(CONNECTION, SQL_SERVER)),
    ]


def after(ids: tuple[str, str, str] = ("s-1", "s-3", "s-4")) -> list[WantedRow]:
    """The source's second table."""
    return [
        WantedRow(ids[0], row(DATABASE, UNITED)),
        WantedRow(ids[1], row(CONNECTION, SQL_SERVER, {"Role": ["SQL-Server"]})),
        WantedRow(ids[2], row(CONNECTION, ORACLE, {"Role": ["Oracle"]})),
    ]


def first_sync(option: str = "skip") -> tuple[list[Document], VariablesBaseline]:
    merged = merge_variables(ITEM, before(option), [], None, VariableRules())
    rows = answer(merged.rows)
    return rows, merged.baseline_after(rows)


DESIRED: Table = [
    (CONNECTION, SQL_SERVER, {"Role": ["SQL-Server"]}),
    (CONNECTION, ORACLE, {"Role": ["Oracle"]}),
]


def test_first_sync_writes_the_name_with_a_text_to_replace() -> None:
    merged = merge_variables(ITEM, before(), [], None, VariableRules())

    assert table(merged.rows) == [(DATABASE, "REPLACE ME", {}), (CONNECTION, SQL_SERVER, {})]
    assert [(entry.where, entry.reason) for entry in merged.clean_ups] == [
        (f"Variables[{DATABASE}]", "placeholder-value")
    ]
    assert not merged.contact_conflict


def test_first_sync_that_ignores_the_mismatch_copies_both_values_without_scope() -> None:
    merged = merge_variables(ITEM, before("ignore"), [], None, VariableRules())

    assert table(merged.rows) == [
        (DATABASE, "OctoFx-Dev ", {}),
        (DATABASE, "OctoFX-Test", {}),
        (CONNECTION, SQL_SERVER, {}),
    ]
    assert [entry.reason for entry in merged.clean_ups] == ["scope-widened", "scope-widened"]
    assert len({entry.key for entry in merged.clean_ups}) == 2


@pytest.mark.parametrize("option", ["skip", "ignore"])
def test_nothing_changed_nothing_to_do(option: str) -> None:
    rows, baseline = first_sync(option)
    first = merge_variables(ITEM, before(option), [], None, VariableRules())

    again = merge_variables(ITEM, before(option), rows, baseline, VariableRules())

    assert again.changes == ()
    assert again.rows == rows
    assert {entry.key for entry in again.clean_ups} == {entry.key for entry in first.clean_ups}


def regenerated(rows: list[Document]) -> list[Document]:
    return [row | {"Id": f"regenerated-{number}"} for number, row in enumerate(rows)]


NEW_IDS = ("t-1", "t-2", "t-3")


@pytest.mark.parametrize("filled_in", [None, "OctoFx"], ids=["placeholder", "filled in"])
@pytest.mark.parametrize("known", ["ids kept", "source ids new", "destination ids new", "all ids new", "no baseline"])
@pytest.mark.guide("scoping-recurring", "scoping-rescoped")
def test_recurring_sync(known: str, filled_in: str | None) -> None:
    rows, remembered = first_sync()
    if filled_in is not None:
        rows[0] = rows[0] | {"Value": filled_in}
    if known in {"destination ids new", "all ids new"}:
        rows = regenerated(rows)
    wanted = after(NEW_IDS) if known in {"source ids new", "all ids new"} else after()
    baseline = None if known == "no baseline" else remembered

    merged = merge_variables(ITEM, wanted, rows, baseline, VariableRules())

    assert table(merged.rows) == [(DATABASE, filled_in or "REPLACE ME", {}), *DESIRED]
    assert [row["Id"] for row in merged.rows[:2]] == [row["Id"] for row in rows]
    assert not merged.contact_conflict
    written = answer(merged.rows, first_id=10)
    again = merge_variables(ITEM, wanted, written, merged.baseline_after(written), VariableRules())
    assert again.changes == ()
    assert again.clean_ups == merged.clean_ups


@pytest.mark.parametrize("known", ["ids kept", "source ids new", "destination ids new", "all ids new", "no baseline"])
def test_recurring_sync_after_one_that_ignored_the_mismatch(known: str) -> None:
    rows, remembered = first_sync("ignore")
    if known in {"destination ids new", "all ids new"}:
        rows = regenerated(rows)
    wanted = after(NEW_IDS) if known in {"source ids new", "all ids new"} else after()

    merged = merge_variables(ITEM, wanted, rows, None if known == "no baseline" else remembered, VariableRules())

    assert table(merged.rows) == [(DATABASE, "OctoFx-Dev ", {}), (DATABASE, "OctoFX-Test", {}), *DESIRED]
    assert [entry.where for entry in merged.clean_ups][:1] == [f"Variables[{DATABASE}]"]


def test_values_that_the_destination_gave_its_own_environments_stay() -> None:
    """A person replaced the placeholder by a row for each environment; then the source unites its rows."""
    rows, remembered = first_sync()
    theirs = [
        row(DATABASE, "OctoFx-Staging", {"Environment": ["Environments-3"]}, Id=rows[0]["Id"]),
        row(DATABASE, "OctoFx", {"Environment": ["Environments-4"]}, Id="theirs"),
        rows[1],
    ]

    merged = merge_variables(ITEM, after(), theirs, remembered, VariableRules())

    assert merged.rows[:2] == theirs[:2]
    assert table(merged.rows[2:]) == DESIRED
