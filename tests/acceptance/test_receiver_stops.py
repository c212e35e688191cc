"""Receiver processes come and go under load: no request is refused, and what was acknowledged is there."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.test_processes import text_of
from tests.house import HEADER, SECRET, House, house
from tests.processes import eventually, free_port
from tests.receiver import webhook

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

SENDERS = 6


class Load:
    """Senders that post one webhook after the other, half of them over a new connection each time, as after a stop of
    Octopus, and half over one that they keep as long as they may."""

    def __init__(self, url: str, pause_s: float = 0.002) -> None:
        self.url = url
        self.pause_s = pause_s
        self.acknowledged: list[str] = []
        self.otherwise: Counter[str] = Counter()
        self._stop = asyncio.Event()
        self._senders: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Load:
        self._senders = [asyncio.create_task(self._send(number)) for number in range(SENDERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._senders)

    async def more(self, webhooks: int = 100) -> None:
        """Waits until so many more were acknowledged."""
        wanted = len(self.acknowledged) + webhooks
        await eventually(lambda: len(self.acknowledged) >= wanted or self.otherwise, 40, "nothing is acknowledged")

    async def _send(self, sender: int) -> None:
        connector = aiohttp.TCPConnector(force_close=sender % 2 == 0)
        number = 0
        async with aiohttp.ClientSession(connector=connector, headers={HEADER: SECRET}) as session:
            while not self._stop.is_set():
                event_id = f"Events-{sender}-{number}"
                number += 1
                # Of a space that no route reads: it is recorded, and nobody has work with it.
                body = json.dumps(webhook(event_id, space="Spaces-99"))
                try:
                    async with session.post(self.url, data=body) as answer:
                        await answer.read()
                        said = str(answer.status)
                except aiohttp.ClientError as error:
                    said = type(error).__name__
                if said == "202":
                    self.acknowledged.append(event_id)
                else:
                    self.otherwise[said] += 1
                await asyncio.sleep(self.pause_s)


def times(one: House, name: str, event: str) -> int:
    return one.processes.log(name).read_text().count(f'"event": "{event}"')


async def test_no_request_is_refused_while_processes_are_replaced(redis_url: str, tmp_path: Path) -> None:
    outside, inside = free_port(), free_port()
    settings = {
        "receiver_port": str(outside),
        "status_port": str(inside),
        "receiver_processes": "2",
        "receiver_drain_seconds": "0.3",
    }
    async with house(redis_url, tmp_path, **settings) as one:
        url = f"http://127.0.0.1:{outside}"
        one.processes.start("first", "-m", "webhook_receiver")
        await eventually(lambda: times(one, "first", "receiver.listening") == 2, 40)
        async with Load(f"{url}/webhooks/dev") as load:
            await load.more()
            one.processes.signal("first", signal.SIGHUP)
            await eventually(lambda: times(one, "first", "receiver.reloaded") == 1, 40, "it was not replaced")
            await load.more()
            # Another service beside it, on the same ports, takes its place.
            one.processes.start("second", "-m", "webhook_receiver")
            await eventually(lambda: times(one, "second", "receiver.listening") == 2, 40)
            await load.more()
            assert await asyncio.to_thread(one.processes.terminate, "first") == 0
            await load.more()
        print(
            f"\nreplaced 2 processes one by one, then the service of 2 by another: {len(load.acknowledged)} webhooks"
            f" acknowledged, {sum(load.otherwise.values())} otherwise {dict(load.otherwise)}"
        )
        assert load.otherwise == {}
        assert await one.state.inbox.seen("dev", load.acknowledged) == set(load.acknowledged)
        metrics = await text_of(one.session, f"http://127.0.0.1:{inside}/metrics")
        assert metrics is not None
        assert 'octosync_webhook_deliveries_total{instance="dev",verdict="recorded"}' in metrics


async def test_a_process_that_is_killed_is_replaced_and_nothing_acknowledged_is_lost(
    redis_url: str, tmp_path: Path
) -> None:
    outside = free_port()
    settings = {"receiver_port": str(outside), "status_port": "0", "receiver_processes": "2"}
    async with house(redis_url, tmp_path, **settings) as one:
        one.processes.start("receiver", "-m", "webhook_receiver")
        await eventually(lambda: times(one, "receiver", "receiver.listening") == 2, 40)
        kills = 2
        async with Load(f"http://127.0.0.1:{outside}/webhooks/dev") as load:
            for number in range(kills):
                await eventually(lambda: len(one.processes.children("receiver")) == 2)
                before = len(load.acknowledged)
                await eventually(lambda before=before: len(load.acknowledged) > before + 50)
                one.processes.kill_child("receiver", number)
                await eventually(
                    lambda number=number: times(one, "receiver", "receiver.listening") == 3 + number, 40, "not replaced"
                )
        print(
            f"\n{kills} of 2 processes killed, one after the other: {len(load.acknowledged)} webhooks acknowledged,"
            f" {sum(load.otherwise.values())} otherwise {dict(load.otherwise)}"
        )
        assert set(load.otherwise) <= {"ServerDisconnectedError", "ClientOSError"}, "those that it was at work on"
        assert await one.state.inbox.seen("dev", load.acknowledged) == set(load.acknowledged)
