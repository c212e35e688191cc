"""Secrets are put wherever the product touches them, a bug then quotes them all, and they are found nowhere: in no log,
no report to Sentry, nothing that is stored in Redis."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import structlog
from redis.asyncio import Redis

from config import logging as logs
from config import scrub
from config.settings import LogLevel
from tests.house import HEADER, SECRET, House, house
from tests.ingest import Ingest
from tests.pair import row, script
from tests.processes import eventually, free_port
from worker.ledger.base import unpack
from worker.ledger.connect import open_redis

pytestmark = pytest.mark.timeout(180)

USER = "octosync-secrets"
PASSWORD = "redis-pass-4711"
SENSITIVE = "sensitive-words-4712"
VALUE = "value-words-4713"
GUESSED = "a-wrong-webhook-secret-4714"
TOKEN = "status-token-4715-entirely-opaque"

BROKEN = """
import logging, os, sys
import sentry_sdk, structlog
from worker.sync.applying.apply import Applier

async def settle(self, action, written, kind, destination_id, answer, sent, there=None):
    key, hook, redis = (os.environ[name] for name in ("OCTOSYNC_DEV_KEY", "OCTOSYNC_DEV_HOOK", "OCTOSYNC_REDIS_URL"))
    headers, everything = {"X-Octopus-ApiKey": key, os.environ["HEADER"]: hook}, dict(os.environ)
    said = f"{headers} {redis}"
    sentry_sdk.add_breadcrumb(message=said, data={"headers": headers, "document": answer})
    sentry_sdk.set_context("request", {"headers": headers, "url": redis})
    structlog.get_logger("octosync").warning(said, headers=headers, document=answer, value=sent, redis_url=redis)
    logging.getLogger("a.library").error("with %s", said, extra={"headers": headers})
    try:
        raise ValueError(said)
    except ValueError as error:
        raise RuntimeError(f"a bug that quotes {said}") from error

Applier.settle = settle
from worker.__main__ import main
sys.exit(main([]))
"""

BROKEN_RECEIVER = """
import os, sys
import sentry_sdk, structlog
from webhook_receiver.page import security
from webhook_receiver.reception import Reception

def fail(**quoted):
    key, hook, redis, token = (os.environ[name] for name in (
        "OCTOSYNC_DEV_KEY", "OCTOSYNC_DEV_HOOK", "OCTOSYNC_REDIS_URL", "OCTOSYNC_STATUS_TOKEN"))
    headers = {"X-Octopus-ApiKey": key, os.environ["HEADER"]: hook}
    said = f"{headers} {redis} {token}"
    sentry_sdk.add_breadcrumb(message=said, data={"headers": headers, **quoted})
    sentry_sdk.set_context("request", {"headers": headers, "url": redis, "cookies": {"session": token}})
    structlog.get_logger("octosync").warning(said, headers=headers, redis_url=redis, **quoted)
    try:
        raise ValueError(said)
    except ValueError as error:
        raise RuntimeError(f"a bug that quotes {said}") from error

async def store(self, request, instances, correlation_id):
    fail(came_with=dict(request.headers), body=await request.text())

