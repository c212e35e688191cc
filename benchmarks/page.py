"""Writes the tables of docs/benchmarks.md anew from the newest figures: ``make bench-page``.

Each stands between ``<!-- figures: NAME -->`` and ``<!-- end -->``; what is around them is written by hand. Figures of
a quick run are refused: they are of other spaces.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import fleet, report

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MARKED = re.compile(r"(<!-- figures: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
Found = Mapping[str, Any]


class FiguresError(Exception):
    """There is nothing to write. ``str`` says why, and what to do."""


def written(text: str, read: Callable[[str], Found]) -> str:
    """The page with the tables of these figures. ``read``: those of a benchmark. Raises :class:`FiguresError`."""
    found: dict[str, Found] = {}

    def table(match: re.Match[str]) -> str:
        name = match[2]
        if name not in TABLES:
            raise FiguresError(f"no table is called {name}; there are {', '.join(TABLES)}")
        benchmark, draw = TABLES[name]
        if benchmark not in found:
            found[benchmark] = _figures(benchmark, read)
        return f"{match[1]}{draw(found[benchmark])}{match[3]}"

    return MARKED.sub(table, text)


def _figures(benchmark: str, read: Callable[[str], Found]) -> Found:
    try:
        found = read(benchmark)
    except FileNotFoundError:
        raise FiguresError(f"{benchmark} was not measured: make bench ARGS={benchmark}") from None
    if found["quick"]:
        raise FiguresError(f"{benchmark} was measured quickly, on small spaces: make bench ARGS={benchmark}")
    if "skipped" in found:
        raise FiguresError(f"{benchmark} was not measured: {found['skipped']}")
    return found


# ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _measured(found: Found) -> str:
    machine = found["machine"]
    return (
        f"Measured on {machine['when'][:10]}, {machine['cpus']} virtual cores (load {machine['load']} at the end),"
        f" Python {machine['python']}, aiohttp {machine['aiohttp']}, redis-py {machine['redis']},"
        f" {machine['system']}.\n"
    )


def _requests(found: Found) -> str:
    rows = [row for row in found["results"] if row["projects"] == 1_000 and row["warm"] is not None]
    return _table(
        ["job", "bound", "warm", "cold", "of these, writes", "SpaceCloner"],
        [[r["job"], r["bound"], r["warm"], r["cold"], r["writes"], r["cloner"]] for r in rows],
    )


def _sizes(found: Found) -> str:
    """What grows with the space, and beside it that nothing else does."""
    by_size: dict[int, dict[str, Found]] = {}
    for row in found["results"]:
        by_size.setdefault(row["projects"], {})[row["job"]] = row
    compared, one = "full comparison, nothing changed", "one changed variable set"
    return _table(
        ["projects", "one changed variable set, warm", "comparison, warm", "per project and side", "everything, first"],
        [
            [n, jobs[one]["warm"], jobs[compared]["warm"], jobs[compared]["warm"] / n / 2, first["cold"]]
            for n, jobs in by_size.items()
            for first in [jobs["everything, the first time"]]
        ],
    )


def _receiver(found: Found) -> str:
    goals = {int(connections): share for connections, share in found["goals"]["share"].items()}
    rows = []
    for row in found["results"]:
        ours = row["server"] == "receiver-everysec"
        share = f"{row['share']:.2f} ({row['share_worst']:.2f}–{row['share_best']:.2f})"
        rows.append(
            [
                row["connections"],
                SERVERS.get(row["server"], row["server"]),
                share + (f", goal {goals[row['connections']]}" if ours else ""),
                row["p50_ms"],
                row["p99_ms"],
                row["p99_ratio"],
                row["per_s"],
                row["cpu_us"],
                row["redis_us"] or "",
                row["others"],
            ]
        )
    head = ["connections", "server", "× bare (worst–best)", "p50 ms", "p99 ms", "p99 × bare", "per s"]
    return _table([*head, "CPU µs each", "Redis µs", "others"], rows)


def _arrival(found: Found) -> str:
    return _table(
        ["workers", "", "changes", "p50 ms", "p99 ms", "worst ms", "of p50, until a worker begins", "per s"],
        [
            [
                *(r["workers"], r["what"], r["changes"], r["p50_ms"], r["p99_ms"], r["worst_ms"], r["waited_p50_ms"]),
                r["per_s"] if r["what"] == "burst" else "",
            ]
            for r in found["results"]
        ],
    )


def _project(found: Found) -> str:
    return _table(
        ["", "ms", "× `json.loads` of both sides' documents", "KB at its highest"],
        [[r["what"], r["ms"], r["ratio"], r["peak_kb"]] for r in found["project"]],
    )


def _spaces(found: Found) -> str:
    return _compared((f"{r['projects']:,} projects, 12 steps and 200 variables each", r) for r in found["spaces"])


def _growth(found: Found) -> str:
    return _compared((f"{r['projects']:,} projects, 1 step and 5 variables each", r) for r in found["growth"])


def _compared(rows: Iterable[tuple[str, Found]]) -> str:
    return _table(
        ["", "documents", "requests", "CPU ms per project", "MB before", "MB at its highest"],
        [
            [
                *(name, r["documents"], r["requests"], r["cpu_s"] / r["projects"] * 1000),
                *(r["mb_before"], r["mb_peak"]),
            ]
            for name, r in rows
        ],
    )


def _budget(found: Found) -> str:
    alone = found["alone"]
    return _table(
        ["", "requests, busier side", "s by the limit", "s taken", "refused (429)", "events", "p50 ms", "worst ms"],
        [
            ["events alone", "", "", "", "", alone["events"], alone["event_p50_ms"], alone["event_worst_ms"]],
            *(
                [
                    *(r["name"], r["busiest_side"], r["by_the_limit_s"], r["seconds"], r["refused"]),
                    *(r["events"], r["event_p50_ms"], r["event_worst_ms"]),
                ]
                for r in found["results"]
            ),
        ],
    )


def _fleet(found: Found) -> str:
    rows = found["results"]
    return _table(
        ["", *(f"{row['routes']:,} routes" for row in rows)],
        [[words, *(row[name] for row in rows)] for name, words in fleet.WORDS.items()],
    )


def _supposed(found: Found) -> str:
    docs = fleet.meanings(fleet.Supposed)
    return _table(["supposed", "", ""], [[f"`{n}`", v, docs[n]] for n, v in found["supposed"].items()])


def _fitted(found: Found) -> str:
    docs = fleet.meanings(fleet.Measured)
    return _table(["measured", "", ""], [[f"`{n}`", _pair(v), docs[n]] for n, v in found["fitted"].items()])


def _pair(value: Any) -> Any:
    return " + ".join(_cell(one) for one in value) + " n" if isinstance(value, list) else value


SERVERS = {
    "receiver-everysec": "receiver, everysec",
    "receiver-always": "receiver, always",
    "receiver-two": "receiver, 2 processes",
    "nginx 202": "nginx, 202",
    "webhook /bin/true": "webhook, `/bin/true`",
}

TABLES: Mapping[str, tuple[str, Callable[[Found], str]]] = {
    "measured": ("requests_per_job", _measured),
    "requests": ("requests_per_job", _requests),
    "sizes": ("requests_per_job", _sizes),
    "receiver": ("receiver", _receiver),
    "arrival": ("arrival", _arrival),
    "engine-project": ("engine", _project),
    "engine-spaces": ("engine", _spaces),
    "engine-growth": ("engine", _growth),
    "budget": ("budget", _budget),
    "fleet": ("fleet", _fleet),
    "fleet-supposed": ("fleet", _supposed),
    "fleet-fitted": ("fleet", _fitted),
}
"""By the name of the mark: which benchmark it is of, and how it is drawn."""


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [list(head), ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return f"{value:,.{places}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> int:
    try:
        text = written(PAGE.read_text("utf-8"), report.read)
    except FiguresError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
