"""Deliveries: what came from the sources and what we made of it; replay of one, or of all since a time."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from webhook_receiver.page.pages import Page
from webhook_receiver.page.visits import Visit
from worker.desk.deliveries import Replayed, is_entry_id, replay, replay_since

A_PAGE = 50
UNREADABLE = 20


async def deliveries(page: Page, visit: Visit) -> web.Response:
    """``before``: the entry after which the page begins, newest first."""
    inbox = page.state.inbox
    before = visit.asked("before")
    found = await inbox.journal(limit=A_PAGE + 1, before=before if is_entry_id(before) else None)
    unreadable = await inbox.unparsable(limit=UNREADABLE)
    names = await page.names(key for entry in found for key in entry.delivery.keys)
    return page.render(
        visit,
        "deliveries.html",
        entries=found[:A_PAGE],
        unreadable=unreadable,
        counters=await inbox.counters(),
        names=names,
        begins=not before,
        before=found[A_PAGE - 1].entry_id if len(found) > A_PAGE else None,
    )


async def replaying(page: Page, visit: Visit) -> web.Response:
    """The one whose button was pressed, or all since a time."""
    if entry_id := visit.sent("entry"):
        entry = await page.state.inbox.journal_entry(entry_id) if is_entry_id(entry_id) else None
        if entry is None:
            raise web.HTTPNotFound
        return await _replayed(
            page, visit, await replay(page.state, [entry], by=visit.by, correlation_id=page.correlation_id())
        )
    try:
        since = datetime.fromisoformat(visit.sent("since"))
    except ValueError:
        return page.done(visit, "/deliveries", "no-time", 0)
    if since.tzinfo is None:
        since = since.replace(tzinfo=page.settings.zone)
    since_ms = max(0, int(since.timestamp() * 1000))
    done = await replay_since(page.state, since_ms, by=visit.by, correlation_id=page.correlation_id())
    return await _replayed(page, visit, done)


async def _replayed(page: Page, visit: Visit, done: Replayed) -> web.Response:
    await page.wake(done.keys)
    return page.done(visit, "/deliveries", "replayed" if done.keys else "nothing", len(done.keys))
