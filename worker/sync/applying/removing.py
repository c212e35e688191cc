"""Removing: carry out a deletion, and forget what is gone.

Right before the request the item and its parts are read once more, to see that all of it is still ours as it stands.
What the server then refuses (something that still uses it) stays, and a person is told its words. Whoever was stopped
in between plans again and finds that it is gone; so no intent is needed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

import structlog

from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.ledger.ledger import Ledger
from worker.octopus import errors
from worker.plan.values import Action, CleanUp, printed
from worker.sync.applying.facing import place
from worker.sync.applying.reports import Reports
from worker.sync.planning.deleting import GONE, REASON
from worker.sync.servers.exchange import Ends, exchange_of
from worker.sync.servers.remains import remains_of
from worker.sync.world.fields import same
from worker.sync.world.world import World
from worker.sync.world.written import Leaving, Moved

log = structlog.get_logger(__name__)


class Applying(Protocol):
    """What the run of a plan offers."""

    world: World
    route: str
    ends: Ends
    ledger: Ledger
    guard: Callable[[], Awaitable[None]]
    reports: Reports


class Remover:
    def __init__(self, applying: Applying) -> None:
        self.applying = applying

    async def delete(self, action: Action, leaving: Leaving) -> bool:
        """Whether it is gone now. Raises :class:`Moved`, and what the client raises of the instance as a whole."""
        kind, there = registry.BY_NAME[action.kind], action.destination_id or ""
        await self._still(kind, there, leaving)
        await self.applying.guard()
        log.info("delete", item=printed(action.path))
        try:
            await exchange_of(kind).delete(self.applying.ends, kind, there, None)
        except errors.NotFound:
            log.info("gone-already", item=printed(action.path))
        except errors.Refused as error:
            if error.concerns_instance:
                raise
            text = f"{GONE}; the destination refuses to delete it: {error.server_words}"
            entry = CleanUp(action.path, "", REASON, text, action.source_id or "")
            await self.applying.reports.report(replace(action, clean_ups=(entry,)))
            return False
        await self.forget(leaving)
        return True

    async def forget(self, leaving: Leaving) -> None:
        """Nothing is remembered any more of what both sides have lost."""
        ledger, route = self.applying.ledger, self.applying.route
        for source_id in leaving.forgets:
            await ledger.clean_ups.settle(route, source_id, [])
        await ledger.awaited.note(route, dict.fromkeys(leaving.forgets, ()))
        await ledger.intents.clear(route, *leaving.forgets)
        gone = [self.applying.world.links.get(one, "") for one in leaving.forgets]
        gone += [document_id for _, document_id, _ in leaving.looked_at]
        await ledger.owners.release(*place(self.applying.world.route.destination), gone)
        await ledger.baselines.delete(route, leaving.forgets)
        # The links are the last: by them a run that was stopped finds what there is to forget.
        await ledger.links.remove(route, leaving.forgets)

    async def _still(self, kind: Kind, item_id: str, leaving: Leaving) -> None:
        world, space = self.applying.world, self.applying.ends.destination
        for name, document_id, owner in leaving.looked_at:
            part = registry.BY_NAME[name]
            if part.sign is not None:
                continue  # its owner shows whether it has changed
            current = await exchange_of(part).read(space, part, document_id, owner or None)
            if not same(current, world.destination.documents.get(document_id)):
                raise Moved(f"{part.path_of(document_id, owner)} changed while its deletion was planned")
        if found := await remains_of(space, kind, item_id):
            raise Moved(f"{kind.path_of(item_id)} has {found[0]} since its deletion was planned")
