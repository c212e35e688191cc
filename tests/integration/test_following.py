"""Following what a person had enqueued to its end. Two sandboxes, a Redis in this process, a worker that sweeps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings
from sandbox.faults import Fault
from tests.integration.test_looking import Desk, desk, edit, synced
from tests.pair import ROUTE, row, script
from tests.processes import eventually
from worker.cli.context import House
from worker.cli.enqueue import Follow, mark
from worker.cli.errors import Status
from worker.cli.waiting import status_of
from worker.ledger.runs import Run
from worker.plan import json as plan_json
from worker.queue.keys import EVERYTHING, DirtyKey
from worker.queue.values import Priority


@asynccontextmanager
async def working(one: Desk) -> AsyncIterator[None]:
    """A worker, and the sweep that tells it what is due."""

    async def work() -> None:
        while True:
            for due in (await one.state.queue.sweep()).due:
                await one.looker.look(due.key)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()


async def enqueue(
    one: Desk, *documents: str, timeout_s: float | None = 60, priority: Priority = Priority.EVENTS
) -> list[dict[str, Any]]:
    """As ``octosync enqueue --wait`` does it."""
    house = House(Settings(), one.both.routes, one.state, "Ada", "cli-1")
    keys = [DirtyKey(ROUTE, document) for document in documents]
    answer = await mark(house, keys, priority=priority, reason="INC-1", follow=Follow(True, timeout_s, True))
    return list(answer["items"])


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no broker: the sweep tells."""

    async def published(*_: Any, **__: Any) -> bool:
        return True

    monkeypatch.setattr("worker.publisher.publish", published)


async def runs(one: Desk) -> list[Run]:
    return await one.state.ledger.runs.answering("cli-1")


async def test_it_ends_when_the_item_is_done_and_tells_by_which_run(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project = await synced(one)
        document = await edit(one, project)
        async with working(one):
            [item] = await enqueue(one, document)
        [run] = await runs(one)
        assert (item["result"], item["item"], item["run"]) == ("changed", "project/OctoFX/variables", run.id)
        assert status_of([item]) is Status.DONE
        assert (run.requested_by, run.reason, run.sources) == ("Ada", "INC-1", ("cli",))
        async with working(one):
            [item] = await enqueue(one, document)
        assert item["result"] == "unchanged"


async def test_everything_is_followed_through_the_comparison_to_the_last_item(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        first, second = await synced(one), await synced(one, "Other")
        documents = {await edit(one, first), await edit(one, second)}
        await one.state.ledger.directories.invalidate("dev", "Default")
        async with working(one):
            items = await enqueue(one, EVERYTHING, priority=Priority.BULK)
        assert {item["document"]: item["result"] for item in items} == {
            EVERYTHING: "compared", **dict.fromkeys(documents, "changed")
        }  # fmt: skip
        assert status_of(items) is Status.DONE
        found = await runs(one)
        assert {(run.requested_by, run.reason) for run in found} == {("Ada", "INC-1")}
        compared = next(run for run in found if run.outcome == "compared")
        assert compared.summary.endswith("documents compared, 2 to be looked at")
        assert compared.requests["dev"] > 0


async def test_what_failed_or_is_blocked_ends_it_with_the_reason(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project = await synced(one)
        document = await edit(one, project)
        fault = Fault("status", method="PUT", path="/variables/", status=400, count=0, message="The name is long")
        one.both.destination.sandbox.faults.add(fault)
        async with working(one):
            [item] = await enqueue(one, document)
        assert item["result"] == "failed"
        assert "The name is long" in item["why"]
        assert status_of([item]) is Status.ERROR


async def test_what_waits_for_something_to_exist_ends_it_and_says_for_what(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis, exclude={"lifecycle": ["Two weeks"]}) as one:
        lifecycle = await one.both.source.post("lifecycles", {"Name": "Two weeks", "Phases": []})
        project = await one.both.source.project("OctoFX", LifecycleId=lifecycle["Id"])
        async with working(one):
            [item] = await enqueue(one, f"{project['Id']}/*")
        assert item["result"] == "blocked"
        assert "Two weeks" in item["why"]
        assert status_of([item]) is Status.ERROR


async def test_a_held_route_ends_it_and_says_so(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project = await synced(one)
        document = await edit(one, project)
        await one.state.ledger.held.hold(ROUTE, "too much", "abc")
        async with working(one):
            [item] = await enqueue(one, document)
        assert (item["result"], status_of([item])) == ("held", Status.REFUSED)


async def test_a_pause_is_waited_out_and_named_when_time_is_over(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project = await synced(one)
        document = await edit(one, project)
        await one.state.queue.pause(ROUTE)
        async with working(one):
            [item] = await enqueue(one, document, timeout_s=0)
            assert (item["result"], item["why"]) == ("waiting", "is paused")
            assert status_of([item]) is Status.ERROR
            following = asyncio.create_task(enqueue(one, document))
            await eventually(one.waiting)
            await one.state.queue.resume(ROUTE)
            [item] = await following
        assert item["result"] == "changed"


async def test_that_nobody_takes_it_is_said(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        await one.state.queue.mark([DirtyKey(ROUTE, "Projects-1")], source="cli", debounce_ms=0)
        await one.pass_time()  # due since long ago
        [item] = await enqueue(one, "Projects-1", timeout_s=0)
        assert item["result"] == "waiting"
        assert "is a worker running?" in item["why"]


async def test_a_run_that_failed_half_way_tells_what_it_wrote(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project = await one.both.source.project("OctoFX")
        await one.both.source.steps(project, script("Deploy"))
        await one.both.source.variables(project, row("Count", "1"))
        fault = Fault("status", method="PUT", path="/variables/", status=400, count=0, message="No")
        one.both.destination.sandbox.faults.add(fault)
        looked = await one.look(f"{project['Id']}/*")
        assert looked.result == "never"
        [run] = await one.state.ledger.runs.newest()
        found = await one.state.ledger.runs.get(run.id)
        assert found is not None
        assert found.outcome == "error"
        assert "No" in (found.error or "")
        assert found.plan is not None
        written = [action.path for action in plan_json.from_dict(json.loads(found.plan)).writes]
        assert ("project", "OctoFX") in written
        assert ("project", "OctoFX", "variables") not in written
