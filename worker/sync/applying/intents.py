"""Intents of a run: what it is about to write, stored before each write.

Two runs may plan one document, each after a hint of its own, and write it one after the other. If the first of them is
cut off before it hears its answer, only its intent tells that what is there now is ours. So an intent that the plan did
not know is never written over: the document is planned again, with it. So it is where one that the plan did know has
gone since: who had begun that write has heard of it, and left a baseline that the plan did not know.
"""

from __future__ import annotations

from worker.ledger import intents
from worker.ledger.ledger import Ledger
from worker.sync.world.baseline import Intent
from worker.sync.world.world import World
from worker.sync.world.written import Moved


class Intents:
    """Of one run of a plan. ``world.intents`` are those that the plan knew."""

    def __init__(self, world: World, ledger: Ledger, run_id: str) -> None:
        self.world = world
        self.route = world.route.name
        self.ledger = ledger
        self.run_id = run_id
        self._before: dict[str, intents.Intent | None] = {}
        """By source id, what stood where this run has put its own."""

    async def check(self, source_id: str) -> None:
        """Raises :class:`Moved` where another run has begun to write the document since it was planned, or has heard
        of a write that had been begun then."""
        await self._known(source_id)

    async def store(self, source_id: str, plan_hash: str, intent: Intent) -> None:
        """Raises what :meth:`check` does."""
        self._before[source_id] = await self._known(source_id)
        await self.ledger.intents.store(
            self.route, source_id, plan_hash, self.run_id, intent.clean_ups, intent.to_json()
        )

    async def withdraw(self, source_id: str) -> None:
        """Nothing was written: what was begun before holds again."""
        before = self._before[source_id]
        if before is None:
            await self.ledger.intents.clear(self.route, source_id)
        else:
            await self.ledger.intents.put(before)

    async def settled(self, source_id: str) -> None:
        """What had been begun was found, or had come to nothing, and is remembered."""
        if source_id in self.world.intents and _same(await self._stands(source_id), self.world.intents[source_id]):
            await self.ledger.intents.clear(self.route, source_id)

    async def _known(self, source_id: str) -> intents.Intent | None:
        stands = await self._stands(source_id)
        ours = source_id in self._before or (stands is not None and stands.run_id == self.run_id)
        if not ours and not _same(stands, self.world.intents.get(source_id)):
            raise Moved(f"another run has written the counterpart of {source_id}, or begun to, since it was planned")
        return stands

    async def _stands(self, source_id: str) -> intents.Intent | None:
        found = await self.ledger.intents.get(self.route, source_id)
        return None if found is None or found.write is None else found


def _same(stands: intents.Intent | None, planned: Intent | None) -> bool:
    return (None if stands is None else Intent.from_json(stands.write)) == planned
