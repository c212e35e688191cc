"""The whole product around two servers, each a process of its own as it is deployed: what events are timed in.

    source (sandbox) ──webhooks──▶ receiver ──▶ Redis ──▶ workers ──▶ destination (sandbox)
                                                  ▲
                                                 beat

Both servers hold the same generated space, under ids that have nothing in common. All times are those of the machine's
one clock: when Redis took an event (the journal), and when a sandbox answered a request (its log).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from redis.asyncio import Redis

from benchmarks import servers
from benchmarks.servers import HEADER, SECRET, Served, free_port, started
from benchmarks.worlds import ROUTE, adopt
from config.load import load
from config.routes import RoutesFile
from config.settings import PREFIX, Settings
from worker.ledger import embedded
from worker.ledger.connect import open_redis
from worker.ledger.embedded import EmbeddedRedis
from worker.state import State, state_of

SOURCE, DESTINATION = "dev", "prod"
KEY = "API-BENCH0000000000000000000000"
PERSON = "API-PERSON000000000000000000000"
"""Of somebody else, who edits the source: the limit of requests is each user's own."""
NAMESPACE = "octosync-bench"
POLL_S = 0.1
"""How often the source looks for events to tell of; Octopus does every 30 s or so. No figure depends on it."""
STARTED_WITHIN_S = 180.0
LOOK_EVERY_S = 0.2
"""Whether something has happened. Seldom, since looking is work for Redis; no time is taken by it."""
LOGGED = 10_000
"""Requests that a sandbox keeps in its log."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """As a sandbox logged it. ``at``: seconds since 1970, when it was answered."""

    method: str
    path: str
    status: int
    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A change of a variable set of the source. Seconds since 1970; ``due``: the debounce was over."""

    document: str
    received: float
    due: float
    written: float

    @property
    def ms(self) -> float:
        """Without the debounce."""
        return (self.written - self.due) * 1000


class Octopus:
    """One sandbox process, asked as people do."""

    def __init__(self, served: Served, session: aiohttp.ClientSession) -> None:
        self.served = served
        self.url = f"http://127.0.0.1:{served.port}"
        self.key = KEY
        self._session = session

    async def get(self, route: str) -> Any:
        return await self.call("GET", route)

    async def call(self, method: str, route: str, body: Any = None) -> Any:
        url, headers = f"{self.url}/api/{route}", {"X-Octopus-ApiKey": self.key}
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {route}: {answer.status} {text}")
            return json.loads(text) if text else None

    async def add_variable(self, project: str, name: str) -> None:
        """As somebody does who opens the variables of a project, adds one and saves."""
        route = f"variables/variableset-{project}"
        found = await self.get(route)
        rows = [*found["Variables"], {"Name": name, "Value": "1", "Type": "String"}]
        await self.call("PUT", route, {**found, "Variables": rows})

    async def requests(self) -> list[Request]:
        """All since :meth:`forget`; raises RuntimeError if there were more than it keeps."""
        said = await self.get("sandbox/requests")
        if said["Total"] > LOGGED:
            raise RuntimeError(f"the log of {self.url} has only the last of {said['Total']} requests")
        return [
            Request(one["Method"], one["Path"], one["Status"], one["At"], one["UserAgent"]) for one in said["Requests"]
        ]

    async def forget(self) -> None:
        await self.call("DELETE", "sandbox/requests")

    async def limit(self, per_minute: int) -> None:
        """0 for none. The bucket of everybody is full again."""
        await self.call("PUT", "sandbox/ratelimit", {"RequestsPerMinute": per_minute, "BurstLimit": per_minute})


