"""Waking workers when a marked key becomes due.

A mark is debounced: due some seconds after the last hint, and at most some more after the first. The receiver knows the
same times by its own clock, so a worker is told when there is something to do, not when it is too early and not only at
the next sweep. All of it is a convenience: what is forgotten here, a sweep finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from config.routes import Endpoint
from worker.publisher import Publisher
from worker.queue.keys import DirtyKey
from worker.queue.values import Due, Priority

MOST_KEYS = 10_000
CATCH_UP_EVERY_S = 5.0
"""Not more often, whatever comes: each costs the source a request."""
LATE_S = 0.02
"""A little after it is due, since the clock of Redis decides and the call took its time."""


class Waker:
    def __init__(self, publisher: Publisher, debounce_s: float, max_wait_s: float) -> None:
        self._publisher = publisher
        self._debounce_s = debounce_s
        self._max_wait_s = max_wait_s
        self._first: dict[DirtyKey, float] = {}
        self._last: dict[DirtyKey, float] = {}
        """When the hints came of each key that is not due yet."""
        self._timers: dict[DirtyKey, asyncio.TimerHandle] = {}
        self._hints: dict[Endpoint, asyncio.TimerHandle] = {}
        self._hinted: dict[Endpoint, float] = {}
        self._due: set[DirtyKey] = set()
        self._sources: set[Endpoint] = set()
        self._telling: asyncio.Task[None] | None = None

    def marked(self, keys: Iterable[DirtyKey]) -> None:
        """These keys were marked now."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for key in keys:
            if key in self._first:
                self._last[key] = now
            elif len(self._first) < MOST_KEYS:
                self._first[key] = self._last[key] = now
                self._timers[key] = loop.call_at(self._due_at(key), self._is_due, key)

    def _due_at(self, key: DirtyKey) -> float:
        return min(self._last[key] + self._debounce_s, self._first[key] + self._max_wait_s) + LATE_S

    def catch_up(self, sources: Iterable[Endpoint]) -> None:
        """There is something in the audit logs of these that we could not read from the webhook."""
        loop = asyncio.get_running_loop()
        for source in sources:
            if source not in self._hints:
                at = self._hinted.get(source, float("-inf")) + CATCH_UP_EVERY_S
                self._hints[source] = loop.call_at(max(loop.time(), at), self._read_log, source)

    async def close(self) -> None:
        """Has the audit logs read that are still to be, and finishes what is being told. Keys are marked, and found by
        a sweep."""
        for timer in (*self._timers.values(), *self._hints.values()):
            timer.cancel()
        self._sources.update(self._hints)
        for waiting in (self._timers, self._first, self._last, self._hints):
            waiting.clear()
        if self._sources:
            self._tell()
        if self._telling is not None:
            await asyncio.wait([self._telling], timeout=5)

    def _read_log(self, source: Endpoint) -> None:
        del self._hints[source]
        self._hinted[source] = asyncio.get_running_loop().time()
        self._sources.add(source)
        self._tell()

    def _is_due(self, key: DirtyKey) -> None:
        loop, at = asyncio.get_running_loop(), self._due_at(key)
        if loop.time() < at - LATE_S / 2:  # other hints came meanwhile
            self._timers[key] = loop.call_at(at, self._is_due, key)
            return
        del self._first[key], self._last[key], self._timers[key]
        self._due.add(key)
        self._tell()

    def _tell(self) -> None:
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all(), name="waking")

    async def _tell_all(self) -> None:
        # What comes while the broker is being talked to goes with the next message, however slow the broker is.
        while self._due or self._sources:
            due, self._due = self._due, set()
            sources, self._sources = self._sources, set()
            for source in sources:
                await self._publisher.catch_up(source.instance, source.space)
            await self._publisher.wake([Due(key, Priority.EVENTS) for key in due])
