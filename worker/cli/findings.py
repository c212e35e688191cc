"""``octosync findings``: what would not work on the destinations, though it was written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.errors import Status
from worker.cli.output import moment, print_json, results, say
from worker.ledger.findings import FindingsReport
from worker.plan.console import print_lines
from worker.plan.json import finding_as_dict
from worker.plan.lines import finding


def findings(
    route: options.AnyRoute = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Show what would not work on the destinations: pools without workers, roles without targets, unknown variables.

    As the last comparison of the whole found it; `octosync reconcile` compares anew, `octosync plan --check` checks a
    plan. Exit status 0: none. 2: there are some.
    """
    found = asyncio.run(_reports(route, config, redis))
    if json:
        print_json([as_dict(name, report) for name, report in found.items()])
    else:
        for name, report in found.items():
            _show(name, report)
    if any(report is not None and report.total for report in found.values()):
        raise typer.Exit(Status.DIFFERENCES)


def as_dict(route: str, report: FindingsReport | None) -> dict[str, Any]:
    """``compared`` is ``None`` where the route was never compared as a whole."""
    return {
        "route": route,
        "compared": report.at if report is not None else None,
        "total": report.total if report is not None else 0,
        "rules": dict(report.rules) if report is not None else {},
        "unchecked": list(report.unchecked) if report is not None else [],
        "findings": [finding_as_dict(one) for one in (report.findings if report is not None else ())],
    }


def _show(route: str, report: FindingsReport | None) -> None:
    if report is None:
        say(f"{route} was never compared as a whole. Next: octosync reconcile --route {route}")
        return
    print_lines(results(), map(finding, report.findings))
    for text in report.unchecked:
        say(text, "yellow")
    more = f", of which {len(report.findings)} are shown" if report.total > len(report.findings) else ""
    say(f"{route}: {report.total} found that would not work{more}, as of {moment(report.at)}")


async def _reports(route: str | None, config: Path | None, redis: str | None) -> dict[str, FindingsReport | None]:
    async with open_house(config, redis) as house:
        return {one.name: await house.ledger.findings.report(one.name) for one in house.chosen(route)}
