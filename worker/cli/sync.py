"""``octosync sync``: here and now, without the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.counting import counted
from worker.cli import options
from worker.cli.context import open_house
from worker.cli.engine import documents, opened
from worker.cli.errors import CliError, Status
from worker.cli.items import Selection, selection
from worker.cli.output import print_json, progress, say
from worker.cli.plan import Form, show
from worker.ledger.clean_ups import State, listed_among
from worker.ledger.runs import Cause
from worker.plan import json as plan_json
from worker.queue.keys import EVERYTHING, SUBTREE

if TYPE_CHECKING:
    from worker.sync.run import Outcome

STATUS = {
    "unchanged": Status.DONE,
    "changed": Status.DONE,
    "blocked": Status.ERROR,
    "moved": Status.ERROR,
    "busy": Status.ERROR,
    "held": Status.REFUSED,
    "read-only": Status.REFUSED,
}
"""By the result of the engine."""

NEXT = {
    "blocked": "make what it waits for, or leave it out of the route; the plan above says what",
    "busy": "a worker, or another person, is writing the same document: try again in a moment",
    "moved": "somebody is at work on the destination: try again when they are done",
    "read-only": "set `mode: write` in the routes file once the plan is what you want",
}


def sync(
    items: options.Items = None,
    projects: options.Projects = None,
    library_sets: options.LibrarySets = None,
    tenants: options.Tenants = None,
    route: options.Route = None,
    approved: Annotated[
        str | None,
        typer.Option(
            "--approved", metavar="HASH", help="Apply the plan with this hash even if a person must approve it."
        ),
    ] = None,
    check: options.Check = False,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Bring items on the destination in step with the source, now. `octosync plan` shows what it would do.

    Exit status 0: done, or nothing to do. 2: done, with findings of --check. 3: refused by a limit, or the route is
    held. 1: error.
    """
    what = selection(items, projects=projects, library_sets=library_sets, tenants=tenants)
    if not what:
        raise CliError("nothing is named to be synced", then="name items, as in project/OctoFX, or write `everything`")
    outcome, listed = asyncio.run(_sync(what, route, approved, check, config, redis))
    if json:
        print_json(as_dict(outcome))
    else:
        _report(outcome, listed)
    status = STATUS[outcome.result]
    raise typer.Exit(Status.DIFFERENCES if status is Status.DONE and outcome.plan.findings else status)


def as_dict(outcome: Outcome) -> dict[str, Any]:
    return {
        "result": str(outcome.result),
        "message": outcome.message,
        "requests": outcome.requests,
        "writes": outcome.writes,
        "run": outcome.run_id,
        "plan": plan_json.as_dict(outcome.plan),
    }


def _report(outcome: Outcome, listed: dict[str, bool]) -> None:
    show(outcome.plan, Form.CONSOLE, listed=listed)
    status = STATUS[outcome.result]
    said = f": {outcome.message}" if outcome.message else ""
    spent = f"{counted(outcome.requests, 'request')}, {outcome.writes} of them writes"
    say(f"{outcome.result}{said} ({spent})", "bold" if status is Status.DONE else "bold red")
    if outcome.result in NEXT:
        say(f"next: {NEXT[outcome.result]}")


def meant(document_ids: Sequence[str]) -> str:
    """The document part of the key under which workers would do the same: of one item it is the item's. Then they make
    the very plan for which this run was held, and which is approved."""
    from worker.kinds import registry

    if len(document_ids) == 1:
        return document_ids[0]
    tops = [one for one in document_ids if (kind := registry.kind_of(one)) is not None and not kind.owner_kinds]
    return f"{tops[0]}{SUBTREE}" if len(tops) == 1 else EVERYTHING


async def _sync(
    what: Selection, route: str | None, approved: str | None, check: bool, config: Path | None, redis: str | None
) -> tuple[Outcome, dict[str, bool]]:
    """What came of it, and which entries of its plan were on the clean-up list before: see
    :func:`worker.ledger.clean_ups.listed_among`."""
    from worker.sync.findings.check import Checker

    async with open_house(config, redis) as house:
        name = house.route(route).name
        async with opened(house, name) as engine:
            wanted = await documents(engine, what)
            before = await house.ledger.clean_ups.entries(name, (State.OPEN, State.CLOSED))
            with progress("Syncing") as report:
                cause = Cause(house.correlation_id, requested_by=house.requested_by)
                outcome = await engine.sync(
                    wanted,
                    approved_hash=approved,
                    cause=cause,
                    key=f"{name}|{EVERYTHING if what.everything else meant(wanted)}",
                    progress=report,
                    check=Checker().check if check else None,
                )
    return outcome, listed_among(before, outcome.plan.clean_ups)
