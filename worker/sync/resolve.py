"""Resolve: which item of the destination is meant by an id of the source.

In this order, the first that answers: a name map of the route; the link that the ledger remembers; an item that the
plan at hand is about to create; the same name (within the same owner, of the same type). Where nothing answers, the
planner may create it (closure).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from config.names import name_key
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode
from worker.kinds.projects import PROJECT, VERSION_CONTROLLED
from worker.kinds.references import PendingId
from worker.plan.values import Document, NamePath, printed
from worker.sync.tags import FREE, TAGS, set_of, tag_called
from worker.sync.world import Asking, Entry, World, path_of


@dataclass(frozen=True, slots=True)
class Resolved:
    """``ids``: of the destination, empty where there is none. ``why``: then the reason, for people."""

    ids: tuple[str, ...] = ()
    name: str = ""
    """What the source calls it."""
    why: str = ""
    item: NamePath = ()
    may_come: bool = False
    """It is not there and could come to exist: who requires it waits, rather than fails."""
    alone: bool = False
    """No item of the source has this id. It may be no id at all; or of an item that the key may not see."""
    version: int | None = None
    linked: str | None = None
    """Of one that is *alone*: what it is on the destination, as the ledger remembers."""
    lacks: str = ""
    """The source item that is missing, where it is not what the reference itself names: of a tag its set."""
    soon: bool = False
    """It crosses by itself and has not yet: what needs it waits, rather than do without."""


class Closure(Protocol):
    """What the planner does about an item that the destination lacks."""

    pending: dict[str, PendingId]
    """Source id → stand-in, of what this plan creates."""
    planned: dict[str, dict[str, str]]
    """Of processes and tag sets in this plan: source id → (element id → the destination's id or its stand-in)."""

    processes: dict[str, Document]
    """Source id of a process in this plan → what the destination's will be."""
    renamed: set[str]
    """Destination ids of what the plan gives another name: their old names are free."""
    seen: dict[str, str]
    """Source id → destination id, of what was found by name: to be linked, so that it survives a rename."""
    relinked: set[str]
    """Source ids that were deleted, and whose counterpart another item of that name has taken over."""

    def ensure(self, kind: Kind, source_id: str) -> Resolved: ...

    def included(self, kind: Kind, entry: Entry) -> bool: ...


class Resolver:
    def __init__(self, world: World, closure: Closure) -> None:
        self.world = world
        self.closure = closure

    def resolve(self, kind_name: str, source_id: str, *, project: str | None = None, create: bool = True) -> Resolved:
        """``project``: the source project in whose documents the reference stands. ``create``: closure may create an
        item that is missing. Raises :class:`worker.sync.world.NotObserved`."""
        match kind_name:
            case "tag":
                return self._tag(source_id)
            case "action":
                return self._action(source_id, project)
            case "step":
                return self._step(source_id, project, ("Id", "Name", "Slug"))
            case "step-slug":
                return self._step(source_id, project, ("Slug", "Id", "Name"))
            case "process-owner":
                return self._process_owner(source_id)
            case "library-variable-set":
                return self._library_set(source_id)
        return self.item(registry.BY_NAME[kind_name], source_id, create=create)

    def item(self, kind: Kind, source_id: str, *, create: bool = True) -> Resolved:
        """The destination's counterpart of a source item; created by closure where it is missing and may be."""
        entry = self.world.source.listed(kind.name, source_id)
        if entry is None:
            return self.unlisted(kind, source_id)
        found = self.existing(kind, entry)
        if found.ids or found.why:
            return found
        if not create:
            return replace(found, why=f"the destination has no {kind.name} of this name", may_come=True)
        return self.closure.ensure(kind, entry.id)

    def unlisted(self, kind: Kind, source_id: str) -> Resolved:
        """Lists leave out what a key may not see, in silence. Only the audit log tells that something was deleted."""
        if registry.kind_of(source_id) is not None and self.world.deleted.holds(source_id):
            return Resolved(name=source_id, why="it was deleted on the source")
        why = f"the source does not list {source_id}: not visible to the key, or deleted long ago"
        return Resolved(name=source_id, why=why, alone=True, linked=self.world.links.get(source_id))

    def first_of_its_name(self, kind: Kind, entry: Entry) -> Entry:
        """Of several names that the route maps to one, the first in the map's order stands for all."""
        here = self.world.source.directory(kind.name)
        wanted = {name_key(name) for name in self.world.route.mapped(kind.name, entry.name) or [entry.name]}
        for source_name, names in self.world.route.maps.get(kind.name, {}).items():
            found = here.named(source_name, entry.owner)
            if found and wanted & {name_key(name) for name in names}:
                return found[0]
        return entry

    def existing(self, kind: Kind, entry: Entry) -> Resolved:
        """Without closure. Neither ids nor a reason: it is not there, and nothing speaks against creating it."""
        first = entry if kind.name in _UNNAMEABLE else self.first_of_its_name(kind, entry)
        if first.id != entry.id:
            return replace(self.item(kind, first.id), name=entry.name)
        path = path_of(self.world.source, kind, entry.id, entry.owner)
        there = self.world.destination.directory(kind.name)
        names = self.world.route.mapped(kind.name, entry.name) if kind.name not in _UNNAMEABLE else None
        if names is None:
            linked = self.world.links.get(entry.id)
            if linked is not None and (linked in there.by_id or there.hidden):
                known = there.by_id.get(linked)
                if known is not None and known.type != entry.type:
                    return Resolved(name=entry.name, item=path, why=_other_type(kind, known, entry))
                return Resolved((linked,), entry.name, item=path, version=known.version if known else None)
        if entry.id in self.closure.pending:
            return Resolved((self.closure.pending[entry.id],), entry.name, item=path)
        owner = None
        if entry.owner is not None:
            owner_kind = registry.kind_of(entry.owner)
            above = self.item(owner_kind, entry.owner) if owner_kind else Resolved(why="unknown owner")
            if not above.ids:
                return Resolved(name=entry.name, item=path, why=above.why, may_come=above.may_come)
            owner = above.ids[0]
        if entry.type in kind.never_created_types:
            return self._only_one(kind, entry, path)
        ids: list[str] = []
        for name in names or [entry.name]:
            match = there.named(name, owner)
            same_type = [candidate for candidate in match if candidate.type == entry.type]
            if match and not same_type:
                return Resolved(name=entry.name, item=path, why=_other_type(kind, match[0], entry))
            if len(same_type) > 1 and same_type[0].name != name:
                return Resolved(
                    name=entry.name, item=path, why=f"{len(same_type)} items of the destination are called {name!r}"
                )
            if same_type and names is None and (taken := self.taken(kind, entry, same_type[0])) is not None:
                return replace(taken, item=path)
            if same_type:
                ids.append(same_type[0].id)
        if ids:
            if names is None:
                self.closure.seen[entry.id] = ids[0]
            return Resolved(tuple(ids), entry.name, item=path, version=there.by_id[ids[0]].version)
        if there.hidden:
            return Resolved(name=entry.name, item=path, why=hidden_behind(kind, there.hidden), may_come=True)
        return Resolved(name=entry.name, item=path)

    def taken(self, kind: Kind, entry: Entry, candidate: Entry) -> Resolved | None:
        """Whether the destination's item of this name is the counterpart of another item. ``None``: it is free.

        After a rename the old name may be given to something new on the source, while the destination's item still has
        it: that one is the renamed item, not the new one.
        """
        other = self.world.linked_to(candidate.id)
        if other is None or other == entry.id:
            return None
        if candidate.id in self.closure.renamed:
            return Resolved(name=entry.name)
        known = self.world.source.listed(kind.name, other)
        if known is not None:
            why = f"{candidate.name!r} on the destination is the counterpart of {known.name!r}"
            return Resolved(name=entry.name, why=why, may_come=True)
        if self.world.deleted.holds(other):
            self.closure.relinked.add(other)
            return None
        why = f"{candidate.name!r} on the destination belongs to {other}, which the source no longer lists"
        return Resolved(name=entry.name, why=why, may_come=True)

    def _only_one(self, kind: Kind, entry: Entry, path: NamePath) -> Resolved:
        for candidate in self.world.destination.directory(kind.name):
            if candidate.type == entry.type:
                return Resolved((candidate.id,), entry.name, item=path)
        return Resolved(name=entry.name, item=path, why=f"the destination has no {kind.name} of type {entry.type}")

    def _library_set(self, source_id: str) -> Resolved:
        sets, modules = registry.BY_NAME["library-variable-set"], registry.BY_NAME["script-module"]
        if self.world.source.directory(sets.name).get(source_id) is not None:
            return self.item(sets, source_id)
        is_module = self.world.source.directory(modules.name).get(source_id) is not None
        return self.item(modules if is_module else sets, source_id)

    def _tag(self, name: str) -> Resolved:
        """A tag crosses with its set. It is known by the id that the set's baseline links, and else by its name; what
        takes its place in the document is the name that it has on the destination."""
        tag = tag_called(self.world.source.directory(TAGS.name), name)
        kind = registry.BY_NAME[TAGS.listed_with]
        entry = self.world.source.listed(kind.name, set_of(tag)) if tag is not None else None
        if tag is None or entry is None:
            return self._tag_called(name)
        found = self.item(kind, entry.id)
        text = name[len(entry.name) + 1 :] if tag.id.endswith(f"/{FREE}") else tag.name[len(entry.name) + 1 :]
        if not found.ids:
            return replace(found, name=name, lacks=entry.id)
        there = self.world.destination.directory(kind.name).by_id.get(found.ids[0])
        if there is None:  # the plan makes it
            called = (self.world.route.mapped(kind.name, entry.name) or [entry.name])[0]
            return Resolved((f"{called}/{text}",), name)
        tags = self.world.destination.directory(TAGS.name)
        if tag.id.endswith(f"/{FREE}"):
            free = f"{there.id}/{FREE}" in tags.by_id
            return Resolved((f"{there.name}/{text}",), name) if free else self._no_tag(name, there.name, text)
        linked = self._linked_tag(entry.id, tag.id)
        if linked is not None and linked in tags.by_id:
            return Resolved((tags.by_id[linked].name,), name)
        if isinstance(linked, PendingId):
            return Resolved((f"{there.name}/{text}",), name)
        match = [one for one in tags.named(f"{there.name}/{text}") if set_of(one) == there.id]
        if match:
            return Resolved((match[0].name,), name)
        soon = kind.mode is Mode.EXACT and self.closure.included(kind, entry) and entry.id not in self.closure.planned
        return replace(self._no_tag(name, there.name, text), lacks=entry.id, soon=soon, item=(kind.name, entry.name))

    def _linked_tag(self, set_id: str, tag_id: str) -> str | None:
        elements: Mapping[str, str] | None = self.closure.planned.get(set_id)
        if elements is None:
            baseline = self.world.baselines.get(set_id)
            elements = baseline.elements if baseline is not None else {}
        return elements.get(tag_id)

    def _tag_called(self, name: str) -> Resolved:
        """By the name alone: the source lists no such tag."""
        there = tag_called(self.world.destination.directory(TAGS.name), name)
        if there is not None:
            return Resolved((name if there.id.endswith(f"/{FREE}") else there.name,), name)
        return Resolved(name=name, why=f"the destination has no tag {name!r}")

    def _no_tag(self, name: str, tag_set: str, tag: str) -> Resolved:
        return Resolved(name=name, why=f"the destination's tag set {tag_set!r} has no tag {tag!r}")

    def _process_owner(self, source_id: str) -> Resolved:
        kind = registry.kind_of(source_id)
        if kind is None or kind.name not in {"project", "runbook"}:
            return Resolved(name=source_id, alone=True, why=f"{source_id} is neither a project nor a runbook")
        return self.item(kind, source_id)

    def _action(self, action_id: str, project: str | None) -> Resolved:
        """Ids of actions repeat across cloned runbooks: the counterparts in all processes of the project are meant.

        What lives in Git is called there what it is called everywhere, by its slug.
        """
        if self._in_git(project):
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

    def _step(self, step: str, project: str | None, by: tuple[str, ...]) -> Resolved:
        """An action of the deployment process, by id, name or slug (``by``: which is looked at first), as the
        destination knows it by the same: it may have another name there, and slugs are each server's own."""
        if self._in_git(project):
            return Resolved((step,), step)
        kind = registry.BY_NAME["deployment-process"]
        process_id = registry.made_with_owner(kind, project or "")
        process = self.world.source.document(kind, process_id, project) or {}
        actions = [action for entry in process.get("Steps") or [] for action in entry.get("Actions") or []]
        for field_name in by:
            for one in actions:
                if name_key(step) != name_key(str(one.get(field_name) or "")):
                    continue
                found = self._action(one["Id"], project)
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
        process = self.closure.processes.get(process_id)
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


def _other_type(kind: Kind, there: Entry, here: Entry) -> str:
    if kind is PROJECT:
        places = ["in Git" if one.type == VERSION_CONTROLLED else "in the database" for one in (there, here)]
        return (
            f"project {there.name!r} is kept {places[0]} on the destination and {places[1]} on the source: convert the "
            "one or the other by hand, or exclude it"
        )
    return f"{kind.name} {there.name!r} is {there.type} on the destination and {here.type} on the source"


def hidden_behind(kind: Kind, count: int) -> str:
    """Why an item may be there though no list shows it (OctopusDeploy/Issues#7521)."""
    what = f"a {kind.name}" if count == 1 else f"{count} {kind.name}s"
    return (
        f"the destination hides {what}, and this may be among them: a step that was deleted while versioning or "
        "release creation still named it makes every list answer 404; repair it there"
    )


_UNNAMEABLE = frozenset({"deployment-process", "runbook-process", "deployment-settings", "variable-set"})


def _actions(process: Document) -> Iterator[tuple[tuple[str, str], str]]:
    for step in process.get("Steps") or []:
        for action in step.get("Actions") or []:
            yield (step["Name"], action["Name"]), action["Id"]


def waits_on(resolved: Resolved) -> str:
    """For messages: what is missing and why."""
    what = printed(resolved.item) if resolved.item else resolved.name
    return f"{what}: {resolved.why}" if resolved.why else f"{what} is not on the destination"
