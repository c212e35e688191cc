"""Runs: what was done, newest first, and one with its plan as a diff."""

from __future__ import annotations

import json

from aiohttp import web

from webhook_receiver.page import diffs
from webhook_receiver.page.pages import Page
from webhook_receiver.page.visits import Visit
from worker.ledger.runs import Run

A_PAGE = 50
READ_AT_ONCE = 200

GROUPS = {
    "wrote": ("Wrote something", frozenset({"changed"})),
    "stopped": ("Not done", frozenset({"blocked", "held", "read-only", "moved", "busy"})),
    "failed": ("Failed", frozenset({"error"})),
}
"""How runs can be narrowed: what it is called, and which outcomes belong to it."""


async def runs(page: Page, visit: Visit) -> web.Response:
    """``route``, ``outcome`` (a group) narrow the list; ``from`` is how many of all runs came before."""
    route, group = visit.asked("route"), visit.asked("outcome")
    if route not in page.route_names:
        route = ""
    outcomes = GROUPS[group][1] if group in GROUPS else None
    found, following = await matching(page, route or None, outcomes, visit.number("from"))
    names = await page.names(run.key for run in found)
    return page.render(
        visit,
        "runs.html",
        runs=found,
        names=names,
        routes=page.route_names,
        groups={name: words for name, (words, _) in GROUPS.items()},
        route=route,
        outcome=group if group in GROUPS else "",
        start=visit.number("from"),
        following=following,
    )


async def run(page: Page, visit: Visit) -> web.Response:
    """One run. ``from``: at which item of its plan to begin."""
    found = await page.state.ledger.runs.get(visit.request.match_info["run"])
    if found is None:
        raise web.HTTPNotFound
    plan = await diffs.of_plan(json.loads(found.plan), visit.number("from")) if found.plan is not None else None
    names = await page.names([found.key])
    return page.render(visit, "run.html", run=found, plan=plan, names=names)


async def matching(
    page: Page, route: str | None, outcomes: frozenset[str] | None, skip: int
) -> tuple[list[Run], int | None]:
    """Those of one page, and where the next begins among all runs."""
    found: list[Run] = []
    while True:
        some = await page.state.ledger.runs.newest(route, limit=READ_AT_ONCE, skip=skip)
        for number, one in enumerate(some):
            if outcomes is None or one.outcome in outcomes:
                if len(found) == A_PAGE:
                    return found, skip + number
                found.append(one)
        if len(some) < READ_AT_ONCE:
            return found, None
        skip += READ_AT_ONCE
