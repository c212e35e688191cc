"""What a worker's main process tells over HTTP, on ``OCTOSYNC_METRICS_PORT``: its numbers, and whether it works.

===========  =====================================================================================================
/metrics     what all its processes counted
/healthz     *alive*: 503 only when a new process would do better, since work lies there and this one takes none
/readyz      *ready*: 503 as long as it does no work, whoever's fault that is (Redis is away, say)
===========  =====================================================================================================

A worker can look well and take nothing: its connection went stale, its consumer was cancelled. Two signs tell, and both
need that none of its processes is at work (:mod:`worker.queue.canary`):

* a canary has been waiting in one of its queues, and it took nothing meanwhile;
* canaries are taken from its queues all the time, but for a long while not by it.

Without a canary on its way (beat is down) there is no sign, and nobody is killed for it: the alerts tell.
"""

from __future__ import annotations

import asyncio
import json
import socketserver
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from config.settings import Settings
from worker.ledger.connect import UNAVAILABLE
from worker.queue.canary import Canary
from worker.state import open_state

METRICS, ALIVE, READY = "/metrics", "/healthz", "/readyz"
PATHS = frozenset({METRICS, ALIVE, READY})
ASKED_WITHIN_S = 2.0
SAMPLED_EVERY_S = 1.0
MISSED = 4
"""So many canaries could have come meanwhile: then one that waits is a sign."""
DEAD_AFTER = 40
"""… and then it is more than a hiccup of the broker, or one that got lost (ten minutes, unless set otherwise)."""
PASSED_OVER = 120
"""So many can pass by a worker whose equals take turns with it (half an hour)."""


@dataclass(frozen=True, slots=True)
class Health:
    """``why`` is for people. ``alive`` is false only if a restart would help."""

    alive: bool = True
    ready: bool = True
    why: str = "takes work"


def judge(canaries: Iterable[Canary], *, queues: Collection[str], busy: bool, idle_s: float, every_s: float) -> Health:
    """``queues``: those that the worker takes from. ``idle_s``: since one of its processes last took something up.
    ``every_s``: how often canaries are sent."""
    if busy:
        return Health(why="at work")
    ours = [one for one in canaries if one.queue in queues]
    waiting_s = max((one.waiting_ms / 1000 for one in ours), default=0.0)
    unanswered_s = min(waiting_s, idle_s)
    if unanswered_s > MISSED * every_s:
        why = f"a canary has been waiting for {waiting_s:.0f} s, and nothing was taken up for {idle_s:.0f} s"
        return Health(unanswered_s <= DEAD_AFTER * every_s, False, why)
    others_take = any(one.age_ms / 1000 <= MISSED * every_s for one in ours)
    if others_take and idle_s > PASSED_OVER * every_s:
        return Health(False, False, f"others take from its queues, and it took nothing for {idle_s:.0f} s")
    return Health()


class Activity:
    """When the worker last took something up. ``taken`` tells how much in all; a thread asks it every second."""

    def __init__(self, taken: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._taken = taken
        self._clock = clock
        self._seen = taken()
        self._at = clock()

    def idle_s(self) -> float:
        self.sample()
        return self._clock() - self._at

    def sample(self) -> None:
        taken = self._taken()
        if taken != self._seen:
            self._seen, self._at = taken, self._clock()

    def watch(self) -> None:
        """For ever: run it in a daemon thread."""
        while True:
            self.sample()
            time.sleep(SAMPLED_EVERY_S)


def serve(
    settings: Settings,
    registry: CollectorRegistry,
    *,
    queues: Collection[str],
    taken: Callable[[], int],
    busy: Callable[[], bool],
) -> ThreadingHTTPServer:
    """Answers in threads of this process from now on. Raises :class:`OSError` if the port is taken."""
    activity = Activity(taken)
    names = frozenset(queues)

    def health() -> Health:
        try:
            canaries = asyncio.run(_canaries(settings))
        except (*UNAVAILABLE, TimeoutError):
            return Health(ready=False, why="Redis does not answer")
        return judge(canaries, queues=names, busy=busy(), idle_s=activity.idle_s(), every_s=settings.canary_seconds)

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == METRICS:
                self._answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif path in PATHS:
                found = health()
                well = found.alive if path == ALIVE else found.ready
                body = json.dumps({"alive" if path == ALIVE else "ready": well, "why": found.why}).encode()
                self._answer(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, body, "application/json")
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain")

        def _answer(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes and scrapes are no news."""

    server = _Server(("", settings.metrics_port), Handler)
    threading.Thread(target=activity.watch, name="activity", daemon=True).start()
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


class _Server(ThreadingHTTPServer):
    def server_bind(self) -> None:
        # The one between, http.server's, asks DNS for the name of this machine.
        socketserver.TCPServer.server_bind(self)


async def _canaries(settings: Settings) -> list[Canary]:
    async with asyncio.timeout(ASKED_WITHIN_S), open_state(settings) as state:
        return await state.canaries.look()
