"""Tenant variables over the wire: the two forms of the API, and the one document that the engine knows.

    the engine's           {"Values": cells, "Templates": {owner: {template: [name, control type]}}, …}
    tenants/{id}/variables          all versions: both halves in one document, no environments for common values
    tenants/{id}/commonvariables    since 2025.x (a feature toggle) and 2026.1: rows, each with a scope of environments
    tenants/{id}/projectvariables   likewise

A newer server is still read by the old form, which alone tells of all templates that a tenant may answer; what it
cannot tell, the environments of common values, by the new one. It is written by the new one only: (?) a PUT of the old
form might lose what it cannot hold. Facts: Octopus API reference 2026, "Tenant variables"; server Swagger 2026.1.

A write says which cells change (``Set``, ``Unset``) and what was observed in them (``Expect``): all else is sent as it
is at that moment, and where somebody has changed one of these cells meanwhile, nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from worker.kinds.controls import control_type_of
from worker.octopus import errors
from worker.octopus.client import SpaceClient
from worker.octopus.version import ServerVersion
from worker.plan.values import Document
from worker.sync.tenants.cells import EVERYWHERE, Cell, Cells, cells_of, nested, same_value

ROWS_SINCE = ServerVersion(2025, 1)
"""From here on a server may have the new form. Whether it has, it is asked."""

KEPT_SECRET = {"HasValue": True, "NewValue": None}

_HALVES = {"projectvariables": ("ProjectId", "Projects-"), "commonvariables": ("LibraryVariableSetId", "Library")}
"""Route of the new form → what its rows call the owner, and how the owners' ids begin."""


async def read(space: SpaceClient, document_id: str, tenant_id: str) -> Document:
    """Raises what the client raises."""
    document = plain(document_id, await space.get(f"tenants/{tenant_id}/variables"))
    rows = await _rows(space, tenant_id, "commonvariables") if await _may_have_rows(space) else None
    if rows is not None:
        _with_scopes(document, rows["Variables"])
    return document


async def read_all(space: SpaceClient, prefix: str) -> list[Document]:
    """Of all tenants at once. Where the server has the new form, without the environments of common values."""
    found = await space.list("tenantvariables/all")
    rows = await _may_have_rows(space)
    return [plain(f"{prefix}-{one['TenantId']}", one) | {"HasRows": rows, "Whole": not rows} for one in found]


async def write(space: SpaceClient, document_id: str, tenant_id: str, body: Document) -> Document:
    """The document as it is then. Raises :class:`worker.octopus.errors.StaleVersion` where a cell is not as it was
    observed, and what the client raises."""
    current = await read(space, document_id, tenant_id)
    _check(current, body, tenant_id)
    if not current["HasRows"]:
        await space.put(f"tenants/{tenant_id}/variables", _old_form(space, current, body, tenant_id))
        return await read(space, document_id, tenant_id)
    begun = False
    for route in _HALVES:
        changed = _of_half(body, route)
        if not any(changed):
            continue
        try:
            await _write_rows(space, tenant_id, route, *changed)
        except errors.OctopusError as error:
            error.maybe_applied = error.maybe_applied or begun
            raise
        begun = True
    return await read(space, document_id, tenant_id)


# ── the old form ──────────────────────────────────────────────────────────────────────────────────────────────────────


def plain(document_id: str, old: Mapping[str, Any]) -> Document:
    """The engine's document for one of the old form."""
    values: Cells = {}
    templates: Document = {}
    for owner, half in (old.get("ProjectVariables") or {}).items():
        templates[owner] = _templates(half)
        for environment, said in (half.get("Variables") or {}).items():
            values |= {Cell(owner, environment, key): value for key, value in said.items() if value is not None}
    for owner, half in (old.get("LibraryVariables") or {}).items():
        templates[owner] = _templates(half)
        said = half.get("Variables") or {}
        values |= {Cell(owner, EVERYWHERE, key): value for key, value in said.items() if value is not None}
    return {
        "Id": document_id,
        "TenantId": old["TenantId"],
        "Values": nested(values),
        "Templates": templates,
        "ConcurrencyToken": old.get("ConcurrencyToken"),
        "HasRows": False,
        "Whole": True,
    }


def _templates(half: Mapping[str, Any]) -> dict[str, list[str | None]]:
    return {one["Id"]: [one.get("Name"), control_type_of(one)] for one in half.get("Templates") or []}


