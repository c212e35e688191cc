"""Outlook: the destination as it will be once a plan is applied: what was observed, with what is planned over it. Pure.

All of it may raise :class:`worker.sync.world.world.NotObserved`, as planning does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from worker.kinds import registry
from worker.kinds.projects import VERSION_CONTROLLED, type_of
from worker.kinds.references import PendingId
from worker.kinds.variables import VARIABLE_SET
from worker.plan.values import Document, Op
from worker.sync.planning.planner import Planned
from worker.sync.world.world import Entry, World, project_of

LIBRARY = registry.BY_NAME["library-variable-set"]
_SETS = re.compile(
    r"""(?:Set-OctopusVariable\b[^\n]*?|set_octopusvariable\s|SetVariable\s*\(|\.set_?variable\s*\()\s*(?:-name\s*)?["']([^"'\n]+)["']""",
    re.IGNORECASE,
)
"""How a script sets a variable, in the languages that Octopus runs: later steps ask for it by its step, the same one by
its name alone."""

Libraries = MutableMapping[str, "frozenset[str] | None"]
"""The names that a library set of the destination gives a project; ``None``: it cannot be read."""


@dataclass(frozen=True, slots=True)
class Variables:
    """``names`` of all variables that a project has, case-folded."""

    names: frozenset[str]

    def has(self, name: str) -> bool:
        return name.strip().casefold() in self.names

    def also(self, names: Collection[str]) -> Variables:
        return replace(self, names=self.names | {name.casefold() for name in names})


class Outlook:
    """``libraries``: what was found out about library sets, for whoever looks at several plans one after the other."""

    def __init__(self, world: World, planned: Planned, libraries: Libraries) -> None:
        self.world = world
        self.planned = planned.plan.actions
        self.seen = planned.seen
        self.libraries = libraries
        self._bodies: dict[str, Document] = {}
        self._variables: dict[str, Variables | None] = {}
        for action in self.planned:
            if action.body is not None and action.destination_id is not None and action.op is not Op.DELETE:
                known = self._bodies.get(action.destination_id, {})
                self._bodies[action.destination_id] = {**known, **action.body}

    def document(self, kind: str, destination_id: str) -> Document | None:
        """``None``: it cannot be read. What is planned of a document that exists is all of it."""
        planned = self._bodies.get(destination_id)
        if _is_to_come(destination_id):
            return planned
        if planned is not None and planned.get("Id") == destination_id:
            return planned
        owner = registry.owner_of(destination_id)
        there = self.world.destination.document(registry.BY_NAME[kind], destination_id, owner)
        return {**there, **(planned or {})} if there is not None else None

    def made(self, destination_id: str) -> Document | None:
        """What the plan creates; ``None`` for what is there already."""
        return self._bodies.get(destination_id) if _is_to_come(destination_id) else None

    def environment(self, environment_id: str) -> str:
        """Its name, for people."""
        if (made := self.made(environment_id)) is not None:
            return str(made.get("Name"))
        entry = self.world.destination.directory("environment").by_id.get(environment_id)
        return entry.name if entry is not None else environment_id

    def counterpart(self, source_id: str) -> str:
        """The destination's id of a source item that is there, or will be."""
        return self.world.links.get(source_id) or self.seen.get(source_id) or PendingId.of(source_id)

    def project_of(self, source_id: str) -> str | None:
        """The destination's project to which the counterpart of a source document belongs; ``None``: to none."""
        owner = registry.owner_of(source_id)
        project = project_of(self.world.source, Entry(source_id, "", owner)) if owner is not None else None
        return self.counterpart(project) if project is not None else None

    def may_lack_targets(self, kind: str, source_id: str, project: Document) -> bool:
        """Whether what runs by a process may find no targets: then it may well make them itself."""
        owner = registry.owner_of(source_id) or ""
        policy: Any = project.get("ProjectConnectivityPolicy")
        if kind == "runbook-process":
            policy = (self.document("runbook", self.counterpart(owner)) or {}).get("ConnectivityPolicy")
        else:
            settings_kind = registry.BY_NAME["deployment-settings"]
            settings_id = registry.made_with_owner(settings_kind, self.counterpart(owner))
            pending = PendingId.of(registry.made_with_owner(settings_kind, owner))
            settings = self._bodies.get(settings_id) or self._bodies.get(pending)
            policy = (settings or {}).get("ConnectivityPolicy") or policy
        return not isinstance(policy, Mapping) or bool(policy.get("AllowDeploymentsToNoTargets"))

    # ── names of variables ────────────────────────────────────────────────────────────────────────────────────────────

    def variables(self, project_id: str, project: Document) -> Variables | None:
        """``None``: not all of them can be known."""
        if project_id not in self._variables:
            self._variables[project_id] = self._find_variables(project_id, project)
        return self._variables[project_id]

    def _find_variables(self, project_id: str, project: Document) -> Variables | None:
        if type_of(project) == VERSION_CONTROLLED:
            return None  # most of them are in its repository
        rows = self.document(VARIABLE_SET.name, _part(VARIABLE_SET.prefix, project_id))
        if rows is None and not _is_to_come(project_id):
            return None
        names = {*_names(rows or {}, "Variables"), *_names(project, "Templates")}
        for library_id in project.get("IncludedLibraryVariableSetIds") or ():
            included = self._included(library_id)
            if included is None:
                return None
            names |= included
        for script in self._scripts(project_id):
            names |= set(_SETS.findall(script))
        return Variables(frozenset(name.strip().casefold() for name in names))

    def _included(self, library_id: str) -> frozenset[str] | None:
        """Of a library set, or a script module, which gives none."""
        if self.world.destination.directory("script-module").by_id.get(library_id) is not None:
            return frozenset()
        planned = {library_id, _part(VARIABLE_SET.prefix, library_id)} & self._bodies.keys()
        if planned or library_id not in self.libraries:
            self.libraries[library_id] = self._library(library_id)
        return self.libraries[library_id]

    def _library(self, library_id: str) -> frozenset[str] | None:
        if (made := self.made(library_id)) is not None:
            if made.get("ContentType") == "ScriptModule":
                return frozenset()
            rows = self._bodies.get(_part(VARIABLE_SET.prefix, library_id)) or {}
            return frozenset({*_names(rows, "Variables"), *_names(made, "Templates")})
        if self.world.destination.directory(LIBRARY.name).by_id.get(library_id) is None:
            return None
        library = self.document(LIBRARY.name, library_id)
        variables = self.document(VARIABLE_SET.name, _part(VARIABLE_SET.prefix, library_id))
        if library is None or variables is None:
            return None
        return frozenset({*_names(variables, "Variables"), *_names(library, "Templates")})

    def _scripts(self, project_id: str) -> Iterator[str]:
        """Of the processes of a project that are at hand. One that is not can only set what its own steps ask for."""
        for action in self.planned:
            if action.kind.endswith("-process") and action.source_id is not None and action.destination_id is not None:
                if self.project_of(action.source_id) != project_id:
                    continue
                document = self.document(action.kind, action.destination_id) or {}
                for step in document.get("Steps") or ():
                    for one in step.get("Actions") or ():
                        yield from (v for v in (one.get("Properties") or {}).values() if isinstance(v, str))


_TO_COME = PendingId.of("")


def _is_to_come(destination_id: str) -> bool:
    """Whether it stands for what the plan creates."""
    return destination_id.startswith(_TO_COME)


def _part(prefix: str, owner_id: str) -> str:
    """The document that the server makes together with an item, that is there or will be."""
    if _is_to_come(owner_id):
        return PendingId.of(f"{prefix}-{owner_id.removeprefix(_TO_COME)}")
    return f"{prefix}-{owner_id}"


def _names(document: Document, field: str) -> Iterator[str]:
    yield from (str(one["Name"]) for one in document.get(field) or () if one.get("Name"))
