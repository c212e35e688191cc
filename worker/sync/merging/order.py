"""The order of a merged list. Order is a field: it follows the source only when the source changed it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def interleave(wanted: Sequence[Key], before: Sequence[Key] | None, there: Sequence[Key]) -> list[Key]:
    """Every key of ``wanted`` and ``there``, once.

    ``wanted``: the source's order now; ``before``: at the last decision, ``None`` at first contact; ``there``: the
    destination's. Keys mean the same element in all three.

    Unchanged on the source → the destination's order stays. An element that only the destination has follows the one it
    follows there. A new one follows the one that it follows on the source, behind what only the destination has there.
    """
    present = set(there)
    shared = [key for key in wanted if key in present]
    unchanged = before is not None and _same_order(shared, before)
    result = list(there) if unchanged else _with_followers(shared, there)
    placed = set(result)
    foreign = present - set(wanted)
    for index, key in enumerate(wanted):
        if key in placed:
            continue
        position = 0
        for previous in reversed(wanted[:index]):
            if previous in placed:
                position = result.index(previous) + 1
                break
        while position > 0 and position < len(result) and result[position] in foreign:
            position += 1
        result.insert(position, key)
        placed.add(key)
    return result


def _same_order(shared: Sequence[Key], before: Sequence[Key]) -> bool:
    rank = {key: index for index, key in enumerate(before)}
    known = [rank[key] for key in shared if key in rank]
    return known == sorted(known)


def _with_followers(shared: Sequence[Key], there: Sequence[Key]) -> list[Key]:
    """``shared`` in its own order, each followed by what follows it in ``there`` and is not shared."""
    known = set(shared)
    leading: list[Key] = []
    followers: dict[Key, list[Key]] = {key: [] for key in shared}
    last: Key | None = None
    for key in there:
        if key in known:
            last = key
        elif last is None:
            leading.append(key)
        else:
            followers[last].append(key)
    return leading + [item for key in shared for item in (key, *followers[key])]