def _old_form(space: SpaceClient, current: Document, body: Document, tenant_id: str) -> Document:
    projects: Document = {}
    sets: Document = {}
    values = {**cells_of(current["Values"]), **cells_of(body["Set"])}
    for cell in cells_of(body["Unset"]):
        values.pop(cell, None)
    for owner, environments in nested(values).items():
        if owner.startswith(_HALVES["projectvariables"][1]):
            projects[owner] = {"ProjectId": owner, "Variables": environments}
        else:
            sets[owner] = {"LibraryVariableSetId": owner, "Variables": environments.get(EVERYWHERE, {})}
    old = {"Id": tenant_id, "TenantId": tenant_id, "SpaceId": space.space_id}
    token = {"ConcurrencyToken": current["ConcurrencyToken"]} if current["ConcurrencyToken"] else {}
    return {**old, **token, "ProjectVariables": projects, "LibraryVariables": sets}


def _check(current: Document, body: Document, tenant_id: str) -> None:
    now, expected = cells_of(current["Values"]), cells_of(body["Expect"])
    changed = [cell for cell, value in expected.items() if not _as_expected(now.get(cell), value)]
    if changed:
        raise errors.StaleVersion(
            f"{len(changed)} values of the tenant changed since they were read",
            method="PUT",
            url_path=f"tenants/{tenant_id}/variables",
        )


def _as_expected(now: Any, expected: Any) -> bool:
    return now is expected if now is None or expected is None else same_value(now, expected)


# ── the new form ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _may_have_rows(space: SpaceClient) -> bool:
    return (await space.server()).version >= ROWS_SINCE


async def _rows(space: SpaceClient, tenant_id: str, route: str) -> Document | None:
    """``None`` where the server, though new enough, does not have the new form."""
    try:
        found: Document = await space.get(f"tenants/{tenant_id}/{route}")
    except errors.NotFound:
        return None
    return found


def _with_scopes(document: Document, rows: Iterable[Mapping[str, Any]]) -> None:
    name, prefix = _HALVES["commonvariables"]
    values = {cell: value for cell, value in cells_of(document["Values"]).items() if not cell.owner.startswith(prefix)}
    for row in rows:
        for cell in _cells(row, name):
            values[cell] = row["Value"]
    document.update(Values=nested(values), HasRows=True)


def _cells(row: Mapping[str, Any], name: str) -> list[Cell]:
    owner = row.get(name) or row.get("OwnerId") or ""
    environments = (row.get("Scope") or {}).get("EnvironmentIds") or [EVERYWHERE]
    return [Cell(owner, environment, row["TemplateId"]) for environment in environments]


def _of_half(body: Document, route: str) -> tuple[Cells, Cells]:
    """The cells to set, and to take away, of one half."""
    prefix = _HALVES[route][1]
    sets, unsets = (cells_of(body[key]) for key in ("Set", "Unset"))
    return (
        {cell: value for cell, value in sets.items() if cell.owner.startswith(prefix)},
        {cell: value for cell, value in unsets.items() if cell.owner.startswith(prefix)},
    )


async def _write_rows(space: SpaceClient, tenant_id: str, route: str, sets: Cells, unsets: Cells) -> None:
    found: Document = await space.get(f"tenants/{tenant_id}/{route}")
    rows = rows_after(found["Variables"], _HALVES[route][0], sets, unsets)
    body = {"TenantId": tenant_id, "SpaceId": space.space_id, "Variables": rows}
    token = {"ConcurrencyToken": found["ConcurrencyToken"]} if found.get("ConcurrencyToken") else {}
    await space.put(f"tenants/{tenant_id}/{route}", {**body, **token})


def rows_after(rows: Iterable[Mapping[str, Any]], name: str, sets: Cells, unsets: Cells) -> list[Document]:
    """All rows of a half as they are to be sent. ``name``: what they call the owner.

    A row keeps its id, and by it a secret that nobody can read; of one whose environments are not all changed, those
    that are go to a row of their own.
    """
    result: list[Document] = []
    left = dict(sets)
    for row in rows:
        cells = _cells(row, name)
        staying = [cell for cell in cells if cell not in left and cell not in unsets]
        values = [left[cell] for cell in cells if cell in left]
        if len(values) == len(cells) and all(value == values[0] for value in values):
            result.append(_row(cells, values[0], row["Id"]))
            left = {cell: value for cell, value in left.items() if cell not in cells}
        elif staying:
            result.append(_row(staying, row["Value"], row["Id"]))
    together: dict[tuple[str, str, bool, str], list[Cell]] = {}
    for cell, value in left.items():
        key = (cell.owner, cell.template, cell.environment == EVERYWHERE, repr(value))
        together.setdefault(key, []).append(cell)
    return result + [_row(cells, left[cells[0]]) for cells in together.values()]


def _row(cells: list[Cell], value: Any, row_id: str | None = None) -> Document:
    environments = [cell.environment for cell in cells if cell.environment != EVERYWHERE]
    row = {"OwnerId": cells[0].owner, "TemplateId": cells[0].template, "Value": value}
    return ({"Id": row_id} if row_id else {}) | row | {"Scope": {"EnvironmentIds": environments}}
