"""The whole product between two Octopus Servers, and each of it a process that may be killed.

    async with estate(redis_url, tmp_path) as one:
        await one.open()                        # receiver, worker, beat; compared once
        await one.source.project("OctoFX")
        one.processes.kill("worker-1")
        await one.ends_right()

A scene edits the source only. However it went, it must end as :meth:`Estate.ends_right` says: nothing is waiting or
buried, the plan is empty, and the destination is what one full reconciliation makes of an empty space. What was killed
and counted goes into :attr:`Estate.told`, which is printed.

:func:`size` says how much a scene does: all of it where OCTOSYNC_ACCEPTANCE=full, as `make test-acceptance` has it.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import fakeredis
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from config.load import load, loads
from config.routes import RoutesFile
from config.settings import Settings
from sandbox.server import Sandbox, serve
from sandbox.settings import Settings as SandboxSettings
from sandbox.store import Store
from tests.house import SECRET, forget, routes_between, subscribe
from tests.installation import QUICK, Installation
from tests.pair import ROUTE, Document, Server
from tests.processes import Processes, eventually, free_port
from tests.property.portable import Key, differences, portable
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.state import state_of
from worker.sync.planning.items import Items
from worker.sync.run import Result, open_route

FULL = os.environ.get("OCTOSYNC_ACCEPTANCE") == "full"
KEY = "API-ESTATE000000000000000000000"


def size(small: int, full: int) -> int:
    return full if FULL else small


class Octopus(Server):
    """A sandbox in a process of its own, used by its REST API alone."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        address = SimpleNamespace(url=url, api_key=KEY, headers={"X-Octopus-ApiKey": KEY})
        super().__init__(cast(Sandbox, address), session)

    @property
    def url(self) -> str:
        return self.sandbox.url

    @property
    def writes(self) -> int:
        raise NotImplementedError("ask written()")

    async def written(self) -> int:
        """Requests that were not GET, so far."""
        found = await self.get("sandbox/requests")
        return int(found["Writes"])

    async def fault(self, kind: str, **fields: Any) -> Document:
        return await self.post("sandbox/faults", {"Kind": kind, **fields})

    async def delivery_faults(self, **fields: Any) -> None:
        await self.call("PUT", "sandbox/deliveries/faults", fields)

    async def portable(self, folder: Path) -> dict[Key, Any]:
        """All that a route can carry, in a form that no other server decides."""
        path = folder / f"{uuid.uuid4().hex}.state"
        await self.post("sandbox/state", {"Path": str(path)})
        store = await asyncio.to_thread(Store.load, str(path))
        path.unlink()
        return portable(cast(Sandbox, SimpleNamespace(store=store)))


@dataclass
class Estate(Installation):
    source: Octopus
    destination: Octopus
    routes: RoutesFile
    route: Mapping[str, Any]
    redis: Redis
    told: Counter[str] = field(default_factory=Counter)

    @property
    def hooks(self) -> str:
        return f"http://127.0.0.1:{self.settings.receiver_port}/webhooks/dev"

    # ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self, *workers: str, subscribe: bool = True) -> None:
        """Receiver, workers and beat are there, the two spaces were compared, and the source tells of its changes."""
        for name in workers or ("worker-1",):
            self.start_worker(name)
        self.start_beat()
        self.start_receiver()
        await self.receiver_ready()
        await eventually(lambda: self.state.ledger.cursors.last_compared(ROUTE), 60, "nothing was ever compared")
        if subscribe:
            await self.subscribe()

    def kill(self, name: str) -> None:
        """SIGKILL, counted."""
        self.processes.kill(name)
        self.told[f"SIGKILL of {name.partition('-')[0]}"] += 1

    # ── the source ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def subscribe(self, url: str = "") -> Document:
        """``url``: of somebody on the way to the receiver."""
        return await subscribe(self.source, url or self.hooks)

    # ── how it ends ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def settled(self, within_s: float = 180.0, *, caught_up: bool = True) -> None:
        """The audit log was read to its end from now on, and nothing is marked, running or buried."""
        seconds, _ = await self.redis.time()

        async def at_rest() -> bool:
            now, _ = await self.redis.time()
            readings = await self.state.ledger.cursors.readings()
            read = not caught_up or any(now - reading.age_s > seconds + 1 for reading in readings)
            depth = await self.depth()
            if read and depth and all(not (route.events or route.bulk or route.running) for route in depth.values()):
                pytest.fail(f"given up: {await self.state.queue.dead_letters()}")
            return read and depth == {}

        try:
            await eventually(at_rest, within_s, "the queue never became empty")
        except AssertionError as error:
            for entry in await self.state.queue.waiting(limit=20):
                error.add_note(str(entry))
            raise
        finally:
            for letter in await self.state.queue.dead_letters():
                print(letter)

    async def ends_right(self, within_s: float = 180.0, *, caught_up: bool = True) -> None:
        """It settles; the plan is empty; and the destination is what one full reconciliation gives."""
        await self.settled(within_s, caught_up=caught_up)
        status, said, complained = await self.octosync("plan", "--route", ROUTE)
        assert status == 0, f"the plan is not empty ({status}):\n{said}\n{complained}"
        found = await self.destination.portable(self.folder)
        wanted = await self._reconciled()
        unlike = differences(wanted, found)
        _, by_hand, _ = await self.octosync("cleanup", "list")
        shown = "\n".join(line[:600] for line in unlike[:20])
        assert not unlike, f"not what one full reconciliation gives:\n{shown}\nto finish by hand:\n{by_hand}"
        self.told["documents alike"] = len(found)
        self.told["writes to the destination"] = await self.destination.written()
        self.told["requests to the destination"] = (await self.destination.get("sandbox/requests"))["Total"]

    async def _reconciled(self) -> dict[Key, Any]:
        """What one full reconciliation makes of an empty space, by a ledger that remembers nothing."""
        with capture_logs():  # nobody wants to read how
            return await self._reconcile_empty()

    async def _reconcile_empty(self) -> dict[Key, Any]:
        async with serve(SandboxSettings(first_id=9001, seed=11, api_key=KEY)) as third:
            routes = loads(json.dumps(_routes(self.source.url, third.url, self.route), ensure_ascii=False), "r.json")
            redis = fakeredis.FakeAsyncRedis()
            try:
                ledger = Ledger(redis)
                for _ in range(3):
                    async with open_route(routes, ROUTE, ledger=ledger) as route:
                        outcome = await route.sync(await route.documents(Items(targets=["*"])))
                    if outcome.result is Result.UNCHANGED:
                        break
                assert outcome.result is Result.UNCHANGED, outcome.message
            finally:
                await redis.aclose()
            return portable(third)

    def tell(self, scene: str) -> None:
        print(f"\n{scene}: " + "; ".join(f"{count} {what}" for what, count in self.told.items()))


