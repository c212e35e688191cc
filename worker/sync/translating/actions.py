"""Steps and actions of processes: which one of the destination is meant by one of the source. Pure.

An action has an id, a name and a slug, and other documents name it by any of them. Ids repeat across runbooks that were
cloned; names may differ, where somebody renamed a step on the destination; slugs are each server's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from config.names import name_key
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.projects import PROJECT, VERSION_CONTROLLED
from worker.kinds.references import GUID, PendingId
from worker.plan.values import Document
from worker.sync.world.resolved import Closure, Resolved
from worker.sync.world.world import Asking, World


class Actions:
    """``item``: the destination's counterpart of a source item, by its kind and id."""

    def __init__(self, world: World, closure: Closure, item: Callable[[Kind, str], Resolved]) -> None:
        self.world = world
        self.closure = closure
        self.item = item

    def action(self, action_id: str, project: str | None) -> Resolved:
        """Ids of actions repeat across cloned runbooks: the counterparts in all processes of the project are meant.

        What lives in Git is called there what it is called everywhere, by its slug (API reference 2026, "Variables"):
        who has an id is a step of a runbook in the database, or was one before it moved.
        """
        if self._in_git(project) and not GUID.fullmatch(action_id):
            return Resolved((action_id,), action_id)
        ids: dict[str, None] = {}
        unknown: list[str] = []
        strangers: list[str] = []
        asking = Asking()
        for process_id in self._processes(project):
            with asking:
                elements: Mapping[str, str] | None = self.closure.planned.get(process_id)
                baseline = None if elements is not None else self.world.baselines.get(process_id)
                elements = baseline.elements if baseline is not None else elements
                if elements is None:
                    strangers.append(process_id)
                elif action_id in elements:
                    ids[elements[action_id]] = None
                elif baseline is not None:
                    unknown.append(process_id)
        asking.done()
        name = action_id
        # Where the action is known from one process, the others that we know cannot have it: ids repeat only in clones.
        for process_id in strangers + (unknown if not ids else []):
            with asking:
                named = self._action_by_name(process_id, action_id)
                if named is not None:
                    name = named[0]
                    ids |= {named[1]: None} if named[1] else {}
        asking.done()
        if ids:
            return Resolved(tuple(ids), name)
        name = self._action_name(project, action_id) or name
        return Resolved(name=name, why=f"the step {name!r} does not exist on the destination")

    def own_step(self, process_id: str, action_id: str) -> Resolved:
        """An action as the process in which it stands knows it. ``may_come``: it will be there once that is written."""
        baseline = self.world.baselines.get(process_id)
        if baseline is not None and action_id in baseline.elements:
            return Resolved((baseline.elements[action_id],), action_id)
        named = self._action_by_name(process_id, action_id)
        if named is None:
            return Resolved(name=action_id, alone=True)
        name, there = named
        return Resolved((there,) if there else (), name, may_come=not there)

    def _in_git(self, project: str | None) -> bool:
        known = self.world.source.directory(PROJECT.name).by_id.get(project or "")
        return known is not None and known.type == VERSION_CONTROLLED

    def _action_name(self, project: str | None, action_id: str) -> str | None:
        for process_id in self._processes(project):
            document = self.world.source.documents.get(process_id)
            for (_, name), found in _actions(document or {}):
                if found == action_id:
                    return name
        return None

    def step(self, step: str, project: str | None, by: tuple[str, ...]) -> Resolved:
        """An action of the deployment process, by id, name or slug (``by``: which is looked at first), as the
        destination knows it by the same: it may have another name there, and slugs are each server's own."""
        if self._in_git(project):
            if GUID.fullmatch(step):  # from before it moved
                return Resolved(name=step, why="in Git no step has an id: name it by its slug or name on the source")
            return Resolved((step,), step)
        kind = registry.BY_NAME["deployment-process"]
        process_id = registry.made_with_owner(kind, project or "")
        process = self.world.source.document(kind, process_id, project) or {}
        actions = [action for entry in process.get("Steps") or [] for action in entry.get("Actions") or []]
        for field_name in by:
            for one in actions:
                if name_key(step) != name_key(str(one.get(field_name) or "")):
                    continue
                found = self.action(one["Id"], project)
                if not found.ids:
                    why = f"does not cross: the step {one['Name']!r} is not on the destination"
                    return Resolved(name=step, why=why)
                return found if field_name == "Id" else self._called(found.ids, field_name, one, process_id, project)
        return Resolved(name=step, why=f"does not cross: the source has no step {step!r}")

    def _called(
        self, ids: tuple[str, ...], field_name: str, action: Document, process_id: str, project: str | None
    ) -> Resolved:
        """What the destination calls the action of the deployment process that is among ``ids``."""
        name = str(action[field_name])
        own = next((one for one in ids if PendingId.element_of(one) == action["Id"]), None)
        if own is not None:
            return Resolved((name if field_name == "Name" else PendingId.slug_of(own),), name)
        kind = registry.BY_NAME["deployment-process"]
        process = self.closure.bodies.get(process_id)
        if process is None:
            above = self.item(registry.BY_NAME["project"], project or "")
            if not above.ids:
                return Resolved(name=name, why=above.why, item=above.item, may_come=above.may_come)
            process = self.world.destination.document(kind, registry.made_with_owner(kind, above.ids[0]), above.ids[0])
        for one in (one for entry in (process or {}).get("Steps") or [] for one in entry.get("Actions") or []):
            if one.get("Id") in ids:
                # Servers before slugs know steps by their names.
                return Resolved((str(one.get(field_name) or one["Name"]),), name)
        return Resolved((name,), name)

    def _processes(self, project: str | None) -> Iterator[str]:
        if project is None:
            return
        if not self._in_git(project):
            yield registry.made_with_owner(registry.BY_NAME["deployment-process"], project)
        for runbook in self.world.source.directory("runbook").of(project):
            yield registry.made_with_owner(registry.BY_NAME["runbook-process"], runbook.id)

    def _action_by_name(self, process_id: str, action_id: str) -> tuple[str, str] | None:
        """The action's name, and the id of the one that stands under the same step and name on the destination."""
        kind = registry.kind_of(process_id)
        owner_id = registry.owner_of(process_id)
        owner_kind = registry.kind_of(owner_id or "")
        if kind is None or owner_id is None or owner_kind is None:
            return None
        here = self.world.source.document(kind, process_id, owner_id)
        place = next((place for place, found in _actions(here or {}) if found == action_id), None)
        if place is None:
            return None
        owner = self.item(owner_kind, owner_id)
        if not owner.ids or isinstance(owner.ids[0], PendingId):
            return place[1], ""
        there = self.world.destination.document(kind, registry.made_with_owner(kind, owner.ids[0]), owner.ids[0])
        return place[1], dict(_actions(there or {})).get(place, "")


def _actions(process: Document) -> Iterator[tuple[tuple[str, str], str]]:
    for step in process.get("Steps") or []:
        for action in step.get("Actions") or []:
            yield (step["Name"], action["Name"]), action["Id"]
