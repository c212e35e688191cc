"""Drift: what was edited on the destinations since we wrote it, as the last comparison of each route found it."""

from __future__ import annotations

from aiohttp import web

from webhook_receiver.page import diffs
from webhook_receiver.page.pages import Page
from webhook_receiver.page.visits import Visit

A_PAGE = 25


async def drift(page: Page, visit: Visit) -> web.Response:
    """``route``: which; without it, how much there is of each. ``from``: how many items come before."""
    name = visit.asked("route")
    if name not in page.route_names:
        kinds = await page.state.ledger.drift.kinds()
        compared = {one: await page.state.ledger.cursors.last_compared(one) for one in page.route_names}
        totals = {one: sum(kinds.get(one, {}).values()) for one in page.route_names}
        return page.render(visit, "drift.html", kinds=kinds, compared=compared, totals=totals)
    report = await page.state.ledger.drift.report(name)
    start = visit.number("from")
    items = report.items if report is not None else ()
    return page.render(
        visit,
        "drift_of_route.html",
        route=name,
        report=report,
        diffs=await diffs.of_drift(items[start : start + A_PAGE]),
        kept=len(items),
        start=start,
        following=start + A_PAGE if len(items) > start + A_PAGE else None,
    )
