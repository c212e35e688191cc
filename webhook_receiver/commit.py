"""Group commit: requests that wait at the same moment are recorded together, in one call to Redis.

A request is answered when its own event is durable. At one connection that costs what a call per request costs; under
load many share one round trip, which is most of what a request costs. When many wait, two calls are under way at once:
Redis works on one group while we read and answer the other.

Who waits together shares a deadline, too: in order of arrival, so the oldest of a group decides for all of it how long
Redis may take.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

import structlog

from worker.ledger.connect import UNAVAILABLE
from worker.queue.inbox import Delivery, Inbox, Recorded

log = structlog.get_logger(__name__)

MOST_TOGETHER = 64
MANY = 32
"""From so many on that wait, a second call is worth its cost."""
AT_A_TIME = 2
MOST_WAITING = 2_000
DURABLE_WITHIN_S = 8.0
"""Octopus waits ten seconds for an answer by default. 503 before that is better than none."""
SAID_WITHIN_S = 0.05
MOST_SAID = 128
"""In one line: a longer one would hold up who comes meanwhile."""

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
        self._committers: list[asyncio.Task[None]] = []
        self._asleep: list[asyncio.Future[None]] = []
        """Committers with nothing to do."""
        self._woken = 0
        """How many of them are to share what waits."""
        self._closing = False

    def start(self) -> None:
        for number in range(AT_A_TIME):
            self._committers.append(asyncio.create_task(self._run(), name=f"group-commit-{number}"))

    def record(self, delivery: Delivery) -> asyncio.Future[Recorded]:
        """To be awaited: done when the event is in Redis. Awaiting raises what Redis raises, and ``TimeoutError`` if it
        takes longer than ``DURABLE_WITHIN_S``; the call itself raises :class:`OverloadedError`."""
        if self._closing or len(self._waiting) >= MOST_WAITING:
            raise OverloadedError
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Recorded] = loop.create_future()
        self._waiting.append((delivery, future, loop.time() + DURABLE_WITHIN_S))
        if self._asleep and (len(self._waiting) == 1 or len(self._waiting) >= MANY):
            self._wake()
        return future

    async def close(self) -> None:
        self._closing = True
        while self._asleep:
            self._wake()
        if self._committers:
            await asyncio.wait(self._committers)
        self._say()

    def _wake(self) -> None:
        self._woken += 1
        self._asleep.pop().set_result(None)

    async def _run(self) -> None:
        while batch := await self._next():
            # Whoever stopped waiting will be sent the event again by nobody; record it all the same, if there is time.
            await self._commit(batch)

    async def _next(self) -> list[_Waiting]:
        """Empty at the end of all."""
        while not self._waiting:
            if self._closing:
                return []
            asleep = asyncio.get_running_loop().create_future()
            self._asleep.append(asleep)
            await asleep
            self._woken -= 1
        share = len(self._waiting) // (self._woken + 1) or 1
        return [self._waiting.popleft() for _ in range(min(share, MOST_TOGETHER))]

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            async with asyncio.timeout_at(batch[0][2]):
                recorded = await self._inbox.record([delivery for delivery, _, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, (*UNAVAILABLE, TimeoutError)):
                # One of them is what cannot be recorded, and no reason to refuse the others.
                for waiting in batch:
                    await self._commit([waiting])
                return
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
        if len(self._recorded) >= MOST_SAID:
            self._say()

    def _say(self) -> None:
        """One line for all that was recorded lately, and in it one string: a line for each costs more than the rest."""
        recorded, self._recorded = self._recorded, []
        if recorded:
            log.info(
                "webhooks.recorded",
                events=", ".join(_line(delivery) for delivery, one in recorded if not one.duplicate),
                duplicates=sum(one.duplicate for _, one in recorded),
                marked=sum(len(one.keys) for _, one in recorded),
            )


def _line(delivery: Delivery) -> str:
    said = (delivery.source, delivery.event_id, delivery.category, delivery.document_id, delivery.correlation_id)
    return " ".join(one or "-" for one in said)
