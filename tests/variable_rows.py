"""What the tests of the merge of variable sets share: rows of both sides, a merge, a whole run, and what came of it."""

from __future__ import annotations

from typing import Any

from config.rules import Removed, ValueRule, VariableRules
from worker.plan.values import Document
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
