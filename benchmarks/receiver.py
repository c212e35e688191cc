"""What does a webhook cost its sender? Latency and throughput of durable acknowledgements.

The receiver as it is deployed, over a Redis of its own with ``appendfsync everysec`` and with ``always``, beside a bare
aiohttp handler (which reads nothing and stores nothing), nginx that returns 202, and Debian's ``webhook`` that runs
``/bin/true``. All take turns in each round, and every ratio is to the bare handler of the same round. Octopus posts one
webhook at a time, so one connection matters most; 16 and 64 stand for several senders, and for what comes after a stop.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import report, servers, wrk
from benchmarks.servers import MissingError, Served
from benchmarks.wrk import Load
from worker.ledger import embedded

CONNECTIONS = (1, 16, 64)
BARE = "bare aiohttp"
GOALS = {1: 0.33, 16: 0.45, 64: 0.5}
"""Share of the bare handler's throughput that a durable acknowledgement (everysec) is to reach, by connections."""
P99_GOAL = 2.5

Rounds = list[dict[tuple[str, int], Load]]


def run(*, quick: bool = False) -> dict[str, Any]:
    try:
        servers.program("wrk")
    except MissingError as missing:
        report.say(f"[yellow]receiver: not measured, {missing}[/yellow]")
        return {"skipped": str(missing)}
    rounds, seconds = (3, 2.0) if quick else (5, 3.0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octosync-bench-")))
        measured = _measure(_start(stack, folder), wrk.write_body(folder), rounds, seconds)
    return _report(measured, {"rounds": rounds, "seconds": seconds})


def _start(stack: ExitStack, folder: Path) -> list[Served]:
    found = [stack.enter_context(servers.bare(folder))]
    for fsync in ("everysec", "always"):
        redis = stack.enter_context(embedded.start(folder / fsync, fsync=fsync))
        found.append(stack.enter_context(servers.receiver(folder, redis.url, f"receiver-{fsync}")))
    for peer in (servers.nginx, servers.adnanh_webhook):
        try:
            found.append(stack.enter_context(peer(folder)))
        except MissingError as missing:
            report.say(f"[yellow]receiver: without {missing}[/yellow]")
    return found


def _measure(found: Sequence[Served], body: Path, rounds: int, seconds: float) -> Rounds:
    for server in found:
        wrk.post(server, 16, 1, body)
    measured: Rounds = []
    for number in range(rounds):
        order = found if number % 2 == 0 else found[::-1]
        measured.append({(one.name, c): wrk.post(one, c, seconds, body) for c in CONNECTIONS for one in order})
        report.say(f"[dim]round {number + 1} of {rounds}[/dim]")
    return measured


def _report(measured: Rounds, setting: dict[str, Any]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for name, _ in measured[0]))
    results: list[dict[str, Any]] = []
    for connections in CONNECTIONS:
        for name in names:
            loads = [one[name, connections] for one in measured]
            bound = [one[BARE, connections] for one in measured]
            shares = [a.per_s / b.per_s for a, b in zip(loads, bound, strict=True)]
            results.append(
                {
                    "server": name,
                    "connections": connections,
                    "share": report.median(shares),
                    "share_worst": min(shares),
                    "share_best": max(shares),
                    "p99_ratio": report.median(a.p99_ms / b.p99_ms for a, b in zip(loads, bound, strict=True)),
                    "cpu_ratio": report.median(a.cpu_us / b.cpu_us for a, b in zip(loads, bound, strict=True)),
                    **{
                        field.name: report.median(getattr(one, field.name) for one in loads)
                        for field in dataclasses.fields(Load)
                    },
                }
            )
        report.table(
            f"Receiver, {connections} connection{'s' if connections > 1 else ''}",
            ["", "× bare", "worst–best", "goal", "p99 × bare", "CPU × bare", "p50 ms", "p99 ms", "per s", "refused"],
            [_row(one) for one in results if one["connections"] == connections],
        )
    return {**setting, "results": results, "goals": {"share": GOALS, "p99": P99_GOAL}}


def _row(one: dict[str, Any]) -> list[object]:
    ours = one["server"] == "receiver-everysec"
    return [
        one["server"],
        one["share"],
        f"{one['share_worst']:.2f}–{one['share_best']:.2f}",
        GOALS[one["connections"]] if ours else None,
        one["p99_ratio"],
        one["cpu_ratio"],
        one["p50_ms"],
        one["p99_ms"],
        one["per_s"],
        int(one["refused"]),
    ]
