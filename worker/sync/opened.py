"""Opened: a route with both its spaces at hand. What can be asked of it without writing: which documents are meant,
and what a sync would do about them.

    observe → close → translate → merge → plan
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from config.routes import Route
from config.versions import Check, Verdict
from worker.kinds import registry
from worker.ledger.ledger import Ledger
from worker.octopus.client import OctopusClient, SpaceClient
from worker.queue.lease import DocumentLease
from worker.sync.applying.facing import place
from worker.sync.planning.items import EVERYTHING, SUBTREE, Items, UnknownItem
from worker.sync.planning.planner import Planned, Planner
from worker.sync.planning.unknown_names import unknown_names
from worker.sync.planning.unread import unread
from worker.sync.servers.observe import SideObserver
from worker.sync.servers.spool import Spool
from worker.sync.servers.vanished import deletions_of
from worker.sync.world.baseline import Baseline, Intent
from worker.sync.world.world import Need, NotObserved, World

ROUNDS = 100
"""How often a plan may ask for more. Closure needs a few rounds for each step away from the document."""

Progress = Callable[[str], None]


class Opened:
    """A route with both its spaces at hand. It belongs to one task."""

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        source: tuple[OctopusClient, SpaceClient],
        destination: tuple[OctopusClient, SpaceClient],
        leases: DocumentLease | None = None,
        versions: Check | None = None,
        neighbours: Mapping[str, Route] | None = None,
    ) -> None:
        self.route = route
        self.versions = versions
        self.leases = leases
        self.ledger = ledger
        self.clients = (source[0], destination[0])
        self.world = World(route, neighbours=neighbours or {})
        if versions is not None:
            self.world.source.release, self.world.destination.release = versions.source, versions.destination
        here, there = route.source, route.destination
        self.source = SideObserver(self.world.source, source[1], ledger, here.instance, here.space)
        self.destination = SideObserver(self.world.destination, destination[1], ledger, there.instance, there.space)

    @property
    def requests(self) -> int:
        """Requests sent to both instances since the route was opened."""
        return sum(client.requests for client in self.clients)

    @property
    def spent(self) -> dict[str, int]:
        """The same by instance."""
        ends = (self.route.source.instance, self.route.destination.instance)
        return {end: client.requests for end, client in zip(ends, self.clients, strict=True)}

    # ── which documents ───────────────────────────────────────────────────────────────────────────────────────────────

    async def documents(self, items: Items) -> list[str]:
        """Ids of the source documents that ``items`` means, in order of writing. Raises
        :class:`worker.sync.planning.items.UnknownItem`."""
        try:
            return await self._documents(items)
        except UnknownItem:
            # It may have been made in the seconds for which names are believed.
            await self.source.freshen(force=True)
            self.world.source.directories.clear()
            return await self._documents(items)

    async def everything(self) -> list[str]:
        """Ids of all that the route includes. Of what crossed once and is not listed any more, the source's audit log
        is asked whether it was deleted, if nobody has read that yet."""
        items = Items(targets=[EVERYTHING])
        found = await self.documents(items)
        missing = [one for one, is_gone in self.world.deleted.known.items() if not is_gone]
        here = self.route.source
        gone = await deletions_of(self.source.client, missing)
        if not gone:
            return found
        await self.ledger.deletions.record(here.instance, here.space, gone)
        self.world.deleted.known |= dict.fromkeys(gone, True)
        return await self.documents(items)

    async def _documents(self, items: Items) -> list[str]:
        await self.source.freshen()
        await self._remember()  # what crossed because something needed it is part of everything, too
        for target in items.targets:
            await self.source.find(target.removesuffix(SUBTREE))
        while True:
            try:
                return items.among(self.world)
            except NotObserved as missing:
                await self.observe(missing.needs)

    async def read_in_bulk(self) -> None:
        """For a plan of very many documents, that is shown and not applied: whole lists are read, and what they hold
        is not asked for once more. As in a comparison, deployment settings are taken from the project that shows them
        (:mod:`worker.sync.servers.spool`). Call it first."""
        for observer in (self.source, self.destination):
            await observer.freshen(force=True)
            observer.spool = Spool(None)

    # ── plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def plan(self, document_ids: Sequence[str], *, progress: Progress | None = None) -> Planned:
        """Looks up what is needed and plans. Writes nothing, on no side."""
        await self.source.freshen()
        await self.destination.freshen()
        await self._remember()
        self.world.alone = document_ids[0] if len(document_ids) == 1 else None
        # All of them will be asked for, and the later the dearer: what is missing then is planned from the start again.
        await self._recall(document_ids)
        for document_id in document_ids:
            await self.source.find(registry.owner_of(document_id) or document_id)
        for _ in range(ROUNDS):
            try:
                return self._noted(Planner(self.world).plan(document_ids))
            except NotObserved as missing:
                if progress is not None:
                    progress(f"looking up {len(missing.needs)} things")
                await self.observe(missing.needs)
        raise RuntimeError(f"route {self.route.name}: a plan for {document_ids[:5]} found no end")

    def _noted(self, planned: Planned) -> Planned:
        notes = [*unknown_names(self.world), *unread(self.world)]
        if self.versions is not None and self.versions.verdict is not Verdict.FINE:
            notes.insert(0, self.versions.text)
        planned.plan = replace(planned.plan, notes=tuple(notes))
        return planned

    async def _remember(self) -> None:
        self.world.links = await self.ledger.links.all(self.route.name)
        # Others may have made since what a directory that was read before them does not list.
        self.world.destination.from_cache |= self.world.destination.directories.keys()
        there = self.route.destination
        self.world.foreign = await self.ledger.owners.of_others(*place(there), self.world.neighbours)
        self.world.intents = {
            one.document: Intent.from_json(one.write)
            for one in await self.ledger.intents.all(self.route.name)
            if one.write is not None
        }

    async def observe(self, needs: Iterable[Need]) -> None:
        """Looks up what a plan, or what is asked about one, needs to know."""
        of = {"source": [], "destination": [], "ledger": []}  # type: dict[str, list[Need]]
        for need in needs:
            of[need.side].append(need)
        await self.source.look_up(of["source"])
        await self.destination.look_up(of["destination"])
        asked = [need.document_id for need in of["ledger"] if need.kind == "deletion"]
        source = self.route.source
        gone = await self.ledger.deletions.among(source.instance, source.space, asked)
        self.world.deleted.known |= {source_id: source_id in gone for source_id in asked}
        if any(need.kind == "versions" for need in of["ledger"]):
            self.world.versions = await self.ledger.versions.all(self.route.name)
        await self._recall(need.document_id for need in of["ledger"] if need.kind == "baseline")

    async def _recall(self, source_ids: Iterable[str]) -> None:
        """Looks up baselines, but for those that are known."""
        ids = [source_id for source_id in source_ids if source_id not in self.world.baselines.known]
        found = await self.ledger.baselines.get_all(self.route.name, ids)
        for source_id in ids:
            known = found.get(source_id)
            self.world.baselines.known[source_id] = Baseline.from_json(known) if known is not None else None
