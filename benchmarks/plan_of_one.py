"""What does ``octosync plan --json`` cost on a large space in which one project was changed?

As a user runs it: the real command, a process of its own, over a real Redis, with both servers answering from this
process. Both spaces hold the same, with the baselines of an earlier sync; one variable of one project is edited then.

*Cold*: no names of either space are cached. *Warm*: right after, as the next command finds the cache, a minute later.
Seconds are of the whole process, its start included; they hold on this machine only.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.worlds import World, adopt, world
from sandbox.generator import Sizes

OCTOSYNC = [
    sys.executable,
    "-c",
    "import atexit, os, pathlib; from benchmarks.engine import peak_mb; from worker.cli.main import main; "
    "atexit.register(lambda: pathlib.Path(os.environ['BENCH_PEAK']).write_text(str(peak_mb()))); main()",
]
"""The command; at its end it tells how much memory it had."""


def run(*, quick: bool = False) -> dict[str, Any]:
    rows = asyncio.run(_space(50 if quick else 1_000))
    report.table(
        f"octosync plan --json, {rows[0]['projects']:,} projects, one changed",
        ["what", "names", "seconds", "CPU s", "MB", "source", "destination", "to update"],
        [
            [
                row["what"],
                row["names"],
                row["seconds"],
                row["cpu_s"],
                row["mb"],
                row["source"],
                row["destination"],
                row["to_update"],
            ]
            for row in rows
        ],
    )
    return {"plans": rows}


async def _space(projects: int) -> list[dict[str, Any]]:
    async with world(Sizes(projects=projects, variables=20, runbooks=2 * projects), same=True) as one:
        collection = one.source.sandbox.store.space("Spaces-1").collection("projects")
        await adopt(one.routes, one.ledger, list(collection))
        await one.later()
        project = list(collection.values())[projects // 2]
        route = f"variables/variableset-{project['Id']}"
        rows = (await one.source.get(route))["Variables"]
        rows.append({"Name": "Added.For.The.Benchmark", "Value": "1", "Type": "String", "Scope": {}})
        await one.source.edit(route, Variables=rows)
        (one.folder / "routes.json").write_text(one.routes_text, "utf-8")
        found = []
        for what, arguments in (
            ("everything", ()),
            ("that project", ("--project", project["Name"])),
            ("its variables", (f"project/{project['Name']}/variables",)),
        ):
            await one.forget_names()
            await one.later()
            for names in ("cold", "warm"):
                row = await _plan(one, arguments)
                found.append({"projects": projects, "what": what, "names": names, **row})
                report.say(f"[dim]{what}, {names}: {row['seconds']:.1f} s[/dim]")
                await one.later()
        return found


async def _plan(one: World, arguments: Sequence[str]) -> dict[str, Any]:
    environment = os.environ | {
        "OCTOSYNC_ROUTES": str(one.folder / "routes.json"),
        "OCTOSYNC_REDIS_URL": one.redis_url,
        "BENCH_PEAK": str(one.folder / "peak"),
    }
    one.count_from_here()
    output = one.folder / "plan.json"
    began = time.perf_counter()
    status, used = await asyncio.to_thread(_run, [*OCTOSYNC, "plan", "--json", *arguments], environment, output)
    seconds = time.perf_counter() - began
    if status != 2:
        raise RuntimeError(f"the plan ended with {status}, and one variable set is to be updated")
    counts = one.counts
    return {
        "seconds": seconds,
        "cpu_s": used.ru_utime + used.ru_stime,
        "mb": float((one.folder / "peak").read_text()),
        "source": counts.of("source"),
        "destination": counts.of("destination"),
        "to_update": json.loads(output.read_bytes())["counts"]["update"],
        "by_route": dict(counts.by_route.most_common()),
    }


def _run(command: Sequence[str], environment: Mapping[str, str], output: Path) -> tuple[int, resource.struct_rusage]:
    """The exit status, and what the process has used."""
    with output.open("wb") as file:
        child = subprocess.Popen(command, env=environment, stdout=file)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)  # it was waited for
    return child.returncode, used