Reception._store = store
security.same_token = lambda token, right: fail(token=token, document={"Value": token})
from webhook_receiver.__main__ import main
sys.exit(main([]))
"""


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    ingest = Ingest()
    yield ingest
    ingest.stop()


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the receiver logs, which is in this process."""
    monkeypatch.setattr(scrub, "_values", set())
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure("receiver", level=LogLevel.DEBUG, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def guarded(redis_url: str) -> AsyncIterator[str]:
    """The URL of the same Redis for a user with a password."""
    admin = open_redis(redis_url)
    await admin.execute_command("ACL", "SETUSER", USER, "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all")
    yield f"redis://{USER}:{PASSWORD}@{urlsplit(redis_url).netloc}/0"
    await admin.execute_command("ACL", "DELUSER", USER)
    await admin.aclose()


async def stored(redis: Redis, namespace: str) -> str:
    """All that lies in Redis, as text."""

    def plain(value: Any) -> str:
        try:
            return json.dumps(unpack(value), ensure_ascii=False)
        except (ValueError, TypeError):
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    found: list[str] = []
    async for key in redis.scan_iter(match=f"*{namespace}*", count=1000):
        match await redis.type(key):
            case b"string":
                found.append(plain(await redis.get(key)))
            case b"hash":
                found += [plain(one) for pair in (await redis.hgetall(key)).items() for one in pair]
            case b"list":
                found += [plain(one) for one in await redis.lrange(key, 0, -1)]
            case b"set":
                found += [plain(one) for one in await redis.smembers(key)]
            case b"zset":
                found += [plain(one) for one in await redis.zrange(key, 0, -1)]
            case b"stream":
                found += [plain(one) for _, fields in await redis.xrange(key) for one in fields.values()]
        found.append(plain(key))
    return "\n".join(found)


async def buried(one: House) -> bool:
    return bool(await one.state.queue.dead_letters())


async def test_secrets_put_everywhere_are_found_nowhere(
    guarded: str, redis: Redis, tmp_path: Path, ingest: Ingest, stream: io.StringIO
) -> None:
    async with house(guarded, tmp_path, sentry_dsn=ingest.dsn, log_level="debug") as one:
        await one.subscribe()
        one.processes.start("worker", "-c", BROKEN, HEADER=HEADER)
        one.start_beat()
        project = await one.source.project("OctoFX")
        await one.source.steps(project, script("Deploy"))
        await one.source.variables(project, row("Password", SENSITIVE, Type="Sensitive"), row("Url", VALUE))
        assert await one.hook(b'{"Payload": {"Event": {}}}', GUESSED) == 401
        await eventually(lambda: buried(one), 60, "the bug was not met")
        await eventually(lambda: "a bug that quotes" in ingest.text(), 20, "nothing was reported")
        assert one.processes.terminate("worker") == 0
        texts = {
            "worker": one.processes.log("worker").read_text(),
            "beat": one.processes.log("beat").read_text(),
            "receiver": stream.getvalue(),
            "sentry": ingest.text(),
            "redis": await stored(redis, one.settings.namespace),
        }
        keys = (one.source.sandbox.api_key, one.destination.sandbox.api_key)
    assert "a bug that quotes" in texts["worker"], "the line that reports the bug"
    assert "a bug that quotes" in texts["redis"], "the dead letter, for a person to read"
    assert "webhooks.recorded" in texts["receiver"]
    for where, text in texts.items():
        for secret in (*keys, SECRET, GUESSED, PASSWORD, SENSITIVE):
            assert secret not in text, f"{secret} in {where}: {around(text, secret)}"
        if where != "redis":  # where the baseline remembers what was written
            assert VALUE not in text, f"{VALUE} in {where}: {around(text, VALUE)}"


async def ready(session: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError):
        async with session.get(f"{url}/readyz") as answer:
            return answer.status == 200
    return False


async def test_the_receiver_reports_its_bugs_without_a_secret(
    guarded: str, redis: Redis, tmp_path: Path, ingest: Ingest
) -> None:
    """One while it takes a webhook, which costs the batch nothing; and one while somebody signs in to its page."""
    outside, inside = free_port(), free_port()
    settings = {"receiver_port": str(outside), "status_port": str(inside), "status_token": TOKEN}
    async with house(guarded, tmp_path, sentry_dsn=ingest.dsn, log_level="debug", **settings) as one:
        one.processes.start("receiver", "-c", BROKEN_RECEIVER, HEADER=HEADER)
        url = f"http://127.0.0.1:{outside}"
        await eventually(lambda: ready(one.session, url))
        body = {"Payload": {"Event": {"Id": "Events-1", "Message": VALUE}, "NewValue": SENSITIVE}}
        async with one.session.post(f"{url}/webhooks/dev", json=body, headers={HEADER: SECRET}) as answer:
            assert answer.status == 202, "a bug of ours must not cost the batch its rest"
        form = {"token": GUESSED, "person": "Ada"}
        page_url = f"http://127.0.0.1:{inside}"
        async with one.session.post(f"{page_url}/sign-in", data=form, headers={"Origin": page_url}) as answer:
            assert answer.status == 500
            page = await answer.text()
        assert await asyncio.to_thread(one.processes.terminate, "receiver") == 0
        await eventually(lambda: ingest.text().count("a bug that quotes") >= 2, 20, "not both were reported")
        texts = {
            "receiver": one.processes.log("receiver").read_text(),
            "sentry": ingest.text(),
            "redis": await stored(redis, one.settings.namespace),
            "the page": page,
        }
        keys = (one.source.sandbox.api_key, one.destination.sandbox.api_key)
    assert '"component":"receiver"' in texts["sentry"].replace(": ", ":")
    assert "webhook.bug" in texts["receiver"]
    assert "page.bug" in texts["receiver"]
    for where, text in texts.items():
        for secret in (*keys, SECRET, GUESSED, PASSWORD, TOKEN, SENSITIVE, VALUE):
            assert secret not in text, f"{secret} in {where}: {around(text, secret)}"


def around(text: str, secret: str) -> str:
    at = text.index(secret)
    return text[max(0, at - 300) : at + 100]
