"""Needed: what else on the destination names an item that is to be deleted. Pure.

The server lets go what is still named, in three places, and asks nobody:

    a part of a project        it takes a channel or runbook out of the scopes that name it, and so widens them
    a project                  "Deploy a Release" steps of other projects then deploy nothing, and fail
    a library variable set     the values that tenants gave for its templates go along

Values for a set that no project includes are not shown to anybody (reference: tenants show those of the sets of their
projects), so where there may be some, the set is kept.

So each is looked for, and keeps the item. What lives in Git is not looked through: where it may name the item, on
whatever branch, the item is kept. Values of tenants that are ours as they stand keep nothing. In other places
the server refuses by itself (:mod:`worker.sync.applying.removing`).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, Protocol

from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.projects import PROJECT, VERSION_CONTROLLED
from worker.kinds.references import is_secret
from worker.kinds.tenants import TENANT, TENANT_VARIABLES
from worker.kinds.triggers import TRIGGER
from worker.plan.values import Action, Document, Op, printed
from worker.sync.tenants.cells import Cell, cells_of, same_value
from worker.sync.tenants.merge import Memory
from worker.sync.world.world import Asking, Entry, World, path_of

UNSEEN = "which the server shows only while a project includes the set"


class Plans(Protocol):
    """What the planner offers."""

    actions: list[Action]
    bodies: dict[str, Document]


class NeededBy:
    """Of one plan. All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, plan: Plans, gone: Container[str]) -> None:
        """``gone``: source ids of the items that were deleted on the source too."""
        self.world = world
        self.plan = plan
        self.gone = gone
        self.by_what_goes = False
        """Something was kept for the sake of what may itself go with this plan: then look again."""

    def told(self, kind: Kind, there: Entry) -> Iterator[str]:
        """For people, one after another."""
        asking = Asking()
        if "project" in kind.owner_kinds and there.owner is not None:
            yield from self._in_its_project(kind, there, there.owner, asking)
        elif kind.name == "project":
            yield from self._by_other_projects(there, asking)
        elif kind.name == "library-variable-set":
            yield from self._by_tenants(kind, there, asking)
        asking.done()

    def _in_its_project(self, kind: Kind, there: Entry, project_id: str, asking: Asking) -> Iterator[str]:
        if self._in_git(project_id):
            if kind is not TRIGGER:
                yield f"what of its project lives in Git may name {there.name!r}"
            return
        for part, document_id, owner in self._of_project(project_id):
            with asking:
                document = self._as_planned(part, document_id, owner)
                if mentions(document, there.id) and not _belongs(document, there.id):
                    by = printed((part.segment or part.name, str(document.get("Name") or document_id)))
                    yield f"{there.name!r} is named by {by}"

    def _by_other_projects(self, there: Entry, asking: Asking) -> Iterator[str]:
        in_git: list[str] = []
        going = {action.destination_id for action in self.plan.actions if action.op is Op.DELETE}
        for project in self.world.destination.directory("project"):
            if project.id == there.id or project.id in going:
                continue
            if self._in_git(project.id):
                in_git.append(project.name)
                continue
            for part, document_id, owner in self._processes(project.id):
                with asking:
                    if mentions(self._as_planned(part, document_id, owner), there.id):
                        self.by_what_goes |= self.world.linked_to(project.id) in self.gone
                        path = path_of(self.world.destination, part, document_id, owner)
                        yield f"{printed(path)} deploys its releases"
        if in_git:
            more = f" (and {len(in_git) - 1} more)" if len(in_git) > 1 else ""
            yield f"project/{in_git[0]}{more} lives in Git, where a step may deploy its releases"

    def _in_git(self, project_id: str) -> bool:
        known = self.world.destination.directory(PROJECT.name).by_id.get(project_id)
        return known is not None and known.type == VERSION_CONTROLLED

    def _by_tenants(self, kind: Kind, there: Entry, asking: Asking) -> Iterator[str]:
        document = self.world.destination.document(kind, there.id) or {}
        templates = {str(one.get("Id")): str(one.get("Name")) for one in document.get("Templates") or []}
        tenants = list(self.world.destination.directory(TENANT.name)) if templates else []
        if tenants and not self._is_included(there.id, asking):
            yield f"tenants may have values for {', '.join(sorted(templates.values()))}, {UNSEEN}"
            return
        for tenant in tenants:
            with asking:
                own = [templates.get(cell.template, cell.template) for cell in self._own_values(tenant, there.id)]
                if own:
                    yield f"tenant/{tenant.name} has a value of its own for {', '.join(sorted(set(own)))}"

    def _is_included(self, set_id: str, asking: Asking) -> bool:
        """Whether a project of the destination has the set, as it is now: only then a tenant's values for it show."""
        project = registry.BY_NAME["project"]
        for entry in self.world.destination.directory(project.name):
            with asking:
                document = self.world.destination.document(project, entry.id) or {}
                if set_id in (document.get("IncludedLibraryVariableSetIds") or ()):
                    return True
        return bool(asking.needs)  # nobody knows yet

    def _own_values(self, tenant: Entry, set_id: str) -> Iterator[Cell]:
        values_id = registry.made_with_owner(TENANT_VARIABLES, tenant.id)
        document = self.world.destination.document(TENANT_VARIABLES, values_id, tenant.id) or {}
        cells = {cell: value for cell, value in cells_of(document.get("Values")).items() if cell.owner == set_id}
        if not cells:
            return
        source = self.world.linked_to(tenant.id)
        known = self.world.baselines.get(registry.made_with_owner(TENANT_VARIABLES, source)) if source else None
        wrote = Memory.from_json(known.rows or {}).wrote if known is not None else {}
        for cell, value in cells.items():
            if is_secret(value) or cell not in wrote or not same_value(wrote[cell], value):
                yield cell

    # ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _as_planned(self, part: Kind, document_id: str, owner: str | None) -> Document:
        """As it will be when the plan has been applied."""
        document = self.world.destination.document(part, document_id, owner)
        source_id = self.world.linked_to(document_id) or self._source_of(document_id)
        return {**(document or {}), **self.plan.bodies.get(source_id or "", {})}

    def _source_of(self, document_id: str) -> str | None:
        owner, kind = registry.owner_of(document_id), registry.kind_of(document_id)
        source = self.world.linked_to(owner) if owner is not None else None
        return registry.made_with_owner(kind, source) if kind is not None and source is not None else None

    def _processes(self, project_id: str) -> Iterator[tuple[Kind, str, str]]:
        process = registry.BY_NAME["deployment-process"]
        yield process, registry.made_with_owner(process, project_id), project_id
        process = registry.BY_NAME["runbook-process"]
        for one in self.world.destination.directory("runbook").of(project_id):
            yield process, registry.made_with_owner(process, one.id), one.id

    def _of_project(self, project_id: str) -> Iterator[tuple[Kind, str, str | None]]:
        yield registry.BY_NAME["project"], project_id, None
        variables, trigger = registry.BY_NAME["variable-set"], registry.BY_NAME["trigger"]
        yield variables, registry.made_with_owner(variables, project_id), project_id
        yield from ((trigger, one.id, None) for one in self.world.destination.directory(trigger.name).of(project_id))
        yield from self._processes(project_id)


def _belongs(document: Document, item_id: str) -> bool:
    """Whether a document is a part of the item, and goes with it."""
    return item_id in {document.get("Id"), document.get("RunbookId"), document.get("OwnerId")}


def mentions(value: Any, item_id: str) -> bool:
    """Whether a document names an item by its id, but for what the server adds to it."""
    if isinstance(value, str):
        return value == item_id
    if isinstance(value, dict):
        return any(mentions(item, item_id) for name, item in value.items() if name not in {"Links", "ScopeValues"})
    return isinstance(value, list) and any(mentions(item, item_id) for item in value)
