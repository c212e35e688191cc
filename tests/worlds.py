"""What was observed of two spaces, written down by hand: for tests of the planner's parts, without a server.

    world = World(route={"include": {"project": ["*"]}})
    world.source("environment", "Environments-1", "Test")
    world.destination("environment", "Environments-9", "Test")
    world.planner().plan(["Projects-1"])

Directories of kinds that nothing was said about are empty, not unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.route import Endpoint, Route
from worker.kinds import registry
from worker.plan.values import Action, Document, printed
from worker.sync.planning.planner import Planned, Planner
from worker.sync.world import world as observed
from worker.sync.world.baseline import Baseline
from worker.sync.world.world import Directory, Entry, Side

Add = Callable[..., Document]


class _Deleted(observed.Deletions):
    """The audit log is known as a whole."""

    def holds(self, source_id: str) -> bool:
        return source_id in self.known


class World:
    def __init__(self, *, links: dict[str, str] | None = None, **route: Any) -> None:
        settings: dict[str, Any] = {"include": {"project": ["*"]}, **route}
        self.route = Route(
            name="dev-to-prod",
            source=Endpoint(instance="dev"),
            destination=Endpoint(instance="prod"),
            **settings,
        )
        self.entries: dict[str, dict[str, list[Entry]]] = {"source": {}, "destination": {}}
        self.documents: dict[str, dict[str, Document | None]] = {"source": {}, "destination": {}}
        self.links = links or {}
        self.baselines: dict[str, Baseline | None] = {}
        self.deleted: set[str] = set()

    def source(self, kind: str, item_id: str, name: str, owner: str | None = None, **fields: Any) -> Document:
        """Says that there is an item, and what it holds. ``Type`` is its type in the directory."""
        return self._add("source", kind, item_id, name, owner, fields)

    def destination(self, kind: str, item_id: str, name: str, owner: str | None = None, **fields: Any) -> Document:
        return self._add("destination", kind, item_id, name, owner, fields)

    def document(self, side: str, document_id: str, **fields: Any) -> Document:
        """One that has no directory line: a process, a variable set."""
        self.documents[side][document_id] = {"Id": document_id, **fields}
        return {"Id": document_id, **fields}

    def change(self, side: str, document_id: str, **fields: Any) -> None:
        document = self.documents[side][document_id]
        assert document is not None
        document |= fields

    def _add(self, side: str, kind_name: str, item_id: str, name: str, owner: str | None, fields: Any) -> Document:
        kind = registry.BY_NAME.get(kind_name)
        item_type, default = fields.pop("Type", None), fields.get("IsDefault", False)
        self.entries[side].setdefault(kind_name, []).append(
            Entry(item_id, name, owner, item_type, fields.get("Version"), default)
        )
        document = {"Id": item_id, "Name": name, **fields}
        if kind is not None and kind.type_field and item_type:
            document[kind.type_field] = item_type
        if kind is not None and kind.owner_field and owner:
            document[kind.owner_field] = owner
        self.documents[side][item_id] = document
        return document

    def observed(self) -> observed.World:
        world = observed.World(self.route, links=dict(self.links))
        for side in (world.source, world.destination):
            side.documents = dict(self.documents[side.name])
            kinds = [*registry.BY_NAME, "tag"]
            side.directories = {kind: Directory(self.entries[side.name].get(kind, [])) for kind in kinds}
        ids = {*self.documents["source"], *_parts_made_with(world.source)}
        world.versions = {}
        world.baselines.known = dict.fromkeys(ids) | self.baselines
        world.deleted = _Deleted(dict.fromkeys(self.deleted, True))
        return world

    def planner(self) -> Planner:
        return Planner(self.observed())

    def plan(self, *targets: str) -> Planned:
        return self.planner().plan(targets)

    def actions(self, *targets: str) -> dict[str, Action]:
        """By name path; of two for one item the first."""
        found: dict[str, Action] = {}
        for action in self.plan(*targets).plan.actions:
            found.setdefault(printed(action.path), action)
        return found


def _parts_made_with(side: Side) -> set[str]:
    return {
        registry.made_with_owner(part, entry.id)
        for kind in registry.ALL
        for part in registry.parts_of(kind)
        for entry in side.directories[kind.name]
    }
