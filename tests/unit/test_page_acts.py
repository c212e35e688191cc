"""The buttons of the status page do what the commands do."""

from __future__ import annotations

import re

from tests.page_client import Browser
from tests.page_world import HELD_ROUTE, ROUTE, World, plan
from worker.ledger.clean_ups import State as CleanUpState
from worker.publisher import LOOK
from worker.queue.keys import DirtyKey
from worker.queue.values import Source


class TestActs:
    async def test_approving_exactly_the_plan_that_was_shown(self, page: World, ada: Browser) -> None:
        shown = await ada.get(f"/routes/{HELD_ROUTE}")
        [plan_hash] = re.findall(r'name="plan" value="(\w+)"', shown)
        assert "done=approved" in await ada.act(f"/routes/{HELD_ROUTE}/approve", ("plan", plan_hash))
        assert await page.state.ledger.held.is_approved(HELD_ROUTE, plan_hash)
        key = DirtyKey(HELD_ROUTE, "Projects-1")
        assert (LOOK, [str(key)], "octosync.events") in page.told.messages
        claim = await page.state.queue.claim(key, 1_000)
        assert claim.requested_by == "Ada"
        assert "is approved" in await ada.get(f"/routes/{HELD_ROUTE}?done=approved")

    async def test_not_a_plan_that_came_meanwhile(self, page: World, ada: Browser) -> None:
        await page.state.ledger.held.hold(HELD_ROUTE, "again", "another", key=f"{HELD_ROUTE}|Projects-1")
        assert "done=other-plan" in await ada.act(f"/routes/{HELD_ROUTE}/approve", ("plan", plan().hash))
        held = await page.state.ledger.held.get(HELD_ROUTE)
        assert held is not None
        assert not held.approved

    async def test_dead_letters_one_by_one(self, page: World, ada: Browser) -> None:
        first, second, third = (str(one.key) for one in await page.state.queue.dead_letters())
        assert "done=retried&count=1" in await ada.act("/dead-letters", ("do", f"retry {first}"))
        assert "done=dropped&count=1" in await ada.act("/dead-letters", ("do", "drop"), ("key", second))
        assert [str(one.key) for one in await page.state.queue.dead_letters()] == [third]
        assert (LOOK, [first], "octosync.events") in page.told.messages
        claim = await page.state.queue.claim(DirtyKey.parse(first), 1_000)
        assert (claim.requested_by, claim.sources) == ("Ada", (Source.WEBHOOK, Source.CLI))

    async def test_all_dead_letters_or_none(self, page: World, ada: Browser) -> None:
        assert "done=nothing" in await ada.act("/dead-letters", ("do", "retry"))
        assert "done=nothing" in await ada.act("/dead-letters", ("do", "drop not-a-key"))
        assert "done=retried&count=3" in await ada.act("/dead-letters", ("do", "retry-all"))
        assert await page.state.queue.dead_letters() == []

    async def test_replaying_one_delivery(self, page: World, ada: Browser) -> None:
        entry = next(one for one in await page.state.inbox.journal() if one.delivery.keys)
        assert "done=replayed&count=1" in await ada.act("/deliveries/replay", ("entry", entry.entry_id))
        [key] = entry.delivery.keys
        assert (LOOK, [str(key)], "octosync.events") in page.told.messages
        await ada.post("/deliveries/replay", {"csrf": await ada.csrf(), "entry": "1-1"}, 404)

    async def test_replaying_all_since_a_time(self, page: World, ada: Browser) -> None:
        assert "done=nothing" in await ada.act("/deliveries/replay", ("since", "2126-01-01 00:00"))
        assert "done=no-time" in await ada.act("/deliveries/replay", ("since", "yesterday"))
        page.told.messages.clear()
        assert "done=replayed&count=1" in await ada.act("/deliveries/replay", ("since", "2026-01-01"))
        assert page.told.messages == [(LOOK, [f"{ROUTE}|variableset-Projects-1"], "octosync.events")]

    async def test_closing_with_a_note(self, page: World, ada: Browser) -> None:
        [one, two, *_] = (await page.state.ledger.clean_ups.page(ROUTE)).entries
        fields = [("entry", f"{ROUTE} {one.key}"), ("entry", f"{ROUTE} {two.key}"), ("entry", f"nobody {one.key}")]
        back = ("back", "/clean-up?reason=conflict&done=closed&count=9")
        led = await ada.act("/clean-up", *fields, back, ("do", "close"), ("note", "in the vault"))
        assert led == "/clean-up?reason=conflict&done=closed&count=2"
        entry = await page.state.ledger.clean_ups.get(ROUTE, one.key)
        assert entry is not None
        assert (entry.state, entry.closed_by, entry.note) == (CleanUpState.CLOSED, "Ada", "in the vault")
        assert "Ada: in the vault" in await ada.get("/clean-up?state=closed")
        assert "count=1" in await ada.act("/clean-up", ("do", "reopen"), fields[0])

    async def test_closing_one_by_its_own_button(self, page: World, ada: Browser) -> None:
        [one, two, *_] = (await page.state.ledger.clean_ups.page(ROUTE)).entries
        ticked = ("entry", f"{ROUTE} {two.key}")
        assert "count=1" in await ada.act("/clean-up", ticked, ("do", f"close {ROUTE} {one.key}"))
        assert (await page.state.ledger.clean_ups.get(ROUTE, two.key)).state is CleanUpState.OPEN  # type: ignore[union-attr]  # it is there

    async def test_back_is_never_elsewhere(self, ada: Browser) -> None:
        led = await ada.act("/clean-up", ("do", "close"), ("back", "https://evil.example/"))
        assert led.startswith("/?")
