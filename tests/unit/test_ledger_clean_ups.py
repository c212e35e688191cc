"""The clean-up list: what a person closed stays closed, and what is over goes away by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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


def many(count: int) -> list[CleanUp]:
    return [
        CleanUp(
            ("project", f"P{number:03}"), "Name", "conflict" if number % 4 == 0 else "scope-dropped", f"Text {number}."
        )
        for number in range(count)
    ]


async def paged(clean_ups: CleanUps, **asked: Any) -> list[list[str]]:
    """Names of the items, page by page."""
    pages, after = [], None
    while True:
        page = await clean_ups.page("north", after=after, **asked)
        pages.append([one.entry.item[1] for one in page.entries])
        after = page.after
        if after is None:
            return pages


async def test_pages_hold_each_entry_once_and_oldest_first(clean_ups: CleanUps) -> None:
    for at in range(0, 25, 5):
        await clean_ups.report("north", many(25)[at : at + 5])
    pages = await paged(clean_ups, limit=10)
    assert [len(page) for page in pages] == [10, 10, 5]
    listed = [one.entry.item[1] for one in await clean_ups.entries("north")]
    assert [name for page in pages for name in page] == listed
    assert await paged(clean_ups, limit=25) == [listed]
    assert (await clean_ups.page("south")).entries == []


async def test_pages_of_a_reason_and_of_words(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", many(25))
    assert sum(map(len, await paged(clean_ups, limit=3, reason="conflict"))) == 7
    assert await paged(clean_ups, limit=3, words=" text 7.") == [["P007"]]
    found = [name for page in await paged(clean_ups, limit=3, words="p00") for name in page]
    assert sorted(found) == [f"P00{digit}" for digit in range(10)]
    assert await paged(clean_ups, limit=3, reason="conflict", words="TEXT 7.") == [[]]


async def test_counts_by_state_and_reason_follow_what_happens(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [SECRET, SCOPE, OTHER])
    assert (await clean_ups.counts("north"))[State.OPEN] == {"placeholder-secret": 1, "scope-dropped": 2}
    await clean_ups.close("north", SCOPE.key, "Ada", "done by hand")
    await clean_ups.settle("north", OTHER.item, [])
    counts = await clean_ups.counts("north")
    assert counts == {
        State.OPEN: {"placeholder-secret": 1},
        State.CLOSED: {"scope-dropped": 1},
        State.RESOLVED: {"scope-dropped": 1},
    }
    assert [one.entry for one in (await clean_ups.page("north", State.RESOLVED)).entries] == [OTHER]
    await clean_ups.report("north", [SECRET, SCOPE, OTHER])
    await clean_ups.reopen("north", SCOPE.key)
    assert (await clean_ups.counts("north"))[State.OPEN] == {"placeholder-secret": 1, "scope-dropped": 2}
    assert len((await clean_ups.page("north")).entries) == 3
    await clean_ups.clear("north")
    assert (await clean_ups.counts("north"))[State.OPEN] == {}


async def test_who_closed_it_and_why(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [SECRET])
    await clean_ups.close("north", SECRET.key, "Ada", "It is in the vault.")
    entry = await clean_ups.get("north", SECRET.key)
    assert entry is not None
    assert (entry.closed_by, entry.note) == ("Ada", "It is in the vault.")
    assert await clean_ups.get("north", "0" * 20) is None


async def test_a_list_from_before_there_were_pages(clean_ups: CleanUps, fake_redis: FakeAsyncRedis) -> None:
    await clean_ups.report("north", many(9))
    await clean_ups.close("north", many(9)[0].key, "Ada")
    for name in await fake_redis.keys("*"):
        if any(part in name for part in (b"-filed", b"-counts", b"-index")):
            await fake_redis.delete(name)
    assert len((await clean_ups.page("north")).entries) == 8
    assert sum((await clean_ups.counts("north"))[State.OPEN].values()) == 8


async def test_pages_after_an_import(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", many(3))
    await clean_ups.close("north", many(3)[1].key, "Ada", "done")
    saved = await clean_ups.entries("north", State)
    await clean_ups.clear("north")
    await clean_ups.restore("north", saved)
    assert await clean_ups.entries("north", State) == saved
    assert [len((await clean_ups.page("north", state)).entries) for state in State] == [2, 1, 0]


async def test_a_conflict_that_came_anew_is_counted_as_open(clean_ups: CleanUps) -> None:
    await clean_ups.report("north", [CONFLICT])
    await clean_ups.close("north", CONFLICT.key, "Ada")
    await clean_ups.report("north", [SECRET])
    await clean_ups.report("north", [replace(CONFLICT, both=BothSides("b", "e", "b", "f"))])
    assert {one.key for one in (await clean_ups.page("north")).entries} == {SECRET.key, CONFLICT.key}
    assert (await clean_ups.counts("north"))[State.OPEN] == {"conflict": 1, "placeholder-secret": 1}
    assert (await clean_ups.counts("north"))[State.CLOSED] == {}


async def test_an_entry_is_shown_as_things_are_called_now_and_stays_closed(clean_ups: CleanUps) -> None:
    test = CleanUp(ITEM, "Variables[Port · Environment: Test]", "placeholder-secret", "Enter it.", place="Variables[P]")
    await clean_ups.report("north", [test], "run-1")
    await clean_ups.close("north", test.key, "Ada")
    await clean_ups.report("north", [replace(test, where="Variables[Port · Environment: QA]")], "run-2")

    assert await clean_ups.entries("north") == []
    [entry] = await clean_ups.entries("north", [State.CLOSED])
    assert (entry.entry.where, entry.run_id) == ("Variables[Port · Environment: QA]", "run-1")
