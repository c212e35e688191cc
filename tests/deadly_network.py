"""A network on which the receiver dies between two webhooks of a batch."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.house import HEADER, SECRET


@asynccontextmanager
async def deadly_network(
    session: aiohttp.ClientSession, hooks: str, kill: Callable[[], None]
) -> AsyncIterator[tuple[str, list[int]]]:
    """An address that passes webhooks on to ``hooks``. For each number in the list ``kill`` is called once, right after
    the receiver answered the webhook of a batch that has this number, and is not the last."""
    kills: list[int] = []

    async def pass_on(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            async with session.post(hooks, data=body, headers={HEADER: SECRET}) as answer:
                status = answer.status
        except aiohttp.ClientError:
            return web.Response(status=502)
        payload = json.loads(body)["Payload"]
        if kills and payload["TotalEventsInBatch"] > payload["EventNumberInBatch"] >= kills[0]:
            del kills[0]
            kill()
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/", pass_on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", kills
    finally:
        await runner.cleanup()
