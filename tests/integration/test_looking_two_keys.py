"""Two keys that mean one document, as a project's own and its subtree's do, looked at at the same time."""

from __future__ import annotations

import asyncio

from fakeredis import FakeAsyncRedis

from config.settings import Settings
from sandbox.faults import Fault
from tests.integration.test_looking import desk, edit, synced
from tests.pair import ROUTE
from tests.processes import eventually
from worker.looking.look import Looker
from worker.queue.keys import DirtyKey
from worker.queue.values import Source


async def test_who_found_nothing_to_write_does_not_contradict_who_wrote_meanwhile(fake_redis: FakeAsyncRedis) -> None:
    """It knew the baseline from before the write, and the document from after it: as if a person had made the rows."""
    async with desk(fake_redis, rules={"variables": {"value": "follow"}}) as one:
        project_id = await synced(one)
        document = await edit(one, project_id, "1")
        fault = Fault("latency", "GET", f"{document}$", seconds=1.0)
        one.both.source.sandbox.faults.add(fault)
        await one.state.queue.mark([DirtyKey(ROUTE, document)], source=Source.CLI, debounce_ms=0)
        slow = asyncio.create_task(one.looker.look(DirtyKey(ROUTE, document)))
        await eventually(lambda: fault.hits)
        whole = DirtyKey(ROUTE, f"{project_id}/*")
        await one.state.queue.mark([whole], source=Source.CLI, debounce_ms=0)
        assert (await Looker(one.state, one.both.routes, Settings()).look(whole)).result == "changed"
        assert (await slow).result == "unchanged"

        assert (await one.look(await edit(one, project_id, "2"))).result == "changed"
        project = await one.both.destination.named("projects", "OctoFX")
        [row] = (await one.both.destination.get(f"variables/variableset-{project['Id']}"))["Variables"]
        assert row["Value"] == "2"


async def test_what_is_gone_since_it_was_read_is_looked_for_again(fake_redis: FakeAsyncRedis) -> None:
    """Another run has deleted it, say. That is no reason to give its key up."""
    async with desk(fake_redis) as one:
        project_id = await synced(one)
        there = await one.both.destination.named("projects", "OctoFX")
        await one.both.source.edit(f"projects/{project_id}", Description="New")
        one.both.destination.sandbox.faults.add(
            Fault("vanish", "GET", f"projects/{there['Id']}$", document=there["Id"])
        )
        assert (await one.look(project_id)).result == "again"
        await one.pass_time()
        assert (await one.again(project_id)).result == "changed"
        assert await one.state.queue.dead_letters() == []
