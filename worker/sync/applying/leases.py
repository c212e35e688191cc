"""The write lease of a destination document: held from the last look at it to its baseline.

Two dirty keys may mean one document (a project's own and its subtree's), two routes may feed one space, and a person
may run a sync by hand. One document is leased at a time, never two, so nobody waits for anybody in a circle.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from worker.plan.values import Action
from worker.queue.lease import DocumentLease, Lease, LeaseBusyError

PATIENCE_S = 3.0
"""How long a run waits for another's write, before it gives up its turn."""
POLL_S = 0.05


class WriteLeases:
    """``destination``: the space that is written. Without ``leases`` nothing is leased (a ledger of one's own)."""

    def __init__(self, leases: DocumentLease | None, destination: str, holder: str) -> None:
        self._leases = leases
        self._destination = destination
        self._holder = holder
        self._held: Lease | None = None

    @asynccontextmanager
    async def hold(self, action: Action, destination_id: str | None) -> AsyncIterator[None]:
        """``destination_id``: ``None`` for what is about to be created; then its name is leased. Raises
        :class:`worker.queue.lease.LeaseBusyError` when another does not let go of it."""
        if self._leases is None:
            yield
            return
        document = destination_id or json.dumps(action.path, ensure_ascii=True)
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                lease = await self._leases.acquire(self._destination, document, self._leases.lease_ms, self._holder)
                break
            except LeaseBusyError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(POLL_S)
        self._held = lease
        try:
            yield
        finally:
            self._held = None
            await self._leases.release(lease)

    async def prolong(self) -> None:
        """Keeps what is held for one more request. Raises :class:`worker.queue.lease.LeaseBusyError` if it has ended:
        another may write the document by now."""
        if self._leases is None or self._held is None:
            return
        if not await self._leases.beat(self._held, self._leases.lease_ms):
            raise LeaseBusyError(self._held.destination, self._held.document, self._leases.lease_ms)
