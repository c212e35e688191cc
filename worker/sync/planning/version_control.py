"""Version-controlled projects: what of one lives in Git, and what in the database. Pure.

The process and the deployment settings of such a project live in its repository; variables and runbooks too, once they
were moved there (``PersistenceSettings.ConversionState``); secrets never do. Channels, triggers, links of tenants and
the project's own settings stay in the database (Octopus API reference 2026, "Projects").

What lives in Git is never read and never written: to bring it across is what Git is for. Nor is a project ever
converted: where one side is kept in Git and the other is not, a person decides.
"""

from __future__ import annotations

from config.options import VersionControlled
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.projects import PROJECT, VERSION_CONTROLLED, moved_to_git
from worker.plan.values import Document, NamePath
from worker.sync.planning.inclusion import Inclusion
from worker.sync.translating.resolve import Resolver
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Entry, Side, World

_ALWAYS = frozenset({"deployment-process", "deployment-settings"})
_ONCE_MOVED = {
    "runbook": "runbooks",
    "runbook-process": "runbooks",
    "published-snapshot": "runbooks",
    "variable-set": "variables",
}


class VersionControl:
    """All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, resolver: Resolver, inclusion: Inclusion) -> None:
        self.world = world
        self.resolver = resolver
        self.inclusion = inclusion

    def at_home(self, kind: Kind, entry: Entry, path: NamePath) -> str | None:
        """Why a document does not cross; ``None`` where nothing keeps it in Git."""
        project = self._project(kind, entry)
        if project is None:
            return None
        if self.world.route.rules.of(path).version_controlled is VersionControlled.SKIP:
            return "belongs to a project that lives in Git, which is not synced (version_controlled: skip)"
        what = _ONCE_MOVED.get(kind.name)
        moved = what == "runbooks" and what in self._moved(self.world.source, project.id)
        return "lives in Git, which is not synced" if kind.name in _ALWAYS or moved else None

    def finding(self, kind: Kind, entry: Entry, found: Resolved) -> str | None:
        """What a person must decide before it can cross. ``found``: its counterpart, if there is one."""
        project = self._project(kind, entry)
        if project is None:
            return None
        if kind is PROJECT:
            text = (
                "lives in Git: make it on the destination, and put it under version control there, before it is synced"
            )
            return None if found.ids or found.why else text
        what = _ONCE_MOVED.get(kind.name)
        there = self.resolver.item(PROJECT, project.id).ids if what is not None else ()
        if what is None or not there:
            return None
        here_moved = what in self._moved(self.world.source, project.id)
        if here_moved == (what in self._moved(self.world.destination, there[0])):
            return None
        places = ("Git", "the database") if here_moved else ("the database", "Git")
        return f"the {what} of the project live in {places[0]} on the source and in {places[1]} on the destination"

    def in_database(self, kind: Kind, entry: Entry, document: Document) -> Document:
        """Of a variable set whose variables were moved to Git, what did not move: the secrets."""
        project = self._project(kind, entry)
        if (
            project is None
            or kind.name != "variable-set"
            or "variables" not in self._moved(self.world.source, project.id)
        ):
            return document
        return {**document, "Variables": [row for row in document.get("Variables") or [] if row.get("IsSensitive")]}

    def _project(self, kind: Kind, entry: Entry) -> Entry | None:
        """The version-controlled project that a document is, or belongs to."""
        while kind is not PROJECT:
            above = registry.kind_of(entry.owner) if kind.owner_kinds and entry.owner else None
            owner = self.inclusion.entry(above, entry.owner or "") if above else None
            if above is None or owner is None:
                return None
            kind, entry = above, owner
        return entry if entry.type == VERSION_CONTROLLED else None

    def _moved(self, side: Side, project_id: str) -> frozenset[str]:
        return moved_to_git(side.document(PROJECT, project_id) or {})
