"""Names in the route that nothing has: of one that was mistyped, or is called otherwise by now, nobody would hear.

A map of an environment whose name changed on the source maps nothing any more, and what is scoped to that environment
stops crossing. Pure; it looks at what was observed for the plan, and asks for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.names import PART_KINDS, name_key
from worker.kinds import registry
from worker.sync.world.world import Directory, World


def unknown_names(world: World) -> Iterator[str]:
    """One line for each, for the notes of a plan."""
    for kind, names in world.route.maps.items():
        here, there = (_known(side.directories.get(kind)) for side in (world.source, world.destination))
        made = (known := registry.BY_NAME.get(kind)) is not None and known.created_by_closure
        for source, given in names.items():
            if here is not None and name_key(source) not in here:
                yield f"maps: the source has no {kind} {source!r}, so this map does nothing: what is it called there?"
                continue
            for name in given if there is not None and not made else ():
                if name_key(name) not in (there or ()):
                    yield f"maps: the destination has no {kind} {name!r}, to which {source!r} is mapped"
    for kind in sorted(world.route.include.kinds - set(PART_KINDS)):
        directory = world.source.directories.get(kind)
        if directory is None or directory.hidden:
            continue
        for selector in world.route.include.selectors(kind):
            if selector.name.strip() != "*" and not any(selector.matches(entry.name) for entry in directory):
                yield f"include: the source has no {kind} that matches {selector.name!r}"


def _known(directory: Directory | None) -> frozenset[str] | None:
    """``None`` where not all of them are known."""
    return None if directory is None or directory.hidden else frozenset(name_key(entry.name) for entry in directory)
