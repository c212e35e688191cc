"""What failed: servers that cannot be reached, documents that were tried in vain, and those that were given up."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from webhook_receiver.page.pages import Page
from webhook_receiver.page.runs import GROUPS, matching
from webhook_receiver.page.visits import Visit
from worker.desk import letters
from worker.queue.keys import DirtyKey

TROUBLED = 100
RUNS = 20
A_PAGE = 50
MOST_AT_ONCE = 10_000


async def failures(page: Page, visit: Visit) -> web.Response:
    state = page.state
    circuits = await state.circuits.among(*(one.name for one in page.routes.instances))
    troubled = await state.queue.troubled(limit=TROUBLED)
    failed, _ = await matching(page, None, GROUPS["failed"][1], 0)
    dead = sum(depth.dead for depth in (await state.queue.depth()).values())
    names = await page.names([*(one.key for one in troubled), *(run.key for run in failed[:RUNS])])
    return page.render(
        visit, "failures.html", circuits=circuits, troubled=troubled, runs=failed[:RUNS], names=names, dead=dead
    )


async def dead_letters(page: Page, visit: Visit) -> web.Response:
    """``from``: how many come before."""
    start = visit.number("from")
    found = await page.state.queue.dead_letters(limit=A_PAGE + 1, skip=start)
    names = await page.names(one.key for one in found)
    total = sum(depth.dead for depth in (await page.state.queue.depth()).values())
    return page.render(
        visit,
        "dead_letters.html",
        letters=found[:A_PAGE],
        names=names,
        total=total,
        start=start,
        following=start + A_PAGE if len(found) > A_PAGE else None,
    )


async def deciding(page: Page, visit: Visit) -> web.Response:
    """Retry or drop: those that were ticked, the one whose button was pressed, or all."""
    word, _, one = visit.sent("do").partition(" ")
    if one:
        keys = page.keys([one])
    elif word.endswith("-all"):
        keys = [letter.key for letter in await page.state.queue.dead_letters(limit=MOST_AT_ONCE)]
    else:
        keys = page.keys(visit.all_sent("key"))
    return await _decided(page, visit, word.removesuffix("-all"), keys)


async def _decided(page: Page, visit: Visit, word: str, keys: Iterable[DirtyKey]) -> web.Response:
    if word == "retry":
        retried = await letters.retry(page.state, keys, by=visit.by)
        await page.wake(retried)
        return page.done(visit, "/dead-letters", "retried" if retried else "nothing", len(retried))
    if word == "drop":
        dropped = await letters.drop(page.state, keys)
        return page.done(visit, "/dead-letters", "dropped" if dropped else "nothing", len(dropped))
    raise web.HTTPBadRequest
