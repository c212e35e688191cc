"""The clean-up list: narrowed, in pages, exported, and closed entry by entry or many at once."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from webhook_receiver.page import security
from webhook_receiver.page.pages import Page
from webhook_receiver.page.visits import Visit
from worker.desk import clean_ups
from worker.desk.clean_ups import Wanted
from worker.ledger.clean_ups import State
from worker.plan.lines import sides

A_PAGE = 50


async def clean_up(page: Page, visit: Visit) -> web.Response:
    """``route``, ``state``, ``reason`` and ``words`` narrow the list; ``after`` is where the page begins."""
    wanted = _wanted(page, visit)
    counts = await clean_ups.counts(page.state.ledger, wanted.routes)
    found = await clean_ups.page(page.state.ledger, wanted, after=visit.asked("after") or None, limit=A_PAGE)
    reasons = sum(counts.values(), Counter[str]())
    return page.render(
        visit,
        "clean_up.html",
        entries=found.entries,
        both={one.key: list(sides(one.entry.both)) for one in found.entries if one.entry.both is not None},
        after=found.after,
        begins=not visit.asked("after"),
        total=counts[wanted.state].total() if wanted.reason is None else counts[wanted.state][wanted.reason],
        counts={state: counter.total() for state, counter in counts.items()},
        reasons={reason: counts[wanted.state][reason] for reason in sorted(reasons)},
        wanted=wanted,
        route=visit.asked("route") if visit.asked("route") in page.route_names else "",
        routes=page.route_names,
        states=list(State),
    )


async def export(page: Page, visit: Visit) -> web.StreamResponse:
    """All entries that the same parameters mean, as CSV or JSON."""
    form = visit.request.match_info["form"]
    wanted = _wanted(page, visit)
    headers = {
        **security.HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="clean-up.{form}"',
        "Content-Type": "text/csv; charset=utf-8" if form == "csv" else "application/json",
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(visit.request)
    write = clean_ups.as_csv if form == "csv" else clean_ups.as_json
    waiting = bytearray()
    async for piece in write(page.state.ledger, wanted):
        waiting += piece
        if len(waiting) > 64 * 1024:
            await response.write(bytes(waiting))
            waiting.clear()
    await response.write_eof(bytes(waiting))
    return response


async def closing(page: Page, visit: Visit) -> web.Response:
    """Close or reopen: those that were ticked, or the one whose button was pressed. Each is ``route key``."""
    word, _, one = visit.sent("do").partition(" ")
    chosen = [one] if one else visit.all_sent("entry")
    keys = [(route, key) for route, _, key in (line.partition(" ") for line in chosen) if route in page.route_names]
    ledger = page.state.ledger
    if word == "close":
        closed = await clean_ups.close(ledger, keys, by=visit.by, note=visit.sent("note"))
        return page.done(visit, "/clean-up", "closed" if closed else "nothing", closed)
    if word == "reopen":
        reopened = await clean_ups.reopen(ledger, keys)
        return page.done(visit, "/clean-up", "reopened" if reopened else "nothing", reopened)
    raise web.HTTPBadRequest


def _wanted(page: Page, visit: Visit) -> Wanted:
    route, state = visit.asked("route"), visit.asked("state")
    return Wanted(
        routes=[route] if route in page.route_names else page.route_names,
        state=State(state) if state in list(State) else State.OPEN,
        reason=visit.asked("reason") or None,
        words=visit.asked("words"),
    )
