"""Version-controlled projects: what of one lives in Git, and what in the database. Pure.

The process and the deployment settings of such a project live in its repository; variables and runbooks too, once they
were moved there (``PersistenceSettings.ConversionState``); secrets never do. Channels, triggers, links of tenants and
the project's own settings stay in the database (Octopus API reference 2026, "Projects").

What lives in Git is never read and never written: to bring it across is what Git is for. Nor is a project ever
converted: where one side is kept in Git and the other is not, nothing of it crosses until a person decides. Others may
name it all the same: where it is kept makes it no other project.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from config.options import VersionControlled
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.projects import PROJECT, VERSION_CONTROLLED
from worker.kinds.references import PendingId
from worker.kinds.variables import VARIABLE_SET
from worker.plan.values import CleanUp, Document, NamePath
from worker.sync.planning.inclusion import Inclusion
from worker.sync.translating.resolve import Resolver
from worker.sync.world.in_git import moved
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Entry, Side, World
from worker.sync.world.written import Outcome

APART = "kept-apart"
"""The reason of clean-up entries about what is not where it should be: in Git here and in the database there."""

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
        project = self._in_git(kind, entry)
        if project is None:
            return None
        if self.world.route.rules.of(path).version_controlled is VersionControlled.SKIP:
            whose = "lives" if kind is PROJECT else "belongs to a project that lives"
            return f"{whose} in Git, which is not synced (version_controlled: skip)"
        what = _ONCE_MOVED.get(kind.name)
        gone = what == "runbooks" and what in moved(self.world.source, project.id)
        return "lives in Git, which is not synced" if kind.name in _ALWAYS or gone else None

    def left_behind(self, kind: Kind, entry: Entry, path: NamePath, text: str) -> tuple[CleanUp, ...]:
        """What a person is told of a project that stays at home, but has crossed before: its counterpart no longer
        follows."""
        if kind is not PROJECT or self.world.baselines.get(entry.id) is None:
            return ()
        return (CleanUp(path, "", "left-behind", f"stays as it is: {text}"),)

    def finding(self, kind: Kind, entry: Entry, found: Resolved) -> str | None:
        """What a person must decide before it can cross. ``found``: its counterpart, if there is one."""
        project = self._project(kind, entry)
        if project is None:
            return None
        in_git = project.type == VERSION_CONTROLLED
        if kind is not PROJECT:
            found = self.resolver.existing(PROJECT, project)
        elif in_git and not found.ids and not found.why:
            return (
                "lives in Git: make it on the destination, and put it under version control there, before it is synced"
            )
        there = self.world.destination.directory(PROJECT.name).by_id.get(found.ids[0]) if found.ids else None
        if there is None or isinstance(found.ids[0], PendingId):
            return None
        if there.type != project.type:
            places = ("in the database", "in Git") if in_git else ("in Git", "in the database")
            return (
                f"project {there.name!r} is kept {places[0]} on the destination and {places[1]} on the source: convert "
                "the one or the other by hand, or exclude it"
            )
        what = _ONCE_MOVED.get(kind.name)
        if not in_git or what is None:
            return None
        here_moved = what in moved(self.world.source, project.id)
        if here_moved == (what in moved(self.world.destination, there.id)):
            return None
        return f"the {what} of the project live in {_places(here_moved)}"

    def telling(self, outcome: Outcome, kind: Kind, entry: Entry, destination_id: str) -> Outcome:
        """The update of a document, and with it what a person must know of what is kept apart."""
        if kind not in (PROJECT, VARIABLE_SET) or isinstance(destination_id, PendingId):
            return outcome
        project = self._in_git(kind, entry)
        if project is None:
            return outcome
        path, here = outcome.action.path, moved(self.world.source, project.id)
        told: list[CleanUp] = []
        if kind is VARIABLE_SET and "variables" in here:
            told += self._astray(path, self.world.source, self.world.source.document(kind, entry.id, project.id))
            there = destination_id.partition("-")[2]
            document = self.world.destination.document(kind, destination_id, there)
            told += self._astray(path, self.world.destination, document)
        elif kind is PROJECT and "runbooks" in here and "runbooks" not in moved(self.world.destination, destination_id):
            # No document of theirs is left that could say it, and those of the destination follow nothing any more.
            text = f"its runbooks live in {_places(True)}, where they stay as they are: move them to Git there, too"
            told.append(CleanUp(path, "PersistenceSettings.ConversionState", APART, text))
        action = outcome.action
        return replace(outcome, action=replace(action, clean_ups=(*action.clean_ups, *told))) if told else outcome

    def _astray(self, path: NamePath, side: Side, document: Document | None) -> Iterator[CleanUp]:
        """What is neither in Git nor secret, since somebody saved it past Git (OctopusDeploy/Issues#9824)."""
        rows = (document or {}).get("Variables") or []
        names = list(dict.fromkeys(str(row.get("Name")) for row in rows if not row.get("IsSensitive")))
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            text = (
                f"{', '.join(names[:3])}{more}: in the database of the {side.name} though its variables live in Git; "
                "left alone: move what is meant to its branches, and delete it there"
            )
            yield CleanUp(path, f"Variables ({side.name})", APART, text)

    def in_database(self, kind: Kind, entry: Entry, document: Document) -> Document:
        """Of a variable set whose variables were moved to Git, what did not move: the secrets."""
        if kind is not VARIABLE_SET:
            return document
        project = self._in_git(kind, entry)
        if project is None or "variables" not in moved(self.world.source, project.id):
            return document
        return {**document, "Variables": [row for row in document.get("Variables") or [] if row.get("IsSensitive")]}

    def _in_git(self, kind: Kind, entry: Entry) -> Entry | None:
        """The version-controlled project that a document is, or belongs to."""
        project = self._project(kind, entry)
        return project if project is not None and project.type == VERSION_CONTROLLED else None

    def _project(self, kind: Kind, entry: Entry) -> Entry | None:
        """The project that a document is, or belongs to."""
        while kind is not PROJECT:
            above = registry.kind_of(entry.owner) if kind.owner_kinds and entry.owner else None
            owner = self.inclusion.entry(above, entry.owner or "") if above else None
            if above is None or owner is None:
                return None
            kind, entry = above, owner
        return entry


def _places(here_moved: bool) -> str:
    places = ("Git", "the database") if here_moved else ("the database", "Git")
    return f"{places[0]} on the source and in {places[1]} on the destination"
