"""What the command line and the status page share: names, lists over several routes, exports, approval."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings
from worker.desk import clean_ups, letters
from worker.desk.approval import OtherPlanError, approve
from worker.desk.clean_ups import Wanted
from worker.desk.names import named
from worker.ledger.clean_ups import State as CleanUpState
from worker.plan.values import CleanUp
from worker.queue.keys import DirtyKey
from worker.queue.values import Source
from worker.state import State, state_of

OCTOFX = DirtyKey("north", "Projects-1")


@pytest.fixture
def state(fake_redis: FakeAsyncRedis) -> State:
    return state_of(fake_redis, Settings())


def entry(name: str, reason: str = "conflict", text: str = "Look at it.") -> CleanUp:
    return CleanUp(("project", name), "Name", reason, text)


async def whole(pieces: AsyncIterator[bytes]) -> str:
    return b"".join([piece async for piece in pieces]).decode()


async def pages(state: State, wanted: Wanted, limit: int) -> list[list[str]]:
    found, after = [], None
    while True:
        page = await clean_ups.page(state.ledger, wanted, after=after, limit=limit)
        found.append([one.entry.item[1] for one in page.entries])
        if (after := page.after) is None:
            return found


async def test_keys_get_the_names_that_the_last_plan_gave(state: State) -> None:
    await state.ledger.names.remember("north", {"Projects-1": ("project", "OctoFX"), "Channels-2": ("channel", "x/y")})
    keys = [OCTOFX, DirtyKey("north", "Projects-1/*"), DirtyKey("north", "Projects-9"), DirtyKey("north", "*")]
    assert list((await named(state, [*keys, DirtyKey("south", "Projects-1")])).values()) == [
        *("project/OctoFX", "project/OctoFX/*", "Projects-9", "everything", "Projects-1"),
    ]


async def test_one_list_of_several_routes(state: State) -> None:
    for number in range(7):
        await state.ledger.clean_ups.report(("north", "south")[number % 2], [entry(f"P{number}")])
    both = Wanted(["north", "south"])
    (listed,), some = await pages(state, both, 100), await pages(state, both, 3)
    assert [name for page in some for name in page] == listed
    assert sorted(listed) == [f"P{number}" for number in range(7)]
    assert [len(page) for page in some] == [3, 3, 1]
    assert sorted((await pages(state, Wanted(["south"]), 100))[0]) == ["P1", "P3", "P5"]
    assert await pages(state, Wanted(["north", "south"], words="p5"), 3) == [["P5"]]
    assert (await clean_ups.counts(state.ledger, ["north", "south"]))[CleanUpState.OPEN] == {"conflict": 7}


async def test_closing_says_how_many(state: State) -> None:
    await state.ledger.clean_ups.report("north", [entry("A"), entry("B")])
    keys = [("north", entry("A").key), ("north", entry("B").key), ("north", "0" * 20)]
    assert await clean_ups.close(state.ledger, keys[:1], by="Ada", note="done") == 1
    assert await clean_ups.close(state.ledger, keys, by="Grace") == 1
    assert await clean_ups.reopen(state.ledger, keys) == 2


async def test_exports_hold_every_entry(state: State) -> None:
    await state.ledger.clean_ups.report("north", [entry(f"P{number}") for number in range(1_100)])
    listed = json.loads(await whole(clean_ups.as_json(state.ledger, Wanted(["north"]))))
    assert len(listed) == 1_100
    assert {"key", "route", "item", "state"} <= listed[0].keys()
    rows = list(
        csv.DictReader(io.StringIO((await whole(clean_ups.as_csv(state.ledger, Wanted(["north"])))).strip("\ufeff")))
    )
    assert [row["item"] for row in rows] == ["/".join(one["item"]) for one in listed]
    assert json.loads(await whole(clean_ups.as_json(state.ledger, Wanted(["south"])))) == []


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", 'a "b", c', "line\nbreak", "émoji 🦑"]
)
async def test_a_cell_is_no_formula_and_breaks_no_row(state: State, name: str) -> None:
    await state.ledger.clean_ups.report("north", [entry("A", text=name)])
    text = (await whole(clean_ups.as_csv(state.ledger, Wanted(["north"])))).strip("\ufeff")
    [row] = csv.DictReader(io.StringIO(text))
    assert row["text"][0] not in "=+-@\t\r"
    assert row["text"].lstrip("'") == name.replace("\n", "\\n")


class TestApproval:
    async def held(self, state: State, **more: Any) -> None:
        await state.ledger.held.hold("north", "too many", "abc", "3 to update", key=str(OCTOFX), **more)

    async def test_the_plan_that_was_looked_at(self, state: State) -> None:
        await self.held(state)
        assert await approve(state, "north", "abc", by="Ada", correlation_id="c1") == [OCTOFX]
        assert await state.ledger.held.is_approved("north", "abc")
        claim = await state.queue.claim(OCTOFX, 1_000)
        assert (claim.requested_by, claim.correlation_id, claim.sources) == ("Ada", "c1", (Source.CLI,))

    async def test_another_plan_by_now(self, state: State) -> None:
        await self.held(state)
        with pytest.raises(OtherPlanError, match="another plan: abc"):
            await approve(state, "north", "old", by="Ada", correlation_id="c1")
        assert await state.queue.waiting() == []

    async def test_not_held_any_more(self, state: State) -> None:
        with pytest.raises(OtherPlanError, match="not held any more"):
            await approve(state, "north", "abc", by="Ada", correlation_id="c1")


async def test_dead_letters_are_tried_again_or_dropped(state: State) -> None:
    other = DirtyKey("north", "Projects-2")
    for key in (OCTOFX, other):
        await state.queue.mark([key], source=Source.CLI, debounce_ms=0)
        claim = await state.queue.claim(key, 1_000)
        await state.queue.bury(key, claim.token, "403", "The key may not do that.")
    assert {letters.as_dict(one)["server_words"] for one in await state.queue.dead_letters()} == {
        "The key may not do that."
    }
    assert await letters.retry(state, [OCTOFX, DirtyKey("north", "Projects-3")], by="Ada") == [OCTOFX]
    assert await letters.drop(state, [OCTOFX, other]) == [other]
    assert await state.queue.dead_letters() == []
