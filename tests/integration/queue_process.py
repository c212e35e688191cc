"""A producer or a worker of tests/integration/test_queue_kills.py, in a process of its own so that it can be killed.

``python queue_process.py producer|worker URL PREFIX SEED [COUNT]``

Per key: ``truth`` is the source's document, ``acked`` the newest state of it whose mark was acknowledged, ``copy`` what
the workers wrote, fenced by the token of the claim.
"""

from __future__ import annotations

import asyncio
import random
import sys

from redis.asyncio import Redis

from worker.ledger.connect import open_redis
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Outcome

KEYS = [DirtyKey(route, f"Projects-{n}") for route in ("north", "south") for n in range(4)]
LEASE_MS = 400

FENCED_WRITE = """
-- KEYS: copy. ARGV: token, value
if tonumber(redis.call('HGET', KEYS[1], 'token') or '0') > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'value', ARGV[2])
return 1
"""

ENTER = """
-- KEYS: sign, running, item. ARGV: token, key. Returns 0 when somebody else is in.
local expires = redis.call('ZSCORE', KEYS[2], ARGV[2])
if not expires or redis.call('HGET', KEYS[3], 'token') ~= ARGV[1] then return 1 end
local inside = redis.call('GET', KEYS[1])
if inside then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', string.format('%.0f', expires - 2))
return 1
"""


def queue_of(redis: Redis, prefix: str) -> DirtyQueue:
    # A lease that ended counts as an attempt, and here workers are killed by the dozen.
    return DirtyQueue(redis, prefix, max_attempts=1_000_000, rehint_ms=100)


async def produce(redis: Redis, prefix: str, seed: str, count: int) -> None:
    queue, rng = queue_of(redis, prefix), random.Random(seed)
    progress = f"{{{prefix}}}:test:progress:{seed}"
    while int(await redis.incr(progress)) <= count:
        key = rng.choice(KEYS)
        state = await redis.incr(f"{{{prefix}}}:test:truth:{key}")
        await queue.mark([key], source="webhook", debounce_ms=rng.choice([0, 5, 20]), max_wait_ms=50)
        # Another producer may have acknowledged a newer one in between.
        await redis.zadd(f"{{{prefix}}}:test:acked", {str(key): state}, gt=True)


async def work(redis: Redis, prefix: str, seed: str) -> None:
    queue, rng = queue_of(redis, prefix), random.Random(seed)
    write, enter = redis.register_script(FENCED_WRITE), redis.register_script(ENTER)
    while True:
        due = [one.key for one in (await queue.sweep(limit=10)).due]
        rng.shuffle(due)
        for key in due or rng.sample(KEYS, 1):
            claim = await queue.claim(key, LEASE_MS)
            if claim.status is not ClaimStatus.OK:
                continue
            # Whoever holds a lease leaves a sign that ends just before the lease does, by the server's own clock. To
            # find another's sign is to have been let in beside them.
            sign = f"{{{prefix}}}:test:inside:{key}"
            names = [sign, f"{{{prefix}}}:q:running", f"{{{prefix}}}:q:item:{key}"]
            if not await enter(keys=names, args=[claim.token, str(key)]):
                await redis.incr(f"{{{prefix}}}:test:violations")
            state = await redis.get(f"{{{prefix}}}:test:truth:{key}")
            await asyncio.sleep(rng.choice([0, 0.002, 0.01]))
            await redis.incr(f"{{{prefix}}}:test:runs")
            await write(keys=[f"{{{prefix}}}:test:copy:{key}"], args=[claim.token, state or 0])
            if await redis.get(sign) == b"%d" % claim.token:
                await redis.delete(sign)
            again = rng.random() < 0.1
            await queue.done(key, claim.token, Outcome.retry_in(10) if again else Outcome.finished())
        await asyncio.sleep(0.002)


async def main() -> None:
    role, url, prefix, seed, *count = sys.argv[1:]
    redis = open_redis(url)
    if role == "producer":
        await produce(redis, prefix, seed, int(count[0]))
    else:
        await work(redis, prefix, seed)
    await redis.aclose()


if __name__ == "__main__":
    asyncio.run(main())
