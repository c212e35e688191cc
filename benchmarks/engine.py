"""What does comparing cost, in time and in memory?

*One project*: the pure middle of the engine (translate, merge, plan) on a process of 12 steps and a set of 200
variables in which nothing changed, beside ``json.loads`` of the same documents, the least that anybody must do.

*A space*: the nightly comparison, by a process of its own, of spaces that hold the same on both sides, with the
baselines of an earlier sync; 200 variables and 12 steps in each project. Its memory is what the process has at its
highest; before it begins is what the imports take. *Growth*: the same of spaces of 100, 1,000 and 10,000 small projects
that meet for the first time, so that what grows faster than the space shows.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from benchmarks import report
from benchmarks.worlds import ROUTE, adopt, world
from config.load import load
from sandbox.generator import Sizes
from worker.ledger.comparisons import Comparisons
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.queue.dirty import DirtyQueue
from worker.sync.compare import compare
from worker.sync.planning.items import Items
from worker.sync.planning.planner import Planner
from worker.sync.run import open_route

STEPS, VARIABLES = 12, 200
MEMORY_GOAL_MB = 300
"""Of a worker that compares 1,000 projects with 200,000 variables."""


def run(*, quick: bool = False) -> dict[str, Any]:
    document = asyncio.run(_one_project(5 if quick else 25))
    report.table(
        f"One project in which nothing changed: {STEPS} steps, {VARIABLES} variables",
        ["", "ms", "× json.loads", "KB at its highest"],
        [[row["what"], row["ms"], row["ratio"], row["peak_kb"]] for row in document],
    )
    spaces = [asyncio.run(_space(projects)) for projects in ((10, 50) if quick else (100, 1_000))]
    report.table(
        "The comparison of a space, nothing changed",
        [
            "projects",
            "variables",
            "documents",
            "marked",
            "requests",
            "CPU ms per project",
            "MB before",
            "MB at its highest",
        ],
        [
            [
                f"{row['projects']:,}",
                row["projects"] * VARIABLES,
                row["documents"],
                row["marked"],
                row["requests"],
                row["cpu_s"] / row["projects"] * 1000,
                row["mb_before"],
                row["mb_peak"],
            ]
            for row in spaces
        ],
    )
    growth = [asyncio.run(_space(size, small=True)) for size in ((50, 200) if quick else (100, 1_000, 10_000))]
    report.table(
        "Growth: the comparison of a space of small projects (1 step, 5 variables) that was never compared",
        ["projects", "documents", "requests", "CPU ms per project", "MB before", "MB at its highest"],
        [
            [
                f"{row['projects']:,}",
                row["documents"],
                row["requests"],
                row["cpu_s"] / row["projects"] * 1000,
                row["mb_before"],
                row["mb_peak"],
            ]
            for row in growth
        ],
    )
    return {"project": document, "spaces": spaces, "growth": growth, "goal_mb": MEMORY_GOAL_MB}


async def _one_project(repeats: int) -> list[dict[str, Any]]:
    async with world(_sizes(1)) as one:
        await one.sync("*")
        await one.later()
        project = next(iter(one.source.sandbox.store.space("Spaces-1").collection("projects")))
        found: list[tuple[str, Callable[[], object]]] = []
        async with open_route(one.routes, ROUTE, ledger=one.ledger) as route:
            for what, target in (
                ("deployment process", f"deploymentprocess-{project}"),
                ("variable set", f"variableset-{project}"),
                ("project with all its parts", f"{project}/*"),
            ):
                ids = await route.documents(Items(targets=[target]))
                await route.plan(ids)  # from now on all is observed
                texts = [
                    json.dumps(side.documents[each])
                    for side in (route.world.source, route.world.destination)
                    for each in side.documents
                    if side.name == "destination" or each in ids
                ]
                found.append((f"json.loads: {what}", lambda texts=texts: [json.loads(text) for text in texts]))
                found.append((what, lambda ids=ids: Planner(route.world).plan(ids)))
            return _timed(found, repeats)


def _timed(found: list[tuple[str, Callable[[], object]]], repeats: int) -> list[dict[str, Any]]:
    """Medians, in turns; each planning also as a ratio to the parsing that stands before it."""
    calls = dict(found)
    times: dict[str, list[float]] = {what: [] for what in calls}
    for _ in range(repeats):
        for what, call in found:
            began = time.perf_counter()
            call()
            times[what].append((time.perf_counter() - began) * 1000)
    rows = []
    for (bound, _), (what, _) in zip(found[::2], found[1::2], strict=True):
        ratios = [one / other for one, other in zip(times[what], times[bound], strict=True)]
        for name, ratio in ((bound, 1.0), (what, report.median(ratios))):
            ms, peak = report.median(times[name]), _peak_kb(calls[name])
            rows.append({"what": name, "ms": ms, "ratio": ratio, "peak_kb": peak})
    return rows


def _peak_kb(call: Callable[[], object]) -> float:
    """What it takes at its highest, of memory that Python gives."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1000
    finally:
        tracemalloc.stop()


async def _space(projects: int, *, small: bool = False) -> dict[str, Any]:
    sizes = Sizes(projects=projects, variables=5 * projects, steps=1, runbooks=0, tenants=0, script_lines=2)
    async with world(sizes if small else _sizes(projects), same=True) as one:
        if not small:
            await adopt(one.routes, one.ledger, list(one.source.sandbox.store.space("Spaces-1").collection("projects")))
        await one.later()
        folder = one.folder
        (folder / "routes.json").write_text(one.routes_text, "utf-8")
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.engine", str(folder / "routes.json"), one.redis_url),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await child.communicate()
        if child.returncode:
            raise RuntimeError(f"the comparison of {projects} projects failed")
        report.say(f"[dim]{projects:,} projects compared[/dim]")
        return {"projects": projects, **json.loads(said.splitlines()[-1])}


async def _compare(routes: Path, redis_url: str) -> dict[str, Any]:
    """In a process of its own."""
    redis = open_redis(redis_url)
    before, cpu = peak_mb(), time.process_time()
    began = time.perf_counter()
    async with open_route(load(routes), ROUTE, ledger=Ledger(redis)) as route:
        found = await compare(route, DirtyQueue(redis), Comparisons(redis))
    await redis.aclose()
    return {
        "documents": found.documents,
        "marked": len(found.differing),
        "requests": found.requests,
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "mb_before": before,
        "mb_peak": peak_mb(),
    }


def peak_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes
    # What Linux says in ru_maxrss begins with what the parent had.
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


def _sizes(projects: int) -> Sizes:
    return Sizes(
        projects=projects,
        variables=VARIABLES * projects,
        steps=STEPS,
        runbooks=projects,
        channels=0,
        triggers=0,
        tenants=0,
        script_lines=40,
    )


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sys.stdout.write(json.dumps(asyncio.run(_compare(Path(sys.argv[1]), sys.argv[2]))) + "\n")
