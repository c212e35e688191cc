"""Two sandboxes with a route between them, over a Redis of their own: what the engine is measured on.

The source is a generated space, the destination an empty one with the same environments. The engine runs in this
process, as a worker runs it; the sandboxes answer from it too, so that what is counted here is requests, not time.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from config.load import loads
from config.routes import RoutesFile
from sandbox.generator import Sizes, generate
from sandbox.server import Sandbox, open_store, serve
from sandbox.settings import Settings
from worker.ledger import embedded
from worker.ledger.comparisons import Comparisons
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.queue.dirty import DirtyQueue
from worker.sync.compare import Compared, compare
from worker.sync.planning.items import Items
from worker.sync.run import Outcome, Result, open_route

ROUTE = "dev-to-prod"
ADOPTED_AT_ONCE = 50
Document = dict[str, Any]


class Server:
    """One sandbox, edited through its REST API as people do."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self._session = session

    async def get(self, route: str) -> Any:
        return await self._call("GET", route)

    async def post(self, route: str, body: Document) -> Document:
        answer: Document = await self._call("POST", route, body)
        return answer

    async def edit(self, route: str, **fields: Any) -> Document:
        """Read, change these fields, write back."""
        answer: Document = await self._call("PUT", route, {**await self.get(route), **fields})
        return answer

    async def _call(self, method: str, route: str, body: Any = None) -> Any:
        url = f"{self.sandbox.url}/api/{route}"
        async with self._session.request(method, url, json=body, headers=self.sandbox.headers) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{method} {route}: {answer.status} {await answer.text()}")
            return await answer.json()


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests to both servers. ``by_route``: ``source GET projects/{id}`` → how often."""

    by_route: Counter[str]

    @property
    def total(self) -> int:
        return self.by_route.total()

    @property
    def writes(self) -> int:
        return sum(count for what, count in self.by_route.items() if what.split()[1] != "GET")

    def of(self, side: str) -> int:
        return sum(count for what, count in self.by_route.items() if what.startswith(side))


class World:
    """``folder`` is there as long as the world; ``routes_text`` and ``redis_url`` are for other processes."""

    def __init__(self, source: Server, destination: Server, routes_text: str, redis_url: str, folder: Path) -> None:
        self.source = source
        self.destination = destination
        self.routes_text = routes_text
        self.routes = loads(routes_text, "routes.json")
        self.redis_url = redis_url
        self.folder = folder
        self.redis = redis = open_redis(redis_url)
        self.ledger = Ledger(redis)

    async def sync(self, *targets: str) -> Outcome:
        """As a worker does for dirty keys; ``*`` for everything."""
        async with open_route(self.routes, ROUTE, ledger=self.ledger) as route:
            return await route.sync(await route.documents(Items(targets=targets)))

    async def compare(self) -> Compared:
        """As a worker does at night, dry."""
        async with open_route(self.routes, ROUTE, ledger=self.ledger) as route:
            return await compare(route, DirtyQueue(self.redis), Comparisons(self.redis), dry_run=True)

    async def later(self) -> None:
        """A minute on, for both servers and for the ledger: the audit logs are to be asked again."""
        for server in (self.source, self.destination):
            store, clock = server.sandbox.store, server.sandbox.store.clock
            store.clock = lambda clock=clock: clock() + timedelta(minutes=1)
        async for key in self.redis.scan_iter("*:checked*"):
            await self.redis.delete(key)

    async def forget_names(self) -> None:
        """Cold: as a worker starts that knows baselines and links, and no name directory nor cursor."""
        for pattern in ("*:directory*", "*:cursor*"):
            async for key in self.redis.scan_iter(pattern):
                await self.redis.delete(key)

    async def redis_mb(self) -> float:
        """Memory that Redis has in use."""
        return float((await self.redis.info("memory"))["used_memory"]) / 1e6

    def count_from_here(self) -> None:
        for server in (self.source, self.destination):
            server.sandbox.requests.clear()

    @property
    def counts(self) -> Counts:
        """Requests since :meth:`count_from_here`."""
        found: Counter[str] = Counter()
        for name, server in (("source", self.source), ("destination", self.destination)):
            found.update(f"{name} {one.method} {one.route}" for one in server.sandbox.requests)
        return Counts(found)


@asynccontextmanager
async def world(
    sizes: Sizes, *, same: bool = False, requests_per_minute: int = 1_000_000, **route: Any
) -> AsyncIterator[World]:
    """Two servers whose ids have nothing in common, the source filled, the destination not yet, unless with the
    ``same``."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octosync-bench-")))
        redis_url = stack.enter_context(embedded.start(folder / "redis", fsync="no")).url
        session = await stack.enter_async_context(aiohttp.ClientSession())
        servers = []
        for settings, filling in (
            (Settings(first_id=1), sizes),
            (Settings(first_id=5_000_001), sizes if same else _empty(sizes)),
        ):
            store = open_store(settings)
            generate(store, settings, filling)
            servers.append(Server(await stack.enter_async_context(serve(settings, store=store)), session))
        one = World(servers[0], servers[1], _routes(servers, requests_per_minute, route), redis_url, folder)
        stack.push_async_callback(one.redis.aclose)
        yield one


async def adopt(routes: RoutesFile, ledger: Ledger, projects: Sequence[str]) -> None:
    """First contact, approved: both sides hold the same, so nothing is written but baselines. ``projects``: ids of the
    source."""
    for at in range(0, len(projects), ADOPTED_AT_ONCE):
        targets = [f"{each}/*" for each in projects[at : at + ADOPTED_AT_ONCE]]
        async with open_route(routes, ROUTE, ledger=ledger) as route:
            ids = await route.documents(Items(targets=targets))
            planned = await route.plan(ids)
            outcome = await route.sync(ids, approved_hash=planned.plan.hash)
        if outcome.result not in {Result.UNCHANGED, Result.CHANGED}:
            raise RuntimeError(f"the spaces were not taken for the same: {outcome.result}: {outcome.message}")


def _empty(sizes: Sizes) -> Sizes:
    return Sizes(
        projects=0,
        variables=0,
        tenants=0,
        environments=sizes.environments,
        library_sets=0,
        step_templates=0,
        accounts=sizes.accounts,
        project_groups=0,
        runbooks=0,
        channels=0,
        triggers=0,
        tenant_values=0,
    )


def _routes(servers: list[Server], requests_per_minute: int, route: Document) -> str:
    instances = []
    for name, server in zip(("dev", "prod"), servers, strict=True):
        variable = f"OCTOSYNC_BENCH_KEY_{name.upper()}"
        os.environ[variable] = server.sandbox.api_key
        instances.append(
            {
                "name": name,
                "url": server.sandbox.url,
                "api_key": {"env": variable},
                "requests_per_minute": requests_per_minute,
            }
        )
    routes = [
        {
            "name": ROUTE,
            "source": {"instance": "dev", "space": "Default"},
            "destination": {"instance": "prod", "space": "Default"},
            "include": {"project": ["*"], "library-variable-set": ["*"], "environment": ["*"]},
            "limits": {"updates_percent": 100, "deletes_percent": 100},
            **route,
        }
    ]
    return json.dumps({"instances": instances, "routes": routes})  # JSON is YAML
