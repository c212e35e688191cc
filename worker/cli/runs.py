"""``octosync runs``: what was done, and why."""

from __future__ import annotations

import asyncio
import json as json_text
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli import options
from worker.cli.context import open_house
from worker.cli.errors import CliError
from worker.cli.groups import ListByDefault
from worker.cli.output import moment, print_json, print_table, results, say
from worker.desk.names import named
from worker.ledger.runs import PLANS_KEPT, Run
from worker.plan import json as plan_json
from worker.plan.console import print_plan
from worker.queue.keys import DirtyKey

app = typer.Typer(cls=ListByDefault, help="List the runs, and show one with its plan.")


@app.command("list")
def list_runs(
    route: options.AnyRoute = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    correlation: Annotated[
        str | None,
        typer.Option("--correlation", metavar="ID", help="Only what came of this webhook or command, oldest first."),
    ] = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """List the newest runs. The same as `octosync runs` alone."""
    found, names = asyncio.run(_newest(route, limit, correlation, config, redis))
    if json:
        print_json([as_dict(run) for run in found])
        return
    print_table(
        ["run", "route", "started", "what", "outcome", "summary", "requests"],
        [
            [
                run.id,
                run.route,
                moment(run.started),
                names.get(run.key, run.key),
                run.outcome,
                run.error or run.summary,
                str(sum(run.requests.values())),
            ]
            for run in found
        ],
        empty="There was no run yet.",
    )


@app.command("show")
def show(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run, as the list shows it.")],
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Show one run with its plan."""
    run = asyncio.run(_get(run_id, config, redis))
    if json:
        print_json(as_dict(run))
        return
    print_table(
        ["", ""],
        [
            [name.replace("_", " "), _cell(name, value)]
            for name, value in as_dict(run).items()
            if name not in {"plan", "plan_bytes"} and value not in (None, "", [], {})
        ],
        empty="",
    )
    if run.plan is not None:
        print_plan(plan_json.from_dict(json_text.loads(run.plan)), results())
    elif run.plan_bytes:
        most = f"those of the newest {PLANS_KEPT:,} runs are, but for very long ones"
        say(f"Its plan of {run.plan_bytes:,} bytes is not kept: {most}.", "dim")


def _cell(name: str, value: Any) -> str:
    if name in {"started", "finished"}:
        return moment(value)
    if isinstance(value, dict):
        return ", ".join(f"{count} {of}" for of, count in value.items() if count)
    return ", ".join(value) if isinstance(value, list) else str(value)


def as_dict(run: Run) -> dict[str, Any]:
    known = asdict(run)
    known["sources"], known["correlation_ids"] = list(run.sources), list(run.correlation_ids)
    known["plan"] = json_text.loads(run.plan) if run.plan is not None else None
    return known


async def _newest(
    route: str | None, limit: int, correlation: str | None, config: Path | None, redis: str | None
) -> tuple[list[Run], dict[str, str]]:
    """The runs, and for the keys of the runs what they name."""
    async with open_house(config, redis) as house:
        of = house.route(route).name if route is not None else None
        if correlation is not None:
            found = (await house.ledger.runs.answering(correlation, of))[-limit:]
        else:
            found = await house.ledger.runs.newest(of, limit=limit)
        names = await named(house.state, [DirtyKey.parse(run.key) for run in found])
        return found, {str(key): name for key, name in names.items()}


async def _get(run_id: str, config: Path | None, redis: str | None) -> Run:
    async with open_house(config, redis) as house:
        run = await house.ledger.runs.get(run_id)
    if run is None:
        raise CliError(f"there is no run {run_id!r}", then="`octosync runs` lists the newest; old ones are forgotten")
    return run
