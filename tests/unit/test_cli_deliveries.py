"""``octosync deliveries``: what came, and having it looked at again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from config.settings import Settings
from worker.cli.main import app
from worker.ledger.connect import open_redis
from worker.queue.inbox import Delivery
from worker.queue.keys import DirtyKey
from worker.queue.values import Source
from worker.state import State, state_of

T = TypeVar("T")
KEY = DirtyKey("test-to-prod", "Projects-1")
ROUTES = """
instances:
  - {name: test, url: https://test.example.com, api_key: {env: KEY_A}}
  - {name: prod, url: https://prod.example.com, api_key: {env: KEY_B}}
routes:
  - {name: test-to-prod, source: {instance: test}, destination: {instance: prod}, include: {project: ["*"]}}
"""


class Shell:
    def __init__(self, folder: Path, redis_url: str) -> None:
        self.file = folder / "octosync.yaml"
        self.file.write_text(ROUTES)
        self.redis_url = redis_url

    def run(self, *arguments: str) -> Result:
        environment = {
            "OCTOSYNC_ROUTES": str(self.file),
            "OCTOSYNC_REDIS_URL": self.redis_url,
            "OCTOSYNC_TIMEZONE": "Europe/Vienna",
        }
        return CliRunner().invoke(app, ["deliveries", *arguments], env=environment, catch_exceptions=False)

    def json(self, *arguments: str) -> Any:
        answer = self.run(*arguments, "--json")
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)

    def state(self, work: Callable[[State], Awaitable[T]]) -> T:
        async def worked() -> T:
            client = open_redis(self.redis_url)
            try:
                return await work(state_of(client, Settings()))
            finally:
                await client.aclose()

        return asyncio.run(worked())

    def waiting(self) -> list[tuple[DirtyKey, tuple[Source, ...]]]:
        return [(one.key, one.sources) for one in self.state(lambda state: state.queue.waiting())]


@pytest.fixture
def shell(tmp_path: Path, redis_url: str) -> Iterator[Shell]:
    shell = Shell(tmp_path, redis_url)

    async def forget(state: State) -> None:
        async for name in state.ledger._redis.scan_iter(match="{octosync*}:*"):
            await state.ledger._redis.delete(name)

    async def come(state: State) -> None:
        await forget(state)
        await state.ledger.names.remember("test-to-prod", {"Projects-1": ("project", "OctoFX")})
        delivery = Delivery(
            "test",
            "Events-1",
            "Projects-1",
            "Modified",
            keys=[KEY],
            verdict="placed",
            body=b'{"Payload":{"BatchId":"b"}}',
        )
        await state.inbox.record([delivery, Delivery("test", "Events-2", "Deployments-1", verdict="ignored")])
        claim = await state.queue.claim(KEY, 1_000)
        assert claim.status == "early"

    shell.state(come)
    yield shell
    shell.state(forget)


def test_they_are_listed_newest_first(shell: Shell) -> None:
    newest, oldest = shell.json()
    assert (newest["event"], newest["marked"]) == ("Events-2", [])
    assert (oldest["event"], oldest["marked"], oldest["source"]) == ("Events-1", [str(KEY)], "test")
    assert len(shell.json("--limit", "1")) == 1
    text = shell.run().stdout
    assert "project/OctoFX of test-to-prod" in text
    assert "ignored" in text


def test_one_is_shown_with_what_is_kept_of_its_body(shell: Shell) -> None:
    without, entry = (one["id"] for one in shell.json())
    assert shell.json("show", entry)["body"] == {"Payload": {"BatchId": "b"}}
    text = shell.run("show", entry).stdout
    assert "Events-1" in text
    assert '"BatchId": "b"' in text
    assert shell.json("show", without)["body"] is None
    assert shell.run("show", "1-1").exit_code == 1


def test_one_is_replayed(shell: Shell) -> None:
    entry = shell.json()[1]["id"]
    answer = shell.run("replay", entry)
    assert answer.exit_code == 0
    assert "1 replayed, 1 to be looked at" in answer.stderr
    assert shell.waiting() == [(KEY, (Source.WEBHOOK, Source.CLI))]


def test_all_since_a_time_by_the_clock_of_the_settings(shell: Shell) -> None:
    now = datetime.now(ZoneInfo("Europe/Vienna"))
    later, before = (f"{now + timedelta(minutes=minutes):%Y-%m-%d %H:%M}" for minutes in (5, -5))
    assert "0 replayed" in shell.run("replay", "--since", later).stderr
    assert shell.json("--since", later) == []
    assert "1 replayed, 1 to be looked at" in shell.run("replay", "--since", before).stderr


@pytest.mark.parametrize(
    "arguments", [(), ("1-1",), ("nonsense",), ("--since", "yesterday"), ("1-1", "--since", "2026-01-01")]
)
def test_what_is_no_delivery(shell: Shell, arguments: tuple[str, ...]) -> None:
    answer = shell.run("replay", *arguments)
    assert answer.exit_code == 1
    assert "Traceback" not in answer.output
    assert shell.waiting() == [(KEY, (Source.WEBHOOK,))]
