"""Parts: the documents that are planned because another one is. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.sync.world.world import World


def of(world: World, kind: Kind, source_id: str) -> Iterator[str]:
    """All that belongs to an item: nothing else announces it, where the item is new.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    for part in registry.parts_of(kind):
        if part.follows is not None:
            continue
        if part.place is Place.WITH_OWNER:
            yield registry.made_with_owner(part, source_id)
        elif part.mode is not Mode.LOOKUP:
            yield from (item.id for item in world.source.directory(part.name).of(source_id))


def made_of(world: World, kind: Kind | None, source_id: str) -> str | None:
    """The item of which a document is no part of its own, but what it is made of: a script module's variables.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    owner_id = registry.owner_of(source_id)
    owner_kind = world.kind_of(owner_id) if owner_id is not None else None
    if kind is None or owner_kind is None or owner_kind.name in kind.owner_kinds:
        return None
    return owner_id if any(owner_kind.prefix == registry.BY_NAME[one].prefix for one in kind.owner_kinds) else None


def shown_by(kind: Kind, source_id: str) -> Iterator[str]:
    """What an item shows of its parts: an event of it may be about them, and to look at them costs nothing."""
    yield from (registry.made_with_owner(part, source_id) for part in registry.parts_of(kind) if part.sign is not None)


def naming_steps_of(world: World, project_id: str) -> Iterator[str]:
    """The documents that may name a step of the project, and must be written before the step may go.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    yield project_id
    yield registry.made_with_owner(registry.BY_NAME["deployment-settings"], project_id)
    for kind in ("channel", "trigger"):
        yield from (item.id for item in world.source.directory(kind).of(project_id))
