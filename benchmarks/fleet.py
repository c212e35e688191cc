"""Scale on paper: what do fleets of 10, 100 and 1,000 routes take? Workers, Redis, requests.

A model, not a measurement. What it knows was measured by the other benchmarks, and is read from their JSON
(:class:`Measured`); what it supposes about a company is listed, each with its name, and can be changed
(:class:`Supposed`): ``python -m benchmarks.fleet --suppose projects=300 changes=1000``. Where a thing grows with the
projects, the constants are those of a straight line through the two largest spaces measured.

It leaves out what was not measured: servers that answer slowly under load, a Redis across a network, first syncs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any

from benchmarks import report

FLEETS = (10, 100, 1_000)
NEEDED = ("requests_per_job", "receiver", "engine", "arrival")
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def _means(words: str, default: Any = MISSING) -> Any:
    """A field, and what it says; with a ``default`` if it is supposed."""
    return field(default=default, metadata={"means": words})


@dataclass(frozen=True, slots=True)
class Supposed:
    """What the model supposes. Every value is a choice of ours; none was measured."""

    projects: int = _means("projects of a route", default=100)
    changes: int = _means("changes a day and route, after debouncing: runs that write", default=200)
    events_for_one: float = _means(
        "webhooks for each change: most events of a space are of deployments and tasks, and mean nothing to us",
        default=20.0,
    )
    peak: float = _means("share of a day's events in its busiest hour", default=0.15)
    routes_of_a_source: int = _means(
        "routes that one source feeds; every destination is a server of its own", default=10
    )
    answers_after_ms: float = _means("of a server, over a network; the sandbox on loopback takes 2 to 5", default=50.0)
    busy: float = _means(
        "share of its time that a worker may be at work in the busiest hour, so that what comes finds one free",
        default=0.5,
    )
    night_hours: float = _means("in which all comparisons are to end", default=4.0)
    at_a_time: float = _means("requests of a comparison that are under way together, on average", default=4.0)
    remembered_days: float = _means("for which the id of an event is remembered; so it is in the code", default=7.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the other benchmarks found."""

    run_ms: float = _means("of a worker's time for one change, on loopback (arrival, idle)")
    run_requests: float = _means("requests for one change (arrival, burst)")
    run_operations: float = _means("operations of Redis for one change, from the webhook to the end of its run")
    run_redis_ms: float = _means("CPU of Redis for them")
    event_us: float = _means("CPU of the receiver for one webhook, one connection")
    event_redis_us: float = _means("CPU of Redis for one webhook")
    event_bytes: float = _means("of Redis, for an event that is remembered")
    journal_mb: float = _means("of Redis, for the journal of events, which is bounded")
    standing_operations: float = _means("operations of Redis a second, of beat and a worker to which nothing happens")
    catch_up_operations: float = _means("operations of Redis, to ask a source in which nothing happened")
    overlap_s: float = _means(
        "events of so many seconds are looked up once each at every catch-up; so it is in the code"
    )
    catch_up_requests: float = _means("requests for it")
    compare_ms: float = _means("CPU of a worker to compare one project of 12 steps and 200 variables")
    compare_requests: tuple[float, float] = _means("requests of a comparison of n projects, both sides together")
    memory_kb: tuple[float, float] = _means("of Redis, for what is remembered of a route of n projects")


def meanings(of: type[Supposed | Measured]) -> dict[str, str]:
    return {one.name: one.metadata["means"] for one in fields(of)}


def run(*, quick: bool = False) -> dict[str, Any]:
    try:
        measured = fitted({name: report.read(name) for name in NEEDED})
    except (FileNotFoundError, KeyError) as missing:
        report.say(f"[yellow]fleet: not modelled, the figures of another benchmark are missing: {missing}[/yellow]")
        return {"skipped": str(missing)}
    return _report(measured, Supposed())


def fitted(found: Mapping[str, Mapping[str, Any]]) -> Measured:
    """The constants. Raises KeyError if a benchmark was left out."""
    arrival, standing = found["arrival"]["results"], found["arrival"]["standing"]
    idle = next(row for row in arrival if row["workers"] == 1 and row["what"] == "idle")
    burst = next(row for row in arrival if row["workers"] == 1 and row["what"] == "burst")
    receiver = next(
        row for row in found["receiver"]["results"] if row["server"] == "receiver-everysec" and row["connections"] == 1
    )
    jobs, spaces = found["requests_per_job"], found["engine"]["spaces"]
    comparisons = [row for row in jobs["results"] if row["job"] == "full comparison, nothing changed"]
    return Measured(
        run_ms=idle["p50_ms"] - idle["waited_p50_ms"],
        run_requests=burst["requests_each"],
        run_operations=burst["operations_each"],
        run_redis_ms=burst["redis_cpu_ms"],
        event_us=receiver["cpu_us"],
        event_redis_us=receiver["redis_us"],
        event_bytes=found["receiver"]["redis"]["bytes_an_event"],
        journal_mb=found["receiver"]["redis"]["journal_mb"],
        standing_operations=standing["operations_per_s"],
        catch_up_operations=standing["catch_up_operations"],
        overlap_s=standing["overlap_s"],
        catch_up_requests=standing["catch_up_requests"],
        compare_ms=spaces[-1]["cpu_s"] / spaces[-1]["projects"] * 1000,
        compare_requests=_line([(row["projects"], row["warm"]) for row in comparisons]),
        memory_kb=_line([(row["projects"], row["redis_mb"] * 1000) for row in jobs["memory"]]),
    )


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """``(a, b)`` of a + b × n through the last two points, the largest; a is not below 0."""
    (n0, y0), (n1, y1) = points[-2:]
    slope = (y1 - y0) / (n1 - n0)
    return max(0.0, y0 - slope * n0), slope


