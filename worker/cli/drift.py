"""``octosync drift``: what people edited on the destinations in what we had written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.errors import Status
from worker.cli.output import moment, print_json, results, say
from worker.ledger.drift import DriftReport
from worker.plan.console import print_drift
from worker.plan.json import change_as_dict
from worker.plan.values import printed


def drift(
    route: options.AnyRoute = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Show what was edited on the destinations since it was written, as the last comparison of the whole found it.

    Such edits stay. `octosync reconcile` compares anew. Exit status 0: none. 2: there are edits.
    """
    found = asyncio.run(_reports(route, config, redis))
    if json:
        print_json([as_dict(name, report) for name, report in found.items()])
    else:
        for name, report in found.items():
            _show(name, report)
    if any(report is not None and report.total for report in found.values()):
        raise typer.Exit(Status.DIFFERENCES)


def as_dict(route: str, report: DriftReport | None) -> dict[str, Any]:
    """``compared`` is ``None`` where the route was never compared as a whole. Of a change, ``before`` is as we wrote
    it, ``after`` as it is on the destination."""
    return {
        "route": route,
        "compared": report.at if report is not None else None,
        "total": report.total if report is not None else 0,
        "items": [
            {
                "kind": one.kind,
                "path": list(one.path),
                "name": printed(one.path),
                "source_id": one.source_id,
                "destination_id": one.destination_id,
                "changes": [change_as_dict(change) for change in one.changes],
                "left_out": one.left_out,
            }
            for one in (report.items if report is not None else ())
        ],
    }


def _show(route: str, report: DriftReport | None) -> None:
    if report is None:
        say(f"{route} was never compared as a whole. Next: octosync reconcile --route {route}")
        return
    console = results()
    for one in report.items:
        print_drift(console, one.path, one.changes, one.left_out)
    more = f", of which {len(report.items)} are shown" if report.total > len(report.items) else ""
    say(f"{route}: {report.total} edited on the destination{more}, as of {moment(report.at)}")


async def _reports(route: str | None, config: Path | None, redis: str | None) -> dict[str, DriftReport | None]:
    async with open_house(config, redis) as house:
        return {one.name: await house.ledger.drift.report(one.name) for one in house.chosen(route)}
