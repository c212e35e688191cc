"""``octosync deliveries``: what the sources told, what was made of it, and having it looked at again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli import options
from worker.cli.context import House, open_house
from worker.cli.enqueue import wake
from worker.cli.errors import CliError
from worker.cli.groups import ListByDefault
from worker.cli.output import moment, print_json, print_table, say
from worker.desk.deliveries import Replayed, as_dict, is_entry_id, replay, replay_since
from worker.desk.letters import instant
from worker.desk.names import named
from worker.queue.inbox import JournalEntry
from worker.queue.keys import DirtyKey
from worker.queue.values import Priority

app = typer.Typer(cls=ListByDefault, help="List what webhooks and audit logs told; have it looked at again.")

Since = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        formats=["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        metavar="TIME",
        help="As 2026-11-28 or '2026-11-28 04:30', by the clock of the setting OCTOSYNC_TIMEZONE.",
    ),
]


@app.command("list")
def list_deliveries(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    since: Since = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """List the newest deliveries. The same as `octosync deliveries` alone."""
    found, names = asyncio.run(_newest(limit, since, config, redis))
    if json:
        print_json([as_dict(entry) for entry in found])
        return
    print_table(
        ["id", "recorded", "from", "event", "category", "item", "what we made of it"],
        [
            [
                one.entry_id,
                moment(instant(one.recorded_ms)),
                f"{one.delivery.source} ({one.delivery.via})",
                one.delivery.event_id,
                one.delivery.category,
                ", ".join(f"{names[key]} of {key.route}" for key in one.delivery.keys)
                or (one.delivery.document_id or ""),
                one.delivery.verdict,
            ]
            for one in found
        ],
        empty="Nothing came yet.",
    )


@app.command("show")
def show(
    entry_id: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Show one delivery with what is kept of its body: ids, times, and where the document changed; no values."""
    found = as_dict(asyncio.run(_one(entry_id, config, redis)))
    if json:
        print_json(found)
        return
    body = found.pop("body")
    shown = {name: value for name, value in found.items() if value not in (None, "", [])}
    print_table(["", ""], [[name.replace("_", " "), _plain(value)] for name, value in shown.items()], empty="")
    if body is not None:
        print_json(body)


@app.command("replay")
def replay_deliveries(
    entries: Annotated[list[str] | None, typer.Argument(metavar="ID", help="As the list shows it.")] = None,
    since: Since = None,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Have the workers look again at what deliveries told: some by their id, or all since a time."""
    if bool(entries) == (since is not None):
        raise CliError("nothing is named to be replayed", then="name deliveries by their id, or a time with --since")
    done = asyncio.run(_replay(entries or [], since, config, redis))
    say(f"{done.deliveries} replayed, {len(done.keys)} to be looked at")


async def _newest(
    limit: int, since: datetime | None, config: Path | None, redis: str | None
) -> tuple[list[JournalEntry], dict[DirtyKey, str]]:
    async with open_house(config, redis) as house:
        found = await house.state.inbox.journal(limit=limit, since_ms=_ms(house, since) if since is not None else None)
        return found, await named(house.state, [key for entry in found for key in entry.delivery.keys])


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)


async def _one(entry_id: str, config: Path | None, redis: str | None) -> JournalEntry:
    async with open_house(config, redis) as house:
        return await _find(house, entry_id)


async def _replay(ids: list[str], since: datetime | None, config: Path | None, redis: str | None) -> Replayed:
    async with open_house(config, redis) as house:
        state, by, correlation_id = house.state, house.requested_by, house.correlation_id
        if since is not None:
            done = await replay_since(state, _ms(house, since), by=by, correlation_id=correlation_id)
        else:
            done = await replay(state, [await _find(house, one) for one in ids], by=by, correlation_id=correlation_id)
        for priority in Priority:
            if keys := [key for key, wanted in done.keys.items() if wanted is priority]:
                await wake(house, keys, priority)
        return done


async def _find(house: House, entry_id: str) -> JournalEntry:
    found = await house.state.inbox.journal_entry(entry_id) if is_entry_id(entry_id) else None
    if found is None:
        raise CliError(f"there is no delivery {entry_id!r}", then="`octosync deliveries` lists the newest")
    return found


def _ms(house: House, since: datetime) -> int:
    there = since if since.tzinfo is not None else since.replace(tzinfo=house.settings.zone)
    return max(0, int(there.timestamp() * 1000))