def fleet(routes: int, know: Measured, suppose: Supposed) -> dict[str, float]:
    """What so many routes take."""
    sources = math.ceil(routes / suppose.routes_of_a_source)
    changes_s = routes * suppose.changes * suppose.peak / HOUR
    # A change of a source is one event, and a run for each route that it feeds.
    events_s = changes_s / min(routes, suppose.routes_of_a_source) * suppose.events_for_one
    run_s = (know.run_ms + know.run_requests * suppose.answers_after_ms) / 1000
    catch_up_s = know.catch_up_requests * suppose.answers_after_ms / 1000
    requests = know.compare_requests[0] + know.compare_requests[1] * suppose.projects
    comparison_s = (know.compare_ms * suppose.projects + requests * suppose.answers_after_ms / suppose.at_a_time) / 1000
    events_day = events_s * HOUR / suppose.peak
    workers = max(1, math.ceil((changes_s * run_s + sources * catch_up_s / MINUTE) / suppose.busy))
    at_night = max(1, math.ceil(routes * comparison_s / (suppose.night_hours * HOUR)))
    return {
        "routes": routes,
        "sources": sources,
        "events_per_s": events_s,
        "runs_per_s": changes_s,
        "workers": workers,
        "workers_at_night": at_night,
        "night_hours_of_one_worker": routes * comparison_s / HOUR,
        "receiver_cpu_share": events_s * know.event_us / 1e6,
        "redis_mb": (
            routes * (know.memory_kb[0] + know.memory_kb[1] * suppose.projects) / 1000
            + events_day * suppose.remembered_days * know.event_bytes / 1e6
            + know.journal_mb
        ),
        "redis_operations_per_s": (
            changes_s * know.run_operations
            + max(workers, at_night) * know.standing_operations
            + (sources * know.catch_up_operations + events_s * know.overlap_s) / MINUTE
        ),
        "redis_cpu_share": changes_s * know.run_redis_ms / 1000 + events_s * know.event_redis_us / 1e6,
        "requests_per_minute": MINUTE * changes_s * know.run_requests + sources * know.catch_up_requests,
        "busiest_source_per_minute": (
            min(routes, suppose.routes_of_a_source)
            * (MINUTE * changes_s / routes)
            * know.run_requests
            / 2  # half of a run's requests are to the source, at most
            + know.catch_up_requests
        ),
        "requests_a_night": routes * requests,
    }


def _report(measured: Measured, supposed: Supposed) -> dict[str, Any]:
    rows = [fleet(routes, measured, supposed) for routes in FLEETS]
    report.table(
        "Fleets, on paper: in the busiest hour, and at night",
        ["", *(f"{row['routes']:,} routes" for row in rows)],
        [[what, *(row[name] for row in rows)] for name, what in WORDS.items()],
    )
    report.table(
        "Supposed", ["", "value"], [[name.replace("_", " "), value] for name, value in asdict(supposed).items()]
    )
    return {"supposed": asdict(supposed), "fitted": asdict(measured), "results": rows}


WORDS = {
    "sources": "source servers",
    "events_per_s": "webhooks a second",
    "runs_per_s": "runs a second",
    "workers": "workers (one item at a time each)",
    "workers_at_night": "workers at night",
    "night_hours_of_one_worker": "hours of one worker, at night",
    "receiver_cpu_share": "cores of the receiver",
    "redis_mb": "MB in Redis",
    "redis_operations_per_s": "operations of Redis a second",
    "redis_cpu_share": "cores of Redis",
    "requests_per_minute": "requests a minute, all servers together",
    "busiest_source_per_minute": "requests a minute, the busiest source",
    "requests_a_night": "requests a night, all servers together",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--suppose", nargs="+", metavar="NAME=VALUE", default=[], help="instead of what is supposed")
    known = {one.name for one in fields(Supposed)}
    given = dict(one.partition("=")[::2] for one in parser.parse_args().suppose)
    if wrong := [name for name in given if name not in known]:
        parser.error(f"nothing is called {', '.join(wrong)}; there are {', '.join(sorted(known))}")
    kinds = {name: type(value) for name, value in asdict(Supposed()).items()}
    try:
        supposed = replace(Supposed(), **{name: kinds[name](value) for name, value in given.items()})
    except ValueError as error:
        parser.error(str(error))
    try:
        measured = report.read("fleet")["fitted"]
    except (FileNotFoundError, KeyError):
        parser.error("nothing was measured yet that the model could be fitted to: run `make bench` first")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in measured.items()
    }
    _report(Measured(**values), supposed)


if __name__ == "__main__":
    main()
