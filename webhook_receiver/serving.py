"""One process that serves: from its sockets to the last answer.

    ready ──SIGTERM──▶ leaving: still takes requests, ──▶ not listening ──▶ the last answers ──▶ end
                       answers close their connections

Octopus sends an event once, so a stop must cost none. Who keeps a connection open is told with its next answer to come
back over another; load balancers learn by ``/readyz``. What waits to be accepted while a socket is closed is reset: so
it is emptied first, and the first of several processes keeps it open (:mod:`webhook_receiver.processes`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from config.routes import RoutesFile
from config.settings import Settings
from webhook_receiver.app import RECEPTION, WATCH, create_app, create_inside_app
from webhook_receiver.http_log import LOGGER

log = structlog.get_logger(__name__)

FINISH_WITHIN_S = 15.0
EMPTIED_WITHIN_S = 0.2
"""What was accepted last has sent its request by then."""
LET_GO_WITHIN_S = 0.01
"""uvloop lets go of a socket a little after it was told to. What comes meanwhile waits."""
BACKLOG = 1024
HOW: dict[str, Any] = {"access_log": None, "logger": LOGGER, "auto_decompress": False}
"""How requests are taken. One log line for each would cost more than the request; what matters is logged by the
reception. Bodies are unpacked by :mod:`webhook_receiver.bodies`."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """``webhooks`` is for the world, ``inside`` is not."""

    webhooks: socket.socket
    inside: socket.socket

    @property
    def ports(self) -> tuple[int, int]:
        return self.webhooks.getsockname()[1], self.inside.getsockname()[1]

    def close(self) -> None:
        self.webhooks.close()
        self.inside.close()


def listen(settings: Settings, *, shared: bool, ports: tuple[int, int] | None = None) -> Sockets:
    """``shared``: other processes of the same user may listen on the same ports (``SO_REUSEPORT``), and connections are
    spread over all. ``ports``: instead of those of the settings. Raises :class:`OSError` if one is taken."""
    webhooks, inside = ports or (settings.receiver_port, settings.status_port)
    first = _listen(settings.receiver_host, webhooks, shared)
    try:
        return Sockets(first, _listen(settings.receiver_host, inside, shared))
    except OSError:
        first.close()
        raise


def _listen(host: str, port: int, shared: bool) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(
        (str(address[0]), port), family=family, backlog=BACKLOG, reuse_port=shared and hasattr(socket, "SO_REUSEPORT")
    )


async def serve(
    routes: RoutesFile,
    settings: Settings,
    sockets: Sockets,
    stop: asyncio.Event,
    *,
    missed: bool = True,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Until ``stop``, or SIGTERM or SIGINT. ``missed``: nobody listened before, so there may be events that nobody
    took. ``ready`` is called once requests are taken."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    app = create_app(routes, settings)
    outside = web.AppRunner(app, **HOW, shutdown_timeout=FINISH_WITHIN_S)
    inside = web.AppRunner(create_inside_app(app), access_log=None, logger=LOGGER, shutdown_timeout=1.0)
    try:
        await outside.setup()
        await inside.setup()
        taking = web.SockSite(outside, sockets.webhooks)
        await taking.start()
        await web.SockSite(inside, sockets.inside).start()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        if missed:
            for instance in routes.instances:
                app[WATCH].missed(instance.name)
        webhooks_port, inside_port = sockets.ports
        log.info("receiver.listening", webhooks=webhooks_port, inside=inside_port, routes=len(routes.routes))
        ready()
        await stop.wait()
        log.info("receiver.stopping", open=app[RECEPTION].metrics.open)
        app[RECEPTION].leaving = True
        await asyncio.sleep(settings.receiver_drain_seconds)
        await _stop_listening(taking, sockets.webhooks, outside)
        await asyncio.sleep(EMPTIED_WITHIN_S)
    finally:
        await outside.cleanup()
        await inside.cleanup()
    log.info("receiver.stopped")


async def _stop_listening(taking: web.SockSite, listening: socket.socket, runner: web.AppRunner) -> None:
    """Takes what still waits to be accepted, and closes the socket right after the last of it."""
    loop, spare = asyncio.get_running_loop(), listening.dup()
    spare.setblocking(False)
    await taking.stop()
    listening.close()
    await asyncio.sleep(LET_GO_WITHIN_S)
    accepted = []
    with contextlib.suppress(BlockingIOError), spare:
        while True:
            accepted.append(spare.accept()[0])
    assert runner.server is not None
    for one in accepted:
        with contextlib.suppress(OSError):  # it went away again
            await loop.connect_accepted_socket(runner.server, one)
