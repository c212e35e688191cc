"""``octosync cleanup``: what a person must finish by hand on the destinations."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from worker.cli import options
from worker.cli.context import House, open_house
from worker.cli.errors import CliError
from worker.cli.groups import ListByDefault
from worker.cli.output import moment, print_json, print_table, results, say
from worker.desk.clean_ups import as_dict
from worker.ledger.clean_ups import CleanUpEntry, State
from worker.plan.console import print_lines
from worker.plan.lines import clean_up
from worker.plan.values import printed

app = typer.Typer(
    cls=ListByDefault, help="List what must be finished by hand on the destinations, and close what is done."
)

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The entry, as the list shows it. Its first characters suffice.")
]


@app.command("list")
def list_entries(
    route: options.AnyRoute = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Closed and resolved entries, too.")] = False,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """List the open entries, oldest first. The same as `octosync cleanup` alone."""
    found = asyncio.run(_list(route, everything, config, redis))
    if json:
        print_json([as_dict(entry) for entry in found])
        return
    print_table(
        ["key", "route", "item", "where", "what to do", "state", "since"],
        [
            [
                one.key,
                one.route,
                printed(one.entry.item),
                one.entry.where,
                one.entry.text,
                one.state,
                moment(one.opened),
            ]
            for one in found
        ],
        empty="There is nothing to finish by hand.",
    )


@app.command("show")
def show(
    key: Key,
    route: options.Route = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Show one entry; of a conflict also what the place was and is, on both sides."""
    entry = asyncio.run(_get(key, route, config, redis))
    if json:
        print_json(as_dict(entry))
        return
    console = results()
    print_lines(console, clean_up(entry.entry))
    say(f"{entry.state} since {moment(entry.closed or entry.resolved or entry.opened)}", "dim")
    if entry.closed_by:
        say(f"by {entry.closed_by}" + (f": {entry.note}" if entry.note else ""), "dim")


@app.command("close")
def close(
    key: Key,
    note: Annotated[str, typer.Option("--note", "-m", metavar="TEXT", help="How it was done, or why not.")] = "",
    route: options.Route = None,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Say that an entry is done. It does not come back."""
    entry = asyncio.run(_set(key, route, config, redis, done=True, note=note))
    say(f"Closed: {printed(entry.entry.item)}: {entry.entry.text}")


@app.command("reopen")
def reopen(key: Key, route: options.Route = None, config: options.Config = None, redis: options.Redis = None) -> None:
    """Take a closing back."""
    entry = asyncio.run(_set(key, route, config, redis, done=False))
    say(f"Open again: {printed(entry.entry.item)}: {entry.entry.text}")


async def _list(route: str | None, everything: bool, config: Path | None, redis: str | None) -> list[CleanUpEntry]:
    states = tuple(State) if everything else (State.OPEN,)
    async with open_house(config, redis) as house:
        return [
            entry for one in house.chosen(route) for entry in await house.ledger.clean_ups.entries(one.name, states)
        ]


async def _set(
    key: str, route: str | None, config: Path | None, redis: str | None, *, done: bool, note: str = ""
) -> CleanUpEntry:
    async with open_house(config, redis) as house:
        name = house.route(route).name
        entry = await _find(house, name, key)
        entries = house.ledger.clean_ups
        changed = await (
            entries.close(name, entry.key, house.requested_by, note) if done else entries.reopen(name, entry.key)
        )
        if not changed:
            raise CliError(
                f"entry {entry.key} is {'closed already' if done else 'not closed'}",
                where=f"route {name}",
                then=f"nothing was changed; octosync cleanup show {entry.key} --route {name} shows it",
            )
        return entry


async def _get(key: str, route: str | None, config: Path | None, redis: str | None) -> CleanUpEntry:
    async with open_house(config, redis) as house:
        return await _find(house, house.route(route).name, key)


async def _find(house: House, route: str, key: str) -> CleanUpEntry:
    known = await house.ledger.clean_ups.entries(route, tuple(State))
    found = [entry for entry in known if entry.key.startswith(key)] if key else []
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} entries begin with {key!r}" if found else f"there is no entry {key!r}"
    raise CliError(what, where=f"route {route}", then=f"`octosync cleanup list --all --route {route}` shows their keys")
