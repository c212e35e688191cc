"""How long does a change take that was saved on the source to be written on the destination?

From the webhook received (recorded in Redis, by the journal) to the PUT answered (by the destination's log), without
the debounce, which is waited on purpose. Receiver, workers, beat, Redis and both servers are processes of their own,
over HTTP. A change is a variable added to a project: one PUT.

*Idle*: now and then one change, of another project each time. *Burst*: many projects at once, as when a script goes
over all of them; the later ones wait for the earlier. Workers are processes that take one item at a time. All share the
cores of the machine with the servers and whoever edits: with two cores, more than one worker is more than there is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from benchmarks import report
from benchmarks.servers import Served
from benchmarks.whole import Whole, whole
from worker.sync.catch_up import OVERLAP
from worker.ticks import catch_up_all

WORKERS = (1, 2, 4)
GOAL_MS = 1_000
"""Of one change, idle, on loopback."""
DEBOUNCE_S = 1.0
"""A third of what it is by default, so that this takes less time. It is subtracted."""
VARIABLES = 20
"""Of a project."""
EVERY_S = 0.3
"""Between two changes when idle: one takes a third of that."""
EDITORS = 8


def run(*, quick: bool = False) -> dict[str, Any]:
    if quick:
        return asyncio.run(_run(WORKERS[:2], idle=10, burst=30, quiet_s=5.0))
    return asyncio.run(_run(WORKERS, idle=50, burst=150, quiet_s=15.0))


async def _run(workers: Sequence[int], *, idle: int, burst: int, quiet_s: float) -> dict[str, Any]:
    """``quiet_s``: several sweeps, which come every 5 s."""
    rows = []
    sizes = f"projects={burst},variables={VARIABLES * burst},runbooks=0,tenants=0"
    async with whole(sizes, debounce_s=DEBOUNCE_S) as one:
        with one.beat():
            for number in workers:
                with one.workers(number) as running:
                    if number == workers[0]:
                        await one.first_compared()
                        standing = await _standing(one, running, quiet_s)
                    await _changes(one, f"Warm {number}", 4 * number, every_s=0)
                    for what, changes, every_s in (("idle", idle, EVERY_S), ("burst", burst, 0.0)):
                        rows.append(await _timed(one, running, what, changes, every_s))
                        report.say(f"[dim]{number} workers: {what}[/dim]")
    _tell(rows)
    return {"debounce_s": DEBOUNCE_S, "goal_ms": GOAL_MS, "results": rows, "standing": standing}


async def _changes(one: Whole, name: str, number: int, every_s: float) -> None:
    """One in each of so many projects, and waits until all have arrived. ``every_s`` 0: as fast as they are saved."""
    projects = list(one.twins)[:number]
    if every_s:
        for project in projects:
            began = time.monotonic()
            await one.source.add_variable(project, name)
            await asyncio.sleep(max(0.0, every_s - (time.monotonic() - began)))
    else:
        editors = asyncio.Semaphore(EDITORS)

        async def edit(project: str) -> None:
            async with editors:
                await one.source.add_variable(project, name)

        await asyncio.gather(*map(edit, projects))
    await one.heard(number)
    await one.settled()


async def _timed(one: Whole, running: Sequence[Served], what: str, changes: int, every_s: float) -> dict[str, Any]:
    await one.next_phase()
    cpu, redis_cpu, operations = _cpu_s(running), one.redis_cpu_s(), await one.operations()
    await _changes(one, f"{what} {len(running)}", changes, every_s)
    cpu, redis_cpu = _cpu_s(running) - cpu, one.redis_cpu_s() - redis_cpu
    operations = await one.operations() - operations
    arrived = await one.arrived()
    requests = len(await one.destination.requests()) + len(
        [each for each in await one.source.requests() if each.agent.startswith("octosync")]
    )
    claimed = _claimed(one, len(running))
    took = max(each.written for each in arrived) - min(each.due for each in arrived)
    number = len(arrived)
    return {
        "workers": len(running),
        "what": what,
        "changes": number,
        "p50_ms": report.median(each.ms for each in arrived),
        "p99_ms": report.percentile([each.ms for each in arrived], 99),
        "worst_ms": max(each.ms for each in arrived),
        "waited_p50_ms": report.median((claimed[each.document] - each.due) * 1000 for each in arrived),
        "seconds": took,
        "per_s": number / took,
        "requests_each": requests / number,
        "worker_cpu_ms": cpu / number * 1000,
        "redis_cpu_ms": redis_cpu / number * 1000,
        "operations_each": operations / number,
    }


def _claimed(one: Whole, workers: int) -> dict[str, float]:
    """Variable sets, and when a worker began with them last, by the workers' logs."""
    found = {}
    for number in range(workers):
        for line in one.log_lines(f"worker-{number}"):
            if line.get("event") == "looked" and line["writes"]:
                began = datetime.fromisoformat(line["timestamp"]).timestamp() - line["ms"] / 1000
                found[line["key"].partition("|")[2]] = began
    return found


async def _standing(one: Whole, running: Sequence[Served], quiet_s: float) -> dict[str, Any]:
    """What it costs that a worker and beat are there, and to ask a source whether anything happened, when nothing
    did."""
    cpu, redis_cpu, operations = _cpu_s(running), one.redis_cpu_s(), await one.operations()
    await asyncio.sleep(quiet_s)
    found = {
        "operations_per_s": (await one.operations() - operations) / quiet_s,
        "worker_cpu_share": (_cpu_s(running) - cpu) / quiet_s,
        "redis_cpu_share": (one.redis_cpu_s() - redis_cpu) / quiet_s,
    }
    await one.next_phase()
    before = await one.operations(), await one.calls("zscore")
    await catch_up_all(one.state, one.routes)
    looked_up = await one.calls("zscore") - before[1]  # each event of the overlap, once
    operations = await one.operations() - before[0] - looked_up - 3  # our own questions
    return {
        **found,
        "overlap_s": OVERLAP.total_seconds(),
        "catch_up_operations": operations,
        "catch_up_requests": len([each for each in await one.source.requests() if each.agent.startswith("octosync")]),
    }


def _cpu_s(running: Iterable[Served]) -> float:
    return sum(each.cpu_s() for each in running)


def _tell(rows: Sequence[dict[str, Any]]) -> None:
    report.table(
        "Change to arrival, the debounce subtracted",
        [
            "",
            "changes",
            "p50 ms",
            "p99 ms",
            "worst ms",
            "of p50 waiting",
            "per s",
            "requests each",
            "worker CPU ms each",
        ],
        [
            [
                f"{row['workers']} worker{'s' if row['workers'] > 1 else ''}, {row['what']}",
                row["changes"],
                row["p50_ms"],
                row["p99_ms"],
                row["worst_ms"],
                row["waited_p50_ms"],
                row["per_s"] if row["what"] == "burst" else None,
                row["requests_each"],
                row["worker_cpu_ms"],
            ]
            for row in rows
        ],
    )
