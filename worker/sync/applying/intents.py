"""Intents of a run: what it is about to write, stored before each write.

Two runs may plan one document, each after a hint of its own, and write it one after the other. If the first of them is
cut off before it hears its answer, only its intent tells that what is there now is ours. So an intent that the plan did
not know is never written over: the document is planned again, with it.
"""

from __future__ import annotations

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

    async def store(self, source_id: str, plan_hash: str, intent: Intent) -> None:
        """Raises :class:`Moved` where another run has begun to write the document since it was planned."""
        if not await self._is_known(source_id):
            raise Moved(f"another run has begun to write the counterpart of {source_id}")
        await self.ledger.intents.store(
            self.route, source_id, plan_hash, self.run_id, intent.clean_ups, intent.to_json()
        )

    async def withdraw(self, source_id: str) -> None:
        """Nothing was written: what was begun before holds again."""
        known = self.world.intents.get(source_id)
        if known is None:
            await self.ledger.intents.clear(self.route, source_id)
        else:
            await self.ledger.intents.store(self.route, source_id, "", self.run_id, known.clean_ups, known.to_json())

    async def settled(self, source_id: str) -> None:
        """What had been begun was found, or had come to nothing, and is remembered."""
        if source_id in self.world.intents and await self._is_known(source_id):
            await self.ledger.intents.clear(self.route, source_id)

    async def _is_known(self, source_id: str) -> bool:
        found = await self.ledger.intents.get(self.route, source_id)
        if found is None or found.write is None or found.run_id == self.run_id:
            return True
        return Intent.from_json(found.write) == self.world.intents.get(source_id)
