"""The clean-up list: what a person closed stays closed, and what is over goes away by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger.clean_ups import CleanUps, State
from worker.plan.values import BothSides, CleanUp

ITEM = ("project", "OctoFX", "variable set")
SECRET = CleanUp(ITEM, "Variables[Password]", "placeholder-secret", "Fill in the password.")
SCOPE = CleanUp(ITEM, "Variables[Url]", "scope-dropped", "The scope to Test was dropped.")
OTHER = CleanUp(("project", "OctoFX"), "Name", "scope-dropped", "Elsewhere.")


@pytest.fixture
def clean_ups(fake_redis: FakeAsyncRedis) -> CleanUps:
    return CleanUps(fake_redis)


async def test_opened_once(clean_ups: CleanUps) -> None:
    assert await clean_ups.report("north", [SECRET, SCOPE], "run-1") == [SECRET.key, SCOPE.key]
    assert await clean_ups.report("north", [SECRET], "run-2") == []
    [first, second] = await clean_ups.entries("north")
    assert {first.entry, second.entry} == {SECRET, SCOPE}
    assert {first.run_id, second.run_id} == {"run-1"}
    assert first.state is State.OPEN
    assert await clean_ups.entries("south") == []


async def test_closed_by_a_person_for_good(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [SECRET])
    assert await clean_ups.close("north", SECRET.key, "Ada")
    assert not await clean_ups.close("north", SECRET.key, "Grace")
    await clean_ups.report("north", [SECRET])
    assert await clean_ups.entries("north") == []
    [entry] = await clean_ups.entries("north", [State.CLOSED])
    assert (entry.closed_by, entry.state) == ("Ada", State.CLOSED)
    assert entry.closed is not None


async def test_a_closing_can_be_taken_back(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [SECRET])
    await clean_ups.close("north", SECRET.key, "Ada")
    assert await clean_ups.reopen("north", SECRET.key)
    assert not await clean_ups.reopen("north", SECRET.key)
    assert len(await clean_ups.entries("north")) == 1


async def test_closing_what_is_not_there(clean_ups: CleanUps) -> None:
    assert not await clean_ups.close("north", "0" * 20, "Ada")
    assert await clean_ups.entries("north", State) == []


async def test_settled_when_no_longer_reported(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [SECRET, SCOPE, OTHER])
    assert await clean_ups.settle("north", ITEM, [SECRET.key]) == [SCOPE.key]
    assert {entry.key for entry in await clean_ups.entries("north")} == {SECRET.key, OTHER.key}
    [entry] = await clean_ups.entries("north", [State.RESOLVED])
    assert entry.entry == SCOPE
    assert entry.resolved is not None
    assert await clean_ups.settle("north", ITEM, [SECRET.key]) == []


async def test_what_comes_back_is_open_again(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [SCOPE])
    await clean_ups.settle("north", ITEM, [])
    await clean_ups.report("north", [SCOPE])
    assert [entry.key for entry in await clean_ups.entries("north")] == [SCOPE.key]


async def test_settling_does_not_touch_what_a_person_closed(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [SCOPE])
    await clean_ups.close("north", SCOPE.key, "Ada")
    assert await clean_ups.settle("north", ITEM, []) == []
    await clean_ups.report("north", [SCOPE])
    assert await clean_ups.entries("north") == []


async def test_nothing_reported(clean_ups: CleanUps) -> None:
    assert await clean_ups.report("north", []) == []
    assert await clean_ups.settle("north", ITEM, []) == []


CONFLICT = CleanUp(ITEM, "Description", "conflict", "Both changed.", "Projects-1", BothSides("a", "b", "a", "c"))


async def test_a_conflict_keeps_both_sides_and_is_brought_up_to_date(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [CONFLICT], "run-1")
    [entry] = await clean_ups.entries("north")
    assert entry.entry == CONFLICT

    edited = replace(CONFLICT, both=BothSides("a", "b", "a", "d"))
    assert await clean_ups.report("north", [edited], "run-2") == []
    [entry] = await clean_ups.entries("north")
    assert (entry.entry, entry.run_id) == (edited, "run-1")


async def test_a_new_conflict_in_an_old_place_is_open_though_the_old_one_was_closed(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [CONFLICT], "run-1")
    await clean_ups.close("north", CONFLICT.key, "Ada")
    await clean_ups.report("north", [CONFLICT, replace(CONFLICT, both=BothSides("a", "b", "a", "d"))], "run-2")
    assert await clean_ups.entries("north") == [], "the source's change is the one that Ada has dealt with"

    again = replace(CONFLICT, both=BothSides("b", "e", "b", "f"))
    await clean_ups.report("north", [again], "run-3")

    [entry] = await clean_ups.entries("north")
    assert (entry.entry, entry.run_id) == (again, "run-3")
