"""The status page over a large installation: a thousand projects, ten thousand clean-up entries, on a real Redis.

Whatever there is, a view is a page of it: what a browser must load and lay out does not grow with the list.
"""

from __future__ import annotations

import csv
import io
import json

import aiohttp
import pytest
from redis.asyncio import Redis

from tests.page_client import Browser
from tests.page_world import HELD_ROUTE, ROUTE, World, fill, world
from worker.ledger.drift import Drifted
from worker.plan.values import Change, Edit
from worker.queue.keys import DirtyKey
from worker.queue.values import Source

pytestmark = pytest.mark.timeout(120)

PROJECTS, ENTRIES = 1_000, 10_000
LARGEST = 250_000
"""Characters of one view."""


async def furnish(one: World) -> None:
    await fill(one.state, entries=ENTRIES)
    names = {f"Projects-{number}": ("project", f"Project {number:04}") for number in range(10, 10 + PROJECTS)}
    await one.state.ledger.names.remember(ROUTE, names)
    await one.state.queue.mark([DirtyKey(ROUTE, item) for item in names], source=Source.NIGHTLY, debounce_ms=0)
    change = (Change(Edit.CHANGE, "Description", "as we wrote it", "as it is now"),)
    await one.state.ledger.drift.begin(ROUTE, "2026-11-28T02:00:00+00:00")
    await one.state.ledger.drift.add(
        ROUTE, [Drifted("project", path, item, f"Projects-{item}", change) for item, path in names.items()]
    )
    await one.state.ledger.drift.ended(ROUTE)


async def test_every_view_stays_small_and_the_list_can_be_searched_and_taken_along(redis: Redis) -> None:
    async with (
        world(redis) as one,
        aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True)  # of an address
        ) as session,
    ):
        await furnish(one)
        ada = Browser(session, one.url)
        await ada.sign_in()
        views = ("/", f"/routes/{ROUTE}", f"/routes/{HELD_ROUTE}", "/runs", "/failures", "/dead-letters")
        more = ("/deliveries", "/drift", f"/drift?route={ROUTE}", "/clean-up", "/clean-up?reason=conflict")
        sizes = {path: len(await ada.get(path)) for path in (*views, *more)}
        assert {path: size for path, size in sizes.items() if size > LARGEST} == {}

        assert "10001 entries" in (await ada.get("/clean-up")).replace(",", "")
        found = await ada.get("/clean-up?words=Project+1999")
        assert found.count("Project 1999") >= 5
        assert "Project 0001" not in found

        rows = list(csv.reader(io.StringIO(await ada.get("/clean-up.csv"))))
        assert len(rows) == 1 + ENTRIES + 1, "a line of names, and one of the other route"
        assert len(json.loads(await ada.get("/clean-up.json"))) == ENTRIES + 1
