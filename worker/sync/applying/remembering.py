"""Remembering: what a run leaves in the ledger: links, baselines, what belongs to the route, versions of templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import structlog

from worker.kinds import registry
from worker.ledger.ledger import Ledger
from worker.sync.applying.facing import place
from worker.sync.applying.retagging import Retagging
from worker.sync.planning.templates import Versions
from worker.sync.world.baseline import Baseline
from worker.sync.world.world import World
from worker.sync.world.written import Moved

log = structlog.get_logger(__name__)


class Remembering:
    """Of one run. ``known``: source id → the baseline as this run has left it.

    Who writes a document holds its lease, so what it remembers is the last word. Who found nothing to write holds none:
    another may have written since it looked, and must not be contradicted (``only_if_still``).
    """

    def __init__(self, world: World, ledger: Ledger, tags: Retagging) -> None:
        self._world = world
        self._route = world.route.name
        self._ledger = ledger
        self._tags = tags
        self.known: dict[str, Baseline] = {}
        self._noted: dict[str, Baseline | None] = {}
        """What this run itself has made of the ledger's baselines; ``None``: deleted."""
        self._claimed: set[str] = set()

    async def note(self, source_id: str, baseline: Baseline) -> None:
        """Puts it as it is, for what is to be written next."""
        self._noted[source_id] = Baseline.from_json(baseline.to_json())
        await self._ledger.baselines.put(self._route, source_id, baseline.to_json())

    async def note_fresh(self, source_id: str, destination_id: str) -> None:
        """The destination's server has made a document together with its owner, and nothing in it is anybody's. Unless
        another run has written it since: what that one remembers holds."""
        fresh = Baseline(fresh=True, created=True)

        def is_of_another(stands: dict[str, Any] | None) -> bool:
            return stands is None or Baseline.from_json(stands).destination_id != destination_id

        if await self._ledger.baselines.replace(self._route, source_id, is_of_another, fresh.to_json()):
            self._noted[source_id] = fresh

    async def forget(self, source_ids: Iterable[str]) -> None:
        """What was remembered of these is of something else."""
        gone = sorted(source_ids)
        self._noted |= dict.fromkeys(gone)
        await self._ledger.links.remove(self._route, gone)
        await self._ledger.baselines.delete(self._route, gone)

    async def remember(
        self, source_id: str, destination_id: str, baseline: Baseline, *, only_if_still: bool = False
    ) -> None:
        """``only_if_still``: raises :class:`Moved` where another run has put another baseline since this one looked."""
        releases = self._world.releases
        versions = (str(releases.source), str(releases.destination)) if releases is not None else None
        baseline = replace(baseline, destination_id=destination_id, versions=versions)
        baseline = self._tags.baseline(source_id, baseline)
        self.known[source_id] = baseline
        if self._world.baselines.known.get(source_id) != baseline:
            await self.claim(destination_id)
            if not only_if_still:
                await self.note(source_id, baseline)
            elif not await self._replace(source_id, baseline):
                raise Moved(f"{source_id} was written by another run since it was looked at")

    async def _replace(self, source_id: str, baseline: Baseline) -> bool:
        looked_at = self._world.baselines.known.get(source_id)

        def is_known(stands: dict[str, Any] | None) -> bool:
            found = Baseline.from_json(stands) if stands is not None else None
            return found in (looked_at, self._noted.get(source_id, looked_at))

        done = await self._ledger.baselines.replace(self._route, source_id, is_known, baseline.to_json())
        self._noted[source_id] = Baseline.from_json(baseline.to_json())
        return done

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
