"""``octosync subscribe``: the subscription on the source, created or repaired, and proven by a delivery."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.routes import Endpoint
from worker.cli import options
from worker.cli.context import House, open_house
from worker.cli.errors import CliError, Status
from worker.cli.output import print_json, progress, say

if TYPE_CHECKING:
    from worker.setup.subscribe import Subscribed, Wish


def subscribe(
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="Where Octopus reaches the receiver, as https://octosync.example.com. "
            "Default: where the subscription calls already.",
        ),
    ] = None,
    route: options.AnyRoute = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would be changed; change nothing on the source.")
    ] = False,
    prove: Annotated[
        bool,
        typer.Option("--prove", help="Have something delivered also if nothing must change: saves it a second apart."),
    ] = False,
    wait: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="How long to wait for the proof; 0: not at all.")
    ] = 180.0,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Create or repair the subscription of each source, and wait until it has delivered the event of its own save.

    The source's key needs SubscriptionView, SubscriptionCreate, SubscriptionEdit and EventView for it, and a receiver
    must be running. Exit status of a dry run 0: nothing to change, 2: something. Else 0: delivery is proven, 1: it is
    not.
    """
    from worker.setup.subscribe import Proof, Wish

    wish = Wish(url, dry_run=dry_run, prove=prove, wait_s=wait)
    found = asyncio.run(_subscribe(wish, route, config, redis))
    if json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            _tell(one, wish)
    if dry_run and any(one.changes for one in found):
        raise typer.Exit(Status.DIFFERENCES)
    if any(one.proof is Proof.MISSING for one in found):
        raise typer.Exit(Status.ERROR)


async def _subscribe(wish: Wish, route: str | None, config: Path | None, redis: str | None) -> list[Subscribed]:
    async with open_house(config, redis) as house:
        sources = {one.source.key: one.source for one in house.chosen(route)}
        if not sources:
            raise CliError("the file has no route, so there is no source", then="`octosync init` writes a routes file")
        return [await _one(house, source, wish) for source in sources.values()]


async def _one(house: House, source: Endpoint, wish: Wish) -> Subscribed:
    from worker.setup.subscribe import NoAddressError, NoSecretError, subscribe
    from worker.sync.servers.connecting import connect

    instance = house.routes.instance(source.instance)
    file = str(house.settings.routes)
    try:
        async with connect(house.routes, source.instance, house.ledger) as client:
            with progress(f"Subscription on {source}") as bar:
                return await subscribe(await client.space(source.space), instance, house.state.inbox, wish, bar)
    except NoSecretError:
        raise CliError(
            f"instance {source.instance} has no `webhook_secrets`, so every webhook would be refused",
            where=file,
            then="make one with `openssl rand -base64 24`, put it where a variable or a file holds it, and name that "
            f"place in `webhook_secrets` of {source.instance}; the receiver must see it, too",
        ) from None
    except NoAddressError:
        raise CliError(
            f"no subscription on {source} calls us yet, so nothing tells where the receiver is",
            then="say where Octopus reaches it: octosync subscribe --url https://octosync.example.com",
        ) from None
    except ValueError as error:
        raise CliError(f"--url: {error}", then="for example https://octosync.example.com") from None


def _tell(one: Subscribed, wish: Wish) -> None:
    from worker.setup.subscribe import Proof

    where = f"{one.instance}/{one.space}"
    if not one.changes:
        say(f"{where}: subscription {one.name} is as it should be")
    for change in one.changes:
        say(f"{where}: {'would ' if wish.dry_run else ''}{change}")
    if len(one.others):
        say(f"{where}: {', '.join(one.others)} call us, too: one is enough. Next: delete them in Octopus", "yellow")
    match one.proof:
        case Proof.DELIVERED:
            say(
                f"{where}: proven. Octopus called, and the event of that save is in the journal ({one.waited_s:g} s)",
                "green",
            )
            say("next:  octosync doctor, then octosync plan everything", "dim")
        case Proof.EARLIER:
            say(f"{where}: it has delivered before. --prove has it deliver again", "green")
        case Proof.MISSING:
            say(f"{where}: not proven: nothing of it arrived at the receiver within {one.waited_s:g} s", "bold red")
            say(f"next:  {_what_to_look_at(one)}", "dim")
        case Proof.NOT_ASKED:
            if wish.dry_run and one.changes:
                say("next:  the same without --dry-run", "dim")
            elif one.changes:
                say("next:  octosync doctor tells later whether it has delivered", "dim")


def _what_to_look_at(one: Subscribed) -> str:
    if one.event_id is None:
        return (
            "the source's audit log has no event of the save either: does the key's user have EventView? Then look at "
            "Configuration, Audit in Octopus"
        )
    return (
        f"the source has logged {one.event_id}, so it had something to send. Does a receiver run with this Redis, and "
        f"does Octopus reach {one.url}? Look at Configuration, Diagnostics, Subscription logs in Octopus, and for "
        "webhook.refused in the receiver's log (it reads the routes file when it starts). "
        "Then octosync subscribe --prove"
    )
