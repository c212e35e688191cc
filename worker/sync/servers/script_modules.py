"""Script modules as documents: a library variable set, and two variables that hold the script and its syntax.

    LibraryVariableSets-3   {"Name": "Tools", "ContentType": "ScriptModule", …}
    its variable set        Octopus.Script.Module[Tools]           = function Get-Answer { 42 }
                            Octopus.Script.Module.Language[Tools]  = PowerShell

Together they are one document for the engine, with ``ScriptBody`` and ``Syntax``. Both variables carry the name of the
module, so a renamed one has its variables renamed, too. Modules of older servers have no language: that is PowerShell.
Facts: Octopus API reference 2026, "Library variable sets and script modules".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from worker.kinds.kind import Kind
from worker.octopus.client import SpaceClient
from worker.octopus.errors import OctopusError
from worker.plan.values import Document

BODY = "Octopus.Script.Module["
SYNTAX = "Octopus.Script.Module.Language["
DEFAULT_SYNTAX = "PowerShell"


def composed(module: Document, variables: Document) -> Document:
    """``ScriptBody`` is ``None`` where the module has no script (yet)."""
    body, syntax = (_row(variables.get("Variables") or [], prefix) for prefix in (BODY, SYNTAX))
    return {
        **module,
        "ScriptBody": body.get("Value") if body is not None else None,
        "Syntax": (syntax.get("Value") if syntax is not None else None) or DEFAULT_SYNTAX,
    }


def _row(rows: Iterable[Document], prefix: str) -> Document | None:
    return next((row for row in rows if str(row.get("Name")).startswith(prefix)), None)


async def read(space: SpaceClient, kind: Kind, module_id: str) -> Document:
    module = await space.get(kind.path_of(module_id))
    return composed(module, await space.get(f"variables/{module['VariableSetId']}"))


async def read_many(space: SpaceClient, kind: Kind, ids: Sequence[str]) -> list[Document]:
    modules = await space.by_ids(kind.route, ids)
    sets = await space.by_ids("variables/all", [module["VariableSetId"] for module in modules])
    variables = {one["Id"]: one for one in sets}
    return [composed(one, variables[one["VariableSetId"]]) for one in modules if one["VariableSetId"] in variables]


async def create(space: SpaceClient, kind: Kind, body: Document) -> Document:
    """Two writes. An error of the second one says that something may have been applied."""
    made = await space.post(kind.route, _without_script(body))
    try:
        return composed(made, await _write_script(space, made, body))
    except OctopusError as error:
        error.maybe_applied = True
        raise


async def update(space: SpaceClient, kind: Kind, module_id: str, body: Document) -> Document:
    """Writes of the two documents what differs; see :func:`create` for errors."""
    module = await space.get(kind.path_of(module_id))
    wanted = {**module, **{name: body.get(name) for name in ("Name", "Description")}}
    if wanted == module:
        return composed(module, await _write_script(space, module, body))
    module = await space.put(kind.path_of(module_id), wanted)
    try:
        return composed(module, await _write_script(space, module, body))
    except OctopusError as error:
        error.maybe_applied = True
        raise


def _without_script(body: Document) -> Document:
    return {name: value for name, value in body.items() if name not in {"ScriptBody", "Syntax"}}


async def _write_script(space: SpaceClient, module: Document, body: Document) -> Document:
    """The variable set as it is then. Other variables that somebody put there stay."""
    route = f"variables/{module['VariableSetId']}"
    variables: Document = await space.get(route)
    before = variables.get("Variables") or []
    rows = before
    for prefix, value in ((BODY, body.get("ScriptBody")), (SYNTAX, body.get("Syntax") or DEFAULT_SYNTAX)):
        rows = _with(rows, prefix, f"{prefix}{module['Name']}]", value)
    if rows == before:
        return variables
    return await space.put(route, {**variables, "Variables": rows})


def _with(rows: Sequence[Document], prefix: str, name: str, value: object) -> list[Document]:
    known = _row(rows, prefix)
    if known is None:
        new = {"Name": name, "Value": value, "Type": "String", "IsSensitive": False, "Scope": {}}
        return [*rows, new] if value is not None else list(rows)
    return [{**row, "Name": name, "Value": value} if row is known else row for row in rows]
