"""Group commit: requests that wait at the same moment are recorded together, in one call to Redis.

A request is answered when its own event is durable. At one connection that costs what a call per request costs; under
load many share one round trip, which is most of what a request costs. They share a deadline, too: they wait in order of
arrival, so the oldest of a batch decides for all of it how long Redis may take.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

import structlog

from worker.queue.inbox import Delivery, Inbox, Recorded

log = structlog.get_logger(__name__)

MOST_TOGETHER = 64
MOST_WAITING = 2_000
DURABLE_WITHIN_S = 8.0
"""Octopus waits ten seconds for an answer by default. 503 before that is better than none."""
SAID_WITHIN_S = 0.05

_Waiting = tuple[Delivery, "asyncio.Future[Recorded]", float]
"""And the time of the loop by which it must be durable."""


class OverloadedError(Exception):
    """More requests wait to be recorded than can be kept: try again."""


class GroupCommit:
    """Start it in the loop that uses it; :meth:`close` records what still waits."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._waiting: deque[_Waiting] = deque()
        self._recorded: list[tuple[Delivery, Recorded]] = []
        """And not said yet. The journal holds the same, and outlives us."""
        self._work = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="group-commit")

    async def record(self, delivery: Delivery) -> Recorded:
        """Returns when the event is in Redis. Raises what Redis raises, ``TimeoutError`` if that takes longer than
        ``DURABLE_WITHIN_S``, and :class:`OverloadedError`."""
        if self._closing or len(self._waiting) >= MOST_WAITING:
            raise OverloadedError
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Recorded] = loop.create_future()
        self._waiting.append((delivery, future, loop.time() + DURABLE_WITHIN_S))
        self._work.set()
        return await future

    async def close(self) -> None:
        self._closing = True
        self._work.set()
        if self._task is not None:
            await self._task
        self._say()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            await self._work.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
            if not self._waiting and not self._closing:
                self._work.clear()
            # Whoever stopped waiting will be sent the event again by nobody; record it all the same, if there is time.
            if batch:
                await self._commit(batch)

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            async with asyncio.timeout_at(batch[0][2]):
                recorded = await self._inbox.record([delivery for delivery, _, _ in batch])
        except Exception as error:  # each who waits is told, and answers for itself
            for _, future, _ in batch:
                if not future.done():
                    future.set_exception(error)
                    with contextlib.suppress(BaseException):
                        future.exception()  # it may have no reader left
            return
        for (_, future, _), one in zip(batch, recorded, strict=True):
            if not future.done():
                future.set_result(one)
        if not self._recorded:
            asyncio.get_running_loop().call_later(SAID_WITHIN_S, self._say)
        self._recorded += zip((delivery for delivery, _, _ in batch), recorded, strict=True)

    def _say(self) -> None:
        """One line for all that was recorded lately, and in it one string: a line for each costs more than the rest."""
        recorded, self._recorded = self._recorded, []
        if recorded:
            log.info(
                "webhooks.recorded",
                events=", ".join(_line(delivery) for delivery, one in recorded if not one.duplicate),
                duplicates=sum(one.duplicate for _, one in recorded),
                marked=sum(len(one.marked) for _, one in recorded),
            )


def _line(delivery: Delivery) -> str:
    said = (delivery.source, delivery.event_id, delivery.category, delivery.document_id, delivery.correlation_id)
    return " ".join(one or "-" for one in said)
