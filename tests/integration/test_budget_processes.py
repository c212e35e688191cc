"""One budget, several processes, a real Redis: together they stay under the limit, measured by its own clock."""

from __future__ import annotations

import asyncio
import sys

from redis.asyncio import Redis

from worker.ledger.budget import MARGIN, RedisBudget

PER_MINUTE, BURST = 1200, 60
SERVER, USER = "https://octopus.example.com", "Users-1"

GREEDY = """
import asyncio, sys
from worker.ledger.budget import RedisBudget
from worker.ledger.connect import open_redis

async def main(url, server, user, per_minute, burst, priority):
    redis = open_redis(url, call_timeout_s=60)
    budget = RedisBudget(redis, server, user, per_minute=float(per_minute), burst=float(burst))
    await redis.incr("{octosync}:test:ready")
    await redis.blpop("{octosync}:test:go", 50)
    began, count = (await redis.time())[0], 0
    while (await redis.time())[0] < began + 3:
        count += await budget.ask(priority) == 0
    await redis.aclose()
    print(count)

asyncio.run(main(*sys.argv[1:]))
"""


async def now(redis: Redis) -> float:
    seconds, micros = await redis.time()
    return float(seconds) + float(micros) / 1e6


async def test_several_processes_share_one_limit(redis: Redis, redis_url: str) -> None:
    arguments = [redis_url, SERVER, USER, str(PER_MINUTE), str(BURST)]
    greedy = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", GREEDY, *arguments, priority), stdout=asyncio.subprocess.PIPE
        )
        for priority in ("event", "event", "bulk")
    ]
    async with asyncio.timeout(60):
        while int(await redis.get("{octosync}:test:ready") or 0) < len(greedy):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.01)
        began = await now(redis)
        await redis.rpush("{octosync}:test:go", *("go" for _ in greedy))
        counts = [int((await process.communicate())[0]) for process in greedy]
    given = BURST * MARGIN + (await now(redis) - began) * PER_MINUTE * MARGIN / 60
    assert sum(counts) <= given
    assert sum(counts) > BURST, "what is there is used"
    assert counts[2] > 0, "bulk work is not starved"


async def test_who_waits_gets_a_request_when_there_is_one(redis: Redis) -> None:
    budget = RedisBudget(redis, SERVER, USER, per_minute=1200, burst=10)
    took = 0
    async with asyncio.timeout(30):
        for _ in range(20):
            await budget.take("event")
            took += 1
    assert took == 20


async def test_a_server_that_forgot_the_scripts_is_told_them_again(redis: Redis) -> None:
    budget = RedisBudget(redis, SERVER, USER)
    await budget.take("event")
    await redis.script_flush()
    await budget.take("event")
    await redis.script_flush()
    await budget.penalise(1)
    assert await budget.ask("event") > 0
