"""``octosync reconcile``: compare everything, as is done every night, and mark what differs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli import options, waiting
from worker.cli.context import open_house
from worker.cli.engine import opened
from worker.cli.enqueue import Follow, finish, mark
from worker.cli.errors import Status
from worker.cli.output import print_json, progress, results, say
from worker.plan import json as plan_json
from worker.plan.console import print_plan
from worker.plan.values import Action, NamePath, Plan
from worker.queue.keys import EVERYTHING, DirtyKey
from worker.queue.values import Priority


def reconcile(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Compare here and print what differs; mark nothing, write nothing.")
    ] = False,
    route: options.AnyRoute = None,
    reason: options.Reason = None,
    wait: waiting.Wait = False,
    timeout: waiting.Timeout = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Have everything that the routes include compared again, whatever webhooks and audit log have told.

    Exit status of a dry run 0: both sides are in step. 2: they differ. Without --dry-run the workers do it: 0; with
    --wait 1 if something failed, is blocked, or did not end in time, and 3 if a route is held or only reads.
    """
    if not dry_run:
        follow = Follow(wait, timeout, json)
        finish(asyncio.run(_enqueue(route, reason, config, redis, follow)), follow)
        return
    plans, failed = asyncio.run(_compare(route, config, redis))
    if json:
        print_json([plan_json.as_dict(plan) for plan in plans])
    else:
        for plan in plans:
            say(f"Route {plan.route}", "bold")
            print_plan(plan, results())
    if failed:
        say(f"could not be compared: {', '.join(failed)}. `octosync plan ITEM` says why", "bold red")
        raise typer.Exit(Status.ERROR)
    if any(not plan.is_empty or plan.blocked for plan in plans):
        raise typer.Exit(Status.DIFFERENCES)


async def _enqueue(
    route: str | None, reason: str | None, config: Path | None, redis: str | None, follow: Follow
) -> dict[str, Any]:
    async with open_house(config, redis) as house:
        keys = [DirtyKey(one.name, EVERYTHING) for one in house.chosen(route)]
        return await mark(house, keys, priority=Priority.BULK, reason=reason or "reconcile", follow=follow)


async def _compare(route: str | None, config: Path | None, redis: str | None) -> tuple[list[Plan], list[str]]:
    """As the night does it, in chunks, trusting no cache. A plan for each route, and what could not be compared."""
    from worker.sync import compare

    plans, failed = [], []
    async with open_house(config, redis) as house:
        for one in house.chosen(route):
            async with opened(house, one.name, bulk=True) as engine:
                with progress(f"Comparing {one.name}") as bar:
                    found = await compare.compare(
                        engine, house.queue, house.state.comparisons, dry_run=True, progress=bar
                    )
            plans.append(_joined(one.name, found.plans))
            failed += [f"{document} of {one.name}" for document in found.failed]
    return plans, failed


def _joined(route: str, plans: Sequence[Plan]) -> Plan:
    """The plan of the whole. What items of several chunks require is in the plan of each, and said once."""
    notes = dict.fromkeys(note for plan in plans for note in plan.notes)
    actions: dict[tuple[str, NamePath], Action] = {}
    for action in (action for plan in plans for action in plan):
        known = actions.setdefault((action.kind, action.path), action)
        if action.writes and not known.writes:
            actions[action.kind, action.path] = action
    return Plan(route, tuple(actions.values()), tuple(notes))
