"""Prompted variables: which row of the destination is meant by what a trigger answers. Pure.

By the row's link: of the plan at hand, which may be about to create the row, else of the ledger. The row is one of the
project's set, or of a library set that the project includes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from config.names import name_key
from worker.kinds import registry
from worker.kinds.answers import names_by_id
from worker.kinds.controls import control_type_of, meaning_of
from worker.kinds.projects import PROJECT
from worker.kinds.references import Nested, PendingId, Ref
from worker.kinds.variables import VALUE_REFERENCES, VARIABLE_SET
from worker.plan.values import Document
from worker.sync.translating.resolve import Resolver
from worker.sync.variables.baseline import VariablesBaseline
from worker.sync.variables.rows import SENSITIVE, is_sensitive, name_of
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Asking, World

NO_COUNTERPART = "it has no counterpart on the destination"


class Plans(Protocol):
    bodies: dict[str, Document]


class Prompted:
    def __init__(self, world: World, resolver: Resolver, plans: Plans) -> None:
        self.world = world
        self.resolver = resolver
        self.plans = plans
        self.rows: dict[str, dict[str, str]] = {}
        """Of the plan at hand: variable set of the source → source row → the destination's, or its stand-in."""

    def variable(self, key: str, project: str | None) -> Resolved:
        """``key``: the id of a variable, or its name. ``project``: of the source. Raises
        :class:`worker.sync.world.world.NotObserved`."""
        if project is None:
            return Resolved(name=key, why=NO_COUNTERPART, alone=True)
        if not names_by_id(key):
            return self._by_name(key, project)
        for owner in self._owners(project):
            for row in self._source_rows(owner):
                if row.get("Id") == key:
                    return self._counterpart(owner, row)
        return Resolved(name=key, why="the source shows no variable of this id", alone=True)

    def _by_name(self, name: str, project: str) -> Resolved:
        """A name is the same on every server. But a secret is none of ours, on whichever side it is one."""
        means: Ref | Nested | None = None
        asking = Asking()
        for owner in self._owners(project):
            with asking:
                of_that_name = [row for row in self._source_rows(owner) if name_of(row) == name_key(name)]
                there = self._destination_rows(owner) if owner == project or of_that_name else {}
                if any(name_of(row) == name_key(name) and _is_secret(row) for row in (*of_that_name, *there.values())):
                    return Resolved(name=name, linked=name, lacks=_set_of(owner))
                means = next((_means(row) for row in of_that_name), means)
        asking.done()
        return Resolved((name,), name, means=means)

    def _counterpart(self, owner: str, row: Document) -> Resolved:
        name, set_id = str(row.get("Name")), _set_of(owner)
        there = self._destination_rows(owner)
        found = self._links(set_id, there).get(str(row["Id"]))
        if found is None or not (isinstance(found, PendingId) or found in there):
            return Resolved(name=name, why=NO_COUNTERPART, lacks=set_id)
        if _is_secret(row) or _is_secret(there.get(found, {})):
            return Resolved(name=name, linked=found, lacks=set_id)
        return Resolved((found,), name, means=_means(row))

    def _links(self, set_id: str, there: Mapping[str, Document]) -> Mapping[str, str]:
        if set_id in self.rows:
            return self.rows[set_id]
        baseline = self.world.baselines.get(set_id)
        if baseline is None or not baseline.rows:
            return {}
        return VariablesBaseline.from_json(baseline.rows).aligned({}, there).counterparts

    def _owners(self, project: str) -> Iterator[str]:
        """Of the sets of variables that the project has: itself, and the library sets that it includes."""
        yield project
        document = self.world.source.document(PROJECT, project) or {}
        for included in document.get("IncludedLibraryVariableSetIds") or []:
            kind = self.world.kind_of(included)
            if kind is not None and kind.name in VARIABLE_SET.owner_kinds:
                yield included

    def _source_rows(self, owner: str) -> list[Document]:
        document = self.world.source.document(VARIABLE_SET, _set_of(owner), owner) or {}
        return document.get("Variables") or []

    def _destination_rows(self, owner: str) -> dict[str, Document]:
        """By id, as the plan leaves them. New ones have none that anybody could name."""
        document = self.plans.bodies.get(_set_of(owner))
        if document is None:
            kind = self.world.kind_of(owner)
            found = self.resolver.item(kind, owner, create=False).ids if kind is not None else ()
            if not found or isinstance(found[0], PendingId):
                return {}
            document = self.world.destination.document(VARIABLE_SET, _set_of(found[0]), found[0])
        rows = (document or {}).get("Variables") or []
        return {str(row["Id"]): row for row in rows if not isinstance(row["Id"], PendingId)}


def _set_of(owner: str) -> str:
    return registry.made_with_owner(VARIABLE_SET, owner)


def _is_secret(row: Document) -> bool:
    return is_sensitive(row) or control_type_of(row.get("Prompt") or {}) == SENSITIVE


def _means(row: Document) -> Ref | Nested | None:
    """What the values of a variable name: by its type, or by how it is prompted for."""
    kind = VALUE_REFERENCES.get(str(row.get("Type")))
    return Ref(kind, loose=True) if kind is not None else meaning_of(control_type_of(row.get("Prompt") or {}))
