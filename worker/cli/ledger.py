"""``octosync ledger``: what is remembered of a route, to keep elsewhere, to take back, or to forget."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from config.counting import counted
from worker.cli import options
from worker.cli.context import open_house
from worker.cli.errors import CliError
from worker.cli.output import say
from worker.ledger.ledger import LedgerImportError

app = typer.Typer(
    help="Export, import or forget what is remembered of a route: links, baselines, clean-up list.",
    no_args_is_help=True,
)

RouteName = Annotated[
    str, typer.Argument(metavar="ROUTE", help="The route, also one that is in the routes file no more.")
]


@app.command("export")
def export(
    route: RouteName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to. Default: standard output.")
    ] = None,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Write all that Octosync remembers of a route as JSON. Baselines hold values of variables: keep it safe."""
    data = asyncio.run(_export(route, config, redis))
    if not data["links"] and not data["baselines"]:
        raise CliError(f"nothing is remembered of route {route!r}", then="`octosync status` shows the routes")
    text = json.dumps(data, indent=1)
    if output is None:
        sys.stdout.write(text + "\n")
        return
    try:
        with open(output, "w", encoding="utf-8", opener=_for_me_alone) as file:
            file.write(text + "\n")
    except OSError as error:
        raise CliError(f"{output} cannot be written: {error.strerror}", then="name another file") from None
    say(f"{output}: {_of(data)}, {counted(len(data['clean_ups']), 'entry', 'entries')}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `ledger export` wrote; - for standard input.")],
    name: Annotated[
        str | None,
        typer.Option("--as", "--route", "-r", metavar="ROUTE", help="Another name than it had: of a renamed route."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Forget what the ledger remembers of it now.")] = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Take back a route's memory, under its own name or that of a route that was renamed. Pause the route first."""
    try:
        data = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else f"no JSON: {error}"
        raise CliError(words, where=str(file), then="name a file that octosync ledger export wrote") from None
    try:
        route = asyncio.run(_import(data, name, replace, config, redis))
    except LedgerImportError as error:
        then = "nothing was changed; --replace forgets what is remembered now, --as gives the route another name"
        raise CliError(str(error), where=str(file), then=then) from None
    say(f"{route} remembers again: {_of(data)}", "green")
    say("next:  octosync plan everything", "dim")


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
    what = f"{counted(links, 'link')} and {counted(baselines, 'baseline')} of route {route}"
    say(f"Forgot {what}." if yes else f"This would forget {what}: octosync ledger forget {route} --yes")


def _of(data: dict[str, Any]) -> str:
    return f"{counted(len(data['links']), 'link')}, {counted(len(data['baselines']), 'baseline')}"


async def _export(route: str, config: Path | None, redis: str | None) -> dict[str, Any]:
    async with open_house(config, redis) as house:
        return await house.ledger.export(route)


async def _import(data: Any, name: str | None, replace: bool, config: Path | None, redis: str | None) -> str:
    async with open_house(config, redis) as house:
        return await house.ledger.import_(data, route=name, replace=replace)


async def _forget(route: str, yes: bool, config: Path | None, redis: str | None) -> tuple[int, int]:
    async with open_house(config, redis) as house:
        links, baselines = await house.ledger.links.all(route), await house.ledger.baselines.ids(route)
        if yes:
            await house.ledger.forget(route)
        return len(links), len(baselines)


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
