"""``octosync dead-letters``: documents that were tried often and given up, with what the server said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from worker.cli import options
from worker.cli.context import House, open_house
from worker.cli.enqueue import wake
from worker.cli.errors import CliError
from worker.cli.groups import ListByDefault
from worker.cli.output import moment, print_json, print_table, say
from worker.desk import letters
from worker.desk.letters import as_dict, instant
from worker.desk.names import named
from worker.queue.keys import DirtyKey
from worker.queue.values import DeadLetter

app = typer.Typer(cls=ListByDefault, help="List what was given up; try it again, or drop it.")

Keys = Annotated[
    list[str] | None, typer.Argument(metavar="KEY", help="As the list shows it: ROUTE|DOCUMENT. Mind the quotes.")
]
All = Annotated[bool, typer.Option("--all", "-a", help="All of them, or all of the route.")]


@app.command("list")
def list_letters(
    route: options.AnyRoute = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """List what was given up, newest first. The same as `octosync dead-letters` alone."""

    async def run() -> tuple[list[DeadLetter], dict[DirtyKey, str]]:
        async with open_house(config, redis) as house:
            found = await _of(house, route)
            return found, await named(house.state, [one.key for one in found])

    found, names = asyncio.run(run())
    if json:
        print_json([{**as_dict(letter), "name": names[letter.key]} for letter in found])
        return
    print_table(
        ["key", "item", "given up", "attempts", "reason", "the server said"],
        [
            [
                str(one.key),
                names[one.key],
                moment(instant(one.buried_ms)),
                str(one.attempts),
                one.reason,
                one.server_words,
            ]
            for one in found
        ],
        empty="There are no dead letters.",
    )


@app.command("retry")
def retry(
    keys: Keys = None,
    everything: All = False,
    route: options.AnyRoute = None,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Try dead letters again, now and with all their attempts."""

    async def run() -> list[DirtyKey]:
        async with open_house(config, redis) as house:
            wanted = await _chosen(house, keys, everything, route)
            found = await letters.retry(house.state, wanted, by=house.requested_by)
            await wake(house, found)
            return found

    say(f"{len(asyncio.run(run()))} to be tried again")


@app.command("drop")
def drop(
    keys: Keys = None,
    everything: All = False,
    route: options.AnyRoute = None,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Forget dead letters. A new change, or the night, looks at their documents again all the same."""

    async def run() -> int:
        async with open_house(config, redis) as house:
            return len(await letters.drop(house.state, await _chosen(house, keys, everything, route)))

    say(f"{asyncio.run(run())} dropped")


async def _of(house: House, route: str | None) -> list[DeadLetter]:
    names = {one.name for one in house.chosen(route)}
    return [letter for letter in await house.queue.dead_letters() if route is None or letter.key.route in names]


async def _chosen(house: House, keys: Sequence[str] | None, everything: bool, route: str | None) -> list[DirtyKey]:
    known = [letter.key for letter in await _of(house, route)]
    if everything:
        return known
    if not keys:
        raise CliError("no dead letter is named", then="name keys as `octosync dead-letters` lists them, or say --all")
    by_text = {str(key): key for key in known}
    unknown = [key for key in keys if key not in by_text]
    if unknown:
        raise CliError(
            f"no dead letter is called {unknown[0]!r}", then="`octosync dead-letters` lists them, as ROUTE|DOCUMENT"
        )
    return [by_text[key] for key in keys]
