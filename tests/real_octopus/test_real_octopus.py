"""The command line against a real Octopus Server, from an empty space to an edited one.

    OCTOPUS_URL=http://localhost:8090 OCTOPUS_API_KEY=API-... python -m pytest tests/real_octopus/test_real_octopus.py

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
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from demo.api import Api, ApiError
from demo.content import space as content
from demo.fill import destination_space
from demo.scenes import SCENES
from demo.seed import seed
from tests.house import forget
from tests.real_octopus.spaces import MARKS, Spaces, server, spaces_of, two_spaces
from worker.ledger.connect import open_redis

OCTOSYNC = Path(sys.executable).parent / "octosync"

pytestmark = MARKS


@dataclass
class Pair:
    spaces: Spaces
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


@pytest.fixture
async def pair(redis_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    namespace = f"octosync-{uuid.uuid4().hex[:8]}"
    redis = open_redis(redis_url)
    try:
        async with two_spaces() as spaces:
            routes = spaces.routes({}, limits={"updates_percent": 100})
            (tmp_path / "octosync.yaml").write_text(json.dumps(routes))
            environment = {
                "PATH": os.environ["PATH"],
                "OCTOPUS_API_KEY": spaces.key,
                "OCTOSYNC_ROUTES": str(tmp_path / "octosync.yaml"),
                "OCTOSYNC_REDIS_URL": redis_url,
                "OCTOSYNC_NAMESPACE": namespace,
            }
            yield Pair(spaces, environment)
    finally:
        await forget(redis, namespace)
        await redis.aclose()


async def test_a_space_is_kept_in_step(pair: Pair) -> None:
    spaces = pair.spaces
    source, destination = spaces.source, spaces.destination
    filled = content()
    await seed(spaces.url, spaces.key, filled, spaces.session, space=source.space["Name"])
    await seed(spaces.url, spaces.key, destination_space(filled), spaces.session, space=destination.space["Name"])

    status, said = await pair.octosync("sync", "everything")
    assert status == 0, said
    wanted = set((await source.names("projects")).values())
    assert set((await destination.names("projects")).values()) == wanted

    for scene in SCENES:
        await scene.act(source, destination)
        status, said = await pair.octosync("sync", "everything")
        assert status == 0, f"{scene.title}: {said}"
        assert await scene.result(destination), scene.title

    status, said = await pair.octosync("plan", "everything")
    assert status == 0, f"something is left to do: {said}"


async def test_what_was_made_for_it_is_gone_after_a_run_that_failed() -> None:
    made: list[str] = []

    async def fails(url: str, key: str) -> None:
        async with spaces_of(url, key) as spaces:
            made.extend([spaces.source.space["Id"], spaces.destination.space["Id"]])
            calls_nobody = {"Filter": {}, "WebhookURI": "http://127.0.0.1:9", "WebhookTimeout": "00:00:10"}
            await spaces.source.post(
                "subscriptions", {"Name": "octosync", "EventNotificationSubscription": calls_nobody}
            )
            raise ZeroDivisionError

    async with server() as (url, key), aiohttp.ClientSession() as session:
        with pytest.raises(ZeroDivisionError):
            await fails(url, key)
        assert len(made) == 2
        for identity in made:
            with pytest.raises(ApiError, match="404"):
                await Api(url, key, session).get(f"spaces/{identity}")
