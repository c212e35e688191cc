"""A worker that is told to stop in the middle of a long run: it hands back what it cannot finish."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from sandbox.faults import Fault
from tests.house import House, house
from tests.pair import ROUTE, row, script
from tests.processes import eventually
from worker.queue.values import State

pytestmark = pytest.mark.timeout(120)

STUCK = """
import sys, time
from celery.concurrency.prefork import TaskPool

TaskPool.on_stop = lambda self: time.sleep(3600)
from worker.__main__ import main
sys.exit(main([]))
"""
"""Celery's own stop does not come to an end."""


async def writing(one: House) -> bool:
    """A run is at the write that takes so long."""
    lines = one.processes.log("worker").read_text().splitlines()
    return any('"event": "write"' in line and "OctoFX/variables" in line for line in lines)


async def test_what_does_not_end_in_time_is_handed_back_at_once(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, stop_seconds="0.5") as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()
        await one.subscribe()
        fault = Fault("latency", method="PUT", path="/variables/", seconds=60, count=0)
        one.destination.sandbox.faults.add(fault)
        project = await one.source.project("OctoFX")
        await one.source.steps(project, script("Deploy"))
        await one.source.variables(project, row("Count", "1"))
        await eventually(lambda: writing(one), 60, "no run to stop")
        assert await asyncio.to_thread(one.processes.terminate, "worker") == 0
        entries = await one.state.queue.waiting(ROUTE)
        assert entries
        assert State.RUNNING not in {entry.state for entry in entries}, "no lease is waited for"
        assert {entry.attempts for entry in entries} == {0}
        assert "handed back: its worker stopped" in {entry.why for entry in entries}
        one.destination.sandbox.faults.remove(fault.id)
        one.start_worker()
        await one.settled()
        copy = await one.arrived("projects", "OctoFX")
        assert copy is not None
        rows = (await one.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        assert [found["Value"] for found in rows] == ["1"]
        results = [
            json.loads(line)["result"]
            for line in one.processes.log("worker").read_text().splitlines()
            if '"event": "looked"' in line
        ]
        assert "changed" in results


async def test_it_ends_in_time_though_celery_does_not(redis_url: str, tmp_path: Path) -> None:
    """With a run at work that cannot be handed back either: its lease ends, and another takes it up."""
    async with house(redis_url, tmp_path, stop_seconds="0.5", lease_seconds="5") as one:
        one.processes.start("worker", "-c", STUCK)
        one.start_beat()
        await one.settled_after_first_comparison()
        await one.subscribe()
        fault = Fault("latency", method="PUT", path="/variables/", seconds=60, count=0)
        one.destination.sandbox.faults.add(fault)
        project = await one.source.project("OctoFX")
        await one.source.variables(project, row("Count", "1"))
        await eventually(lambda: writing(one), 60, "no run to stop")
        await asyncio.to_thread(one.processes.terminate, "worker")
        assert '"event": "worker.forced"' in one.processes.log("worker").read_text()
        one.destination.sandbox.faults.remove(fault.id)
        one.start_worker()
        await one.settled()
        assert await one.arrived("projects", "OctoFX") is not None
