"""The command line against a real Octopus Server, from an empty space to an edited one.

    OCTOPUS_URL=http://localhost:8090 OCTOPUS_API_KEY=API-... python -m pytest tests/real_octopus

(`docker compose --profile octopus` starts one, for those who have a licence.) It makes two spaces of its own, fills
one, keeps the other in step, and deletes both; nothing else on the server is touched. The key must be one of an
administrator. Without an address the same runs against a sandbox, so that the test itself is known to work.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from demo.api import Api, ApiError
from demo.content import space as content
from demo.fill import destination_space
from demo.scenes import SCENES
from demo.seed import seed
from sandbox.server import serve
from sandbox.settings import Settings

REAL = os.environ.get("OCTOPUS_URL")
OCTOSYNC = Path(sys.executable).parent / "octosync"

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3600 if REAL else 240)]


class SpaceApi(Api):
    """One space of a server, in the words that the demo's scenes use."""

    def __init__(self, url: str, api_key: str, session: aiohttp.ClientSession, space: dict[str, Any]) -> None:
        super().__init__(url, api_key, session)
        self.space = space

    async def call(self, method: str, route: str, body: Any = None) -> Any:
        return await super().call(method, f"{self.space['Id']}/{route}", body)


@dataclass
class Pair:
    source: SpaceApi
    destination: SpaceApi
    environment: dict[str, str]

    async def octosync(self, *arguments: str) -> tuple[int, str]:
        """Exit status, and all that it prints."""
        process = await asyncio.create_subprocess_exec(
            OCTOSYNC,
            *arguments,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


@asynccontextmanager
async def server() -> AsyncIterator[tuple[str, str]]:
    """Its address, and a key of an administrator."""
    if REAL:
        yield REAL.rstrip("/"), os.environ["OCTOPUS_API_KEY"]
    else:
        async with serve(Settings()) as sandbox:
            yield sandbox.url, sandbox.api_key


@asynccontextmanager
async def new_space(url: str, key: str, session: aiohttp.ClientSession, name: str) -> AsyncIterator[SpaceApi]:
    system = Api(url, key, session)
    me = await system.get("users/me")
    body = {"Name": name, "SpaceManagersTeams": [], "SpaceManagersTeamMembers": [me["Id"]], "IsDefault": False}
    space = await system.post("spaces", body)
    try:
        yield SpaceApi(url, key, session, space)
    finally:
        # A space can only be deleted once its task queue is stopped (Octopus documentation, "Spaces").
        await system.edit(f"spaces/{space['Id']}", TaskQueueStopped=True)
        await system.call("DELETE", f"spaces/{space['Id']}")


@pytest.fixture
async def pair(redis_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        url, key = await stack.enter_async_context(server())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        run = uuid.uuid4().hex[:6]  # the name of a space has 20 characters at most
        source = await stack.enter_async_context(new_space(url, key, session, f"sync-{run}-from"))
        destination = await stack.enter_async_context(new_space(url, key, session, f"sync-{run}-to"))
        instance = {"name": "octopus", "url": url, "api_key": {"env": "OCTOPUS_API_KEY"}}
        if not REAL:
            instance["requests_per_minute"] = 1_000_000
        routes = {
            "instances": [instance],
            "routes": [
                {
                    "name": f"run-{run}",
                    "source": {"instance": "octopus", "space": source.space["Name"]},
                    "destination": {"instance": "octopus", "space": destination.space["Name"]},
                    "include": {"project": ["*"], "library-variable-set": ["*"]},
                    "limits": {"updates_percent": 100},
                    "first_contact": "adopt",
                }
            ],
        }
        (tmp_path / "octosync.yaml").write_text(json.dumps(routes))
        environment = {
            "PATH": os.environ["PATH"],
            "OCTOPUS_API_KEY": key,
            "OCTOSYNC_ROUTES": str(tmp_path / "octosync.yaml"),
            "OCTOSYNC_REDIS_URL": redis_url,
        }
        yield Pair(source, destination, environment)


async def test_a_space_is_kept_in_step(pair: Pair) -> None:
    url, key, session = pair.source.url, pair.source.headers["X-Octopus-ApiKey"], pair.source.session
    filled = content()
    await seed(url, key, filled, session, space=pair.source.space["Name"])
    await seed(url, key, destination_space(filled), session, space=pair.destination.space["Name"])

    status, said = await pair.octosync("sync", "everything")
    assert status == 0, said
    wanted = set((await pair.source.names("projects")).values())
    assert set((await pair.destination.names("projects")).values()) == wanted

    for scene in SCENES:
        await scene.act(pair.source, pair.destination)
        status, said = await pair.octosync("sync", "everything")
        assert status == 0, f"{scene.title}: {said}"
        assert await scene.result(pair.destination), scene.title

    status, said = await pair.octosync("plan", "everything")
    assert status == 0, f"something is left to do: {said}"


async def test_a_space_that_was_made_for_it_is_gone_afterwards() -> None:
    async with server() as (url, key), aiohttp.ClientSession() as session:
        async with new_space(url, key, session, f"sync-{uuid.uuid4().hex[:6]}") as made:
            identity = made.space["Id"]
        with pytest.raises(ApiError, match="404"):
            await Api(url, key, session).get(f"spaces/{identity}")
