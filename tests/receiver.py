"""The receiver over a Redis in this process, with a publisher that only remembers what it was told."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from fakeredis import FakeAsyncRedis

from config.load import loads
from config.routes import RoutesFile
from config.settings import Settings
from webhook_receiver.app import create_app, create_inside_app
from webhook_receiver.serving import HOW
from worker.publisher import CATCH_UP, Publisher, new_app
from worker.state import State, state_of

SECRET = "correct-horse-battery-staple"
HEADER = "X-Octosync-Token"


@dataclass
class Told:
    """What workers would have been told: task, arguments, queue."""

    messages: list[tuple[str, list[str], str]] = field(default_factory=list)


class Quiet(Publisher):
    def __init__(self, told: Told) -> None:
        super().__init__(new_app(Settings()))
        self.told = told

    def send_now(self, messages: Sequence[tuple[str, list[str], str]]) -> bool:
        self.told.messages += messages
        return True


@dataclass
class Running:
    client: TestClient[Any, Any]
    inside: TestClient[Any, Any]
    state: State
    told: Told

    async def post(
        self,
        body: Any,
        *,
        secret: str | None = SECRET,
        path: str = "/webhooks/dev",
        header: str = HEADER,
        **headers: str,
    ) -> int:
        """The status. ``body``: bytes as they are, else as JSON. ``headers``: by name, with ``_`` for ``-``."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if secret is not None:
            given[header] = secret
        async with self.client.post(path, data=io.BytesIO(data), headers=given) as answer:
            await answer.read()
            return answer.status

    def caught_up(self) -> list[list[str]]:
        """Of which sources somebody was asked to read the audit log."""
        return sorted(arguments for task, arguments, _ in self.told.messages if task == CATCH_UP)

    async def keys(self) -> list[str]:
        """What is marked."""
        return sorted(str(entry.key) for entry in await self.state.queue.waiting())


def routes_file(instances: Sequence[str] = ("dev",), secrets: int = 1, **more: dict[str, Any]) -> RoutesFile:
    """``instances`` may send webhooks; ``prod`` is the destination of all. One route from the space *Default* of each,
    and of the first one another from the space *Other*. ``more``: settings of an instance, by its name."""
    known = [
        {
            "name": name,
            "url": f"https://{name}.example.com",
            "api_key": {"env": "OCTOSYNC_KEY"},
            "webhook_secrets": [{"env": f"OCTOSYNC_HOOK_{number}"} for number in range(secrets)],
            **more.get(name, {}),
        }
        for name in instances
    ]
    routes = [
        {"name": f"{name}-route", "source": {"instance": name}, "destination": {"instance": "prod", "space": name}}
        for name in instances
    ]
    other = {
        "name": "other-route",
        "source": {"instance": instances[0], "space": "Other"},
        "destination": {"instance": "prod", "space": "Else"},
    }
    prod = {"name": "prod", "url": "https://prod.example.com", "api_key": {"env": "OCTOSYNC_KEY"}}
    # JSON is YAML.
    return loads(json.dumps({"instances": [*known, prod], "routes": [*routes, other]}), "routes.json")


class AsDeployed(TestServer):
    """aiohttp's own cancels the handler when a client goes away, which a server does not."""

    async def _make_runner(self, **kwargs: Any) -> web.AppRunner:
        return web.AppRunner(self.app, **{**kwargs, "handler_cancellation": False, **HOW})


@asynccontextmanager
async def receiver(
    redis: FakeAsyncRedis, routes: RoutesFile | None = None, settings: Settings | None = None
) -> AsyncIterator[Running]:
    settings = settings or Settings(debounce_seconds=0)
    told = Told()
    state = state_of(redis, settings)
    app = create_app(routes or routes_file(), settings, state=state, publisher=Quiet(told))
    async with TestClient(AsDeployed(app)) as client, TestClient(AsDeployed(create_inside_app(app))) as inside:
        yield Running(client, inside, state, told)


def webhook(
    event_id: str = "Events-1",
    *related: str,
    category: str = "Modified",
    space: Any = "Spaces-1",
    payload: dict[str, Any] | None = None,
    **event: Any,
) -> dict[str, Any]:
    """A webhook as a server of 2024 sends it, as far as anybody reads it, and something besides."""
    return {
        "Timestamp": "2026-11-23T01:02:03.1234567+00:00",
        "EventType": "SubscriptionPayload",
        "Payload": {
            "ServerUri": None,
            "BatchProcessingDate": "2026-11-23T11:02:03+10:00",
            "Subscription": {"Id": "Subscriptions-1", "Type": 0, "SpaceId": "Spaces-1", "Links": {"Self": {}}},
            "Event": {
                "Id": event_id,
                "RelatedDocumentIds": list(related or ("Projects-1",)),
                "Category": category,
                "Occurred": "2026-11-23T01:02:01.000+00:00",
                "SpaceId": space,
                "ChangeDetails": {"DocumentContext": None, "Differences": None},
                **event,
            },
            "BatchId": "b",
            "TotalEventsInBatch": 1,
            "EventNumberInBatch": 1,
            **(payload or {}),
        },
    }


def go_away(redis: FakeAsyncRedis, gone: bool) -> None:
    """Has the server refuse connections, and break those that there are."""
    redis.connection_pool.connection_kwargs["server"].connected = not gone
