"""Watching for what did not come: the rest of a batch, and what came while nothing could be stored.

Octopus drops the rest of a batch after one failed call and does not send it again (OctopusDeploy/Issues#7216). Catch-up
finds it within a minute anyhow; a batch that stays incomplete says so at once. Whichever receiver process looks first
finds it, so that of one that was killed between two webhooks is found, too.

It also has old deliveries forgotten, since nothing else does while none come.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import structlog

from config.routes import Endpoint
from webhook_receiver.metrics import Metrics
from webhook_receiver.seldom import Seldom
from webhook_receiver.waking import Waker
from worker.ledger.connect import FAILED
from worker.queue.inbox import Inbox

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0
LOOK_WITHIN_S = 4.0
QUIET_S = 10.0
"""Octopus sends the next of a batch as soon as the last is answered; ten seconds is what it waits for an answer."""
TIDY_EVERY = 300
"""Looks."""


class Watch:
    """Start it in the loop that uses it."""

    def __init__(
        self,
        inbox: Inbox,
        waker: Waker,
        sources: Callable[[str], Iterable[Endpoint]],
        metrics: Metrics,
    ) -> None:
        self._inbox = inbox
        self._waker = waker
        self._sources = sources
        self._metrics = metrics
        self._missed: set[str] = set()
        self._seldom = Seldom(log)
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="watch")

    def missed(self, instance: str) -> None:
        """Something of this instance may have been lost: its audit logs are read as soon as somebody can be told."""
        self._missed.add(instance)

    async def close(self) -> None:
        # Not by cancelling: redis-py may swallow that while it connects.
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        looks = 0
        while not self._closing.is_set():
            try:
                async with asyncio.timeout(LOOK_WITHIN_S):
                    await self._look()
                    if looks % TIDY_EVERY == 0:
                        await self._inbox.tidy()
                looks += 1
            except (*FAILED, TimeoutError) as error:
                self._seldom.warning("watch.failed", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._closing.wait()

    async def _look(self) -> None:
        for gap in await self._inbox.gaps(int(QUIET_S * 1000)):
            said = {"instance": gap.source, "batch": gap.batch_id, "came": gap.came, "of": gap.total}
            log.warning("webhooks.batch-broken-off", **said)
            self._metrics.gaps.labels(gap.source).inc()
            self._missed.add(gap.source)
        missed, self._missed = self._missed, set()
        for instance in missed:
            self._waker.catch_up(self._sources(instance))
