"""Octosync as it runs for a user, between two spaces of a real server: receiver, worker and beat are processes.

The server must reach the receiver. OCTOPUS_REACHES says under which name or address it reaches this machine, with a
port if it cannot be any: ``host.docker.internal`` for the server of the Compose file, ``192.168.7.20:8080``.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import Settings
from tests.house import HEADER, SECRET, forget
from tests.installation import QUICK, Installation
from tests.processes import Processes, eventually, free_port
from tests.real_octopus.edits import look
from tests.real_octopus.spaces import EVERY_S, ROUTE, WITHIN_S, SpaceApi, two_spaces
from worker.ledger.connect import open_redis
from worker.state import state_of

REACHES = os.environ.get("OCTOPUS_REACHES") or "127.0.0.1"

NEVER = {"OCTOSYNC_CATCH_UP_SECONDS": "3600"}
"""For a scene's while: what arrives was told by a webhook."""
OFTEN = {"OCTOSYNC_CATCH_UP_SECONDS": f"{max(1.0, EVERY_S):g}"}

RULES: dict[str, Any] = {
    "variables": {"value": "follow", "removed": "remove-ours"},
    "deleted": "delete",
    "overrides": [{"for": {"project": ["Archive*"]}, "deleted": "report"}],
}


@dataclass
class Running(Installation):
    source: SpaceApi
    destination: SpaceApi
    reached_at: str
    """The receiver's base URL, as the server has it."""

    async def open(self) -> None:
        """All runs, the two spaces were compared, and the source tells of its changes: that was proven."""
        self.start_worker("worker")
        self.start_beat(**NEVER)
        self.start_receiver()
        await self.receiver_ready()
        await self.until(lambda: self.state.ledger.cursors.last_compared(ROUTE), "nothing was ever compared")
        await self.subscribe("--url", self.reached_at)

    async def subscribe(self, *arguments: str) -> None:
        """By the command, which waits for a delivery as the proof."""
        status, said, complained = await self.octosync("subscribe", *arguments, "--wait", f"{WITHIN_S:g}")
        assert status == 0, f"{said}\n{complained}"
        assert "proven" in complained

    async def until(self, condition: Callable[[], Awaitable[Any]], otherwise: str) -> Any:
        return await eventually(condition, WITHIN_S, otherwise, every_s=EVERY_S)

    async def in_step(self) -> None:
        """What both spaces hold becomes the same."""
        wanted = await look(self.source)
        found: dict[str, Any] = {}

        async def same() -> bool:
            found.clear()
            found.update(await look(self.destination))
            return found == wanted

        try:
            await self.until(same, "the destination never became what the source is")
        except AssertionError as error:
            error.add_note(f"source: {wanted}\ndestination: {found}")
            raise

    async def ends_right(self) -> None:
        """Nothing is left waiting or buried, and the plan is empty."""

        async def at_rest() -> bool:
            return await self.depth() == {}

        try:
            await self.until(at_rest, "the queue never became empty")
        except AssertionError as error:
            error.add_note(f"{await self.depth()}\n{await self.state.queue.dead_letters()}")
            raise
        status, said, complained = await self.octosync("plan", "everything")
        assert status == 0, f"something is left to do:\n{said}\n{complained}"

    async def told_by(self, document: str) -> set[str]:
        """How events of a source document came: ``webhook``, ``catch-up``."""
        journal = await self.state.inbox.journal(limit=10_000)
        return {entry.delivery.via for entry in journal if entry.delivery.document_id == document}


@asynccontextmanager
async def running(redis_url: str, folder: Path) -> AsyncIterator[Running]:
    """Nothing is started yet: see :meth:`Running.open`. At the end processes, subscription, spaces and keys go."""
    namespace = f"octosync-{uuid.uuid4().hex[:8]}"
    host, _, port = REACHES.partition(":")
    at_home = host in {"127.0.0.1", "localhost"}
    async with AsyncExitStack() as stack:
        redis = open_redis(redis_url)
        stack.push_async_callback(redis.aclose)
        stack.push_async_callback(forget, redis, namespace)
        spaces = await stack.enter_async_context(two_spaces())
        hooks = {"webhook_secrets": [{"env": "OCTOPUS_HOOK"}], "webhook_header": HEADER}
        limits = {"updates_percent": 100, "deletes_percent": 100}
        routes = folder / "octosync.yaml"
        routes.write_text(json.dumps(spaces.routes(hooks, limits=limits, rules=RULES)))
        settings = Settings(
            routes=routes, redis_url=redis_url, namespace=namespace, receiver_port=int(port) if port else free_port()
        )
        environment = {
            "OCTOPUS_API_KEY": spaces.key,
            "OCTOPUS_HOOK": SECRET,
            "OCTOSYNC_ROUTES": str(routes),
            "OCTOSYNC_REDIS_URL": redis_url,
            "OCTOSYNC_NAMESPACE": namespace,
            "OCTOSYNC_RECEIVER_HOST": "127.0.0.1" if at_home else "0.0.0.0",
            "OCTOSYNC_RECEIVER_PORT": str(settings.receiver_port),
            **{f"OCTOSYNC_{name}": value for name, value in QUICK.items()},
        }
        processes = stack.enter_context(Processes(folder, environment))
        yield Running(
            folder,
            settings,
            state_of(redis, settings),
            processes,
            spaces.session,
            spaces.source,
            spaces.destination,
            f"http://{host}:{settings.receiver_port}",
        )
