"""How fast the sandbox is, so that what is measured against it measures us: loading a large space, and answering pages.

    python benchmarks/sandbox_speed.py [--sizes projects=1000,variables=200000,tenants=5000] [--requests 40] [--json]

Prints the seconds that the space takes to make (and those of the CPU, which other work on the machine does not lengthen
as much), and the milliseconds of each request at the median and at the 95th percentile, over one connection. Nothing is
judged here: the numbers depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sandbox.generator import Sizes, generate
from sandbox.server import open_store, serve
from sandbox.settings import Settings

DEFAULT = "projects=1000,variables=200000,tenants=5000,runbooks=1000,channels=500,triggers=1000,tenant_values=25000"


async def measure(sizes: Sizes, requests: int) -> dict[str, object]:
    settings = Settings(seed=1, poll_seconds=3600)
    store = open_store(settings)
    started, cpu = time.perf_counter(), time.process_time()
    generate(store, settings, sizes)
    loading, cpu = time.perf_counter() - started, time.process_time() - cpu
    rows: dict[str, dict[str, float]] = {}
    async with serve(settings, store=store) as sandbox, aiohttp.ClientSession(headers=sandbox.headers) as session:
        space = store.default_space()
        assert space is not None
        projects = list(store.space(space["Id"]).collection("projects"))
        tenants = list(store.space(space["Id"]).collection("tenants"))
        sets = [f"variableset-{project}" for project in projects]
        paths = {
            "a page of 30 projects": "projects?skip={n}&take=30",
            "a page of 30 tenants": "tenants?skip={n}&take=30",
            "a page of 1,000 tenants": "tenants?take=1000",
            "one project": "projects/{project}",
            "one variable set": "variables/{set}",
            "ten variable sets": "variables/all?ids={sets}",
            "the variables of one tenant": "tenants/{tenant}/variables",
            "the variables of a project's tenants": "tenantvariables/all?projectId={project}",
            "the triggers of one project": "projects/{project}/triggers",
            "one deployment process": "deploymentprocesses/deploymentprocess-{project}",
            "a page of 30 runbooks": "runbooks?skip={n}&take=30",
            "projects by name": "projects?partialName=billing&take=30",
            "a page of 30 events": "events",
            "events of the last minute": "events?from={since}&take=1000&excludeDifference=true",
            "an event that is not there": "events?regardingAny=Projects-999999",
        }
        # A document is read and saved as it is; `None`: made and deleted.
        writes = {
            "saving one variable set": "variables/{set}",
            "saving one deployment process": "deploymentprocesses/deploymentprocess-{project}",
            "saving one project": "projects/{project}",
            "saving one tenant": "tenants/{tenant}",
            "a new project": "projects",
            "a new environment and its deletion": "environments",
        }
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
        for what, template in paths.items():
            spent, size = [], 0
            for number in range(requests):
                index = number % max(1, len(projects))
                path = template.format(
                    n=number * 7,
                    project=projects[index] if projects else "none",
                    set=sets[index] if sets else "none",
                    tenant=tenants[number % len(tenants)] if tenants else "none",
                    sets=",".join(sets[index : index + 10]),
                    since=since,
                )
                begun = time.perf_counter()
                async with session.get(f"{sandbox.url}/api/{space['Id']}/{path}") as answer:
                    size = len(await answer.read())
                spent.append((time.perf_counter() - begun) * 1000)
            rows[what] = _row(spent, size)
        for what, template in writes.items():
            spent, size = [], 0
            for number in range(requests):
                index = number % max(1, len(projects))
                path = template.format(
                    project=projects[index] if projects else "none",
                    set=sets[index] if sets else "none",
                    tenant=tenants[number % len(tenants)] if tenants else "none",
                )
                url = f"{sandbox.url}/api/{space['Id']}/{path}"
                body = {"Name": f"Measured {number}"}
                if path == "projects":
                    async with session.get(f"{url}/{projects[index]}") as answer:
                        body = {**await answer.json(), "Id": None, "Slug": None, **body}
                elif path != "environments":
                    async with session.get(url) as answer:
                        body = await answer.json()
                begun = time.perf_counter()
                method = session.put if "/" in path else session.post
                async with method(url, json=body) as answer:
                    text = await answer.read()
                    size = len(text)
                    assert answer.status in (200, 201), (path, text[:200])
                if path == "environments":
                    async with session.delete(f"{url}/{json.loads(text)['Id']}") as answer:
                        assert answer.status == 200
                spent.append((time.perf_counter() - begun) * 1000)
            rows[what] = _row(spent, size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "loading_s": round(loading, 2),
        "loading_cpu_s": round(cpu, 2),
        "peak_mb": round(peak),
        "requests": rows,
    }


def _row(spent: list[float], size: int) -> dict[str, float]:
    ordered = sorted(spent)
    return {
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[int(len(ordered) * 0.95) - 1], 2),
        "kilobytes": round(size / 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=Sizes.parse, default=Sizes.parse(DEFAULT))
    parser.add_argument("--requests", type=int, default=40, help="of each kind (default %(default)s)")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = asyncio.run(measure(given.sizes, given.requests))
    if given.json:
        print(json.dumps(result))
        return
    print(f"loaded in {result['loading_s']} s ({result['loading_cpu_s']} s of CPU), peak {result['peak_mb']} MB")
    rows = result["requests"]
    assert isinstance(rows, dict)
    for what, row in rows.items():
        print(f"{what:<36} {row['median_ms']:>8} ms  p95 {row['p95_ms']:>8} ms  {row['kilobytes']:>8} kB")


if __name__ == "__main__":
    main()
