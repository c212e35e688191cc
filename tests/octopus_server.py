"""Small servers that answer as Octopus does, or as it never should, and a client for them that does not wait long."""

from __future__ import annotations

import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from worker.octopus.budget import Priority
from worker.octopus.client import OctopusClient
from worker.octopus.retry import Backoff

KEY = "API-TESTKEYTESTKEYTESTKEY"
SPACES = [
    {"Id": "Spaces-1", "Name": "Default", "Slug": "default"},
    {"Id": "Spaces-2", "Name": "Öffentlich / Test", "Slug": "offentlich-test"},
]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """One handler for every path; what it was asked is in ``seen``."""

    def __init__(self) -> None:
        self.handler: Handler = self.not_found
        self.seen: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(b"" if request.content_type.startswith("multipart/") else await request.read())
        self.seen.append(request)
        if request.path.casefold().endswith("/api/spaces/all"):
            return web.json_response(SPACES)
        return await self.handler(request)

    async def not_found(self, request: web.Request) -> web.StreamResponse:
        return problem(404, "The resource was not found.")

    def asked(self, method: str) -> list[str]:
        return [request.path_qs for request in self.seen if request.method == method]


def problem(status: int, *lines: str, **headers: str) -> web.Response:
    body = {"ErrorMessage": "There was a problem with your request.", "Errors": list(lines)}
    return web.json_response(body, status=status, headers=headers)


def answers(*responses: web.Response | str) -> Handler:
    """One after the other, the last one for ever. ``reset`` breaks the connection."""
    queue = list(responses)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(response, str):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(body=response.body, status=response.status, headers=response.headers)

    return handler


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def client_of(url: str, **settings: Any) -> OctopusClient:
    return OctopusClient(url, KEY, **{"backoff": Backoff(first=0.001, longest=60), **settings})


class Counted:
    """A budget that writes down what it was asked."""

    def __init__(self) -> None:
        self.taken: list[Priority] = []
        self.penalties: list[float] = []

    async def take(self, priority: Priority) -> None:
        self.taken.append(priority)

    async def penalise(self, seconds: float) -> None:
        self.penalties.append(seconds)


def assert_no_key(error: BaseException) -> None:
    """Not in what it prints, nor in anything that it holds or came from."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        shown = [str(one), repr(one), repr(one.args), repr(vars(one)), *traceback.format_exception(one)]
        assert KEY not in "".join(shown)
        todo += [one.__cause__, one.__context__]
