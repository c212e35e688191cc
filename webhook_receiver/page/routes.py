"""The routes: all of them at a glance, and one with what held it, what waits and what was done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiohttp import web

from webhook_receiver.page import diffs
from webhook_receiver.page.pages import Page
from webhook_receiver.page.visits import Visit
from worker.desk.approval import OtherPlanError, approve
from worker.desk.status import HELD, RouteStatus, of_routes

BELIEVED_S = 1.0
WAITING = 50
RUNS = 15


class Glance:
    """The status of all routes, looked up once a second at most, however many look at it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._looking = asyncio.Lock()
        self._seen: tuple[float, Sequence[RouteStatus]] = (float("-inf"), ())

    async def look(self) -> Sequence[RouteStatus]:
        async with self._looking:
            if time.monotonic() - self._seen[0] >= BELIEVED_S:
                found = await of_routes(self._page.state, self._page.routes.routes)
                self._seen = (time.monotonic(), found)
        return self._seen[1]

    async def overview(self, page: Page, visit: Visit) -> web.Response:
        """What anybody may see; with a token also what a person has to do by hand, and where it is."""
        found = await self.look()
        return page.render(visit, "overview.html", routes=found, totals=_totals(found))


def _totals(routes: Sequence[RouteStatus]) -> dict[str, float]:
    return {
        "behind_s": max((one.behind_s for one in routes), default=0),
        "waiting": sum(one.waiting for one in routes),
        "running": sum(one.depth.running for one in routes),
        "held": sum(one.state == HELD for one in routes),
        "dead": sum(one.depth.dead for one in routes),
        "clean_ups": sum(one.clean_ups for one in routes),
    }


async def route(page: Page, visit: Visit) -> web.Response:
    """One route. ``from``: at which item of a held plan to begin."""
    wanted = page.route(visit.request.match_info["route"])
    [status] = await of_routes(page.state, [wanted])
    held = await page.state.ledger.held.get(wanted.name)
    plan = await diffs.of_plan(held.plan, visit.number("from")) if held is not None and held.plan is not None else None
    waiting = await page.state.queue.waiting(wanted.name, limit=WAITING)
    runs = await page.state.ledger.runs.newest(wanted.name, limit=RUNS)
    names = await page.names([*(one.key for one in waiting), *(run.key for run in runs)])
    return page.render(visit, "route.html", here=status, held=held, plan=plan, waiting=waiting, runs=runs, names=names)


async def approving(page: Page, visit: Visit) -> web.Response:
    """A held route goes on, with exactly the plan that was shown."""
    wanted = page.route(visit.request.match_info["route"])
    here = f"/routes/{wanted.name}"
    try:
        keys = await approve(
            page.state, wanted.name, visit.sent("plan"), by=visit.by, correlation_id=page.correlation_id()
        )
    except OtherPlanError:
        return page.done(visit, here, "other-plan")
    await page.wake(keys)
    return page.done(visit, here, "approved")
