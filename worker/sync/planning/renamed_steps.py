"""What else a plan must look at when it renames steps. Pure.

Versioning, release creation, channel rules and triggers may name a step by its name: their documents are planned
together with the process, so that none names what is not there. Texts are looked through, and told of
(:mod:`worker.sync.planning.old_names`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from config.names import name_key
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.variables import VARIABLE_SET
from worker.plan.values import Action
from worker.sync.planning import parts
from worker.sync.planning.in_use import in_use
from worker.sync.planning.old_names import still_named
from worker.sync.translating.resolve import Resolver
from worker.sync.world.world import Asking, Entry, World, path_of, project_of
from worker.sync.world.written import Outcome


class Plan(Protocol):
    """What the planner offers."""

    actions: list[Action]

    def push_all(self, targets: Iterable[str]) -> None: ...


class RenamedSteps:
    def __init__(self, world: World, resolver: Resolver, plan: Plan) -> None:
        self.world = world
        self.resolver = resolver
        self.plan = plan
        self._found: list[tuple[int, str, str, Outcome]] = []
        """Place of the process' action, project on the source and on the destination, what was renamed."""
        self._names: dict[str, Mapping[str, str]] = {}

    def note(self, kind: Kind, entry: Entry, outcome: Outcome) -> None:
        """The action of a process that renames steps is about to be added. Raises
        :class:`worker.sync.world.world.NotObserved`."""
        project = project_of(self.world.source, entry) or ""
        there = self.resolver.item(registry.BY_NAME["project"], project).ids[0]
        if kind.name == "deployment-process" and any(in_use(self.world, there, one) for one, _ in outcome.renamed):
            self.plan.push_all(parts.naming_steps_of(self.world, project))
        if kind.name == "deployment-process":
            self._names[project] = {name_key(str(one["Name"])): name_key(new) for one, new in outcome.renamed}
        self._found.append((len(self.plan.actions), project, there, outcome))

    def of(self, entry: Entry) -> Mapping[str, str]:
        """Old name → new, as they are compared, of the deployment process of a document's project."""
        return self._names.get(project_of(self.world.source, entry) or "", {}) if self._names else {}

    def look_through(self, asking: Asking) -> None:
        """At the end of the plan, when it is known what will become of the variables."""
        for at, project, there, outcome in self._found:
            with asking:
                self.plan.actions[at] = self._told(self.plan.actions[at], project, there, outcome)

    def _told(self, action: Action, project: str, there: str, outcome: Outcome) -> Action:
        set_id = registry.made_with_owner(VARIABLE_SET, there)
        planned = (one.body for one in self.plan.actions if one.destination_id == set_id)
        variables = next((body for body in planned if body is not None), None)
        if variables is None:
            variables = self.world.destination.document(VARIABLE_SET, set_id, there) or {}
        owner = path_of(self.world.source, registry.BY_NAME["project"], project, None)
        rows = variables.get("Variables") or []
        found = list(still_named(action.body or {}, action.path, rows, owner, outcome.renamed))
        return replace(
            action,
            decisions=(*action.decisions, *(decision for decision, _ in found)),
            clean_ups=(*action.clean_ups, *(entry for _, entry in found)),
        )
