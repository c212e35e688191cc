"""How many requests does a job cost? Octopus allows 200 a minute, to all that ask in one name.

Exact counts, of both servers together, on generated spaces of growing size. *Warm*: a worker that knows the names of
both spaces, a minute after the last run. *Cold*: one that knows baselines and links, but no names. The bound is what
the job itself had to read and to write. Beside it stands what SpaceCloner (OctopusDeployLabs) spends on the same, by a
formula derived from its code: it always reads all of the source twice and of the destination once, one project a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from benchmarks import report
from benchmarks.worlds import Counts, Document, World, world
from sandbox.generator import Sizes

RUNBOOKS = 2
VARIABLES = 20
PAGE = 200
"""Items of a page, and of the bound of a comparison."""

GOALS = {
    "one changed variable set": "≤ 6 warm",
    "a project in which nothing changed": "≤ 4 warm",
    "one new project": "≤ 1.5 × bound cold",
    "full comparison, nothing changed": "≤ 0.1 per project and side",
}


@dataclass(frozen=True, slots=True)
class Job:
    """``prepare`` edits the source and returns dirty keys; none asks for a comparison of everything. ``bound`` is given
    the counts of the job."""

    name: str
    prepare: Callable[[World, int], Awaitable[list[str]]]
    bound: Callable[[Counts, int], int]
    cloner: Callable[[int], int]


def run(*, quick: bool = False) -> dict[str, Any]:
    sizes = (10, 100) if quick else (10, 100, 1_000)
    rows, memory = [], []
    for projects in sizes:
        found, redis_mb = asyncio.run(_measure(projects))
        rows += found
        memory.append({"projects": projects, "redis_mb": redis_mb})
    for projects in sizes:
        report.table(
            f"Requests per job, a space of {projects:,} projects with {RUNBOOKS} runbooks each",
            ["", "bound", "warm", "cold", "writes", "per project and side", "SpaceCloner", "goal"],
            [
                [
                    row["job"],
                    row["bound"],
                    row["warm"],
                    row["cold"],
                    row["writes"],
                    row["warm"] / projects / 2 if "comparison" in row["job"] else None,
                    row["cloner"],
                    GOALS.get(row["job"], ""),
                ]
                for row in rows
                if row["projects"] == projects
            ],
        )
    report.table(
        "Redis, when everything has crossed",
        ["projects", "MB"],
        [[f"{x['projects']:,}", x["redis_mb"]] for x in memory],
    )
    return {"results": rows, "memory": memory}


async def _measure(projects: int) -> tuple[list[dict[str, Any]], float]:
    """The jobs, and the megabytes that the ledger takes."""
    sizes = Sizes(
        projects=projects,
        variables=VARIABLES * projects,
        runbooks=RUNBOOKS * projects,
        tenants=10,
        channels=0,
        triggers=0,
        tenant_values=0,
    )
    async with world(sizes, requests_per_minute=10_000_000) as one:
        one.count_from_here()
        before = await one.redis_mb()
        await one.sync("*")
        redis_mb = await one.redis_mb() - before
        found = [_row("everything, the first time", projects, one.counts, one.counts)]
        for job in JOBS:
            counts: dict[str, Counts] = {}
            for state in ("warm", "cold"):
                await _settle(one)
                targets = await job.prepare(one, projects)
                if state == "cold":
                    await one.forget_names()
                await one.later()
                one.count_from_here()
                differing = [] if targets else (await one.compare()).differing
                if targets:
                    await one.sync(*targets)
                counts[state] = one.counts
                if differing:
                    await one.sync(*differing)
            found.append(_row(job.name, projects, counts["warm"], counts["cold"], job))
            report.say(f"[dim]{projects:,} projects: {job.name}[/dim]")
    return found, redis_mb


async def _settle(one: World) -> None:
    """Whatever was written is known by now, and the audit logs were asked: the next event finds a worker at rest."""
    first = next(iter(one.source.sandbox.store.space("Spaces-1").collection("projects")))
    for _ in range(2):
        await one.later()
        await one.sync(f"{first}/*")


def _row(name: str, projects: int, warm: Counts, cold: Counts, job: Job | None = None) -> dict[str, Any]:
    return {
        "job": name,
        "projects": projects,
        "warm": warm.total if job else None,
        "cold": cold.total,
        "writes": cold.writes,
        "bound": job.bound(cold, projects) if job else None,
        "cloner": job.cloner(projects) if job else None,
        "by_route": {"warm": dict(warm.by_route), "cold": dict(cold.by_route)},
    }


# ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _variables(one: World, projects: int, which: int = 0) -> list[str]:
    project = await _project(one, which)
    route = f"variables/variableset-{project['Id']}"
    rows = (await one.source.get(route))["Variables"]
    await one.source.edit(route, Variables=[*rows, {"Name": f"New {len(rows)}", "Value": "1", "Type": "String"}])
    return [f"variableset-{project['Id']}"]


async def _process(one: World, projects: int) -> list[str]:
    project = await _project(one, 1)
    route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
    steps = (await one.source.get(route))["Steps"]
    body = steps[0]["Actions"][0]["Properties"]["Octopus.Action.Script.ScriptBody"]
    steps[0]["Actions"][0]["Properties"]["Octopus.Action.Script.ScriptBody"] = f"{body}# once more\n"
    await one.source.edit(route, Steps=steps)
    return [f"deploymentprocess-{project['Id']}"]


async def _environment(one: World, projects: int) -> list[str]:
    first = (await one.source.get("environments/all"))[0]
    await one.source.edit(f"environments/{first['Id']}", Name=f"{first['Name']}+")
    return [first["Id"]]


async def _new_project(one: World, projects: int) -> list[str]:
    """With 5 runbooks and 3 library sets that nobody has used yet."""
    like = await _project(one, 0)
    number = len(await one.source.get("projects/all"))
    sets = []
    for index in range(3):
        name = f"New set {number}.{index}"
        shared = await one.source.post("libraryvariablesets", {"Name": name, "ContentType": "Variables"})
        await one.source.edit(f"variables/variableset-{shared['Id']}", Variables=[_row_of("Shared")])
        sets.append(shared["Id"])
    project = await one.source.post(
        "projects",
        {
            "Name": f"New project {number}",
            "LifecycleId": like["LifecycleId"],
            "ProjectGroupId": like["ProjectGroupId"],
            "IncludedLibraryVariableSetIds": sets,
        },
    )
    steps = [_step("Deploy"), _step("Verify")]
    await one.source.edit(f"deploymentprocesses/deploymentprocess-{project['Id']}", Steps=steps)
    for index in range(5):
        retention = {"QuantityToKeep": 100, "ShouldKeepForever": False}
        body = {"Name": f"Runbook {index}", "ProjectId": project["Id"], "RunRetentionPolicy": retention}
        runbook = await one.source.post("runbooks", body)
        await one.source.edit(f"runbookProcesses/RunbookProcess-{runbook['Id']}", Steps=[_step("Restart")])
    await one.source.edit(f"variables/variableset-{project['Id']}", Variables=[_row_of("Url")])
    return [f"{project['Id']}/*"]


async def _unchanged(one: World, projects: int) -> list[str]:
    return [(await _project(one, 2))["Id"]]


async def _unchanged_whole(one: World, projects: int) -> list[str]:
    return [f"{(await _project(one, 2))['Id']}/*"]


async def _nothing(one: World, projects: int) -> list[str]:
    return []


async def _some(one: World, projects: int) -> list[str]:
    for which in range(max(1, projects // 100)):
        await _variables(one, projects, which)
    return []


async def _project(one: World, which: int) -> Document:
    found: Document = (await one.source.get("projects/all"))[which]
    return found


def _step(name: str) -> Document:
    properties = {"Octopus.Action.Script.ScriptBody": "echo hello", "Octopus.Action.Script.ScriptSource": "Inline"}
    action = {"Name": name, "ActionType": "Octopus.Script", "Properties": properties}
    return {"Name": name, "Properties": {"Octopus.Action.TargetRoles": "web-server"}, "Actions": [action]}


def _row_of(name: str) -> Document:
    return {"Name": name, "Value": "x", "Type": "String"}


# ── bounds ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_two(counts: Counts, projects: int) -> int:
    return 2


def _nil(counts: Counts, projects: int) -> int:
    return 0


def _of_new_project(counts: Counts, projects: int) -> int:
    """Every write, and once each: the documents of the source; on both sides the audit log, which space it is, and the
    names of what is referred to."""
    documents = 5 + 2 * 5 + 2 * 3
    names = ("project", "channel", "runbook", "project group", "lifecycle", "library set", "environment")
    return counts.writes + documents + 2 * (2 + len(names))


def _of_comparison(counts: Counts, projects: int) -> int:
    """Pages of the documents of each kind, on both sides."""
    once = ("project", "channel", "deployment process", "variable set")
    of_runbooks = ("runbook", "runbook process")
    return 2 * (len(once) * ceil(projects / PAGE) + len(of_runbooks) * ceil(projects * RUNBOOKS / PAGE))


def _cloner(libraries: int, runbooks: int, *, new: bool = False) -> Callable[[int], int]:
    """One project by SpaceCloner: L library sets, R runbooks, one tag set, no script modules and linked tenants."""
    tag_sets, policies = 1, 1
    reads = (54 + 2 * libraries + 2 * runbooks) + (27 + libraries + runbooks)
    writes = tag_sets + policies + 2 * libraries + runbooks + 3
    first = libraries + runbooks if new else 0

    def of(projects: int) -> int:
        return reads + writes + first

    return of


def _cloner_for_all(projects: int) -> int:
    return projects * _cloner(2, RUNBOOKS)(1)


JOBS = (
    Job("one changed variable set", _variables, _of_two, _cloner(2, RUNBOOKS)),
    Job("one changed process", _process, _of_two, _cloner(2, RUNBOOKS)),
    Job("one renamed environment", _environment, _of_two, _cloner(2, RUNBOOKS)),
    Job("one new project", _new_project, _of_new_project, _cloner(3, 5, new=True)),
    Job("a project in which nothing changed", _unchanged, _nil, _cloner(2, RUNBOOKS)),
    Job("the same, with all its parts", _unchanged_whole, _nil, _cloner(2, RUNBOOKS)),
    Job("full comparison, nothing changed", _nothing, _of_comparison, _cloner_for_all),
    Job("full comparison, 1 % changed", _some, _of_comparison, _cloner_for_all),
)
