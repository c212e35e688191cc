"""Invariants of the syncs that follow: edits on the source, on the destination, on both."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.pair import Pair, pair
from tests.property.building import build
from tests.property.edits import Edit, Editor, edits
from tests.property.engine import CAREFUL, DELETING, MIRROR, alike, sync, told, tries
from tests.property.spaces import spaces
from tests.property.values import Space

STAYS = (
    "delete project",
    "delete set",
    "delete tenant",
    "delete channel",
    "delete runbook",
    "delete trigger",
    "drop row",
    "conceal row",
    "step secret",
    "rename row",
)
"""After these even a mirror differs: a document that is gone, or a secret, is left to a person."""

routes = st.sampled_from([CAREFUL, MIRROR, DELETING])


async def open_clean_ups(both: Pair) -> set[tuple[Any, ...]]:
    return {(one.entry.item, one.entry.where, one.entry.reason) for one in await both.clean_ups()}


@tries(20)
@given(spaces(), st.lists(edits(*STAYS), min_size=1, max_size=2))
async def test_a_mirror_follows_the_source(space: Space, rounds: list[list[Edit]]) -> None:
    async with pair(**MIRROR) as both:
        await build(both.source, space)
        await sync(both)
        for made in rounds:
            await Editor(both.source).make(made)
            outcome = await sync(both)

            assert alike(both) == [], told(outcome)


@tries(25)
@given(spaces(), routes, st.lists(st.tuples(edits(), edits()), min_size=1, max_size=2))
async def test_a_second_run_plans_nothing_and_the_source_is_only_read(
    space: Space, route: dict[str, Any], rounds: list[tuple[list[Edit], list[Edit]]]
) -> None:
    async with pair(**route) as both:
        await build(both.source, space)
        await sync(both)
        for here, there in rounds:
            await Editor(both.source).make(here)
            await Editor(both.destination, "!").make(there)
            before = both.source.writes
            first = await sync(both)
            left = await open_clean_ups(both)

            second = await sync(both)

            assert second.plan.is_empty, told(first) + "\n--- again ---\n" + told(second)
            assert await open_clean_ups(both) == left
            assert both.source.writes == before
