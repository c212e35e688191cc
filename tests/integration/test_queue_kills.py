"""Producers and workers are killed at random; nothing acknowledged is lost, and nobody is let in beside another."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from queue_process import KEYS, queue_of
from redis.asyncio import Redis

from worker.ledger.connect import open_redis
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import Outcome

PROGRAM = Path(__file__).with_name("queue_process.py")
PREFIX = "octosync-kills"
PRODUCERS, WORKERS, KILLS, MARKS = 2, 3, 12, 400
DEADLINE_S = 60


class Crew:
    """Processes by name; one that is killed, or fails, is started again until its work is done."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.failed: list[str] = []

    def start(self, name: str) -> None:
        role, _, seed = name.partition("-")
        command = [sys.executable, str(PROGRAM), role, self._url, PREFIX, seed]
        if role == "producer":
            command.append(str(MARKS))
        self._running[name] = subprocess.Popen(command)

    def kill(self, name: str) -> None:
        process = self._running[name]
        process.kill()
        process.wait()
        self.start(name)

    def producing(self) -> list[str]:
        return [name for name, p in self._running.items() if name.startswith("producer") and p.poll() is None]

    def watch(self) -> None:
        self.failed += [name for name, p in self._running.items() if p.poll() not in (None, 0)]
        assert not self.failed, "a process of the test ended by itself"

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()


async def left(redis: Redis) -> set[bytes]:
    return {key async for key in redis.scan_iter(match=f"{{{PREFIX}}}:q:*", count=1000)}


@pytest.mark.parametrize("seed", [20261123])
@pytest.mark.spacecloner("feature-30")
async def test_kills(redis: Redis, redis_url: str, seed: int) -> None:
    rng = random.Random(seed)
    crew = Crew(redis_url)
    queue = queue_of(redis, PREFIX)
    names = [f"producer-{n}" for n in range(PRODUCERS)] + [f"worker-{n}" for n in range(WORKERS)]
    deadline = time.monotonic() + DEADLINE_S
    try:
        for name in names:
            crew.start(name)
        for _ in range(KILLS):
            before = int(await redis.get(f"{{{PREFIX}}}:test:runs") or 0)
            while int(await redis.get(f"{{{PREFIX}}}:test:runs") or 0) < before + 5:  # so that there is work to kill
                assert time.monotonic() < deadline
                crew.watch()
                if not crew.producing():
                    break
                await asyncio.sleep(0.01)
            crew.kill(rng.choice([n for n in names if n.startswith("worker")] + crew.producing()))
        while crew.producing() or await queue.depth():
            assert time.monotonic() < deadline, f"still waiting: {await queue.waiting()}"
            crew.watch()
            await asyncio.sleep(0.02)
    finally:
        crew.stop()

    acked = {
        key.decode(): int(state)
        for key, state in await redis.zrange(f"{{{PREFIX}}}:test:acked", 0, -1, withscores=True)
    }
    copies = {str(key): int(await redis.hget(f"{{{PREFIX}}}:test:copy:{key}", "value") or 0) for key in KEYS}
    runs = int(await redis.get(f"{{{PREFIX}}}:test:runs"))
    assert acked.keys() == copies.keys()
    assert {key: state for key, state in acked.items() if copies[key] < state} == {}
    assert await redis.get(f"{{{PREFIX}}}:test:violations") is None
    assert not [key for key in await left(redis) if b":item:" in key or b":ready:" in key]
    assert len(KEYS) <= runs


async def test_a_key_that_is_claimed_and_put_back_all_the_time_is_always_counted(redis_url: str) -> None:
    redis, other = open_redis(redis_url), open_redis(redis_url)
    name = f"octosync-{uuid.uuid4().hex[:8]}"
    queue, key = DirtyQueue(redis, name), DirtyKey("north", "Projects-1")
    over = asyncio.Event()

    async def work() -> None:
        working = DirtyQueue(other, name)
        while not over.is_set():
            claim = await working.claim(key, 60_000)
            await working.done(key, claim.token, Outcome.wait_in(0))

    try:
        await queue.mark([key], source="cli", debounce_ms=0)
        working = asyncio.create_task(work())
        found = [await queue.depth() for _ in range(500)]
        over.set()
        await working
    finally:
        await redis.aclose()
        await other.aclose()
    assert {one["north"].events + one["north"].running if one else 0 for one in found} == {1}
