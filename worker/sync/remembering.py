"""Remembering: what a run leaves in the ledger: links, baselines, what belongs to the route, versions of templates."""

from __future__ import annotations

from dataclasses import replace

import structlog

from worker.kinds import registry
from worker.ledger.ledger import Ledger
from worker.sync.baseline import Baseline
from worker.sync.facing import place
from worker.sync.retagging import Retagging
from worker.sync.templates import Versions
from worker.sync.world import World
from worker.sync.written import Moved

log = structlog.get_logger(__name__)


class Remembering:
    """Of one run. ``known``: source id → the baseline as this run has left it."""

    def __init__(self, world: World, ledger: Ledger, tags: Retagging) -> None:
        self._world = world
        self._route = world.route.name
        self._ledger = ledger
        self._tags = tags
        self.known: dict[str, Baseline] = {}
        self._claimed: set[str] = set()

    async def remember(self, source_id: str, destination_id: str, baseline: Baseline) -> None:
        releases = self._world.releases
        versions = (str(releases.source), str(releases.destination)) if releases is not None else None
        baseline = replace(baseline, destination_id=destination_id, versions=versions)
        baseline = self._tags.baseline(source_id, baseline)
        self.known[source_id] = baseline
        if self._world.baselines.known.get(source_id) != baseline:
            await self.claim(destination_id)
            await self._ledger.baselines.put(self._route, source_id, baseline.to_json())

    async def claim(self, destination_id: str) -> None:
        """What is written belongs to this route from now on. Raises :class:`Moved` if it has become another's."""
        if destination_id in self._claimed:
            return
        there, others = place(self._world.route.destination), self._world.neighbours
        handed_over = destination_id in self._world.handed_over
        if await self._ledger.owners.claim(*there, self._route, [destination_id], () if handed_over else others):
            raise Moved(f"{destination_id} belongs to another route since it was looked at")
        self._claimed.add(destination_id)

    async def link(self, source_id: str, destination_id: str) -> None:
        if registry.owner_of(source_id) is None and self._world.links.get(source_id) != destination_id:
            conflict = await self._ledger.links.add(self._route, source_id, destination_id)
            if conflict is not None:
                # Several names of the source mapped to one: the first keeps the link.
                log.info("link-taken", source=source_id, destination=destination_id, by=conflict.linked_to)

    async def note_versions(self, template: str, versions: Versions) -> None:
        known = self._world.template_versions().setdefault(template, {})
        new = {version: there for version, there in versions.items() if known.get(version) != there}
        known.update(new)
        await self._ledger.versions.put(self._route, template, new)