class Whole:
    """``twins``: ids of the projects of the source, and what has the same name on the destination."""

    def __init__(
        self,
        source: Octopus,
        destination: Octopus,
        redis: EmbeddedRedis,
        client: Redis,
        folder: Path,
        environment: Mapping[str, str],
        debounce_s: float,
    ) -> None:
        self.source = source
        self.destination = destination
        self.redis = redis
        self.debounce_s = debounce_s
        self.client = client
        self.settings = Settings(namespace=NAMESPACE, redis_url=redis.url)
        self.state: State = state_of(client, self.settings)
        self.twins: dict[str, str] = {}
        self.phase_ms = 0
        """When the phase began, by the clock of Redis."""
        self._folder = folder
        self._environment = environment

    @contextmanager
    def workers(self, number: int) -> Iterator[list[Served]]:
        """So many, of one item at a time each."""
        with ExitStack() as stack:
            yield [stack.enter_context(self._worker(f"worker-{place}")) for place in range(number)]

    def _worker(self, name: str) -> AbstractContextManager[Served]:
        port = free_port()
        environment = {**self._environment, f"{PREFIX}METRICS_PORT": str(port)}
        command = [sys.executable, "-m", "worker", "--concurrency", "1"]
        return started(name, port, self._folder, command, environment, STARTED_WITHIN_S)

    @contextmanager
    def beat(self) -> Iterator[Served]:
        with started("beat", 0, self._folder, [sys.executable, "-m", "worker", "--beat"], self._environment) as served:
            yield served

    @property
    def routes(self) -> RoutesFile:
        os.environ["BENCH_KEY"] = KEY
        return load(self._folder / "routes.yaml")

    def redis_cpu_s(self) -> float:
        return servers.cpu_s(self.redis.pid)

    def log_lines(self, name: str) -> list[Document]:
        """What a process said, as JSON."""
        lines = (self._folder / f"{name}.log").read_text("utf-8", "replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def limit(self, per_minute: int) -> None:
        """In the routes file: workers see at once that it was changed."""
        _write_routes(self._folder, self.source.url, self.destination.url, per_minute)

    async def next_phase(self) -> None:
        """What came before is forgotten."""
        await self.settled()
        await self.source.forget()
        await self.destination.forget()
        self.phase_ms = await self.state.inbox.now_ms()

    async def received(self) -> dict[str, float]:
        """Variable sets, and when the last event of each was recorded in this phase: seconds since 1970."""
        entries = await self.state.inbox.journal(limit=5_000, since_ms=self.phase_ms)
        return {
            entry.delivery.document_id: entry.recorded_ms / 1000
            for entry in reversed(entries)
            if entry.delivery.document_id and entry.delivery.document_id.startswith("variableset-")
        }

    async def heard(self, number: int) -> None:
        """So many variable sets were heard of in this phase, so the queue being empty means that all is done."""

        async def all_heard() -> bool:
            return len(await self.received()) >= number

        await eventually(all_heard, 30, "webhooks did not come")

    async def arrived(self) -> list[Arrival]:
        """Of this phase, when all of it is done."""
        written = {
            request.path.rpartition("/")[2]: request.at
            for request in await self.destination.requests()
            if request.method == "PUT" and request.status == 200
        }
        return [
            Arrival(document, at, at + self.debounce_s, written[f"variableset-{self.twins[document.split('-', 1)[1]]}"])
            for document, at in (await self.received()).items()
        ]

    async def settled(self, within_s: float = 120.0) -> None:
        """Nothing is marked or running. Raises RuntimeError if something failed."""

        async def empty() -> bool:
            return not await self.state.queue.depth()

        await eventually(empty, within_s, "the queue did not become empty")
        if letters := await self.state.queue.dead_letters():
            raise RuntimeError(f"{len(letters)} dead letters, the first: {letters[0]}")

    async def first_compared(self) -> None:
        """The workers have compared the two spaces, which they do when they never did, and are at rest."""

        async def compared() -> object:
            return await self.state.ledger.cursors.last_compared(ROUTE)

        await eventually(compared, STARTED_WITHIN_S, "nothing was compared")
        await self.settled()

    async def operations(self) -> int:
        """Commands that Redis has processed so far, those of scripts included."""
        return int((await self.client.info("stats"))["total_commands_processed"])

    async def calls(self, command: str) -> int:
        """Those of one command."""
        return int((await self.client.info("commandstats")).get(f"cmdstat_{command}", {}).get("calls", 0))


async def eventually(condition: Callable[[], Awaitable[object]], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > deadline:
            raise RuntimeError(what)
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def whole(sizes: str, *, debounce_s: float, met: int | None = None) -> AsyncIterator[Whole]:
    """All but workers and beat. ``sizes`` as the sandbox takes them. No limit of requests. ``met``: so many of the
    twins have met, all unless it is given."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octosync-bench-")))
        redis = stack.enter_context(embedded.start(folder / "redis"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        both = [
            Octopus(stack.enter_context(_sandbox(folder, name, first, sizes)), session)
            for name, first in ((SOURCE, 1), (DESTINATION, 5_000_001))
        ]
        _write_routes(folder, both[0].url, both[1].url, 1_000_000)
        environment = {
            f"{PREFIX}ROUTES": str(folder / "routes.yaml"),
            f"{PREFIX}REDIS_URL": redis.url,
            f"{PREFIX}NAMESPACE": NAMESPACE,
            f"{PREFIX}DEBOUNCE_SECONDS": str(debounce_s),
            f"{PREFIX}CATCH_UP_SECONDS": "3600",  # it would ask in the midst of what is timed
            "BENCH_KEY": KEY,
            "BENCH_SECRET": SECRET,
        }
        port = free_port()
        receiving = {
            f"{PREFIX}RECEIVER_PORT": str(port),
            f"{PREFIX}RECEIVER_HOST": "127.0.0.1",
            f"{PREFIX}STATUS_PORT": str(free_port()),
        }
        command = [sys.executable, "-m", "webhook_receiver"]
        stack.enter_context(started("receiver", port, folder, command, {**environment, **receiving}))
        client = open_redis(redis.url)
        stack.push_async_callback(client.aclose)
        one = Whole(both[0], both[1], redis, client, folder, environment, debounce_s)
        for server in both:
            await server.call("POST", "sandbox/keys", {"ApiKey": PERSON, "Username": "somebody"})
            server.key = PERSON
        await _subscribe(one.source, f"http://127.0.0.1:{port}{servers.PATH}")
        there = {each["Name"]: each["Id"] for each in await one.destination.get("projects/all")}
        one.twins = {each["Id"]: there[each["Name"]] for each in await one.source.get("projects/all")}
        await adopt(one.routes, one.state.ledger, list(one.twins)[:met])
        yield one


def _sandbox(folder: Path, name: str, first_id: int, sizes: str) -> AbstractContextManager[Served]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "sandbox", "--port", str(port), "--api-key", KEY, "--first-id", str(first_id)),
        *("--poll-seconds", str(POLL_S), "--generate", sizes),
    ]
    return started(f"sandbox-{name}", port, folder, command, within_s=STARTED_WITHIN_S)


async def _subscribe(source: Octopus, hooks: str) -> None:
    notification = {
        "Filter": {},
        "WebhookURI": hooks,
        "WebhookTimeout": "00:00:10",
        "WebhookHeaderKey": HEADER,
        "WebhookHeaderValue": SECRET,
    }
    body = {"Name": "octosync", "EventNotificationSubscription": notification}
    await source.call("POST", "Spaces-1/subscriptions", body)


def _write_routes(folder: Path, source: str, destination: str, per_minute: int) -> None:
    common = {"api_key": {"env": "BENCH_KEY"}, "requests_per_minute": per_minute}
    webhooks = {"webhook_secrets": [{"env": "BENCH_SECRET"}], "webhook_header": HEADER}
    routes = {
        "instances": [
            {"name": SOURCE, "url": source, **common, **webhooks},
            {"name": DESTINATION, "url": destination, **common},
        ],
        "routes": [
            {
                "name": ROUTE,
                "source": {"instance": SOURCE, "space": "Default"},
                "destination": {"instance": DESTINATION, "space": "Default"},
                "include": {"project": ["*"], "library-variable-set": ["*"]},
                "limits": {"updates_percent": 100, "deletes_percent": 100},
            }
        ],
    }
    path = folder / "routes.yaml"
    path.with_suffix(".new").write_text(json.dumps(routes), "utf-8")
    os.replace(path.with_suffix(".new"), path)
