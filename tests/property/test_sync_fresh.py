"""Invariants of a first sync onto a destination that has nothing but the environments."""

from __future__ import annotations

from hypothesis import given

from tests.pair import pair
from tests.property.building import build
from tests.property.engine import MIRROR, sync, told, tries
from tests.property.portable import differences, portable
from tests.property.spaces import Space, spaces
from worker.sync.run import Result


@tries(30)
@given(spaces())
async def test_mirrored_spaces_are_alike_and_stay_so(space: Space) -> None:
    async with pair(**MIRROR) as both:
        await build(both.source, space)
        both.source.sandbox.requests.clear()

        outcome = await sync(both)

        assert outcome.result is Result.CHANGED, told(outcome)
        assert differences(portable(both.source.sandbox), portable(both.destination.sandbox)) == []
        again = await sync(both)
        assert again.plan.is_empty, told(again)
        assert both.source.writes == 0
