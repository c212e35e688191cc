"""What all processes share: the parts of Redis, opened together for one task, one receiver or one command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.settings import Settings
from worker.ledger.comparisons import Comparisons
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.queue.canary import Canaries
from worker.queue.circuits import Circuits
from worker.queue.dirty import DirtyQueue
from worker.queue.inbox import Inbox
from worker.queue.lease import DocumentLease

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True, slots=True)
class State:
    queue: DirtyQueue
    inbox: Inbox
    leases: DocumentLease
    circuits: Circuits
    ledger: Ledger
    comparisons: Comparisons
    canaries: Canaries


def state_of(redis: Redis, settings: Settings) -> State:
    name = settings.namespace
    lease_ms = int(settings.lease_seconds * 1000)
    return State(
        # A hint is given up for lost in half the time that a silent worker has.
        queue=DirtyQueue(redis, name, max_attempts=settings.max_attempts, rehint_ms=lease_ms // 2),
        inbox=Inbox(
            redis,
            name,
            debounce_ms=int(settings.debounce_seconds * 1000),
            max_wait_ms=int(settings.debounce_max_seconds * 1000),
            max_attempts=settings.max_attempts,
            journal_bound=settings.deliveries_kept,
            journal_s=settings.deliveries_kept_days * 24 * 3600,
        ),
        leases=DocumentLease(redis, name, lease_ms=lease_ms * 3 // 4),
        circuits=Circuits(redis, name, first_s=settings.retry_seconds),
        ledger=Ledger(redis, name),
        comparisons=Comparisons(redis, name),
        canaries=Canaries(redis, name),
    )


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[State]:
    redis = open_redis(settings.redis_url)
    try:
        yield state_of(redis, settings)
    finally:
        await redis.aclose()
