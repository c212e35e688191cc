"""A person at a terminal, for the tests of the commands: a real Redis, and an engine that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from config.routes import Route, RoutesFile
from worker.cli.main import app
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.plan import json as plan_json
from worker.plan.values import Action, Change, CleanUp, Edit, Op, Plan
from worker.queue.dirty import DirtyQueue
from worker.queue.values import Entry
from worker.sync import run as engine
from worker.sync.planning.items import Items, UnknownItem
from worker.sync.planning.planner import Planned

T = TypeVar("T")

ROUTES = """
instances:
  - {name: test, url: https://test.example.com, api_key: {env: KEY_A}}
  - {name: prod, url: https://prod.example.com, api_key: {env: KEY_B}}
routes:
  - name: test-to-prod
    source: {instance: test}
    destination: {instance: prod}
    include: {project: ["*"]}
"""
SECOND = """
  - name: test-to-other
    source: {instance: test}
    destination: {instance: prod, space: Other}
    include: {project: ["*"]}
"""
ITEM = ("project", "OctoFX")
CLEAN_UP = CleanUp(ITEM, "Variables[Password]", "placeholder-secret", "fill in the [secret]")
CHANGED = Plan(
    "test-to-prod",
    (
        Action(
            Op.UPDATE,
            "project",
            ITEM,
            "Projects-1",
            "Projects-2",
            changes=(Change(Edit.CHANGE, "Description", "old", "new"),),
            clean_ups=(CLEAN_UP,),
            body={"Name": "OctoFX"},
        ),
        Action(Op.LEAVE, "lifecycle", ("lifecycle", "Default"), "Lifecycles-1", "Lifecycles-1"),
    ),
)
BLOCKED = Plan("test-to-prod", (Action(Op.BLOCK, "project", ITEM, "Projects-1", None),))
EMPTY = Plan("test-to-prod", (Action(Op.LEAVE, "project", ITEM, "Projects-1", "Projects-2"),))


@dataclass
class FakeEngine:
    """An open route that knows two projects and gives the answers it was told to give."""

    route: Route
    planned: Plan = EMPTY
    result: engine.Result = engine.Result.UNCHANGED
    message: str = ""
    asked: list[Any] = field(default_factory=list)

    async def everything(self) -> list[str]:
        return ["Projects-1", "Projects-2"]

    async def documents(self, items: Items) -> list[str]:
        known = {ITEM: "Projects-1", ("project", "A/B"): "Projects-2"}
        unknown = [path for path in items.paths if path not in known]
        if unknown:
            raise UnknownItem(f"the source has no project {unknown[0][1]!r}")
        return [known[path] for path in items.paths]

    async def read_in_bulk(self) -> None:
        self.asked.append("read in bulk")

    async def plan(self, document_ids: list[str], *, progress: Callable[[str], None] | None = None) -> Planned:
        self.asked.append(("plan", list(document_ids)))
        if progress is not None:
            progress("looking up [bold]2 things")
        return Planned(self.planned)

    async def sync(self, document_ids: list[str], **options: Any) -> engine.Outcome:
        self.asked.append(("sync", list(document_ids), options["approved_hash"]))
        return engine.Outcome(self.result, self.planned, requests=6, writes=1, message=self.message, run_id="r1")


class Shell:
    """A person at a terminal, with a routes file and a Redis."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.file = folder / "octosync.yaml"
        self.file.write_text(ROUTES)
        self.redis_url = redis_url
        self.engine: FakeEngine | None = None
        self.planned: Plan = EMPTY
        self.result = engine.Result.UNCHANGED
        self.message = ""

    def run(self, *arguments: str) -> Result:
        environment = {"OCTOSYNC_ROUTES": str(self.file), "OCTOSYNC_REDIS_URL": self.redis_url}
        return CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)

    def json(self, *arguments: str, status: int = 0) -> Any:
        answer = self.run(*arguments, "--json")
        assert answer.exit_code == status, answer.output
        return json.loads(answer.stdout)

    def ledger(self, work: Callable[[Ledger, DirtyQueue], Awaitable[T]]) -> T:
        async def worked() -> T:
            client = open_redis(self.redis_url)
            try:
                return await work(Ledger(client), DirtyQueue(client))
            finally:
                await client.aclose()

        return asyncio.run(worked())

    def told(self, queue: str) -> int:
        """How many messages wait in a queue of Celery's."""

        async def count() -> int:
            client = open_redis(self.redis_url)
            try:
                return int(await client.llen(f"octosync:{queue}"))
            finally:
                await client.aclose()

        return asyncio.run(count())

    def waiting(self) -> list[Entry]:
        return self.ledger(lambda _, queue: queue.waiting())


@contextmanager
def terminal(folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """With nothing of ours in Redis, before and after."""
    shell = Shell(folder, redis_url)

    @asynccontextmanager
    async def open_route(routes: RoutesFile, name: str, **_: Any) -> AsyncIterator[FakeEngine]:
        shell.engine = FakeEngine(routes.route(name), shell.planned, shell.result, shell.message)
        yield shell.engine

    async def forget() -> None:
        client = open_redis(redis_url)
        for pattern in ("{octosync*}:*", "octosync:*", "_kombu*"):  # ours, and Celery's queues
            async for key in client.scan_iter(match=pattern, count=1000):
                await client.delete(key)
        await client.aclose()

    monkeypatch.setattr(engine, "open_route", open_route)
    asyncio.run(forget())
    yield shell
    asyncio.run(forget())


def hold(shell: Shell, plan: Plan = CHANGED) -> None:
    async def work(ledger: Ledger, queue: DirtyQueue) -> None:
        document = plan_json.as_dict(plan)
        key = "test-to-prod|Projects-1"
        await ledger.held.hold("test-to-prod", "too many updates", plan.hash, plan.summary(), key=key, plan=document)

    shell.ledger(work)
