"""Webhooks that get lost, come twice or in the wrong order, and far too many of them at once.

`make test` plays each scene small, `make test-acceptance` in full (docs/acceptance.md).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from aiohttp import web

from tests.changes import People
from tests.deadly_network import deadly_network
from tests.estate import Estate, estate, size
from tests.house import HEADER, SECRET
from tests.pair import row
from tests.processes import eventually
from tests.receiver import webhook

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(size(400, 2400))]

CHANGES = size(50, 600)
SHARE = 0.3
RECEIVER_KILLS = size(2, 20)

ITEMS = size(40, 300)
BURST = size(800, 5_000)
EDITS = size(60, 600)
CONNECTIONS = 16


@asynccontextmanager
async def bad_network(one: Estate, random: Random) -> AsyncIterator[str]:
    """Between the source and the receiver: three in ten webhooks get lost, though the source is told that they arrived;
    three in ten come twice; and three in ten are held back until others have overtaken them."""
    held: list[bytes] = []

    async def send(body: bytes) -> None:
        async with one.session.post(one.hooks, data=body, headers={HEADER: SECRET}) as answer:
            assert answer.status == 202
        one.told["webhooks that came"] += 1

    async def pass_on(request: web.Request) -> web.Response:
        body = await request.read()
        one.told["webhooks sent"] += 1
        if random.random() < SHARE:
            one.told["lost"] += 1
            return web.Response()
        if random.random() < SHARE:
            held.append(body)
            one.told["overtaken"] += 1
        else:
            await send(body)
        if random.random() < SHARE:
            await send(body)
            one.told["doubled"] += 1
        if len(held) > 5:
            await send(held.pop(random.randrange(len(held))))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", pass_on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
        for body in held:
            await send(body)
    finally:
        await runner.cleanup()


async def test_webhooks_are_lost_doubled_and_out_of_order(redis_url: str, tmp_path: Path) -> None:
    async with estate(redis_url, tmp_path, catch_up_seconds="4") as one:
        await one.open(subscribe=False)
        people = People(one.source, Random(9))
        async with bad_network(one, Random(10)) as url:
            await one.subscribe(url)
            await one.source.delivery_faults(Reorder=True)
            await people.begin()
            for _ in range(CHANGES):
                await people.change()
                await asyncio.sleep(0.05)
            await one.settled()
        await one.ends_right()
        journal = await one.state.inbox.journal(limit=10_000)
        one.told |= Counter(f"events by {entry.delivery.via}" for entry in journal)
        one.told["changes"] = people.made.total()
        one.tell("webhooks lost, doubled, out of order")
        assert all(one.told[fate] for fate in ("lost", "doubled", "overtaken"))
        assert one.told["events by catch-up"] > 0


async def test_the_receiver_is_killed_between_two_webhooks_of_a_batch(redis_url: str, tmp_path: Path) -> None:
    """Octopus drops the rest of the batch. That it broke off is noticed; here catch-up may see it first."""
    async with estate(redis_url, tmp_path, poll_seconds=0.6, catch_up_seconds="3") as one:
        await one.open(subscribe=False)
        people = People(one.source, Random(14))

        def kill() -> None:
            one.kill("receiver")
            one.start_receiver()

        async with deadly_network(one.session, one.hooks, kill) as (url, kills):
            await one.subscribe(url)
            await people.begin()
            for number in range(RECEIVER_KILLS):
                kills.append(1 + number % 2)

                async def killed() -> bool:
                    await people.change()
                    return not kills

                await eventually(killed, 40, "no batch to kill it in")
                await one.receiver_ready()
            await one.settled()
        outcomes = Counter(found["Outcome"] for found in await one.source.get("sandbox/deliveries"))
        one.told |= Counter({f"webhooks {outcome}": count for outcome, count in outcomes.items()})
        await one.ends_right()
        one.told["changes"] = people.made.total()
        one.tell("receiver killed between two webhooks of a batch")
        assert outcomes["failed"] + outcomes["not sent"] >= RECEIVER_KILLS


async def test_a_burst_of_webhooks_is_acknowledged_whole_and_each_item_synced_a_few_times(
    redis_url: str, tmp_path: Path
) -> None:
    """People edit library sets meanwhile. Every webhook is our own; the source sends none, and nobody catches up."""
    random = Random(11)
    slower = {"debounce_seconds": "0.5", "debounce_max_seconds": "3", "catch_up_seconds": "3600"}
    async with estate(redis_url, tmp_path, **slower) as one:
        await one.open("worker-1", "worker-2", subscribe=False)
        sets = [
            await one.source.post("libraryvariablesets", {"Name": f"Set {n}", "ContentType": "Variables"})
            for n in range(ITEMS)
        ]
        answers: Counter[int] = Counter()
        numbers = iter(range(BURST))
        editing = asyncio.Lock()

        async def sender() -> None:
            for number in numbers:
                owner = sets[number % ITEMS]
                if number % (BURST // EDITS) == 0:
                    owner = random.choice(sets)
                    async with editing:
                        await one.source.variables(owner, row("Count", str(number)))
                subject = owner["Id"] if number < ITEMS else f"variableset-{owner['Id']}"
                category = "Created" if number < ITEMS else "Modified"
                body = json.dumps(webhook(f"Events-burst-{number}", subject, category=category))
                async with one.session.post(one.hooks, data=body, headers={HEADER: SECRET}) as answer:
                    await answer.read()
                    answers[answer.status] += 1

        began = time.monotonic()
        await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))
        took = time.monotonic() - began
        await one.ends_right(size(180, 900), caught_up=False)
        syncs, overlaps = at_once(one, "worker-1", "worker-2")
        one.told |= Counter({f"webhooks answered {status}": count for status, count in answers.items()})
        one.told |= {"items": ITEMS, "syncs": syncs, "edits": EDITS, "ms for the burst": int(took * 1000)}
        one.tell("a burst of webhooks")
        assert answers == {202: BURST}
        assert overlaps == []
        assert syncs < BURST / 2


def at_once(one: Estate, *workers: str) -> tuple[int, list[str]]:
    """How many runs the workers had, and the keys of those that ran while another run of the key did."""
    runs: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for name in workers:
        for line in one.logged(name, "looked"):
            end = datetime.fromisoformat(line["timestamp"])
            runs[line["key"]].append((end - timedelta(milliseconds=line["ms"]), end))
    overlaps = []
    for key, spans in runs.items():
        spans.sort()
        # A run is logged once it has let go of the key, so that the next may have begun by a few milliseconds.
        overlaps += [key for (_, end), (begin, _) in pairwise(spans) if begin < end - SLACK]
    return sum(map(len, runs.values())), overlaps


SLACK = timedelta(milliseconds=50)
