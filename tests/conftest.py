"""Fixtures that every test may use.

``redis_url``   a real server, once per run; ``OCTOSYNC_TEST_REDIS_URL`` names another
``redis``       a client for it, without any key of ours before and after the test
``fake_redis``  one in this process, with Lua, for fast unit tests
``receiver_secrets``  what the receiver is told by its environment; ``running``: one that records in ``fake_redis``
``samples``     the folder of real documents (:mod:`octopus_samples`); without it the tests that read it skip
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import octopus_samples
import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from worker.ledger import embedded
from worker.ledger.connect import open_redis

if TYPE_CHECKING:
    from tests.receiver import Running

_TEST_REDIS = "OCTOSYNC_TEST_REDIS_URL"


def pytest_configure(config: pytest.Config) -> None:
    folder = os.environ.get("OCTOSYNC_CONTRACT_LOG")
    if folder:
        import contract  # only a whole run needs it

        config.pluginmanager.register(contract.ContractPlugin(Path(folder)), "contract")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests may decide how they end."""
    for name in list(os.environ):
        if name.upper().startswith("OCTOSYNC_") and name != _TEST_REDIS:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def samples() -> Path:
    if not octopus_samples.SAMPLES.is_dir():
        pytest.skip(octopus_samples.NO_SAMPLES)
    return octopus_samples.SAMPLES


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get(_TEST_REDIS)
    if given:
        yield given
        return
    folder: Path = tmp_path_factory.mktemp("redis")
    with embedded.start(folder, fsync="no") as server:
        yield server.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = open_redis(redis_url)
    await _forget(client)
    try:
        yield client
    finally:
        await _forget(client)
        await client.aclose()


async def _forget(client: Redis) -> None:
    """Deletes what has our hash tag, and no more: the server may be one that the person uses otherwise."""
    async for key in client.scan_iter(match="{octosync*}:*", count=1000):
        await client.delete(key)


@pytest.fixture
async def fake_redis() -> AsyncIterator[FakeAsyncRedis]:
    client = FakeAsyncRedis(server=FakeServer(version=(7,)), protocol=2)
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture
def receiver_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.receiver import SECRET

    monkeypatch.setenv("OCTOSYNC_HOOK_0", SECRET)
    monkeypatch.setenv("OCTOSYNC_KEY", "API-AAAAAAAAAAAAAAAAAAAAAAAAA")


@pytest.fixture
async def running(fake_redis: FakeAsyncRedis, receiver_secrets: None) -> AsyncIterator[Running]:
    from tests.receiver import receiver

    async with receiver(fake_redis) as one:
        yield one
