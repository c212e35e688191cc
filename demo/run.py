"""``octosync demo``: a change made on one Octopus server arrives on another, through the real path.

Two sandboxes, and between them what production runs: webhook, receiver, Redis, Celery worker, engine, REST API.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from rich.text import Text

from config.load import load
from demo.api import Api, Document
from demo.content import space
from demo.fill import destination_space
from demo.house import ROUTE, House, open_house
from demo.processes import ProcessDiedError
from demo.scenes import SCENES, NotYet, Scene
from demo.seed import seed
from demo.story import Story
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.ledger.runs import Run
from worker.queue.dirty import DirtyQueue
from worker.queue.inbox import Inbox, JournalEntry
from worker.queue.lease import DocumentLease
from worker.sync.planning.items import Items
from worker.sync.run import OpenRoute, Outcome, Result, open_route

__all__ = ["main"]

PATIENCE_SECONDS = 40


class DemoFailedError(Exception):
    """Something did not come out as it should. Says what."""


def main(*, keep: bool = False, sizes: str | None = None) -> int:
    """Exit status: 0 when everything came out as told, 1 otherwise.

    `sizes`, such as `projects=200,tenants=50`, puts the story into a large space: what `sandbox.generator` makes of
    them is on the source from the start.
    """
    story = Story()
    with tempfile.TemporaryDirectory(prefix="octosync-demo-") as folder:
        try:
            with open_house(Path(folder), sizes=sizes) as house:
                os.environ.update(house.environment)  # this process reads the routes file too
                asyncio.run(Demo(house, story).run(keep=keep))
        except (DemoFailedError, ProcessDiedError) as error:
            kept = Path(".octosync") / "demo-logs"
            kept.mkdir(parents=True, exist_ok=True)
            for log in Path(folder).glob("*.log"):
                shutil.copy(log, kept)
            story.console.print(Text.assemble(("\nThe demo failed: ", "bold red"), f"{error}\nThe logs are in {kept}"))
            return 1
        except KeyboardInterrupt:
            return 130
    return 0


class Demo:
    def __init__(self, house: House, story: Story) -> None:
        self.house = house
        self.story = story
        redis = open_redis(house.redis_url)
        self.redis = redis
        self.ledger = Ledger(redis)
        self.queue = DirtyQueue(redis)
        self.inbox = Inbox(redis)

    async def run(self, *, keep: bool) -> None:
        try:
            async with aiohttp.ClientSession() as session:
                source, destination = self.house.api("source", session), self.house.api("destination", session)
                await self.prepare(session, source, destination)
                await self.first_sync()
                self.story.chapter("Receiver, worker and beat start; the source gets a subscription")
                await self.house.start_octosync(session)
                await self.subscribe(source)
                await self.until(self.caught_up, "the first catch-up and comparison")
                for number, scene in enumerate(SCENES, 1):
                    await self.play(number, scene, session, source, destination)
                await self.end()
                if keep:
                    await self.stay()
        finally:
            await self.redis.aclose()

    # ── before the first scene ────────────────────────────────────────────────────────────────────────────────────────

    async def prepare(self, session: aiohttp.ClientSession, source: Api, destination: Api) -> None:
        content = space()
        self.story.chapter("Two Octopus servers")
        await self.house.start_servers(session)
        await seed(self.house.source_url, self.house.key, content, session)
        await seed(self.house.destination_url, self.house.key, destination_space(content), session)
        for name, api in (("source", source), ("destination", destination)):
            environments = ", ".join((await api.names("environments")).values())
            projects = len(await api.names("projects"))
            self.story.line(name, f"{api.url}   {projects} projects; {environments}")

    async def first_sync(self) -> None:
        self.story.chapter("The first full sync:  octosync sync everything")
        outcome = await self.engine(lambda route, ids: route.sync(ids))
        if outcome.result is not Result.CHANGED:
            blocked = [f"{action.path}: {action.decisions[-1].text}" for action in outcome.plan.blocked]
            raise DemoFailedError(f"the first sync ended {outcome.result}: {outcome.message} {blocked}")
        self.story.line("plan", outcome.plan.summary())
        self.story.line("requests", f"{outcome.requests} in all, {outcome.writes} of them writes")

    async def engine(self, act: Callable[[OpenRoute, list[str]], Awaitable[Outcome]]) -> Outcome:
        """The engine on everything that the route includes, in this process, as the command line runs it."""
        async with open_route(
            load(self.house.routes_file), ROUTE, ledger=self.ledger, leases=DocumentLease(self.redis)
        ) as route:
            return await act(route, await route.documents(Items(targets=["*"])))

    async def subscribe(self, source: Api) -> None:
        fields: Document = {
            "WebhookURI": f"{self.house.receiver_url}/webhooks/dev",
            "WebhookHeaderKey": "X-Octosync-Token",
            "WebhookHeaderValue": self.house.webhook_secret,
            "WebhookTimeout": "00:00:10",
            "Filter": {"EventGroups": ["Document"]},
        }
        await source.post(
            "subscriptions", {"Name": "Octosync", "Type": "Event", "EventNotificationSubscription": fields}
        )

    # ── scenes ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def play(
        self, number: int, scene: Scene, session: aiohttp.ClientSession, source: Api, destination: Api
    ) -> None:
        self.story.chapter(f"{number}  {scene.title}")
        self.story.line("edit", scene.story)
        began = datetime.now(UTC)
        if scene.without_receiver:
            self.house.processes["receiver"].stop()
        edited = await scene.act(source, destination)
        if scene.without_receiver:
            await self.until(self.delivery_failed(source), "the source to give up its webhooks")
            await self.house.start_receiver(session)
        runs: list[Run] = []

        async def arrived() -> None:
            nonlocal runs
            runs = await self.runs_of(edited, began)
            await scene.result(destination)
            await self.idle()

        await self.until(arrived, scene.title)
        self.story.webhooks(await self.webhooks_of(edited, began))
        for run in runs:
            self.story.run(run)
        self.story.result(await scene.result(destination))

    async def runs_of(self, edited: list[str], began: datetime) -> list[Run]:
        """The runs of these documents since, oldest first. Raises :class:`NotYet` while one has none."""
        newest = await self.ledger.runs.newest(ROUTE, limit=200)
        since = [run for run in reversed(newest) if run.finished and datetime.fromisoformat(run.started) >= began]
        found = [run for run in since if _document(run) in edited]
        missing = set(edited) - {_document(run) for run in found}
        if missing:
            raise NotYet(f"no run yet of {', '.join(sorted(missing))}")
        return [run for record in found if (run := await self.ledger.runs.get(record.id)) is not None]

    async def webhooks_of(self, edited: list[str], began: datetime) -> list[JournalEntry]:
        since = int(began.timestamp() * 1000)
        entries = await self.inbox.journal(limit=50, since_ms=since)
        return [one for one in reversed(entries) if (one.delivery.document_id or "") in edited]

    def delivery_failed(self, source: Api) -> Callable[[], Awaitable[None]]:
        async def failed() -> None:
            deliveries = await source.get("sandbox/deliveries")
            items = deliveries["Items"] if isinstance(deliveries, dict) else deliveries
            if not any(str(one.get("Outcome", "")).lower() == "failed" for one in items):
                raise NotYet("no delivery has failed yet")

        return failed

    async def caught_up(self) -> None:
        """A worker that starts without a cursor reads the audit log and compares everything once."""
        if await self.ledger.cursors.last_compared(ROUTE) is None:
            raise NotYet("nothing was compared yet")
        await self.idle()

    async def idle(self) -> None:
        waiting = await self.queue.waiting(ROUTE)
        if waiting:
            raise NotYet(f"{len(waiting)} items are still waiting, {waiting[0].key} first")

    async def until(self, condition: Callable[[], Awaitable[None]], what: str) -> None:
        """Polls until the condition no longer raises :class:`NotYet`."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            self.house.check()
            try:
                return await condition()
            except NotYet as reason:
                if asyncio.get_running_loop().time() > deadline:
                    raise DemoFailedError(f"waited {PATIENCE_SECONDS} s for: {what}. {reason}") from None
            await asyncio.sleep(0.1)

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def end(self) -> None:
        self.story.clean_ups(await self.ledger.clean_ups.entries(ROUTE))
        self.story.chapter("At the end nothing is left to do:  octosync plan everything")
        async with open_route(load(self.house.routes_file), ROUTE, ledger=self.ledger) as route:
            planned = await route.plan(await route.documents(Items(targets=["*"])))
        self.story.line("plan", planned.plan.summary())
        if not planned.plan.is_empty:
            wanted = ", ".join("/".join(action.path) for action in planned.plan.writes)
            raise DemoFailedError(f"the last plan is not empty: {wanted}")
        self.story.line("time", f"{self.story.seconds:.0f} s")

    async def stay(self) -> None:
        house = self.house
        self.story.chapter("Everything is left running. Ctrl-C ends it.")
        for label, value in (
            ("source", house.source_url),
            ("dest.", house.destination_url),
            ("receiver", house.receiver_url),
            ("page", f"http://127.0.0.1:{house.environment['OCTOSYNC_STATUS_PORT']}/"),
            ("token", house.environment["OCTOSYNC_STATUS_TOKEN"]),
            ("api key", house.key),
            ("redis", house.redis_url),
            ("routes", str(house.routes_file)),
            ("logs", str(house.folder)),
        ):
            self.story.line(label, value)
        settings = " ".join(f"{name}={value}" for name, value in house.environment.items())
        self.story.line("try", f"{settings} octosync status")
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await stop.wait()


def _document(run: Run) -> str:
    return run.key.partition("|")[2].removesuffix("/*")
