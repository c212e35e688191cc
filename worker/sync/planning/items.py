"""Items: which source documents are meant by a name, by the document part of a dirty key, or by *everything*. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from config.names import INCLUDABLE_KINDS, name_key
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.library import FEED
from worker.kinds.packages import PACKAGE
from worker.plan.values import NamePath, printed
from worker.sync.world.baseline import Baseline
from worker.sync.world.world import Asking, Directory, Entry, World

SUBTREE = "/*"
EVERYTHING = "*"


class UnknownItem(LookupError):  # noqa: N818  (named for what it is about)
    """No item of the source has this name. ``str`` says which are near."""


@dataclass(frozen=True, slots=True)
class Items:
    """``targets``: as in dirty keys (``Projects-3``, ``Projects-3/*``, ``*``). ``paths``: name paths; one of an item
    that has parts means it with its parts."""

    targets: Sequence[str] = ()
    paths: Sequence[NamePath] = ()

    def among(self, world: World) -> list[str]:
        """Ids of documents, in order of writing, each once. Raises :class:`UnknownItem` and
        :class:`worker.sync.world.world.NotObserved`."""
        ids: dict[str, None] = {}
        for target in self.targets:
            if target == EVERYTHING:
                ids |= dict.fromkeys(everything(world))
            elif target.endswith(SUBTREE):
                ids |= dict.fromkeys(subtree(world, target.removesuffix(SUBTREE)))
            else:
                ids[target] = None
        for path in self.paths:
            ids |= dict.fromkeys(_named(world, path))
        order = registry.precedence()
        return sorted(ids, key=lambda one: order[kind.name] if (kind := registry.kind_of(one)) else 0)


def everything(world: World) -> Iterator[str]:
    """All that the route includes in its own right, with its parts."""
    asking = Asking()
    for kind in registry.writable():
        if kind.owner_kinds or kind.name not in INCLUDABLE_KINDS:
            continue
        if (
            kind.mode is not Mode.SHARED_NAME
            and not kind.created_by_closure
            and not world.route.include.selectors(kind.name)
        ):
            continue  # it crosses only where it is included; its list may be long
        entries: Iterable[Entry] = ()
        with asking:
            entries = _visible(world, kind)
        for entry in entries:
            if entry.type in kind.never_types | kind.looked_up_types:
                continue
            with asking:
                if world.route.includes(kind.name, entry.name) or (
                    not world.route.excludes(kind.name, entry.name) and is_ours(world, kind, entry)
                ):
                    yield from subtree(world, entry.id)
    with asking:
        yield from gone(world)
    asking.done()


def gone(world: World) -> Iterator[str]:
    """What crossed once and was deleted on the source since, as its audit log says. Parts of what was deleted with them
    are not told of."""
    asking = Asking()
    for source_id in world.links:
        kind = world.kind_of(source_id)
        if kind is None or kind.mode is Mode.LOOKUP or kind.place is not Place.COLLECTION:
            continue
        with asking:
            if source_id not in world.source.directory(kind.name).by_id and world.deleted.holds(source_id):
                yield source_id
    asking.done()


def is_ours(world: World, kind: Kind, entry: Entry) -> bool:
    """Whether it crosses although the route does not include it by name: something that is included needed it.

    What is merged must have been decided on before; that another item refers to it, and it was found there by name, is
    no reason to change it. What the route included by name, and does not any more, stays as it is; what is merely
    called otherwise now still crosses.
    """
    if entry.id not in world.links or kind.mode is Mode.ON_REQUEST:
        return False
    if kind.mode is Mode.SHARED_NAME:
        return True
    baseline = world.baselines.get(entry.id)
    return baseline is not None and was_included(world, kind, baseline)


def was_included(world: World, kind: Kind, baseline: Baseline) -> bool:
    """Whether what crossed once still would, by the name that it was given then; also by the source's names to which
    the maps of the route give this one."""
    given = name_key(str(baseline.want.get("Name") or ""))
    maps = world.route.maps.get(kind.name, {}).items()
    called = {given} | {name_key(name) for name, names in maps if given in map(name_key, names)}
    return baseline.along or any(world.route.includes(kind.name, name) for name in called)


def subtree(world: World, document_id: str) -> Iterator[str]:
    """The document, and all that belongs to it."""
    yield document_id
    kind = world.kind_of(document_id)
    if kind is FEED and world.route.include.selectors(PACKAGE.name):
        yield from _packages(world, document_id)
    for part in registry.parts_of(kind) if kind else ():
        if part.mode is Mode.LOOKUP or part.follows is not None:
            continue
        if part.place is Place.WITH_OWNER:
            yield registry.made_with_owner(part, document_id)
        else:
            for entry in world.source.directory(part.name).of(document_id):
                yield from subtree(world, entry.id)


def _packages(world: World, feed_id: str) -> Iterator[str]:
    """What the route includes of the built-in feed."""
    feed = world.source.directory(FEED.name).by_id.get(feed_id)
    if feed is not None and feed.type not in FEED.never_created_types:
        return
    for entry in _visible(world, PACKAGE):
        if world.route.includes(PACKAGE.name, entry.name):
            yield entry.id


def _named(world: World, path: NamePath) -> Iterator[str]:
    """``("project", "OctoFX")`` means the project and its parts, ``("project", "OctoFX", "variables")`` one part."""
    if len(path) < 2:
        raise UnknownItem(f"{printed(path)!r} is no item: write KIND/NAME, as in project/OctoFX")
    kind, document_id = _top(world, path[0], path[1])
    rest = path[2:]
    while rest:
        parts = registry.parts_of(kind)
        with_owner = next((part for part in parts if part.segment == rest[0]), None)
        if with_owner is not None:
            kind, document_id, rest = with_owner, registry.made_with_owner(with_owner, document_id), rest[1:]
            continue
        part = next((part for part in parts if part.name == rest[0] and part.segment is None), None)
        if part is None or len(rest) < 2:
            known = ", ".join(part.segment or f"{part.name}/NAME" for part in parts) or "nothing"
            raise UnknownItem(f"{printed(path)}: below a {kind.name} there is {known}, not {rest[0]!r}")
        found = world.source.directory(part.name).named(rest[1], document_id)
        if not found:
            names = [entry.name for entry in world.source.directory(part.name).of(document_id)]
            raise UnknownItem(_not_there(part.name, rest[1], names))
        kind, document_id, rest = part, found[0].id, rest[2:]
    yield from subtree(world, document_id)


def _top(world: World, kind_name: str, name: str) -> tuple[Kind, str]:
    kind = registry.BY_NAME.get(kind_name)
    if kind is None or kind.owner_kinds or kind.mode is Mode.LOOKUP:
        known = [kind.name for kind in registry.writable() if not kind.owner_kinds]
        raise UnknownItem(f"{kind_name!r} is no kind that crosses; these are: {', '.join(sorted(known))}")
    directory = _visible(world, kind)
    found = directory.named(name)
    if not found:
        raise UnknownItem(_not_there(kind.name, name, [entry.name for entry in directory]))
    return kind, found[0].id


def _visible(world: World, kind: Kind) -> Directory:
    """The items of a kind that somebody asks for. Raises what the server said, where it refuses them all."""
    directory = world.source.directory(kind.name)
    if kind.name in world.source.refused:
        raise world.source.refused[kind.name]
    return directory


def _not_there(kind: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name_key(name), [name_key(one) for one in known], n=3)
    spelt = [one for one in known if name_key(one) in near]
    hint = f"; did you mean {', '.join(map(repr, spelt))}?" if spelt else ""
    return f"the source has no {kind} {name!r}{hint}"
