"""``octosync ledger``: what is remembered of a route, to keep elsewhere, to take back, or to forget."""

from __future__ import annotations

import asyncio
import json as json_text
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.errors import CliError
from worker.cli.output import print_json, say
from worker.ledger.ledger import LedgerImportError

app = typer.Typer(no_args_is_help=True, help="Export, import or forget what is remembered of a route.")

RouteName = Annotated[
    str, typer.Argument(metavar="ROUTE", help="The route, also one that is in the routes file no more.")
]


@app.command("export")
def export(route: RouteName, config: options.Config = None, redis: options.Redis = None) -> None:
    """Print a route's memory as JSON: links, baselines, clean-up entries. It holds documents, but no secrets."""
    print_json(asyncio.run(_export(route, config, redis)))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `ledger export` printed; - for standard input.")],
    route: Annotated[
        str | None, typer.Option("--route", "-r", metavar="NAME", help="Another name than it had.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Forget first what is remembered of that route.")] = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Take back a route's memory that was exported."""
    try:
        data = json_text.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
        name = asyncio.run(_import(data, route, replace, config, redis))
    except (OSError, ValueError) as error:  # a LedgerImportError is a ValueError
        words = str(error) if isinstance(error, LedgerImportError | OSError) else f"no JSON: {error}"
        raise CliError(words, where=str(file)) from None
    say(f"Remembered of route {name} again.")


@app.command("forget")
def forget(
    route: RouteName,
    yes: Annotated[bool, typer.Option("--yes", help="Do so. Without: only say what would be forgotten.")] = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Forget a route: who wrote what, what is linked, what it owns. Nothing on any server is touched.

    The next sync meets the destination as for the first time: matching items are adopted once a person approves.
    """
    links, baselines = asyncio.run(_forget(route, yes, config, redis))
    what = f"{links} links and {baselines} baselines of route {route}"
    say(f"Forgot {what}." if yes else f"This would forget {what}: octosync ledger forget {route} --yes")


async def _export(route: str, config: Path | None, redis: str | None) -> dict[str, Any]:
    async with open_house(config, redis) as house:
        found = await house.ledger.export(route)
    if not found["links"] and not found["baselines"]:
        raise CliError(f"nothing is remembered of route {route!r}", then="`octosync status` shows the routes")
    return found


async def _import(data: Any, route: str | None, replace: bool, config: Path | None, redis: str | None) -> str:
    async with open_house(config, redis) as house:
        return await house.ledger.import_(data, route=route, replace=replace)


async def _forget(route: str, yes: bool, config: Path | None, redis: str | None) -> tuple[int, int]:
    async with open_house(config, redis) as house:
        links, baselines = await house.ledger.links.all(route), await house.ledger.baselines.ids(route)
        if yes:
            await house.ledger.forget(route)
        return len(links), len(baselines)
