"""The publisher: what it sends, and that no broker, however broken, is felt by those who mark."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Iterator

import pytest
from redis.asyncio import Redis

from config.settings import Settings
from worker.publisher import QUEUES, Publisher, broker, new_app
from worker.queue.keys import DirtyKey
from worker.queue.values import Due, Priority

DUE = [Due(DirtyKey("dev-to-prod", "Projects-3"), Priority.EVENTS), Due(DirtyKey("dev-to-prod", "*"), Priority.BULK)]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A broker that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


async def test_each_key_goes_to_the_queue_of_its_class(redis_url: str, redis: Redis) -> None:
    namespace = "octosync-publisher"
    async with Publisher(new_app(Settings(redis_url=redis_url, namespace=namespace))) as publisher:
        assert await publisher.wake(DUE)
        assert await publisher.catch_up("dev", "Default")
    try:
        found = {}
        for queue in QUEUES:
            [message] = await redis.lrange(f"{namespace}:{queue}", 0, -1)
            envelope = json.loads(message)
            arguments = json.loads(base64.b64decode(envelope["body"]))[0]
            found[queue] = (envelope["headers"]["task"], arguments)
        assert found == {
            "octosync.events": ("octosync.look", ["dev-to-prod|Projects-3"]),
            "octosync.bulk": ("octosync.look", ["dev-to-prod|*"]),
            "octosync.control": ("octosync.catch_up", ["dev", "Default"]),
        }
    finally:
        async for key in redis.scan_iter(match=f"*{namespace}*"):
            await redis.delete(key)


async def test_nobody_there_is_said_and_not_raised() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    async with Publisher(new_app(Settings(redis_url=f"redis://127.0.0.1:{free}/0"))) as publisher:
        assert await publisher.wake(DUE) is False


async def test_the_loop_goes_on_while_a_broker_hangs_and_the_publisher_gives_up(silent_port: int) -> None:
    app = new_app(Settings(redis_url=f"redis://127.0.0.1:{silent_port}/0"))
    # As it is configured it would take ten seconds; that it ends at all is what counts.
    app.conf.broker_transport_options["socket_timeout"] = 0.3
    async with Publisher(app) as publisher:
        publishing = asyncio.create_task(publisher.wake(DUE))
        turns = 0
        while not publishing.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert await publishing is False
        assert turns > 5


@pytest.mark.parametrize(
    ("url", "expected", "tls"),
    [
        ("redis://:pw@host:6380/2", "redis://:pw@host:6380/2", None),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0", None),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3", None),
        ("rediss://host/0", "rediss://host/0", {"ssl_cert_reqs": "required"}),
        (
            "rediss://host/0?ssl_cert_reqs=none&ssl_ca_certs=/ca.pem",
            "rediss://host/0",
            {"ssl_cert_reqs": "none", "ssl_ca_certs": "/ca.pem"},
        ),
    ],
)
def test_urls_of_every_kind_of_redis(url: str, expected: str, tls: dict[str, str] | None) -> None:
    assert broker(url) == (expected, tls)


def test_what_hangs_is_always_bounded() -> None:
    options = new_app(Settings()).conf.broker_transport_options
    assert options["socket_timeout"] > 0
    assert options["socket_connect_timeout"] > 0
