"""The lease of a run: prolonged while it works, and the end of the run when it is lost.

Whoever lost the lease must not write any more, since another worker may be at the same item. So the run is cancelled,
and before each write the lease is checked by itself (:meth:`Keeper.guard`): the loss may have come a moment ago.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from worker.ledger.connect import UNAVAILABLE
from worker.queue.dirty import DirtyQueue
from worker.queue.values import Claim

log = structlog.get_logger(__name__)

T = TypeVar("T")


class LeaseLost(Exception):  # noqa: N818  (named for what happened)
    """The key is another's now. Nothing may be written, and nothing said of how the run ended."""


class Keeper:
    """``lease_ms``: how long the key stays ours without a sign of us."""

    def __init__(self, queue: DirtyQueue, claim: Claim, lease_ms: int) -> None:
        self._queue = queue
        self._claim = claim
        self._lease_ms = lease_ms
        self.lost = False
        self._over = False

    async def guard(self) -> None:
        """Raises :class:`LeaseLost`, and what Redis raises when it does not answer: either way, do not write."""
        while True:
            asked = time.monotonic()
            if self.lost or not await self._beat():
                self.lost = True
                raise LeaseLost(str(self._claim.key))
            # A process that was stopped (SIGSTOP, a suspended machine) may read the answer long after it was true.
            if time.monotonic() - asked < self._lease_ms / 2000:
                return

    async def run(self, work: Awaitable[T], deadline_s: float) -> T:
        """The result of ``work``. Raises :class:`LeaseLost`; ``TimeoutError`` after ``deadline_s``; what it raises, but
        not after the loss: who slept through an answer cannot tell what became of the server."""
        task = asyncio.ensure_future(work)
        beats = asyncio.create_task(self._beat_until_lost(task))
        try:
            async with asyncio.timeout(deadline_s):
                return await task
        except asyncio.CancelledError:
            if self.lost:
                raise LeaseLost(str(self._claim.key)) from None
            raise
        except (LeaseLost, *UNAVAILABLE):
            raise
        except Exception as error:
            if self.lost or not await self._beat():
                raise LeaseLost(str(self._claim.key)) from error
            raise
        finally:
            # A call that is just connecting may swallow that it is cancelled, and would go on.
            self._over = True
            beats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beats

    async def _beat_until_lost(self, task: asyncio.Future[T]) -> None:
        held_until = time.monotonic() + self._lease_ms / 1000
        while not self.lost and not self._over:
            await asyncio.sleep(self._lease_ms / 3000)
            asked = time.monotonic()
            try:
                if await self._beat():
                    held_until = asked + self._lease_ms / 1000
                else:
                    self.lost = True
            except UNAVAILABLE:
                # It is ours for as long as we were last promised, and no longer.
                self.lost = time.monotonic() >= held_until
        if self._over:
            return
        log.warning("lease.lost", key=str(self._claim.key), token=self._claim.token)
        task.cancel()

    async def _beat(self) -> bool:
        return await self._queue.beat(self._claim.key, self._claim.token, self._lease_ms)
