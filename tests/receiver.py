"""The receiver over a Redis in this process, with a publisher that only remembers what it was told."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from fakeredis import FakeAsyncRedis

from config.load import loads
from config.routes import RoutesFile
from config.settings import Settings
from webhook_receiver.app import create_app, create_inside_app
from worker.publisher import Publisher, new_app
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

    async def post(self, body: Any, *, secret: str | None = SECRET, path: str = "/webhooks/dev") -> int:
        """The status. ``body``: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {HEADER: secret} if secret is not None else {}
        async with self.client.post(path, data=io.BytesIO(data), headers=headers) as answer:
            await answer.read()
            return answer.status

    async def keys(self) -> list[str]:
        """What is marked."""
        return sorted(str(entry.key) for entry in await self.state.queue.waiting())


def routes_file(instances: Sequence[str] = ("dev",), secrets: int = 1) -> RoutesFile:
    """``instances`` may send webhooks; ``prod`` is the destination of all. One route from the space *Default* of each,
    and of the first one another from the space *Other*."""
    known = [
        {
            "name": name,
            "url": f"https://{name}.example.com",
            "api_key": {"env": "OCTOSYNC_KEY"},
            "webhook_secrets": [{"env": f"OCTOSYNC_HOOK_{number}"} for number in range(secrets)],
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


@asynccontextmanager
async def receiver(
    redis: FakeAsyncRedis, routes: RoutesFile | None = None, settings: Settings | None = None
) -> AsyncIterator[Running]:
    settings = settings or Settings(debounce_seconds=0)
    told = Told()
    state = state_of(redis, settings)
    app = create_app(routes or routes_file(), settings, state=state, publisher=Quiet(told))
    async with TestClient(TestServer(app)) as client, TestClient(TestServer(create_inside_app(app))) as inside:
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
