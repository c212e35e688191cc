"""Two spaces of a server, made for one test and deleted after it, also after one that failed.

The server is a real one where OCTOPUS_URL names it (see docs/limits.md), else a sandbox. What is slow at a real one
has its deadline here.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from demo.api import Api
from sandbox.server import serve
from sandbox.settings import Settings

REAL = os.environ.get("OCTOPUS_URL")

WITHIN_S = 600.0 if REAL else 60.0
"""For anything to become true. Octopus looks about every 30 s for what its subscriptions are to tell."""
EVERY_S = 5.0 if REAL else 0.05
"""How often it is looked: a server of 2026.3 allows 200 requests a minute, to the product and the test together."""

MARKS = [pytest.mark.acceptance, pytest.mark.timeout(3600 if REAL else 240)]


INSTANCE = "octopus"
ROUTE = "from-to"


class SpaceApi(Api):
    """One space of a server, in the words that the demo's scenes use."""

    def __init__(self, url: str, api_key: str, session: aiohttp.ClientSession, space: dict[str, Any]) -> None:
        super().__init__(url, api_key, session)
        self.space = space

    async def call(self, method: str, route: str, body: Any = None) -> Any:
        return await super().call(method, f"{self.space['Id']}/{route}", body)


@dataclass(frozen=True)
class Spaces:
    url: str
    key: str
    session: aiohttp.ClientSession
    source: SpaceApi
    destination: SpaceApi

    def routes(self, instance: dict[str, Any], **route: Any) -> dict[str, Any]:
        """A routes file, as JSON, of one route from the one space to the other, by the key in OCTOPUS_API_KEY.

        ``instance``, ``route``: what these say besides.
        """
        server = {"name": INSTANCE, "url": self.url, "api_key": {"env": "OCTOPUS_API_KEY"}, **instance}
        if not REAL:
            server["requests_per_minute"] = 1_000_000
        whole = {
            "name": ROUTE,
            "source": {"instance": INSTANCE, "space": self.source.space["Name"]},
            "destination": {"instance": INSTANCE, "space": self.destination.space["Name"]},
            "include": {"project": ["*"], "library-variable-set": ["*"]},
            "first_contact": "adopt",
            **route,
        }
        return {"instances": [server], "routes": [whole]}


@asynccontextmanager
async def server() -> AsyncIterator[tuple[str, str]]:
    """Its address, and a key of an administrator."""
    if REAL:
        yield REAL.rstrip("/"), os.environ["OCTOPUS_API_KEY"]
    else:
        async with serve(Settings(poll_seconds=0.2)) as sandbox:
            yield sandbox.url, sandbox.api_key


@asynccontextmanager
async def two_spaces() -> AsyncIterator[Spaces]:
    async with server() as (url, key), spaces_of(url, key) as spaces:
        yield spaces


@asynccontextmanager
async def spaces_of(url: str, key: str) -> AsyncIterator[Spaces]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        run = uuid.uuid4().hex[:6]  # the name of a space has 20 characters at most
        source = await stack.enter_async_context(_new_space(url, key, session, f"sync-{run}-from"))
        destination = await stack.enter_async_context(_new_space(url, key, session, f"sync-{run}-to"))
        yield Spaces(url, key, session, source, destination)


@asynccontextmanager
async def _new_space(url: str, key: str, session: aiohttp.ClientSession, name: str) -> AsyncIterator[SpaceApi]:
    system = Api(url, key, session)
    me = await system.get("users/me")
    body = {"Name": name, "SpaceManagersTeams": [], "SpaceManagersTeamMembers": [me["Id"]], "IsDefault": False}
    space = await system.post("spaces", body)
    api = SpaceApi(url, key, session, space)
    try:
        yield api
    finally:
        try:
            for subscription in await api.get("subscriptions/all"):
                await api.call("DELETE", f"subscriptions/{subscription['Id']}")
        finally:
            # A space can only be deleted once its task queue is stopped (Octopus documentation, "Spaces").
            await system.edit(f"spaces/{space['Id']}", TaskQueueStopped=True)
            await system.call("DELETE", f"spaces/{space['Id']}")
