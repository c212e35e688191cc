"""What does a limit of 200 requests a minute cost: how long does a full reconciliation take, and what does an event
suffer meanwhile?

Servers of 2026.3 allow a user 200 requests a minute, and as many at once after a rest. Both servers refuse what is
above it (429), and the routes file says so, as it should: we stay 5 % below. A reconciliation of spaces that hold the
same is asked for by its mark, as the clock does at night; meanwhile somebody (another user) adds a variable now and
then. Two workers, since one of them compares. In real time, as processes; nothing is scaled.

*Full*: nobody asked for a while, as at night. *Empty*: all that may be asked at once was spent right before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from benchmarks import report
from benchmarks.whole import DESTINATION, SOURCE, Arrival, Document, Whole, eventually, whole
from benchmarks.worlds import ROUTE
from worker.ledger.budget import MARGIN
from worker.octopus import budget
from worker.publisher import publish
from worker.queue.keys import EVERYTHING, DirtyKey
from worker.queue.values import Priority, Source
from worker.sync.servers.connecting import connect

LIMIT = 200
LIMITS = (
    ("no limit", 0, False),
    (f"{LIMIT} a minute, full", LIMIT, False),
    (f"{LIMIT} a minute, empty", LIMIT, True),
)
"""In words, the limit, and whether what may be asked at once was spent before."""
UNLIMITED = 1_000_000
DEBOUNCE_S = 1.0
EVERY_S = 2.0
"""Between two changes."""
VARIABLES, RUNBOOKS = 5, 2
"""Of a project. They are small, since requests are what counts here: as many as of large ones."""
WITHIN_S = 300.0
WORKERS = 2
ALONE = 10
CHANGED = 100
"""Projects that may be changed, one after the other; more than there is time for."""


def run(*, quick: bool = False) -> dict[str, Any]:
    return asyncio.run(_run(30, LIMITS[:2]) if quick else _run(1_000, LIMITS))


async def _run(projects: int, limits: Sequence[tuple[str, int, bool]]) -> dict[str, Any]:
    sizes = f"projects={projects},variables={VARIABLES * projects},runbooks={RUNBOOKS * projects},tenants=0,steps=1"
    async with whole(sizes, debounce_s=DEBOUNCE_S, met=CHANGED) as one:
        report.say(f"[dim]{projects:,} projects: the spaces have met[/dim]")
        with one.beat(), one.workers(WORKERS):
            await one.first_compared()
            await _changes(one, ALONE, every_s=0.5)
            alone = _delays(await one.arrived())
            rows = []
            for name, limit, spent in limits:
                rows.append({"name": name, **await _reconciled(one, limit, spent=spent)})
                report.say(f"[dim]{name}[/dim]")
    _tell(projects, rows, alone)
    return {"projects": projects, "limit": LIMIT, "margin": MARGIN, "alone": alone, "results": rows}


async def _changes(one: Whole, number: int, every_s: float, until: asyncio.Event | None = None) -> None:
    """One in each of so many projects, fewer if ``until`` comes first; and waits until they have arrived."""
    await one.next_phase()
    made = 0
    for project in list(one.twins)[:number]:
        if until is not None and until.is_set():
            break
        await one.source.add_variable(project, f"At {time.time()}")
        made += 1
        await asyncio.sleep(every_s)
    await one.heard(made)
    await one.settled()


async def _reconciled(one: Whole, limit: int, *, spent: bool) -> dict[str, Any]:
    one.limit(limit or UNLIMITED)
    for server in (one.source, one.destination):
        await server.limit(limit)
    if spent:
        await asyncio.gather(*(_spend(one, name) for name in (SOURCE, DESTINATION)))
    before = len(_compared(one))
    done = asyncio.Event()
    changes = asyncio.create_task(_changes(one, CHANGED, EVERY_S, done))
    await asyncio.sleep(DEBOUNCE_S * 0.9)  # the first of them is due when the comparison has just begun
    key = DirtyKey(ROUTE, EVERYTHING)
    await one.state.queue.mark([key], source=Source.NIGHTLY, priority=Priority.BULK, debounce_ms=0)
    await publish([key], priority=Priority.BULK, settings=one.settings)

    async def compared() -> bool:
        return len(_compared(one)) > before

    await eventually(compared, WITHIN_S, "the reconciliation did not end")
    found = _compared(one)[-1]
    ended = datetime.fromisoformat(found["timestamp"]).timestamp()
    done.set()
    await changes
    asked = {
        server: [each for each in await octopus.requests() if each.agent.startswith("octosync")]
        for server, octopus in ((SOURCE, one.source), (DESTINATION, one.destination))
    }
    busiest = max(len([each for each in requests if each.at <= ended]) for requests in asked.values())
    at_once = 0 if spent else limit
    return {
        "limit": limit,
        "spent": spent,
        "requests": {server: len(requests) for server, requests in asked.items()},
        "of_comparison": found["requests"],
        "busiest_side": busiest,
        "by_the_limit_s": max(0, busiest - at_once) / limit * 60 if limit else 0.0,
        "seconds": found["ms"] / 1000,
        "refused": sum(each.status == 429 for requests in asked.values() for each in requests),
        **_delays([each for each in await one.arrived() if each.received <= ended]),
    }


async def _spend(one: Whole, instance: str) -> None:
    """What may be asked at once: as a first run of many events would. Bulk work cannot take the last fifth of it, so
    events take that."""
    routes = one.routes
    at_once = int(LIMIT * MARGIN)
    for priority, requests in ((budget.Priority.BULK, at_once * 4 // 5), (budget.Priority.EVENT, at_once // 5)):
        async with connect(routes, instance, one.state.ledger, priority) as client:
            await asyncio.gather(*(client.get("spaces", take=1) for _ in range(requests)))


def _compared(one: Whole) -> list[Document]:
    """The lines that workers wrote about whole comparisons, in order."""
    lines = [line for number in range(WORKERS) for line in one.log_lines(f"worker-{number}")]
    return sorted((one for one in lines if one.get("result") == "compared"), key=lambda line: line["timestamp"])


def _delays(arrived: Sequence[Arrival]) -> dict[str, Any]:
    times = [each.ms for each in arrived]
    return {"events": len(times), "event_p50_ms": report.median(times), "event_worst_ms": max(times)}


def _tell(projects: int, rows: Sequence[dict[str, Any]], alone: dict[str, Any]) -> None:
    report.table(
        f"A reconciliation of {projects:,} projects in which nothing changed, events meanwhile"
        f" (alone: {alone['event_p50_ms']:.0f} ms, worst {alone['event_worst_ms']:.0f})",
        ["", "requests, busier side", "s by the limit", "s taken", "refused", "events", "p50 ms", "worst ms"],
        [
            [
                row["name"],
                row["busiest_side"],
                row["by_the_limit_s"],
                row["seconds"],
                row["refused"],
                row["events"],
                row["event_p50_ms"],
                row["event_worst_ms"],
            ]
            for row in rows
        ],
    )
