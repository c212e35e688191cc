"""Processes that are killed and stopped while people go on working: workers, Redis, the clock. Nothing is lost.

`make test` plays each scene small, `make test-acceptance` in full (docs/acceptance.md).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.changes import People
from tests.estate import Estate, estate, size
from tests.pair import ROUTE, Document
from tests.processes import eventually
from worker.ledger import embedded
from worker.ledger.embedded import EmbeddedRedis

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(size(400, 2400))]

CHANGES = size(60, 1_000)
KILLS = size(4, 40)
REDIS_KILLS = size(2, 10)
CHANGES_EACH = size(10, 30)
AWAY_S = size(3, 30)
PAUSES = size(1, 10)


async def somebody_works(one: Estate) -> bool:
    depth = await one.depth()
    return depth is not None and any(route.running for route in depth.values())


async def meet_at_work(one: Estate, people: People) -> None:
    """Somebody is in the middle of a run now. People go on until then."""

    async def met() -> bool:
        if await somebody_works(one):
            return True
        await people.change()
        return False

    await eventually(met, 60, "nobody is at work")


async def test_workers_are_killed_at_random_during_many_changes(redis_url: str, tmp_path: Path) -> None:
    """Whole workers, and single processes of their pools."""
    random = Random(5)
    workers = ["worker-1", "worker-2"]
    async with estate(redis_url, tmp_path, max_attempts="50") as one:
        await one.open(*workers)
        people, processes = People(one.source, random), one.processes
        await people.begin()

        def pools() -> list[str]:
            return [it for it in workers if processes.alive(it) and processes.children(it)]

        for number in range(KILLS):
            for _ in range(CHANGES // KILLS):
                await people.change()
            start_again(one, workers)
            await meet_at_work(one, people)
            name = random.choice(workers)
            if number % 3 == 1:
                name = random.choice(await eventually(pools, 60, "no worker has processes"))
                processes.kill_child(name, 0)
                one.told["SIGKILL of a child of a worker"] += 1
            else:
                one.kill(name)
                one.start_worker(name)
        start_again(one, workers)
        await one.ends_right(size(180, 900))
        one.told["changes"] = people.made.total()
        one.tell("workers killed at random")


def start_again(one: Estate, workers: Sequence[str]) -> None:
    """A worker that loses a process while it starts gives up, and whoever runs it starts it again."""
    for name in workers:
        if not one.processes.alive(name):
            one.start_worker(name)
            one.told["workers that gave up at start"] += 1


async def test_redis_is_killed_restarted_and_stopped(tmp_path: Path) -> None:
    """It comes back with its append-only file. Killed in between, away for a while, and hanging for a while."""
    server = await asyncio.to_thread(embedded.start, tmp_path / "redis", fsync="always")
    try:
        async with estate(server.url, tmp_path) as one:
            await one.open()
            people = People(one.source, Random(6))
            await people.begin()
            for _ in range(REDIS_KILLS):
                for _ in range(CHANGES_EACH):
                    await people.change()
                await meet_at_work(one, people)
                server.kill()
                one.told["SIGKILL of Redis"] += 1
                server = await asyncio.to_thread(EmbeddedRedis, server.folder, port=server.port, fsync="always")
            server.kill()
            await work_for(AWAY_S, people)
            one.told["SIGKILL of Redis"] += 1
            one.told["seconds without Redis"] = AWAY_S
            server = await asyncio.to_thread(EmbeddedRedis, server.folder, port=server.port, fsync="always")
            os.kill(server.pid, signal.SIGSTOP)
            await work_for(AWAY_S, people)
            os.kill(server.pid, signal.SIGCONT)
            one.told["seconds in which Redis hung"] = AWAY_S
            deliveries = await one.source.get("sandbox/deliveries")
            one.told |= Counter(f"webhooks {found['Outcome']}" for found in deliveries)
            await one.ends_right(size(180, 900))
            one.told["changes"] = people.made.total()
            one.tell("Redis killed, restarted and stopped")
    finally:
        with suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGCONT)
        server.stop()


async def work_for(seconds: float, people: People) -> None:
    """People go on for so long, with some changes a second."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await people.change()
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("webhooks", [True, False], ids=["with webhooks", "without webhooks"])
async def test_the_clock_is_away_for_an_hour(redis_url: str, tmp_path: Path, webhooks: bool) -> None:
    """Without beat nobody sweeps, catches up or asks for the night's comparison. A worker dies meanwhile, so that what
    it held waits for the sweep, too. The hour is not waited for: every time that is stored is set back by one."""
    night = (datetime.now(UTC) - timedelta(minutes=30)).strftime("%H:%M:%S")
    async with estate(redis_url, tmp_path, nightly_at=night) as one:
        await one.open(subscribe=False)
        subscription = await one.subscribe()
        people = People(one.source, Random(7))
        await people.begin()
        await one.settled()
        compared = await one.state.ledger.cursors.last_compared(ROUTE)

        one.kill("beat")
        if not webhooks:
            notification = subscription | {"IsDisabled": True}
            await one.source.call("PUT", f"Spaces-1/subscriptions/{subscription['Id']}", notification)
        for _ in range(size(20, 200)):
            await people.change()
        if webhooks:
            await meet_at_work(one, people)
        one.kill("worker-1")
        one.told["keys waiting when the worker died"] = sum(
            route.events + route.bulk + route.running for route in (await one.depth() or {}).values()
        )
        await an_hour_passes(one)
        one.start_worker()
        one.start_beat()

        assert compared is not None

        async def compared_again() -> bool:
            again = await one.state.ledger.cursors.last_compared(ROUTE)
            return again is not None and again > compared

        await eventually(compared_again, 60, "the night that was missed is not made up for")
        await one.ends_right(size(180, 900))
        journal = await one.state.inbox.journal(limit=1_000)
        one.told |= Counter(f"events by {entry.delivery.via}" for entry in journal)
        one.told["changes"] = people.made.total()
        one.tell(f"beat away for an hour, {'with' if webhooks else 'without'} webhooks")


