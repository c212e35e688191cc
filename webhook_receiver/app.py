"""The receiver's two web applications: webhooks and health, for the world; metrics and status page, to be kept inside.

app = create_app(routes, settings)      POST /webhooks/{instance}, /webhooks · GET /healthz, /readyz, /openapi.json
create_inside_app(app)                  GET /metrics, and the status page
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from config.routes import RoutesFile
from config.settings import Settings
from webhook_receiver import gauges
from webhook_receiver.bodies import Bodies
from webhook_receiver.callers import Callers
from webhook_receiver.commit import GroupCommit
from webhook_receiver.metrics import Metrics
from webhook_receiver.openapi import describe
from webhook_receiver.page.pages import Page
from webhook_receiver.page.serving import add_page
from webhook_receiver.reception import Reception
from webhook_receiver.spaces import Spaces
from webhook_receiver.waking import Waker
from webhook_receiver.watch import Watch
from worker.ledger.connect import UNAVAILABLE, open_redis
from worker.publisher import Publisher, new_app
from worker.state import State, state_of

METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
STATE: web.AppKey[State] = web.AppKey("state", State)
ROUTES: web.AppKey[RoutesFile] = web.AppKey("routes", RoutesFile)
PAGE: web.AppKey[Page] = web.AppKey("page", Page)
RECEPTION: web.AppKey[Reception] = web.AppKey("reception", Reception)
WATCH: web.AppKey[Watch] = web.AppKey("watch", Watch)
READY_WITHIN_S = 2.0


def create_app(
    routes: RoutesFile, settings: Settings, *, state: State | None = None, publisher: Publisher | None = None
) -> web.Application:
    """Everything that talks to Redis or the broker begins and ends with the application. ``state`` and ``publisher``
    take the place of those that the settings name, and are closed by whoever gave them."""
    app = web.Application()
    metrics = app[METRICS] = Metrics()
    client = open_redis(settings.redis_url)
    messages = publisher if publisher is not None else Publisher(new_app(settings))
    parts = app[STATE] = state if state is not None else state_of(client, settings)
    app[ROUTES] = routes
    app[PAGE] = Page(parts, routes, settings, messages)
    # Its calls have a deadline of their own, and are what most of a webhook's time is spent on.
    recorder = open_redis(settings.redis_url, call_timeout_s=None)
    commit = GroupCommit(parts.inbox if state is not None else state_of(recorder, settings).inbox)
    waker = Waker(messages, settings.debounce_seconds, settings.debounce_max_seconds)
    spaces = Spaces(routes, parts.ledger.directories)
    watch = app[WATCH] = Watch(parts.inbox, waker, spaces.sources, metrics)
    reception = app[RECEPTION] = Reception(
        callers=Callers(routes, used=lambda instance, place: metrics.count(metrics.secrets, instance, str(place))),
        spaces=spaces,
        inbox=parts.inbox,
        commit=commit,
        waker=waker,
        watch=watch,
        metrics=metrics,
        bodies=Bodies(settings.body_limit_bytes),
        trusted_proxies=settings.trusted_proxies,
    )

    async def lifetime(_: web.Application) -> AsyncIterator[None]:
        commit.start()
        watch.start()
        yield
        await watch.close()
        await commit.close()
        await waker.close()
        if publisher is None:
            await asyncio.to_thread(messages.close)
        await client.aclose()
        await recorder.aclose()

    async def ready(_: web.Request) -> web.Response:
        if reception.leaving:
            return web.json_response({"receiver": "stops"}, status=503)
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await parts.queue.paused()  # any question will do
        except (*UNAVAILABLE, TimeoutError):
            return web.json_response({"redis": "does not answer"}, status=503)
        return web.json_response({"redis": "answers"})

    description = json.dumps(describe()).encode()

    async def described(_: web.Request) -> web.Response:
        return web.Response(body=description, content_type="application/json")

    app.cleanup_ctx.append(lifetime)
    app.router.add_post("/webhooks", reception.handle)
    app.router.add_post("/webhooks/{instance}", reception.handle)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/openapi.json", described)
    return app


def create_inside_app(app: web.Application) -> web.Application:
    """What is not for the world, about ``app``."""
    inside = web.Application()

    async def metrics(_: web.Request) -> web.Response:
        body = app[METRICS].exposition(await gauges.read(app[STATE], app[ROUTES]))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    inside.router.add_get("/metrics", metrics)
    inside.router.add_get("/healthz", _alive)
    add_page(inside, app[PAGE])
    return inside


async def _alive(_: web.Request) -> web.Response:
    return web.json_response({"alive": True})
