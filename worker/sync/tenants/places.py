"""Where a tenant can have values on the destination: as it will be, once what stands earlier in the plan is written.

Of each project that it is linked to, for the environments of the link; of each library set that one of these projects
includes. What the tenant's own document lists is read from there; beyond it only what the plan changes or adds is of
interest. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from config.names import name_key
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.tenants import TENANT
from worker.plan.values import Document
from worker.sync.tenants.cells import EVERYWHERE, Cell
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import World


class Planning(Protocol):
    """What is needed of the planner of documents."""

    world: World

    def changed_to(self, source_id: str) -> Document | None:
        """What the plan makes of the counterpart of a source document; ``None`` where it leaves it as it is."""

    def elements_of(self, source_id: str) -> Mapping[str, str]:
        """Source id → destination id of the elements of a document."""


class Places:
    """``there``: the destination's values, ``{}`` of a tenant that the plan creates. ``owners``: the projects and
    library sets of the source's values, by source id, with what they are on the destination."""

    def __init__(
        self, planner: Planning, tenant: str, tenant_there: str, there: Document, owners: Mapping[str, Resolved]
    ) -> None:
        self.planner = planner
        self.listed: Mapping[str, Mapping[str, list[Any]]] = there.get("Templates") or {}
        self.owners = owners
        document = self._as_it_will_be(TENANT, tenant, tenant_there) or {}
        self.links: Mapping[str, list[str]] = document.get("ProjectEnvironments") or {}

    @cached_property
    def sets(self) -> frozenset[str]:
        """Ids of the library sets. Raises :class:`worker.sync.world.world.NotObserved`."""
        project_kind = registry.BY_NAME["project"]
        found = {owner for owner in self.listed if registry.kind_of(owner) is not project_kind}
        for source, owner in self.owners.items():
            if registry.kind_of(source) is not project_kind or not owner.ids or owner.ids[0] not in self.links:
                continue
            document = self.planner.changed_to(source)
            if document is None and owner.ids[0] not in self.listed:
                document = self._as_it_will_be(project_kind, source, owner.ids[0])
            found |= set((document or {}).get("IncludedLibraryVariableSetIds") or [])
        return frozenset(found)

    def has(self, owner: str, environment: str) -> bool:
        if owner in self.links:
            return environment in self.links[owner]
        return owner in self.sets

    def may_stay(self, cell: Cell) -> bool:
        """Whether a value of the destination is still there when the plan has come to it. Values of a library set that
        no project includes any more are not shown, but kept (?)."""
        return cell.environment == EVERYWHERE or cell.owner in self.sets or self.has(cell.owner, cell.environment)

    def template(self, source: str, owner: str, template: str, name: str) -> str | None:
        """The destination's id of a template of ``source``, or a stand-in for it; ``None`` where it has none."""
        known = self._templates(source, owner)
        elements = self.planner.elements_of(source)
        linked = elements.get(template)
        if linked is not None and linked in known:
            return linked
        taken = set(elements.values())
        return next((key for key, one in known.items() if one == name_key(name) and key not in taken), None)

    def _templates(self, source: str, owner: str) -> dict[str, str]:
        """Id → name key."""
        changed = self.planner.changed_to(source)
        if changed is None and owner in self.listed:
            return {key: name_key(str(name)) for key, (name, _) in self.listed[owner].items()}
        kind = registry.kind_of(source)
        document = changed or (self._as_it_will_be(kind, source, owner) if kind is not None else None) or {}
        return {one["Id"]: name_key(str(one["Name"])) for one in document.get("Templates") or []}

    def _as_it_will_be(self, kind: Kind, source_id: str, destination_id: str) -> Document | None:
        return self.planner.changed_to(source_id) or self.planner.world.destination.document(kind, destination_id)
