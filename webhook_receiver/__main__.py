"""``python -m webhook_receiver``: serve webhooks until SIGTERM or SIGINT, then finish what was begun.

One process, or as many as ``OCTOSYNC_RECEIVER_PROCESSES`` says, which then are given ``--serve`` by the first.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog

from config import logging as logs
from config import scrub
from config import settings as process_settings
from config.load import load
from config.problems import ConfigError
from config.routes import RoutesFile
from config.settings import Settings
from config.telemetry import init_sentry
from webhook_receiver.processes import Inherited, Supervisor
from webhook_receiver.serving import listen, serve

log = structlog.get_logger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 1 if the configuration is wrong or a port is taken."""
    parser = argparse.ArgumentParser(prog="python -m webhook_receiver", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--serve", metavar="FDS", help=argparse.SUPPRESS)
    parser.add_argument("--missed", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    try:
        settings = process_settings.read()
        routes = load(settings.routes)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    logs.configure("receiver", level=settings.log_level, form=settings.log_format)
    scrub.watch(routes)
    scrub.remember(settings.redis_url.partition("://")[2].rpartition("@")[0].partition(":")[2])
    if settings.status_token is not None:
        scrub.remember(settings.status_token.get_secret_value())
    init_sentry(settings.sentry_dsn, "receiver", environment=settings.sentry_environment, watch_requests=False)
    try:
        if given.serve:
            _run(_serve_for_another(routes, settings, Inherited.parse(given.serve), missed=given.missed))
        elif settings.receiver_processes > 1:
            asyncio.run(_supervise(settings))
        else:
            _run(_serve_alone(routes, settings))
    except OSError as error:
        log.error("receiver.cannot-start", error=str(error))  # noqa: TRY400 - the line says all
        return 1
    return 0


async def _serve_alone(routes: RoutesFile, settings: Settings) -> None:
    await serve(routes, settings, listen(settings, shared=settings.receiver_reuse_port), asyncio.Event())


async def _serve_for_another(routes: RoutesFile, settings: Settings, given: Inherited, *, missed: bool) -> None:
    stop = asyncio.Event()
    given.until_alone(stop)
    await serve(routes, settings, given.sockets, stop, missed=missed, ready=given.ready)


async def _supervise(settings: Settings) -> None:
    await Supervisor(settings, lambda: load(settings.routes)).run()


def _run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(main)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not for this system
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
