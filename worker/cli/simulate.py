"""``octosync simulate``: a test webhook to our own receiver."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli import options
from worker.cli.context import House, open_house
from worker.cli.errors import CliError
from worker.cli.output import print_json, say

_REFUSED = {
    401: "the secret is another one there: restart the receiver if the routes file or the secret changed",
    403: "the instance has `webhook_from`, and this machine is not among them",
    404: "nothing takes webhooks there: is it the receiver's port, 8080 by default?",
    503: "the receiver cannot store anything: does its Redis answer?",
}


def simulate(
    documents: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID", help="What the event is about, by ids of the source. Default: nothing that crosses."
        ),
    ] = None,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Where the receiver is, as seen from here.")
    ] = "http://localhost:8080",
    category: Annotated[
        str, typer.Option("--category", help="What happened: Created, Modified, Deleted.")
    ] = "Modified",
    space: Annotated[
        str | None, typer.Option("--space", metavar="ID", help="In which space, by its id. Default: the source's.")
    ] = None,
    route: options.AnyRoute = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Post a webhook to the receiver as the source would, and say what it made of it. Asks nothing of Octopus.

    With ids, the workers look at these documents, as they would after a real one. A deletion is believed only if the
    source's audit log has it.
    """
    answer = asyncio.run(_simulate(documents or [], url, category, space, route, config, redis))
    if json:
        print_json(answer)
    else:
        say(f"{answer['url']} answered {answer['status']}: {answer['outcome']}", "green")
        say(f"in the journal: {answer['verdict'] or 'not found'}", "dim")
        for key in answer["marked"]:
            say(f"marked: {key}")


async def _simulate(
    documents: list[str],
    base: str,
    category: str,
    space: str | None,
    route: str | None,
    config: Path | None,
    redis: str | None,
) -> dict[str, Any]:
    import aiohttp

    from worker.setup.simulate import HARMLESS, post
    from worker.setup.subscription import webhook_url

    async with open_house(config, redis) as house:
        source = house.route(route).source
        instance = house.routes.instance(source.instance)
        if not instance.webhook_secrets:
            then = "name one in `webhook_secrets`; octosync init shows how"
            raise CliError(f"instance {instance.name} has no webhook secret, so nothing would be taken", then=then)
        try:
            url = webhook_url(base, instance.name)
        except ValueError as error:
            raise CliError(f"--url: {error}", then="for example http://localhost:8080") from None
        space_id = space or await _space_id(house, source.instance, source.space)
        secret = instance.webhook_secrets[-1].reveal()
        try:
            posted = await post(url, instance.webhook_header, secret, documents or [HARMLESS], category, space_id)
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            then = "start the receiver (python -m webhook_receiver), or say with --url where it is"
            raise CliError(f"nobody answers at {url}: {type(error).__name__}", then=then) from None
        if not 200 <= posted.status < 300:
            then = _REFUSED.get(posted.status, "look at the receiver's log")
            raise CliError(f"the receiver answered {posted.status} {posted.outcome}".rstrip(), where=url, then=then)
        found = [
            entry.delivery
            for entry in await house.state.inbox.journal(limit=100)
            if entry.delivery.event_id == posted.event_id
        ]
        return {
            "url": url,
            "status": posted.status,
            "outcome": posted.outcome,
            "event": posted.event_id,
            "verdict": found[0].verdict if found else None,
            "marked": [str(key) for key in found[0].keys] if found else [],
        }


async def _space_id(house: House, instance: str, space: str) -> str | None:
    """As the ledger remembers it; ``None`` before anybody asked, and then the receiver asks nobody either."""
    known = await house.ledger.directories.get(instance, space, "space")
    return str(known["id"]) if known else None
