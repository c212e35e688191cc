"""``python -m webhook_receiver``: serve webhooks until SIGTERM or SIGINT, then finish what was begun."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys

import structlog
from aiohttp import web

from config import logging as logs
from config import scrub
from config import settings as process_settings
from config.load import load
from config.problems import ConfigError
from config.routes import RoutesFile
from config.settings import Settings
from config.telemetry import init_sentry
from webhook_receiver.app import create_app, create_inside_app

log = structlog.get_logger(__name__)

FINISH_WITHIN_S = 15.0


def main() -> int:
    """The exit status: 1 if the configuration is wrong or a port is taken."""
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
    init_sentry(settings.sentry_dsn, "receiver", environment=settings.sentry_environment)
    try:
        asyncio.run(serve(routes, settings))
    except OSError as error:
        log.error("receiver.cannot-start", error=str(error))  # noqa: TRY400 - the line says all
        return 1
    return 0


async def serve(routes: RoutesFile, settings: Settings) -> None:
    """Raises :class:`OSError` if a port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    app = create_app(routes, settings)
    # One log line per request would cost more than the request; what matters of each is logged by the reception.
    outside = web.AppRunner(app, access_log=None, shutdown_timeout=FINISH_WITHIN_S)
    inside = web.AppRunner(create_inside_app(app), access_log=None, shutdown_timeout=1.0)
    try:
        for runner, port in ((outside, settings.receiver_port), (inside, settings.status_port)):
            await runner.setup()
            await web.TCPSite(runner, settings.receiver_host, port).start()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        log.info(
            "receiver.listening",
            webhooks=outside.addresses[0][1],
            inside=inside.addresses[0][1],
            routes=len(routes.routes),
        )
        await stop.wait()
    finally:
        await outside.cleanup()
        await inside.cleanup()


if __name__ == "__main__":
    sys.exit(main())
