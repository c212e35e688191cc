"""Cells: the values of a tenant, each at its place. Pure.

A tenant gives values to variable templates, of its projects for each environment, of library sets for all environments
or (since 2026) for some. So a value is known by three ids: owner, environment (``""``: all), template. As documents
cells are nested in this order, ``{"Projects-1": {"Environments-2": {"<template>": "a value"}}}``: then stand-ins for
ids that are yet to come are bound in them as in any document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from worker.kinds.references import is_secret
from worker.plan.values import Document

EVERYWHERE = ""


class Cell(NamedTuple):
    owner: str
    environment: str
    template: str


Cells = dict[Cell, Any]


def nested(cells: Mapping[Cell, Any]) -> Document:
    found: Document = {}
    for cell, value in cells.items():
        found.setdefault(cell.owner, {}).setdefault(cell.environment, {})[cell.template] = value
    return found


def cells_of(values: Any) -> Cells:
    return dict(_cells(values if isinstance(values, dict) else {}))


def _cells(values: Mapping[str, Any]) -> Iterator[tuple[Cell, Any]]:
    for owner, environments in values.items():
        for environment, templates in environments.items():
            for template, value in templates.items():
                yield Cell(owner, environment, template), value


def same_value(a: Any, b: Any) -> bool:
    """Secrets cannot be compared, only whether there is one."""
    if is_secret(a) or is_secret(b):
        return is_secret(a) and is_secret(b) and bool(a["HasValue"]) == bool(b["HasValue"])
    return bool(a == b)


def remembered_value(value: Any) -> Any:
    """The value as the ledger keeps it: of a secret, that there is one."""
    return {"HasValue": bool(value.get("HasValue"))} if is_secret(value) else value
