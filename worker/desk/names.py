"""Dirty keys as people read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from worker.plan.values import printed
from worker.queue.keys import SUBTREE, DirtyKey
from worker.state import State

EVERYTHING = "everything"


async def named(state: State, keys: Iterable[DirtyKey]) -> dict[DirtyKey, str]:
    """``project/OctoFX`` for ``north|Projects-3``; what nobody has a name for keeps its id."""
    of_routes: defaultdict[str, list[DirtyKey]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        of_routes[key.route].append(key)
    found = {}
    for route, some in of_routes.items():
        names = await state.ledger.names.of(route, [key.document_id for key in some])
        for key in some:
            path = names.get(key.document_id)
            name = EVERYTHING if key.is_everything else printed(path) if path is not None else key.document_id
            found[key] = name + SUBTREE if key.is_subtree else name
    return found
