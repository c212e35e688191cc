"""A worker that is asked to stop while it works. Those that are killed: test_chaos_kills.py."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.faults import Fault
from tests.house import House, house
from tests.pair import ROUTE, script
from tests.processes import eventually
from worker.queue.values import State

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


async def content(one: House, side: str) -> dict[str, tuple[list[str], list[tuple[str, str]]]]:
    """Steps and variables of each project, by name."""
    server = getattr(one, side)
    found = {}
    for project in await server.get("projects/all"):
        process = await server.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        variables = await server.get(f"variables/variableset-{project['Id']}")
        found[project["Name"]] = (
            [step["Name"] for step in process["Steps"]],
            sorted((one["Name"], one["Value"]) for one in variables["Variables"]),
        )
    return found


def slow() -> Fault:
    return Fault("latency", seconds=0.15, count=0)


async def running(one: House) -> bool:
    return any(entry.state is State.RUNNING for entry in await one.state.queue.waiting(ROUTE))


async def test_a_worker_that_is_asked_to_stop_ends_what_it_does(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()
        await one.subscribe()
        one.destination.sandbox.faults.add(fault := slow())
        project = await one.source.project("OctoFX")
        await one.source.steps(project, script("Deploy"))
        await eventually(lambda: running(one), 60, "no run to stop")
        assert await asyncio.to_thread(one.processes.terminate, "worker") == 0
        one.destination.sandbox.faults.remove(fault.id)
        one.start_worker()
        await one.settled(within_s=150)
        assert await content(one, "destination") == await content(one, "source")
