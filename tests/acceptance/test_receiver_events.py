"""The receiver as a process, killed between two webhooks of a batch, and under a burst of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.test_processes import text_of
from tests.deadly_network import deadly_network
from tests.house import HEADER, SECRET, House, house
from tests.pair import ROUTE
from tests.processes import eventually, free_port
from tests.receiver import webhook
from webhook_receiver import watch
from worker.queue.values import ClaimStatus, Done, Outcome

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ROUNDS = 3
PROJECTS = 3

BURST = 5_000
ITEMS = 300
CONNECTIONS = 16
WORKERS = 8


async def test_killed_between_two_webhooks_of_a_batch_nothing_is_lost(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The receiver in this process, to which nobody sends, stands for a second one that survives.
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(watch, "QUIET_S", 0.5)
    port = free_port()
    async with house(redis_url, tmp_path, poll_seconds=0.6, receiver_port=str(port), status_port="0") as one:
        one.start_worker()
        one.start_beat()
        one.processes.start("receiver", "-m", "webhook_receiver")
        await eventually(lambda: text_of(one.session, f"http://127.0.0.1:{port}/readyz"))
        await one.settled_after_first_comparison()
        hooks = f"http://127.0.0.1:{port}/webhooks/dev"
        async with deadly_network(one.session, hooks, lambda: one.processes.kill("receiver")) as (url, kills):
            one.hooks = url
            await one.subscribe()
            names = []
            for number in range(ROUNDS):
                kills.append(1 + number % 2)
                await eventually(partial(another_batch, one, names, kills), 60, "no batch to kill it in")
                await eventually(lambda names=names: arrived(one, names), 40, "what was dropped never arrived")
                one.processes.start("receiver", "-m", "webhook_receiver")
                await eventually(lambda: text_of(one.session, f"http://127.0.0.1:{port}/readyz"))
        await one.settled()
        outcomes = Counter(delivery.outcome for delivery in one.source.sandbox.deliveries)
        gaps = (await one.state.inbox.counters()).gaps
        print(
            f"\nreceiver killed {ROUNDS} times between two webhooks of a batch: {dict(outcomes)};"
            f" {gaps.get('dev', 0)} gaps found; {len(names)} of {len(names)} projects arrived"
        )
        assert outcomes["failed"] + outcomes["not sent"] >= ROUNDS
        assert gaps["dev"] >= ROUNDS


async def another_batch(one: House, names: list[str], kills: list[int]) -> bool:
    """Whether the receiver was killed in one. Some more projects at once, so that a batch is large enough; the sandbox
    may send in the midst of them."""
    told = {delivery.event_id for delivery in one.source.sandbox.deliveries}
    if kills and len(told) >= len(names):
        new = [f"Project {len(names) + number}" for number in range(PROJECTS)]
        names += new
        await asyncio.gather(*(one.source.project(name) for name in new))
    return not kills


async def arrived(one: House, names: list[str]) -> bool:
    return set(names) <= {project["Name"] for project in await one.destination.get("projects/all")}


async def test_a_burst_is_acknowledged_whole_and_each_item_synced_a_few_times(redis_url: str, tmp_path: Path) -> None:
    """The syncs are stood for by runs of a few milliseconds, so that the queue is what is looked at."""
    port = free_port()
    quick = {"debounce_seconds": "0.5", "debounce_max_seconds": "1.5"}
    async with house(redis_url, tmp_path, receiver_port=str(port), status_port="0", **quick) as one:
        one.processes.start("receiver", "-m", "webhook_receiver")
        await eventually(lambda: text_of(one.session, f"http://127.0.0.1:{port}/readyz"))
        await one.state.ledger.directories.put("dev", "Default", "space", {"id": "Spaces-1", "name": "Default"})
        bodies = iter(
            json.dumps(webhook(f"Events-{n}", f"Projects-{n % ITEMS}"), separators=(",", ":")).encode()
            for n in range(BURST)
        )
        answers: Counter[int] = Counter()
        running: Counter[str] = Counter()
        syncs: Counter[str] = Counter()
        at_once = 0
        over = asyncio.Event()

        async def sender() -> None:
            url = f"http://127.0.0.1:{port}/webhooks/dev"
            for body in bodies:
                async with one.session.post(url, data=body, headers={HEADER: SECRET}) as answer:
                    await answer.read()
                    answers[answer.status] += 1

        async def worker() -> None:
            nonlocal at_once
            queue = one.state.queue
            while not over.is_set() or await queue.depth():
                due = (await queue.sweep(limit=10)).due
                for entry in due:
                    claim = await queue.claim(entry.key, 10_000)
                    if claim.status is not ClaimStatus.OK:
                        continue
                    key = str(entry.key)
                    running[key] += 1
                    at_once = max(at_once, running[key])
                    await asyncio.sleep(0.002)
                    running[key] -= 1
                    syncs[key] += 1
                    assert await queue.done(entry.key, claim.token, Outcome.finished()) in (Done.CLEAN, Done.AGAIN)
                if not due:
                    await asyncio.sleep(0.05)

        began = time.monotonic()
        workers = [asyncio.create_task(worker()) for _ in range(WORKERS)]
        await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))
        took = time.monotonic() - began
        over.set()
        await asyncio.gather(*workers)
        print(
            f"\n{BURST} webhooks for {ITEMS} items over {CONNECTIONS} connections in {took:.1f} s:"
            f" answers {dict(answers)}; {syncs.total()} syncs of {len(syncs)} items, at most {at_once} of one at a time"
        )
        assert answers == {202: BURST}
        assert (await one.state.inbox.counters()).recorded == {"webhook": BURST}
        assert set(syncs) == {f"{ROUTE}|Projects-{n}" for n in range(ITEMS)}
        assert at_once == 1
        assert syncs.total() < BURST / 2
