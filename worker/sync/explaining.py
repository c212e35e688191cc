"""Explaining: why a plan is as it is: beside each action, what stood against what in its document. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.plan.values import Action
from worker.sync.opened import Opened, Progress
from worker.sync.world.compared import Compared
from worker.sync.world.naming import Names


@dataclass(frozen=True, slots=True)
class Explained:
    """``compared``: in names, as the destination calls them; of a document that the plan leaves alone, too."""

    action: Action
    compared: tuple[Compared, ...]


async def explain(route: Opened, document_ids: Sequence[str], *, progress: Progress | None = None) -> list[Explained]:
    """The plan for these documents, action by action. Raises what planning raises."""
    route.world.explained = {}
    planned = await route.plan(document_ids, progress=progress)
    names = Names(route.world)
    left = dict(route.world.explained)
    return [
        Explained(action, tuple(_named(one, names) for one in left.pop(action.source_id or "", ())))
        for action in planned.plan
    ]


def _named(one: Compared, names: Names) -> Compared:
    return replace(
        one,
        where=names.text(one.where),
        source_was=names.value(one.source_was),
        source_is=names.value(one.source_is),
        destination_was=names.value(one.destination_was),
        destination_is=names.value(one.destination_is),
    )
