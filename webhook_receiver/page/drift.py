"""Drift: what was edited on the destinations since we wrote it, and what would not work there, as the last comparison
of each route found it."""

from __future__ import annotations

from aiohttp import web

from webhook_receiver.page import diffs
from webhook_receiver.page.pages import Page
from webhook_receiver.page.visits import Visit
from worker.plan.lines import finding

A_PAGE = 25
MOST_FINDINGS = 200
"""That the page of a route shows; `octosync findings` has all that are kept."""


async def drift(page: Page, visit: Visit) -> web.Response:
    """``route``: which; without it, how much there is of each. ``from``: how many items come before."""
    name = visit.asked("route")
    if name not in page.route_names:
        kinds = await page.state.ledger.drift.kinds()
        compared = {one: await page.state.ledger.cursors.last_compared(one) for one in page.route_names}
        totals = {one: sum(kinds.get(one, {}).values()) for one in page.route_names}
        amiss = {one: await page.state.ledger.findings.total(one) for one in page.route_names}
        return page.render(visit, "drift.html", kinds=kinds, compared=compared, totals=totals, amiss=amiss)
    report = await page.state.ledger.drift.report(name)
    start = visit.number("from")
    items = report.items if report is not None else ()
    found = await page.state.ledger.findings.report(name)
    return page.render(
        visit,
        "drift_of_route.html",
        route=name,
        report=report,
        diffs=await diffs.of_drift(items[start : start + A_PAGE]),
        amiss=found,
        findings=[finding(one) for one in found.findings[:MOST_FINDINGS]] if found is not None else [],
        kept=len(items),
        start=start,
        following=start + A_PAGE if len(items) > start + A_PAGE else None,
    )
