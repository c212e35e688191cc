"""Every process of the product is replaced under load, one after the other: no request is refused, nothing is lost.

`make test` plays the scene small, `make test-acceptance` in full (docs/acceptance.md).
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from random import Random

import pytest

from tests.acceptance.test_receiver_stops import Load
from tests.changes import People
from tests.estate import Estate, estate, size
from tests.processes import eventually

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(size(400, 2400))]

ROUNDS = size(1, 4)


async def work(people: People, over: asyncio.Event) -> None:
    while not over.is_set():
        await people.change()
        await asyncio.sleep(0.25)


async def replace(one: Estate, old: str, new: str) -> None:
    """A worker is started beside another, which then is asked to stop: it ends what it does."""
    one.start_worker(new)
    await eventually(lambda: one.logged(new, "looked"), 60, f"{new} never had anything to do")
    assert await asyncio.to_thread(one.processes.terminate, old) == 0
    one.told["workers replaced"] += 1


async def test_every_process_is_replaced_under_load(redis_url: str, tmp_path: Path) -> None:
    settings = {"receiver_processes": "2", "receiver_drain_seconds": "0.3"}
    async with estate(redis_url, tmp_path, **settings) as one:
        await one.open("worker-a0", "worker-b0")
        people = People(one.source, Random(12))
        await people.begin()
        receiver, over = "receiver", asyncio.Event()
        async with Load(one.hooks, 0.05) as load:
            working = asyncio.create_task(work(people, over))
            for number in range(ROUNDS):
                one.processes.signal(receiver, signal.SIGHUP)
                await eventually(lambda name=receiver: one.logged(name, "receiver.reloaded"), 40, "not replaced")
                one.told["receiver processes replaced one by one"] += 2
                await load.more()
                for worker in ("worker-a", "worker-b"):
                    await replace(one, f"{worker}{number}", f"{worker}{number + 1}")
                await load.more()
                old, receiver = receiver, f"receiver-{number}"
                one.start_receiver(receiver)
                await eventually(lambda name=receiver: len(one.logged(name, "receiver.listening")) == 2, 40)
                assert await asyncio.to_thread(one.processes.terminate, old) == 0
                one.told["receivers replaced"] += 1
                await load.more()
                assert await asyncio.to_thread(one.processes.terminate, "beat") == 0
                one.start_beat()
                one.told["beats replaced"] += 1
                await load.more()
            over.set()
            await working
        deliveries = await one.source.get("sandbox/deliveries")
        one.told["webhooks of the source"] = len(deliveries)
        one.told["webhooks besides, acknowledged"] = len(load.acknowledged)
        one.told["otherwise"] = load.otherwise.total()
        await one.ends_right()
        one.told["changes"] = people.made.total()
        one.tell("a rolling restart")
        assert load.otherwise == {}
        assert {found["Outcome"] for found in deliveries} == {"delivered"}
        assert await one.state.inbox.seen("dev", load.acknowledged) == set(load.acknowledged)
