"""Which routes an event feeds. It names its space by id, the routes file by name.

The workers remember the id of each source space in the ledger. Of a space not known yet (before the first run) every
route that may be meant is marked: a document that is not in its space is found missing there, and nothing comes of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from config.routes import Endpoint, RoutesFile
from worker.ledger.directories import Directories

BELIEVED_S = 30.0
UNKNOWN_S = 1.0
"""So long for a space that is not known yet."""
MOST_SPACES = 1_000
ASKED_WITHIN_S = 4.0


class Spaces:
    def __init__(
        self, routes: RoutesFile, directories: Directories, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources: dict[str, list[tuple[Endpoint, list[str]]]] = {}
        for endpoint, fed in routes.sources().items():
            self._sources.setdefault(endpoint.instance, []).append((endpoint, [route.name for route in fed]))
        self._with_packages = frozenset(route.name for route in routes.routes if route.include.selectors("package"))
        self._directories = directories
        self._clock = clock
        self._ids: dict[Endpoint, tuple[float, str | None]] = {}
        self._asking: dict[Endpoint, asyncio.Task[tuple[float, str | None]]] = {}
        self._found: dict[tuple[str, str | None], tuple[float, list[str]]] = {}

    def sources(self, instance: str) -> list[Endpoint]:
        return [endpoint for endpoint, _ in self._sources.get(instance, [])]

    def known(self, instance: str, space_id: str | None) -> list[str] | None:
        """Names of the routes, if they were asked for lately; ``None``: :meth:`fed_by` must ask."""
        until, routes = self._found.get((instance, space_id), _NEVER)
        return routes if self._clock() < until else None

    async def fed_by(self, instance: str, space_id: str | None) -> list[str]:
        """Names of the routes; none if the space is a source of no route. Raises what Redis raises, and
        ``TimeoutError`` if it does not answer in time."""
        found: list[str] = []
        until = self._clock() + BELIEVED_S
        for endpoint, routes in self._sources.get(instance, []):
            asked, known = await self._id(endpoint) if space_id is not None else (None, None)
            if known is None or known == space_id:
                found += routes
            if asked is not None:
                until = min(until, asked + (BELIEVED_S if known is not None else UNKNOWN_S))
        if len(self._found) >= MOST_SPACES:  # the id is the caller's word
            self._found.clear()
        self._found[instance, space_id] = (until, found)
        return found

    def with_packages(self, routes: Sequence[str]) -> list[str]:
        """Those of the routes that include packages: to the others it means nothing that one was pushed."""
        return [route for route in routes if route in self._with_packages]

    async def _id(self, endpoint: Endpoint) -> tuple[float, str | None]:
        """When it was asked for, and what it is."""
        now = self._clock()
        asked, known = self._ids.get(endpoint, (float("-inf"), None))
        if now - asked < (BELIEVED_S if known is not None else UNKNOWN_S):
            return asked, known
        if endpoint not in self._asking:
            task = self._asking[endpoint] = asyncio.create_task(self._ask(endpoint), name="space")
            task.add_done_callback(lambda asked: self._asked(endpoint, asked))
        return await asyncio.shield(self._asking[endpoint])

    def _asked(self, endpoint: Endpoint, task: asyncio.Task[tuple[float, str | None]]) -> None:
        del self._asking[endpoint]
        if not task.cancelled():
            task.exception()  # it may have nobody left who wants it

    async def _ask(self, endpoint: Endpoint) -> tuple[float, str | None]:
        """Once for all who wait: a burst would use up the connections to Redis."""
        now = self._clock()
        async with asyncio.timeout(ASKED_WITHIN_S):
            line = await self._directories.get(endpoint.instance, endpoint.space, "space")
        self._ids[endpoint] = (now, str(line["id"]) if line is not None and line.get("id") else None)
        return self._ids[endpoint]


_NEVER: tuple[float, list[str]] = (float("-inf"), [])
