"""The application: authenticate, find the route, run its handler, answer in Octopus' shapes.

All requests come through one function. Handlers are plain functions (see `sandbox.routing`); whatever waits (a slow
body, a fault's latency, the socket) waits here, outside of them.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
from typing import Any

from aiohttp import web

from sandbox import admin, envelopes, fault_effects, identities, maintenance, ratelimit, resources, rootdoc, strictness
from sandbox.access import ADMINISTRATOR, Access, Keys
from sandbox.errors import ApiError, route_not_found, unauthorized
from sandbox.event_entry import Entry
from sandbox.extensions import EXTENSIONS
from sandbox.faults import Fault, Faults
from sandbox.ratelimit import RateLimit
from sandbox.requestlog import LoggedRequest, RequestLog
from sandbox.routing import Answer, Call, Match, Router
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.subscriptions import AUDIT
from sandbox.versions import at_least

__all__ = ["FAULTED", "FAULTS", "KEYS", "REQUESTS", "ROUTER", "SETTINGS", "STORE", "create_app"]

STORE = web.AppKey("store", Store)
SETTINGS = web.AppKey("settings", Settings)
FAULTS = web.AppKey("faults", Faults)
REQUESTS = web.AppKey("requests", RequestLog)
KEYS = web.AppKey("keys", Keys)
ROUTER = web.AppKey("router", Router)
_LIMIT = web.AppKey("limit", RateLimit)
FAULTED = web.RequestKey("faulted", bool)
_ROUTE = web.RequestKey("route", str)

MAX_BODY = 256 * 1024 * 1024


def create_app(store: Store, settings: Settings) -> web.Application:
    """An Octopus Server on `store`, which is furnished with a first user and a default space if it has none."""
    app = web.Application(client_max_size=MAX_BODY)
    app[STORE], app[SETTINGS] = store, settings
    app[FAULTS], app[REQUESTS] = Faults(), RequestLog()
    router = app[ROUTER] = Router()
    limit = app[_LIMIT] = RateLimit(
        settings.requests_per_minute,
        lambda: store.clock(),
        burst=settings.burst_limit,
        retry_after=settings.retry_after,
        agents=at_least(settings.version, "2026.3"),
    )
    keys = app[KEYS] = Keys(Access(settings.api_key, settings.username), settings.keys)
    admin.add_routes(router, app[FAULTS], app[REQUESTS])
    ratelimit.add_routes(router, limit)
    maintenance.add_routes(router)
    rootdoc.add_routes(router)
    resources.add_routes(router)
    resources.furnish(store, settings)
    identities.add_routes(router, keys)
    for access in settings.keys:
        identities.ensure_user(store, settings, access.username)
    for install in EXTENSIONS:
        install(app, router, store, settings)
    limit.tell = lambda entry, access: _tell(app, entry, access)
    envelopes.add_routes(router)
    app.router.add_route("*", "/{path:.*}", _handle)
    return app


async def _handle(request: web.Request) -> web.StreamResponse:
    settings = request.app[SETTINGS]
    path = request.rel_url.raw_path
    root = settings.api_root
    if path.lower() != root and not path.lower().startswith(root.lower() + "/"):
        return _error_response(route_not_found(), request.app)
    below = path[len(root) :].strip("/")
    if below.lower().split("/")[0] == admin.ADMIN_PREFIX:
        return _response(await _answer(request, below, []), request.app)

    faults = request.app[FAULTS].hit(request.method, request.raw_path)
    request[FAULTED] = bool(faults)
    await asyncio.sleep(sum(fault.seconds for fault in faults if fault.kind == "latency"))
    if fault_effects.has(faults, "reset-before"):
        _log(request, "", 0)
        return fault_effects.drop(request)
    answer = await _answer(request, below, faults)
    fault_effects.afterwards(faults, request.app[STORE], settings)
    lost = fault_effects.has(faults, "reset-after")
    _log(request, request.get(_ROUTE, ""), 0 if lost else answer.status)
    if lost:
        return fault_effects.drop(request)
    return await fault_effects.deliver(faults, request, _response(answer, request.app))


async def _answer(request: web.Request, below: str, faults: list[Fault]) -> Answer:
    app = request.app
    store = app[STORE]
    raw_body = await request.read()
    try:
        fault_effects.instead(faults)
        known = _authenticated(request)
        octopus = below.lower().split("/")[0] != admin.ADMIN_PREFIX
        if octopus:
            app[_LIMIT].take(known, request.remote or "")
        access = known if below else ADMINISTRATOR  # the root document is anybody's
        if access is None:
            raise unauthorized()
        if octopus:
            maintenance.check(store, access)
        path = request.rel_url.raw_path[len(app[SETTINGS].api_root) :]
        match = app[ROUTER].match(request.method, path, store, app[SETTINGS])
        request[_ROUTE] = match.route.template
        if match.space_id is not None and access.spaces is not None and match.space_id not in access.spaces:
            raise route_not_found()
        access.check(request.method, match.route.template)
        call = _call(request, match, raw_body, access)
        call.broken = fault_effects.broken(faults)
        with strictness.during(call, match.route.template), fault_effects.during(faults, store):
            return match.route.handler(call)
    except ApiError as refused:
        return Answer(refused.body(), refused.status, headers=refused.headers)


def _call(request: web.Request, match: Match, raw_body: bytes, access: Access) -> Call:
    agent = request.headers.get("User-Agent", "")
    anonymous = access is ADMINISTRATOR
    query: dict[str, list[str]] = {}
    for name, value in request.query.items():
        query.setdefault(name.lower(), []).append(value)
    return Call(
        method=request.method,
        store=request.app[STORE],
        settings=request.app[SETTINGS],
        space_id=match.space_id,
        params=match.params,
        query=query,
        raw_body=raw_body,
        actor=rootdoc.ANONYMOUS
        if anonymous
        else rootdoc.actor(request.app[STORE], access.username, agent, request.remote),
        access=access,
    )


def _authenticated(request: web.Request) -> Access | None:
    """Who asks; None is a stranger. The key is a header; old clients put it into the query."""
    key = request.headers.get("X-Octopus-ApiKey") or request.query.get("ApiKey") or request.query.get("apikey") or ""
    return request.app[KEYS].find(key)


def _tell(app: web.Application, entry: Entry, access: Access | None) -> None:
    if not at_least(app[SETTINGS].version, "2026.3"):
        return  # the limit is the admin route's, of which this release knows nothing
    actor = rootdoc.actor(app[STORE], access.username, "Server", None) if access else None
    app[AUDIT].add(entry, actor)


def _log(request: web.Request, route: str, status: int) -> None:
    request.app[REQUESTS].add(
        LoggedRequest(request.method, request.raw_path, route, status, request.headers.get("User-Agent", ""))
    )


def _error_response(refused: ApiError, app: web.Application) -> web.Response:
    return _response(Answer(refused.body(), refused.status, headers=refused.headers), app)


def _response(answer: Answer, app: web.Application) -> web.Response:
    headers = {"Date": email.utils.format_datetime(app[STORE].clock(), usegmt=True), **answer.headers}
    if answer.raw is not None:
        return web.Response(body=answer.raw, status=answer.status, content_type=answer.content_type, headers=headers)
    body = b"" if answer.body is None else _encode(answer.body)
    return web.Response(body=body, status=answer.status, content_type="application/json", headers=headers)


def _encode(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
