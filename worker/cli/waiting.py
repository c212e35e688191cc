"""``--wait``: a command that follows what it marked, and ends as that ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from worker.cli.context import House
from worker.cli.errors import Status
from worker.cli.output import messages, print_table, progress, say
from worker.desk.following import End, Followed, Follower, Standing, as_dicts
from worker.desk.names import named
from worker.queue.keys import DirtyKey

Wait = Annotated[
    bool, typer.Option("--wait", "-w", help="Follow it to the end, and exit as it ends. Ctrl-C leaves it going on.")
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=0, help="With --wait: give up following after so long (exit 1)."),
]

EVERY_S = 0.5
A_LINE_EVERY_S = 5.0
"""Where there is no terminal on which one line could be kept up to date."""

WELL = frozenset({"changed", "unchanged", "compared", End.DONE})
REFUSED = frozenset({"held", "read-only"})


async def followed(
    house: House, correlation_id: str, keys: Iterable[DirtyKey], timeout_s: float | None
) -> list[dict[str, Any]]:
    """Waits until nothing that came of the marks is left to do, or ``timeout_s`` is over. What became of each, with its
    name, for :func:`report`."""
    follower = Follower(house.state, correlation_id, keys)
    began = time.monotonic()
    said, line, was_over = 0.0, "", False
    with progress("Waiting for the workers") as bar:
        while True:
            asked = time.monotonic()
            standing = await follower.look()
            # Over twice: what came of the last run may have been on its way when we looked.
            if (standing.is_over and was_over) or (timeout_s is not None and asked - began >= timeout_s):
                break
            was_over = standing.is_over
            bar(str(standing))
            if not messages().is_terminal and asked - said >= A_LINE_EVERY_S and str(standing) != line:
                said, line = asked, str(standing)
                say(line, "dim")
            # A long queue takes long to look through: most of the time is left to the workers.
            await asyncio.sleep(max(EVERY_S, 10 * (time.monotonic() - asked)))
    return await _named(house, await follower.results(standing), standing)


async def _named(house: House, results: Sequence[Followed], standing: Standing) -> list[dict[str, Any]]:
    names = await named(house.state, [one.key for one in results])
    found = as_dicts(results)
    for one, entry in zip(found, results, strict=True):
        one["item"] = names[entry.key]
        if entry.result == End.WAITING:
            one["why"] = one["why"] or standing.stopped.get(entry.key.route) or standing.nobody
    return found


def status_of(items: Iterable[dict[str, Any]]) -> Status:
    """How the command ends: the worst of what became of its items."""
    results = {one["result"] for one in items}
    if results - WELL - REFUSED:
        return Status.ERROR
    return Status.REFUSED if results & REFUSED else Status.DONE


def report(items: Sequence[dict[str, Any]]) -> None:
    """What became of each, and what to do next where something is left."""
    print_table(
        ["route", "item", "result", "what", "run"],
        [[one["route"], one["item"], one["result"], one["why"], one["run"] or ""] for one in items],
        empty="Nothing was to be done.",
    )
    for result, words in (
        (End.FAILED, "octosync dead-letters tells more, and octosync dead-letters retry tries again"),
        (End.BLOCKED, "make what it waits for, or leave it out of the route"),
        (End.HELD, "octosync approve ROUTE shows the plan, and why it waits for you"),
        (End.WAITING, "it goes on without you; octosync status shows how far it is"),
    ):
        if any(one["result"] == result for one in items):
            say(f"{result}: {words}", "yellow")
