"""Writes the tables of docs/metrics.md anew from the metrics themselves; `make metrics-table`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fakeredis import FakeAsyncRedis
from prometheus_client.metrics import MetricWrapperBase

from config.load import loads
from config.settings import Settings
from webhook_receiver import gauges
from webhook_receiver.metrics import Metrics
from worker import metrics as workers
from worker.state import state_of

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
NO_ROUTES = '{"instances": [], "routes": []}'
HEAD = "| name | type | labels | what it tells |\n|---|---|---|---|\n"


def tables() -> dict[str, str]:
    """By the heading that each stands under."""
    return {
        "Receivers, read from Redis": table(asyncio.run(read_from_redis())),
        "Receivers, counted": table(one for one in vars(Metrics()).values() if isinstance(one, MetricWrapperBase)),
        "Workers": table(one for one in vars(workers).values() if isinstance(one, MetricWrapperBase)),
    }


def table(metrics: Iterable[Any]) -> str:
    return HEAD + "".join(sorted(map(row, metrics)))


def row(one: Any) -> str:
    wrapped = isinstance(one, MetricWrapperBase)
    name, kind = (one._name, one._type) if wrapped else (one.name, one.type)
    labels = ", ".join(f"`{label}`" for label in one._labelnames)
    total = "_total" if kind == "counter" else ""
    return f"| `{name}{total}` | {kind} | {labels} | {one._documentation if wrapped else one.documentation} |\n"


async def read_from_redis() -> list[Any]:
    redis = FakeAsyncRedis(protocol=2)
    try:
        return await gauges.read(state_of(redis, Settings()), loads(NO_ROUTES, "routes.json"))
    finally:
        await redis.aclose()


def written(text: str) -> str:
    """``text`` with each table in its place."""
    for heading, rows in tables().items():
        text, count = re.subn(
            rf"(^## {heading}\n.*?)(^\|.*?\n)(?!\|)", lambda m, r=rows: m[1] + r, text, count=1, flags=re.M | re.S
        )
        if not count:
            raise SystemExit(f"{PAGE} has no table under {heading!r}")
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
