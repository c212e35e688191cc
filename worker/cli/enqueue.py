"""``octosync enqueue``: let the workers do it, through the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli import options, waiting
from worker.cli.context import House, open_house
from worker.cli.engine import documents, opened
from worker.cli.errors import CliError, Status
from worker.cli.items import Selection, selection
from worker.cli.output import print_json, say
from worker.queue.keys import EVERYTHING, DirtyKey
from worker.queue.values import Priority, Source


def enqueue(
    items: options.Items = None,
    projects: options.Projects = None,
    library_sets: options.LibrarySets = None,
    tenants: options.Tenants = None,
    route: options.AnyRoute = None,
    reason: options.Reason = None,
    priority: Annotated[
        Priority | None,
        typer.Option("--priority", help="Which workers. Default: events for items, bulk for everything."),
    ] = None,
    wait: waiting.Wait = False,
    timeout: waiting.Timeout = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Mark items to be synced by the workers, as a webhook would, and return at once.

    Exit status with --wait 0: all was done. 1: something failed, is blocked, or did not end in time. 3: a route is held
    or only reads.
    """
    what = selection(items, projects=projects, library_sets=library_sets, tenants=tenants)
    if not what:
        raise CliError(
            "nothing is named to be enqueued", then="name items, as in project/OctoFX, or write `everything`"
        )
    follow = Follow(wait, timeout, json)
    finish(asyncio.run(_enqueue(what, route, reason, priority, config, redis, follow)), follow)


@dataclass(frozen=True, slots=True)
class Follow:
    """Whether to wait for what was marked, and what of."""

    wait: bool
    timeout_s: float | None
    json: bool


def finish(answer: dict[str, Any], follow: Follow) -> None:
    """Report, and exit as what was waited for ended."""
    if follow.json:
        print_json(answer)
    elif follow.wait:
        waiting.report(answer["items"])
    if follow.wait and (status := waiting.status_of(answer["items"])) is not Status.DONE:
        raise typer.Exit(status)


def _say(answer: dict[str, Any], follow: Follow) -> None:
    for route, keys in answer["marked"].items():
        say(f"{route}: {len(keys)} marked" if keys != [EVERYTHING] else f"{route}: everything marked")
    hint = "" if follow.wait else "; `octosync status` shows how far it is"
    say(f"correlation id {answer['correlation_id']}{hint}", "dim")


async def mark(
    house: House, keys: Iterable[DirtyKey], *, priority: Priority, reason: str | None, follow: Follow
) -> dict[str, Any]:
    """Mark ``keys``, wake a worker for them, and wait if that is wanted. Returns what to report."""
    wanted = list(keys)
    await house.queue.mark(
        wanted,
        source=Source.CLI,
        priority=priority,
        debounce_ms=0,
        correlation_id=house.correlation_id,
        requested_by=house.requested_by,
        reason=reason,
    )
    await wake(house, wanted, priority)
    marked: dict[str, list[str]] = {}
    for key in wanted:
        marked.setdefault(key.route, []).append(key.document)
    answer: dict[str, Any] = {"correlation_id": house.correlation_id, "marked": marked}
    if not follow.json:
        _say(answer, follow)
    if follow.wait:
        answer["items"] = await waiting.followed(house, house.correlation_id, wanted, follow.timeout_s)
        answer["status"] = int(waiting.status_of(answer["items"]))
    return answer


async def wake(house: House, keys: Sequence[DirtyKey], priority: Priority = Priority.EVENTS) -> None:
    """Tell the workers. Nothing is lost where nobody can be told: the marks stand, and are looked for all the time."""
    from worker.publisher import publish  # with it comes Celery, which most commands need not load

    if not await publish(keys, priority=priority, settings=house.settings):
        say("No worker could be told; the next sweep tells one.", "yellow")


async def _enqueue(
    what: Selection,
    route: str | None,
    reason: str | None,
    priority: Priority | None,
    config: Path | None,
    redis: str | None,
    follow: Follow,
) -> dict[str, Any]:
    async with open_house(config, redis) as house:
        if what.everything:
            keys = [DirtyKey(one.name, EVERYTHING) for one in house.chosen(route)]
            return await mark(house, keys, priority=priority or Priority.BULK, reason=reason, follow=follow)
        name = house.route(route).name
        async with opened(house, name) as engine:
            keys = [DirtyKey(name, document) for document in await documents(engine, what)]
        return await mark(house, keys, priority=priority or Priority.EVENTS, reason=reason, follow=follow)
