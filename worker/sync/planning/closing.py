"""Closing: whether what a document requires, and the destination lacks, may be created for its sake. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from worker.kinds import registry
from worker.kinds.kind import Kind, Mode
from worker.plan.values import NamePath
from worker.sync.planning.inclusion import Inclusion
from worker.sync.planning.version_control import VersionControl
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Entry, World

DEEPEST = 40
"""How far closure follows what requires what. Real spaces need five or six; more is a loop that nobody foresaw."""


class Closing:
    def __init__(self, world: World, inclusion: Inclusion, version_control: VersionControl) -> None:
        self.world = world
        self.inclusion = inclusion
        self.version_control = version_control

    def refusal(self, kind: Kind, entry: Entry, path: NamePath, stack: Sequence[str]) -> str | None:
        """Why closure must not create it. ``stack``: what requires it, and what requires that, outermost first."""
        route = self.world.route
        project = (
            self.inclusion.entry(registry.BY_NAME["project"], entry.owner) if kind.owner_kinds and entry.owner else None
        )
        if kind.mode is Mode.LOOKUP:
            return f"the destination has no {kind.name} of this name, and this route creates none"
        if route.excludes(kind.name, entry.name, project.name if project else None):
            return "does not cross: the route excludes it, and the destination has none of this name"
        if (text := self.inclusion.left_to_the_destination(kind, entry, path)) is not None:
            return f"does not cross: {text}"
        if kind.never_created:
            return f"the destination has no {kind.name} of this name, and one {kind.never_created}"
        if not kind.created_by_closure and not route.includes(kind.name, entry.name):
            return (
                f"the destination has no {kind.name} of this name; only one that the route includes by name is created"
            )
        if (text := self.version_control.at_home(kind, entry, path)) is not None:
            return text
        if (text := self.version_control.finding(kind, entry, Resolved())) is not None:
            return text
        if kind.owner_kinds and not self.inclusion.included(kind, entry):
            return "does not cross: the route does not include it"
        if entry.id in stack or len(stack) >= DEEPEST:
            return f"requires itself, by way of {' → '.join(stack[-3:])}"
        return None