@asynccontextmanager
async def estate(
    redis_url: str,
    folder: Path,
    *,
    poll_seconds: float = 0.3,
    route: Mapping[str, Any] | None = None,
    **settings: str,
) -> AsyncIterator[Estate]:
    """``route``: over the settings of the route. ``settings``: of the processes, by name, over :data:`QUICK`."""
    namespace = f"octosync-{uuid.uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        environment = {
            "OCTOSYNC_ROUTES": str(folder / "octosync.yaml"),
            "OCTOSYNC_REDIS_URL": redis_url,
            "OCTOSYNC_NAMESPACE": namespace,
            "OCTOSYNC_RECEIVER_HOST": "127.0.0.1",
            "OCTOSYNC_DEV_KEY": KEY,
            "OCTOSYNC_PROD_KEY": KEY,
            "OCTOSYNC_DEV_HOOK": SECRET,
            "OCTOSYNC_RECEIVER_PORT": str(free_port()),
            **{f"OCTOSYNC_{name}": value for name, value in QUICK.items()},
            **{f"OCTOSYNC_{name.upper()}": value for name, value in settings.items()},
        }
        processes = stack.enter_context(Processes(folder, environment))
        urls = [
            _start_octopus(processes, name, first_id, poll_seconds)
            for name, first_id in (("source", 1), ("destination", 5001))
        ]
        servers = [Octopus(url, session) for url in urls]
        for server in servers:
            await eventually(lambda server=server: _answers(server), 40, "a sandbox does not answer")
        file = _routes(urls[0], urls[1], route or {})
        (folder / "octosync.yaml").write_text(json.dumps(file))
        os.environ.update(environment)  # conftest.py takes what begins so out of every other test
        stack.callback(lambda: [os.environ.pop(name, None) for name in environment])
        routes, own = load(folder / "octosync.yaml"), Settings()
        redis = open_redis(redis_url)
        stack.push_async_callback(redis.aclose)
        stack.push_async_callback(forget, redis, namespace)
        yield Estate(
            folder, own, state_of(redis, own), processes, session, *servers, routes, route=route or {}, redis=redis
        )


def _start_octopus(processes: Processes, name: str, first_id: int, poll_seconds: float) -> str:
    port = free_port()
    arguments = ("--port", str(port), "--api-key", KEY, "--first-id", str(first_id), "--seed", str(first_id))
    processes.start(name, "-m", "sandbox", *arguments, "--poll-seconds", str(poll_seconds))
    return f"http://127.0.0.1:{port}"


async def _answers(server: Octopus) -> bool:
    try:
        await server.get("spaces/all")
    except aiohttp.ClientError:
        return False
    return True


RULES: dict[str, Any] = {
    "variables": {"value": "follow", "removed": "remove-ours"},
    "removed": "remove-ours",
    "deleted": "delete",
}
"""With which the destination becomes what the source is."""


def _routes(source: str, destination: str, route: Mapping[str, Any]) -> dict[str, Any]:
    return routes_between(source, destination, **{"rules": RULES, **route})