HOUR_MS = 3_600_000


async def an_hour_passes(one: Estate) -> None:
    """For all that is stored: due times, leases, hints and first marks of the queue, the cursor into the audit log, the
    last comparison."""
    root = f"{{{one.settings.namespace}}}"
    async for name in one.redis.scan_iter(match=f"{root}:q:*"):
        kind = (await one.redis.type(name)).decode()
        if kind == "zset":
            for member, score in await one.redis.zrange(name, 0, -1, withscores=True):
                await one.redis.zadd(name, {member: score - HOUR_MS})
        elif kind == "hash" and b":item:" in name:
            for times in ("first", "since", "hinted", "started", "run_since", "failed_at"):
                if await one.redis.hexists(name, times):
                    await one.redis.hincrby(name, times, -HOUR_MS)
    for name in ("cursors", "compared", "nights"):
        for field, at in (await one.redis.hgetall(f"{root}:ledger:{name}")).items():
            moved = datetime.fromisoformat(at.decode()) - timedelta(hours=1)
            await one.redis.hset(f"{root}:ledger:{name}", field, moved.isoformat())
    async for name in one.redis.scan_iter(match=f"{root}:write:*|*"):
        await one.redis.delete(name)  # what an hour does to a lease of seconds


async def test_a_paused_worker_that_wakes_after_its_lease_was_taken_over_writes_nothing(
    redis_url: str, tmp_path: Path
) -> None:
    """SIGSTOP for a worker and its children, at work; another takes over and ends it; then SIGCONT."""
    async with estate(redis_url, tmp_path) as one:
        await one.open("worker-0")
        people = People(one.source, Random(8))
        await people.begin(projects=2)
        await one.settled()
        one.processes.kill("worker-0")
        # So slow that it is met at work, between two requests or during one.
        slow = await one.destination.fault("latency", Seconds=0.1, Count=0)
        for number in range(PAUSES):
            sleeper, other = f"sleeper-{number}", f"worker-{number + 1}"
            one.start_worker(sleeper, "--concurrency", "1")
            for _ in range(6):
                await people.change()
            await pause_at_work(one, people, sleeper, Random(number))
            one.told["SIGSTOP of a worker"] += 1
            await people.change()
            one.start_worker(other)
            await one.settled()
            one.processes.kill(other)

            written = await one.destination.written()
            one.processes.signal_all(sleeper, signal.SIGCONT)
            await eventually(lambda sleeper=sleeper: lost(one, sleeper), 60, "it did not wake")
            await one.settled()
            assert await one.destination.written() == written, "the sleeper wrote after it woke"
            one.processes.kill(sleeper)
            one.told["runs that found their lease lost"] += len(lost(one, sleeper))
        await one.destination.call("DELETE", f"sandbox/faults/{slow['Id']}")
        one.start_worker("worker-last")
        await people.change()
        await one.ends_right()
        one.told["changes"] = people.made.total()
        one.tell("paused workers")
        assert one.told["runs that found their lease lost"] > 0


async def pause_at_work(one: Estate, people: People, name: str, random: Random) -> None:
    """Any moment of a run will do, but it must be one."""
    for _ in range(20):
        await meet_at_work(one, people)
        await asyncio.sleep(random.uniform(0, 0.3))
        one.processes.signal_all(name, signal.SIGSTOP)
        if await somebody_works(one):
            return
        one.processes.signal_all(name, signal.SIGCONT)
    pytest.fail("it was never met at work")


def lost(one: Estate, name: str) -> list[Document]:
    """The runs of a worker that ended since their lease was lost."""
    return [line for line in one.logged(name, "looked") if line["result"] == "lease-lost"]
