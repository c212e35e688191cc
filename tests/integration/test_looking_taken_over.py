"""A worker whose key was taken over while it slept: it neither writes nor remembers any more, wherever it slept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings
from sandbox.faults import Fault
from tests.integration.test_looking import Desk, desk, edit, synced
from tests.pair import ROUTE, row
from tests.processes import eventually
from worker.looking import lease as leases
from worker.looking.lease import Keeper, LeaseLost
from worker.looking.look import Looker
from worker.octopus.errors import Unreachable
from worker.queue.keys import DirtyKey
from worker.queue.values import Claim, ClaimStatus, Source


@pytest.fixture
async def one(fake_redis: FakeAsyncRedis) -> AsyncIterator[Desk]:
    async with desk(fake_redis, rules={"variables": {"value": "follow"}}) as found:
        yield found


async def start(one: Desk, project_id: str, value: str) -> asyncio.Task[Any]:
    """A worker that beats so seldom that only the check before a request can save it. It looks at the variables."""
    document = await edit(one, project_id, value)
    await one.state.queue.mark([key_of(document)], source=Source.CLI, debounce_ms=0)
    return asyncio.create_task(one.looker.look(key_of(document)))


def key_of(document: str) -> DirtyKey:
    return DirtyKey(ROUTE, document)


async def take_over(one: Desk, project_id: str, value: str) -> None:
    """The lease has ended, and another worker brings what the source says by now."""
    key = key_of(f"variableset-{project_id}")
    await one.redis.zadd("{octosync}:q:running", {str(key): 0})
    async for name in one.redis.scan_iter(match="{octosync}:write:*|*"):
        await one.redis.delete(name)
    await one.state.queue.sweep()
    await one.both.source.variables({"Id": project_id}, row("Count", value))
    other = Looker(one.state, one.both.routes, Settings())
    assert (await other.look(key)).result == "changed"


async def count(one: Desk) -> str | None:
    project = await one.both.destination.named("projects", "OctoFX")
    [found] = (await one.both.destination.get(f"variables/variableset-{project['Id']}"))["Variables"]
    return str(found["Value"])


async def test_between_two_tries_of_a_write(one: Desk) -> None:
    """The server asks for a pause, and the write is repeated after it."""
    project_id = await synced(one)
    fault = Fault("status", "PUT", "variables", status=429, headers={"Retry-After": "1"})
    one.both.destination.sandbox.faults.add(fault)
    run = await start(one, project_id, "2")
    await eventually(lambda: fault.hits)
    await take_over(one, project_id, "3")
    written = one.both.destination.writes

    assert (await run).result == "lease-lost"
    assert one.both.destination.writes == written
    assert await count(one) == "3"


async def test_while_the_answer_to_a_write_was_on_its_way(one: Desk) -> None:
    """What was written is there, and known to the one who took over; the first must not remember what it knew then."""
    project_id = await synced(one)
    fault = Fault("slow-body", "PUT", "variables", seconds=1.5)
    one.both.destination.sandbox.faults.add(fault)
    run = await start(one, project_id, "2")
    await eventually(lambda: fault.hits)
    await take_over(one, project_id, "3")
    assert (await run).result == "lease-lost"

    await edit(one, project_id, "4")
    looked = await one.look(f"variableset-{project_id}")
    assert (looked.result, await count(one)) == ("changed", "4"), "no conflict with what nobody wrote"
    assert await one.both.clean_ups() == []


async def test_with_nothing_left_to_write(one: Desk) -> None:
    """It says nothing of a change that another has answered."""
    project_id = await synced(one)
    fault = Fault("latency", "GET", "/variables/", seconds=0.7)
    one.both.destination.sandbox.faults.add(fault)
    run = await start(one, project_id, "2")
    await eventually(lambda: fault.hits)
    await take_over(one, project_id, "2")
    written = one.both.destination.writes

    looked = await run
    assert (looked.result, looked.behind_s) == ("lease-lost", None)
    assert one.both.destination.writes == written


@pytest.mark.parametrize(("is_held", "raised"), [(False, LeaseLost), (True, Unreachable)])
async def test_what_failed_after_the_loss_tells_nothing_of_the_server(is_held: bool, raised: type[Exception]) -> None:
    """It slept through the answer. No circuit must open for that."""

    class Queue:
        async def beat(self, *_: Any) -> bool:
            return is_held

    async def work() -> None:
        raise Unreachable("the connection broke")

    claim = Claim(key_of("Projects-1"), ClaimStatus.OK, token=1)
    with pytest.raises(raised):
        await Keeper(Queue(), claim, 60_000).run(work(), 60)  # type: ignore[arg-type]  # all that it asks of a queue


async def test_an_old_answer_is_no_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was stopped between the answer of Redis and the write."""
    now = 0.0
    answers = [True, False]

    class Queue:
        async def beat(self, *_: Any) -> bool:
            nonlocal now
            now += 60.0
            return answers.pop(0)

    class Time:
        @staticmethod
        def monotonic() -> float:
            return now

    monkeypatch.setattr(leases, "time", Time)
    claim = Claim(key_of("Projects-1"), ClaimStatus.OK, token=1)
    keeper = Keeper(Queue(), claim, 60_000)  # type: ignore[arg-type]  # all that it asks of a queue
    with pytest.raises(LeaseLost):
        await keeper.guard()
    assert answers == []


async def test_a_lease_is_let_go_of_though_its_beat_swallows_that_it_is_cancelled() -> None:
    """As redis-py may, where it has to connect for it. Else the run would never end, and nobody get its key."""
    beating = asyncio.Event()

    class Queue:
        async def beat(self, *_: Any) -> bool:
            beating.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(30)
            return True

    claim = Claim(key_of("Projects-1"), ClaimStatus.OK, token=1)
    keeper = Keeper(Queue(), claim, 30)  # type: ignore[arg-type]  # all that it asks of a queue
    assert await asyncio.wait_for(keeper.run(beating.wait(), 60), 20)
