"""SIGKILL for Redis while webhooks come: what was acknowledged is there after its restart, and the work goes on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.house import House, house
from tests.pair import row
from tests.processes import eventually
from tests.receiver import webhook
from worker.ledger import embedded
from worker.ledger.embedded import EmbeddedRedis

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]


async def send(one: House, sender: int, acknowledged: list[str], stop: asyncio.Event) -> None:
    number = 0
    while not stop.is_set():
        event_id = f"Events-{sender}-{number}"
        # Of a space that no route reads: it is recorded, and nobody has work with it.
        if await one.hook(json.dumps(webhook(event_id, space="Spaces-99")).encode()) == 202:
            acknowledged.append(event_id)
            number += 1


async def test_acknowledged_is_durable_and_the_work_goes_on(tmp_path: Path) -> None:
    server = await asyncio.to_thread(embedded.start, tmp_path / "redis", fsync="always")
    try:
        async with house(server.url, tmp_path) as one:
            one.start_worker()
            one.start_beat()
            await one.settled_after_first_comparison()
            await one.subscribe()
            acknowledged: list[str] = []
            stop = asyncio.Event()
            senders = [asyncio.create_task(send(one, number, acknowledged, stop)) for number in range(8)]
            for _ in range(2):
                before = len(acknowledged)
                await eventually(lambda before=before: len(acknowledged) > before + 50, 40, "nothing is acknowledged")
                server.kill()
                server = await asyncio.to_thread(EmbeddedRedis, server.folder, port=server.port, fsync="always")
            before = len(acknowledged)
            await eventually(lambda: len(acknowledged) > before + 50, 40, "nothing is acknowledged any more")
            stop.set()
            await asyncio.gather(*senders)

            assert await one.state.inbox.seen("dev", acknowledged) == set(acknowledged)
            project = await one.source.project("OctoFX")
            await one.source.variables(project, row("Url", "https://x"))
            await eventually(lambda: one.arrived("projects", "OctoFX"), 90, "the worker did not come back")
            await one.settled()
    finally:
        server.stop()
