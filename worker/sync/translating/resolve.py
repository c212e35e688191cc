"""Resolve: which item of the destination is meant by an id of the source.

In this order, the first that answers: a name map of the route; the link that the ledger remembers; an item that the
plan at hand is about to create; the same name (within the same owner, of the same type). Where nothing answers, the
planner may create it (closure).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from config.names import name_key
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode
from worker.kinds.projects import PROJECT, RUNBOOK
from worker.kinds.references import PendingId
from worker.plan.values import NamePath, printed
from worker.sync.translating.actions import Actions
from worker.sync.translating.tags import FREE, TAGS, set_of, tag_called
from worker.sync.world import former_names, unheard
from worker.sync.world.in_git import moved
from worker.sync.world.resolved import Closure, Resolved
from worker.sync.world.world import Entry, World, path_of


class Resolver:
    def __init__(self, world: World, closure: Closure) -> None:
        self.world = world
        self.closure = closure
        self.actions = Actions(world, closure, self.item)

    def resolve(self, kind_name: str, source_id: str, *, project: str | None = None, create: bool = True) -> Resolved:
        """``project``: the source project in whose documents the reference stands. ``create``: closure may create an
        item that is missing. Raises :class:`worker.sync.world.world.NotObserved`."""
        match kind_name:
            case "tag":
                return self._tag(source_id)
            case "action":
                return self.actions.action(source_id, project)
            case "step":
                return self.actions.step(source_id, project, ("Id", "Name", "Slug"))
            case "step-slug":
                return self.actions.step(source_id, project, ("Slug", "Id", "Name"))
            case "process-owner":
                return self._in_git(source_id, project) or self._process_owner(source_id)
            case RUNBOOK.name if (in_git := self._in_git(source_id, project)) is not None:
                return in_git
            case "library-variable-set":
                return self._library_set(source_id, create=create)
        return self.item(registry.BY_NAME[kind_name], source_id, create=create)

    def item(self, kind: Kind, source_id: str, *, create: bool = True) -> Resolved:
        """The destination's counterpart of a source item; created by closure where it is missing and may be."""
        if kind.everywhere is not None and kind.everywhere(source_id):
            return Resolved((source_id,), source_id)
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
        if kind.name in self.world.destination.without:
            why = f"the destination's server has no {kind.name}s at all: they came with {kind.since}"
            return Resolved(name=entry.name, item=path, why=why)
        names = self.world.route.mapped(kind.name, entry.name) if kind.name not in _UNNAMEABLE else None
        if names is None:
            linked = self.world.links.get(entry.id)
            known = self.world.destination.listed(kind.name, linked) if linked is not None else None
            if linked is not None and (known is not None or there.hidden):
                if known is not None and not _alike(kind, known, entry):
                    return Resolved(name=entry.name, item=path, why=_other_type(kind, known, entry))
                return Resolved((linked,), entry.name, item=path)
        if entry.id in self.closure.pending:
            self.closure.uses(entry.id)
            return Resolved((self.closure.pending[entry.id],), entry.name, item=path)
        if names is None and (made := unheard.made(self.world, kind, entry.id)) is not None:
            self.closure.seen[entry.id] = made.id
            return Resolved((made.id,), entry.name, item=path)
        owner = None
        if entry.owner is not None:
            owner_kind = registry.kind_of(entry.owner)
            above = self.item(owner_kind, entry.owner) if owner_kind else Resolved(why="unknown owner")
            if not above.ids:
                return Resolved(name=entry.name, item=path, why=above.why, may_come=above.may_come)
            owner = above.ids[0]
        if entry.type in kind.never_created_types:
            return self._only_one(kind, entry, path)
        if kind.called_by:
            return Resolved(name=entry.name, item=path)  # no name tells which it is
        ids: list[str] = []
        for name in names or [entry.name]:
            match = there.named(name, owner)
            same_type = [candidate for candidate in match if _alike(kind, candidate, entry)]
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
            return Resolved(tuple(ids), entry.name, item=path)
        if (before := former_names.counterpart(self.world, kind, entry, owner)) is not None:
            self.closure.seen[entry.id] = before.id
            return Resolved((before.id,), entry.name, item=path)
        if there.hidden:
            return Resolved(name=entry.name, item=path, why=hidden_behind(kind, there.hidden), may_come=True)
        return Resolved(name=entry.name, item=path)

    def taken(self, kind: Kind, entry: Entry, candidate: Entry) -> Resolved | None:
        """Whether the destination's item of this name is the counterpart of another item. ``None``: it is free.

        After a rename the old name may be given to something new on the source, while the destination's item still has
        it: that one is the renamed item, not the new one.
        """
        other = unheard.source_of(self.world, kind, candidate)
        if other is None or other == entry.id:
            return None
        if candidate.id in self.closure.names:
            return Resolved(name=entry.name)
        known = self.world.source.listed(kind.name, other)
        if known is not None and self.closure.moves_away(kind, known, candidate.id):
            return Resolved(name=entry.name)
        if known is not None:
            why = f"{candidate.name!r} on the destination is the counterpart of {known.name!r}"
            return Resolved(name=entry.name, why=why, may_come=True)
        if self.closure.is_gone(other):
            self.closure.relinked.add(other)
            return None
        why = f"{candidate.name!r} on the destination belongs to {other}, which the source no longer lists"
        return Resolved(name=entry.name, why=why, may_come=True)

    def _only_one(self, kind: Kind, entry: Entry, path: NamePath) -> Resolved:
        for candidate in self.world.destination.directory(kind.name):
            if candidate.type == entry.type:
                return Resolved((candidate.id,), entry.name, item=path)
        return Resolved(name=entry.name, item=path, why=f"the destination has no {kind.name} of type {entry.type}")

    def _library_set(self, source_id: str, *, create: bool = True) -> Resolved:
        sets, modules = registry.BY_NAME["library-variable-set"], registry.BY_NAME["script-module"]
        if self.world.source.directory(sets.name).get(source_id) is not None:
            return self.item(sets, source_id, create=create)
        is_module = self.world.source.directory(modules.name).get(source_id) is not None
        return self.item(modules if is_module else sets, source_id, create=create)

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

    def _in_git(self, source_id: str, project: str | None) -> Resolved | None:
        """A runbook of the project at hand that was moved to Git: no list has it any more. (?) By its id from before or
        by its slug, which is its id there."""
        if project is None or source_id == project or self.world.source.listed(RUNBOOK.name, source_id) is not None:
            return None
        if "runbooks" not in moved(self.world.source, project):
            return None
        why = f"the runbooks of the project live in Git on the source, and {source_id} is not seen there"
        return Resolved(name=source_id, why=why, alone=True, linked=self.world.links.get(source_id))

    def _process_owner(self, source_id: str) -> Resolved:
        kind = registry.kind_of(source_id)
        if kind is None or kind.name not in {"project", "runbook"}:
            return Resolved(name=source_id, alone=True, why=f"{source_id} is neither a project nor a runbook")
        return self.item(kind, source_id)


def _alike(kind: Kind, there: Entry, here: Entry) -> bool:
    """Whether one of another type is another thing. Where a project is kept is of no matter to who names it."""
    return kind is PROJECT or there.type == here.type


def _other_type(kind: Kind, there: Entry, here: Entry) -> str:
    return f"{kind.name} {there.name!r} is {there.type} on the destination and {here.type} on the source"


def hidden_behind(kind: Kind, count: int) -> str:
    """Why an item may be there though no list shows it (OctopusDeploy/Issues#7521)."""
    what = f"a {kind.name}" if count == 1 else f"{count} {kind.name}s"
    return (
        f"the destination hides {what}, and this may be among them: a step that was deleted while versioning or "
        "release creation still named it makes every list answer 404; repair it there"
    )


_UNNAMEABLE = frozenset({"deployment-process", "runbook-process", "deployment-settings", "variable-set"})


def waits_on(resolved: Resolved) -> str:
    """For messages: what is missing and why."""
    what = printed(resolved.item) if resolved.item else resolved.name
    return f"{what}: {resolved.why}" if resolved.why else f"{what} is not on the destination"
