"""``python -m demo.fill``: fills two servers that already run, for `docker compose --profile sandbox up`.

    python -m demo.fill URL URL [--api-key-file FILE]                                            content
    python -m demo.fill URL URL --api-key-file FILE --webhook URL --webhook-secret-file FILE     and a subscription
    python -m demo.fill URL URL --api-key-file FILE --play                                       then the scenes

The first server is the source. Nothing here knows Octosync: it does what people do, through the API of the servers, and
looks at what becomes of it on the destination. `octosync demo` tells the same story in one process, with the plans.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import aiohttp

from demo.api import Api, ApiError
from demo.content import DemoSpace, space
from demo.scenes import SCENES, NotYet, Scene
from demo.seed import SeedError, seed
from demo.story import Story
from sandbox.settings import DEFAULT_API_KEY

__all__ = ["main"]

PATIENCE_SECONDS = 300
DESTINATION_ENVIRONMENTS = ("Staging", "Production")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.fill", description=__doc__)
    parser.add_argument("source", help="address of the source")
    parser.add_argument("destination", help="address of the destination")
    parser.add_argument("--api-key-file", type=Path, help="a key that both accept; default: the sandbox' own")
    parser.add_argument("--webhook", help="where the source's subscription sends")
    parser.add_argument("--webhook-secret-file", type=Path, help="what it sends along")
    parser.add_argument("--play", action="store_true", help="do not fill: edit, and watch the destination follow")
    given = parser.parse_args(argv)
    if bool(given.webhook) != bool(given.webhook_secret_file):
        parser.error("--webhook and --webhook-secret-file belong together")
    key = given.api_key_file.read_text().strip() if given.api_key_file else DEFAULT_API_KEY
    try:
        if given.play:
            asyncio.run(_play(given.source, given.destination, key))
        else:
            secret = given.webhook_secret_file.read_text().strip() if given.webhook else ""
            asyncio.run(_fill(given.source, given.destination, key, given.webhook, secret))
    except (SeedError, ApiError, NotYet, aiohttp.ClientError) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    return 0


def destination_space(content: DemoSpace) -> DemoSpace:
    """What a person has made on the destination too, since Octosync only looks it up by name."""
    return dataclasses.replace(
        content,
        environments=[one for one in content.environments if one["Name"] in DESTINATION_ENVIRONMENTS],
        lifecycles=(),
        project_groups=(),
        accounts=(),
        worker_pools=(),
        library_sets=[one for one in content.library_sets if one.document["ContentType"] == "ScriptModule"],
        projects=(),
    )


async def _fill(source: str, destination: str, key: str, webhook: str | None, secret: str) -> None:
    content = space()
    async with aiohttp.ClientSession() as session:
        await seed(source, key, content, session)
        await seed(destination, key, destination_space(content), session)
        server = Api(source, key, session)
        if webhook and "Octosync" not in {one["Name"] for one in await server.get("subscriptions/all")}:
            fields = {
                "WebhookURI": webhook,
                "WebhookHeaderKey": "X-Octosync-Token",
                "WebhookHeaderValue": secret,
                "WebhookTimeout": "00:00:10",
                "Filter": {"EventGroups": ["Document"]},
            }
            await server.post(
                "subscriptions", {"Name": "Octosync", "Type": "Event", "EventNotificationSubscription": fields}
            )
        sys.stdout.write(f"filled: {len(await server.names('projects'))} projects on {source}\n")


async def _play(source_url: str, destination_url: str, key: str) -> None:
    story = Story()
    async with aiohttp.ClientSession() as session:
        source, destination = Api(source_url, key, session), Api(destination_url, key, session)
        story.chapter("The first comparison finds everything missing")

        async def all_there() -> list[str]:
            wanted = set((await source.names("projects")).values())
            found = set((await destination.names("projects")).values())
            if wanted - found:
                raise NotYet(f"projects are missing on the destination: {', '.join(sorted(wanted - found))}")
            return [f"all {len(wanted)} projects are on the destination"]

        story.result(await _eventually(all_there))
        for scene in SCENES:
            if await _would_show(scene, destination):
                story.chapter(scene.title)
                story.line("edit", scene.story)
                await scene.act(source, destination)
                story.result(await _eventually(partial(scene.result, destination)))
        story.chapter("Everything is left running; edit something yourself")


async def _would_show(scene: Scene, destination: Api) -> bool:
    """Something that is true before the edit shows nothing after it; and who looks from outside stops no receiver."""
    if scene.without_receiver:
        return False
    try:
        await scene.result(destination)
    except (NotYet, ApiError, StopIteration, ValueError):
        return True
    return False


async def _eventually(result: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """Asks again and again. Raises :class:`NotYet` in the end."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            return await result()
        except (NotYet, ApiError):
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
