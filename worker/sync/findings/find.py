"""Findings: what would not work on the destination once a plan is applied, though it can be written. Pure.

    worker-pool-empty     a step, or a variable, names a pool whose workers are none, or all disabled
    role-without-target   a step runs on targets, and no enabled one has any of its roles, in the environments it is for
    unknown-variable      a text asks for a variable (#{Url}) that the destination's project does not have

Looked at are the processes and variables of the projects in the plan, also those that it leaves alone, as they will be:
what was observed, with what is planned over it. What is switched off is left out, and so is all that only a deployment
can tell. What the key may not see gives no finding, and the plan says so (:mod:`worker.sync.findings.equipment`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from worker.kinds.processes import DEPLOYMENT_PROCESS, RUNBOOK_PROCESS
from worker.kinds.projects import PROJECT
from worker.kinds.variables import VARIABLE_SET
from worker.plan.values import Action, Document, Finding, NamePath, Op
from worker.sync.findings.equipment import STATIC_POOL, Equipment, Pool, Subject
from worker.sync.findings.expressions import is_known, references
from worker.sync.findings.outlook import Outlook, Variables
from worker.sync.world.world import Asking

PROCESSES = frozenset({DEPLOYMENT_PROCESS.name, RUNBOOK_PROCESS.name})
CHECKED = PROCESSES | {VARIABLE_SET.name}

ROLES = "Octopus.Action.TargetRoles"
RUNS_ON_SERVER = "Octopus.Action.RunOnServer"
TEMPLATE = "Octopus.Action.Template.Id"
PASSED_ON = "Octopus.Action.DeployRelease.Variables"


def find(outlook: Outlook, equipment: Equipment) -> list[Finding]:
    """Each finding once, in the order of the plan. Raises :class:`worker.sync.world.world.NotObserved`."""
    found: dict[Finding, None] = {}
    asking = Asking()
    for action in outlook.planned:
        if action.kind not in CHECKED or action.op in {Op.SKIP, Op.BLOCK, Op.DELETE} or action.source_id is None:
            continue
        with asking:
            found |= dict.fromkeys(_of_document(outlook, equipment, action, action.source_id))
    asking.done()
    return list(found)


def _of_document(outlook: Outlook, equipment: Equipment, action: Action, source_id: str) -> Iterator[Finding]:
    document = outlook.document(action.kind, str(action.destination_id))
    project_id = outlook.project_of(source_id)
    project = outlook.document(PROJECT.name, project_id) if project_id is not None else None
    if document is None or project_id is None or project is None or project.get("IsDisabled"):
        return
    known = outlook.variables(project_id, project) if Subject.VARIABLES in equipment.seen else None
    if action.kind == VARIABLE_SET.name:
        for row in document.get("Variables") or ():
            yield from _of_row(action.path, row, outlook, equipment, known)
        return
    may_lack_targets = outlook.may_lack_targets(action.kind, source_id, project)
    for step in document.get("Steps") or ():
        actions = [one for one in step.get("Actions") or () if not one.get("IsDisabled")]
        if not actions:
            continue
        if Subject.TARGETS in equipment.seen and not may_lack_targets:
            yield from _of_roles(action.path, step, actions, outlook, equipment)
        for one in actions:
            yield from _of_pool(action.path, step, one, outlook, equipment)
        if known is not None:
            yield from _of_texts(action.path, step, actions, known)


# ── worker pools ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_row(
    path: NamePath, row: Document, outlook: Outlook, equipment: Equipment, known: Variables | None
) -> Iterator[Finding]:
    where = f"Variables[{row.get('Name')}]"
    value = row.get("Value")
    if row.get("IsSensitive") or not isinstance(value, str):
        return
    if row.get("Type") == "WorkerPool":
        if (pool := _empty(value, outlook, equipment)) is not None:
            yield Finding(path, where, "worker-pool-empty", f"names worker pool {pool.name!r}, {_LACKS}")
    elif known is not None:
        yield from _unknown(path, where, [value], known)


def _of_pool(
    path: NamePath, step: Document, action: Document, outlook: Outlook, equipment: Equipment
) -> Iterator[Finding]:
    """A step with roles runs on its targets, and has no use for a pool that it names, unless it says otherwise."""
    said = str((action.get("Properties") or {}).get(RUNS_ON_SERVER) or "").casefold()
    on_server = said == "true" if (step.get("Properties") or {}).get(ROLES) else said != "false"
    pool_id = action.get("WorkerPoolId")
    if not on_server or not isinstance(pool_id, str):
        return
    if (pool := _empty(pool_id, outlook, equipment)) is not None:
        text = f"runs in worker pool {pool.name!r}, {_LACKS}"
        yield Finding(path, f"Steps[{action.get('Name')}]", "worker-pool-empty", text)


_LACKS = "which has no enabled worker on the destination"


def _empty(pool_id: str, outlook: Outlook, equipment: Equipment) -> Pool | None:
    """The pool, if it has no workers; ``None`` also where nobody can tell."""
    if Subject.WORKERS not in equipment.seen:
        return None
    pool = equipment.pools.get(pool_id)
    if pool is None and (made := outlook.made(pool_id)) is not None:
        pool = Pool(str(made.get("Name")), str(made.get("WorkerPoolType") or STATIC_POOL), False, 0)
    return pool if pool is not None and pool.is_empty else None


# ── targets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_roles(
    path: NamePath, step: Document, actions: list[Document], outlook: Outlook, equipment: Equipment
) -> Iterator[Finding]:
    text = str((step.get("Properties") or {}).get(ROLES) or "")
    roles = [role.strip() for role in text.split(",") if role.strip()]
    if not roles or "#{" in text:
        return
    where = _environments(actions)
    present = {one for role in roles for one in equipment.roles.get(role.casefold(), ())}
    if present and (where is None or present & where):
        return
    named = " or ".join(repr(role) for role in roles)
    there = "" if where is None else f" in {', '.join(sorted(map(outlook.environment, where)))}"
    text = f"runs on targets with the role {named}, and no enabled target has it{there}"
    yield Finding(path, f"Steps[{step.get('Name')}]", "role-without-target", text)


def _environments(actions: Iterable[Document]) -> frozenset[str] | None:
    """Those for which a step is, by its actions; ``None``: any."""
    found: set[str] = set()
    for action in actions:
        if not action.get("Environments"):
            return None
        found |= set(action["Environments"])
    return frozenset(found)


# ── variables ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_texts(path: NamePath, step: Document, actions: list[Document], known: Variables) -> Iterator[Finding]:
    yield from _unknown(path, f"Steps[{step.get('Name')}]", _texts(step.get("Properties") or {}), known)
    for action in actions:
        where = f"Steps[{action.get('Name')}]"
        properties: Mapping[str, Any] = action.get("Properties") or {}
        if properties.get(TEMPLATE):
            # The template's own texts are its makers' to put right, and what they ask for are mostly its parameters.
            properties = {name: value for name, value in properties.items() if not name.startswith("Octopus.")}
        texts = [properties, *(action.get(name) for name in ("Packages", "Container", "Inputs"))]
        yield from _unknown(path, where, _texts(texts), known.also(action.get("Properties") or {}))
        variable = action.get("WorkerPoolVariable")
        if isinstance(variable, str) and variable and "#{" not in variable and not known.has(variable):
            text = f"runs in the worker pool that variable {variable!r} names, and {_ABSENT}"
            yield Finding(path, where, "unknown-variable", text)


_ABSENT = "the project has no such variable on the destination"


def _unknown(path: NamePath, where: str, texts: Iterable[str], known: Variables) -> Iterator[Finding]:
    missing = {one for text in texts for one in references(text) if not is_known(one, known.names)}
    for name in sorted({one.name + ("…" if one.open else "") for one in missing}):
        yield Finding(path, where, "unknown-variable", f"asks for #{{{name}}}, and {_ABSENT}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name != PASSED_ON:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
