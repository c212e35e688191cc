"""The whole product around two sandboxes: receiver in this process, worker and beat in theirs, over a real Redis.

async with house(redis_url, tmp_path) as one:
    one.start_worker()
    await one.subscribe()
    project = await one.source.project("OctoFX")
    await eventually(lambda: one.arrived("projects", "OctoFX"))
"""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from redis.asyncio import Redis

from config.load import load
from config.routes import RoutesFile
from config.settings import Settings
from sandbox.server import serve
from sandbox.settings import Settings as SandboxSettings
from tests.pair import ROUTE, Document, Server
from tests.processes import Processes, eventually
from webhook_receiver.app import create_app
from worker.ledger.connect import open_redis
from worker.queue.keys import DirtyKey
from worker.queue.values import Source
from worker.state import State, state_of

SECRET = "correct-horse-battery-staple"
HEADER = "X-Octosync-Token"


@dataclass
class House:
    source: Server
    destination: Server
    routes: RoutesFile
    settings: Settings
    state: State
    processes: Processes
    session: aiohttp.ClientSession
    hooks: str
    """Where webhooks go."""

    def start_worker(self, name: str = "worker", *arguments: str) -> None:
        self.processes.start(name, "-m", "worker", *arguments)

    def start_beat(self) -> None:
        self.processes.start("beat", "-m", "worker", "--beat")

    async def subscribe(self) -> Document:
        return await subscribe(self.source, self.hooks)

    async def hook(self, body: bytes, secret: str | None = SECRET, path: str = "") -> int:
        """The status that the receiver answers to a request of our own."""
        headers = {HEADER: secret} if secret is not None else {}
        async with self.session.post(self.hooks + path, data=io.BytesIO(body), headers=headers) as answer:
            await answer.read()
            return answer.status

    async def arrived(self, collection: str, name: str) -> Document | None:
        found = [one for one in await self.destination.get(f"{collection}/all") if one["Name"] == name]
        return found[0] if found else None

    async def settled_after_first_comparison(self) -> None:
        """The worker is up, and has compared the two spaces, which it does when it never did."""
        await eventually(lambda: self.state.ledger.cursors.last_compared(ROUTE), 60, "nothing was ever compared")
        await self.settled()

    async def look_again(self, document: str) -> None:
        """Has the worker look at a document, and waits until it has."""
        await self.state.queue.mark([DirtyKey(ROUTE, document)], source=Source.CLI, debounce_ms=0)
        await self.settled()

    async def settled(self, within_s: float = 45.0) -> None:
        """Nothing is marked, running or buried."""

        async def empty() -> bool:
            depth = await self.state.queue.depth()
            return not depth

        await eventually(empty, within_s, "the queue never became empty")
        assert await self.state.queue.dead_letters() == []


@asynccontextmanager
async def house(redis_url: str, folder: Path, *, poll_seconds: float = 0.2, **settings: str) -> AsyncIterator[House]:
    """``settings``: of the processes, by name, over ones that make everything quick."""
    namespace = f"octosync-{uuid.uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:
        dev = await stack.enter_async_context(serve(SandboxSettings(first_id=1, poll_seconds=poll_seconds)))
        prod = await stack.enter_async_context(serve(SandboxSettings(first_id=5001, seed=7)))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        environment = {
            "OCTOSYNC_ROUTES": str(folder / "octosync.yaml"),
            "OCTOSYNC_REDIS_URL": redis_url,
            "OCTOSYNC_NAMESPACE": namespace,
            "OCTOSYNC_DEBOUNCE_SECONDS": "0.2",
            "OCTOSYNC_DEBOUNCE_MAX_SECONDS": "2",
            "OCTOSYNC_SWEEP_SECONDS": "0.5",
            "OCTOSYNC_CATCH_UP_SECONDS": "3600",
            "OCTOSYNC_LEASE_SECONDS": "5",
            "OCTOSYNC_METRICS_PORT": "0",
            "OCTOSYNC_DEV_KEY": dev.api_key,
            "OCTOSYNC_PROD_KEY": prod.api_key,
            "OCTOSYNC_DEV_HOOK": SECRET,
            **{f"OCTOSYNC_{name.upper()}": value for name, value in settings.items()},
        }
        (folder / "octosync.yaml").write_text(json.dumps(routes_between(dev.url, prod.url)))
        os.environ.update(environment)  # conftest.py takes what begins so out of every other test
        stack.callback(lambda: [os.environ.pop(name, None) for name in environment])
        routes, own = load(folder / "octosync.yaml"), Settings()
        redis = open_redis(redis_url)
        stack.push_async_callback(redis.aclose)
        stack.push_async_callback(forget, redis, namespace)
        runner = web.AppRunner(create_app(routes, own), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hooks = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/dev"
        processes = stack.enter_context(Processes(folder, environment))
        yield House(
            Server(dev, session), Server(prod, session), routes, own, state_of(redis, own), processes, session, hooks
        )


async def subscribe(source: Server, url: str) -> Document:
    """Has the source tell of all that happens."""
    notification = {
        "Filter": {},
        "WebhookURI": url,
        "WebhookTimeout": "00:00:10",
        "WebhookHeaderKey": HEADER,
        "WebhookHeaderValue": SECRET,
    }
    body = {"Name": "octosync", "EventNotificationSubscription": notification}
    return await source.post("Spaces-1/subscriptions", body)


def routes_between(source: str, destination: str, **route: Any) -> dict[str, Any]:
    """A routes file for two servers, as JSON, which is YAML. ``route``: what the route says besides."""
    return {
        "instances": [
            {
                "name": "dev",
                "url": source,
                "api_key": {"env": "OCTOSYNC_DEV_KEY"},
                "webhook_secrets": [{"env": "OCTOSYNC_DEV_HOOK"}],
                "webhook_header": HEADER,
                "requests_per_minute": 1_000_000,
            },
            {
                "name": "prod",
                "url": destination,
                "api_key": {"env": "OCTOSYNC_PROD_KEY"},
                "requests_per_minute": 1_000_000,
            },
        ],
        "routes": [
            {
                "name": ROUTE,
                "source": {"instance": "dev", "space": "Default"},
                "destination": {"instance": "prod", "space": "Default"},
                "include": {"project": ["*"], "library-variable-set": ["*"]},
                "limits": {"updates_percent": 100, "deletes_percent": 100},
                **route,
            }
        ],
    }


async def forget(redis: Redis, namespace: str) -> None:
    """All that a test has left in Redis."""
    async for key in redis.scan_iter(match=f"*{namespace}*", count=1000):
        await redis.delete(key)
