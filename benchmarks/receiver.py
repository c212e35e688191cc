"""What does a webhook cost its sender? Latency and throughput of durable acknowledgements.

The receiver as it is deployed, over a Redis of its own with ``appendfsync everysec`` and with ``always``, and as two
processes, beside a bare aiohttp handler (which reads nothing and stores nothing), nginx that returns 202, and Debian's
``webhook`` that runs ``/bin/true``. All take turns, and every ratio is to the bare handler measured right before.
Octopus posts one webhook at a time, so one connection matters most; 16 and 64 stand for several senders, and for what
comes after a stop.

Whoever else works on the machine works against the slower of two servers, which wakes other processes more often. So
each sample says how many cores others took, and where the half of the samples that was disturbed least was calm enough,
the medians are of that half; the CPU time for each request is the steadiest figure.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from benchmarks import report, servers, wrk
from benchmarks.servers import MissingError, Served
from benchmarks.wrk import Load
from worker.ledger import embedded
from worker.ledger.embedded import EmbeddedRedis

CONNECTIONS = (1, 16, 64)
GOALS = {1: 0.33, 16: 0.45, 64: 0.5}
"""Share of the bare handler's throughput that a durable acknowledgement (everysec) is to reach, by connections."""
P99_GOAL = 2.5

CALM = 0.25
"""Cores that others may take."""


@dataclass(frozen=True, slots=True)
class Sample:
    server: str
    connections: int
    load: Load
    bare: Load
    others: float
    """Cores that were busy with something else meanwhile."""


def run(*, quick: bool = False) -> dict[str, Any]:
    try:
        servers.program("wrk")
    except MissingError as missing:
        report.say(f"[yellow]receiver: not measured, {missing}[/yellow]")
        return {"skipped": str(missing)}
    rounds, seconds = (1, 1.0) if quick else (3, 2.0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octosync-bench-")))
        found, beside = _start(stack, folder)
        connections = (CONNECTIONS[0], CONNECTIONS[-1]) if quick else CONNECTIONS
        samples = _measure(found, wrk.write_body(folder), connections, rounds, seconds)
        setting = {"rounds": rounds, "seconds": seconds, "redis": _remembered(beside)}
    return _report(samples, setting)


def _remembered(server: EmbeddedRedis) -> dict[str, float]:
    """What events that were recorded take in Redis: the journal is bounded, ids are remembered for a week."""
    with redis.Redis.from_url(server.url) as client:
        [journal] = client.keys("*:inbox:journal")
        [counts] = client.keys("*:inbox:counts")
        events = int(client.hget(counts, "recorded:webhook"))
        journal_bytes = client.memory_usage(journal, samples=0)
        held = client.info("memory")["used_memory_dataset"]
        return {
            "events": events,
            "journal_mb": journal_bytes / 1e6,
            "journal_events": client.xlen(journal),
            "bytes_an_event": max(0, held - journal_bytes) / events,
        }


def _start(stack: ExitStack, folder: Path) -> tuple[list[Served], EmbeddedRedis]:
    """The bare handler first; and the Redis of the first receiver."""
    found = [stack.enter_context(servers.bare(folder))]
    beside = []
    for name, fsync, processes in (("everysec", "everysec", 1), ("always", "always", 1), ("two", "everysec", 2)):
        beside.append(stack.enter_context(embedded.start(folder / name, fsync=fsync)))
        found.append(stack.enter_context(servers.receiver(folder, beside[-1], f"receiver-{name}", processes)))
    for peer in (servers.nginx, servers.adnanh_webhook):
        try:
            found.append(stack.enter_context(peer(folder)))
        except MissingError as missing:
            report.say(f"[yellow]receiver: without {missing}[/yellow]")
    return found, beside[0]


def _measure(found: Sequence[Served], body: Path, numbers: Sequence[int], rounds: int, seconds: float) -> list[Sample]:
    for server in found:
        wrk.post(server, 16, 1, body)
    bare, *measured = found
    samples = []
    for number in range(rounds):
        for connections in numbers:
            for one in measured if number % 2 == 0 else measured[::-1]:
                bound = wrk.post(bare, connections, seconds, body)
                load = wrk.post(one, connections, seconds, body)
                samples.append(Sample(one.name, connections, load, bound, max(load.others, bound.others)))
        report.say(f"[dim]round {number + 1} of {rounds}[/dim]")
    return samples


def _report(samples: list[Sample], setting: dict[str, Any]) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    for connections in dict.fromkeys(one.connections for one in samples):
        here = [one for one in samples if one.connections == connections]
        rows = [_result([one for one in here if one.server == name]) for name in dict.fromkeys(x.server for x in here)]
        report.table(
            f"Receiver, {connections} connection{'s' if connections > 1 else ''}"
            f" (bare aiohttp: {report.median(one.bare.per_s for one in here):,.0f} per s,"
            f" {report.median(one.bare.cpu_us for one in here):.0f} µs each)",
            [
                "",
                "× bare",
                "worst–best",
                "goal",
                "p99 × bare",
                "CPU × bare",
                "CPU µs",
                "Redis µs",
                "p50 ms",
                "p90 ms",
                "p99 ms",
                "per s",
                "others",
            ],
            [_row(one) for one in rows],
        )
        results += rows
    if refused := sum(one["refused"] for one in results):
        report.say(f"[red]{refused} requests were refused or not answered[/red]")
    return {**setting, "results": results, "goals": {"share": GOALS, "p99": P99_GOAL}}


def _result(samples: list[Sample]) -> dict[str, Any]:
    calm = sorted(samples, key=lambda one: one.others)[: max(2, len(samples) // 2)]
    used = calm if calm[-1].others <= CALM else samples
    shares = [one.load.per_s / one.bare.per_s for one in used]
    return {
        "server": samples[0].server,
        "connections": samples[0].connections,
        "samples": len(used),
        "of": len(samples),
        "others": report.median(one.others for one in used),
        "share": report.median(shares),
        "share_worst": min(shares),
        "share_best": max(shares),
        "p99_ratio": report.median(one.load.p99_ms / one.bare.p99_ms for one in used),
        "cpu_ratio": report.median(one.load.cpu_us / one.bare.cpu_us for one in used),
        "per_s": report.median(one.load.per_s for one in used),
        "p50_ms": report.median(one.load.p50_ms for one in used),
        "p90_ms": report.median(one.load.p90_ms for one in used),
        "p99_ms": report.median(one.load.p99_ms for one in used),
        "cpu_us": report.median(one.load.cpu_us for one in used),
        "redis_us": report.median(one.load.redis_us for one in used),
        "bare_per_s": report.median(one.bare.per_s for one in used),
        "bare_p99_ms": report.median(one.bare.p99_ms for one in used),
        "bare_cpu_us": report.median(one.bare.cpu_us for one in used),
        "refused": sum(one.load.refused for one in samples),
    }


def _row(one: dict[str, Any]) -> list[object]:
    ours = one["server"] == "receiver-everysec"
    return [
        one["server"],
        one["share"],
        f"{one['share_worst']:.2f}–{one['share_best']:.2f}",
        GOALS[one["connections"]] if ours else None,
        one["p99_ratio"],
        one["cpu_ratio"],
        one["cpu_us"],
        one["redis_us"] or None,
        one["p50_ms"],
        one["p90_ms"],
        one["p99_ms"],
        one["per_s"],
        one["others"],
    ]
