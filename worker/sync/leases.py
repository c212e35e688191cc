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
from worker.queue.lease import DocumentLease, LeaseBusyError

LEASE_MS = 45_000
"""Longer than a write may take with all its repetitions. Of a worker that died, others wait so long at most."""
PATIENCE_S = 3.0
"""How long a run waits for another's write, before it gives up its turn."""
POLL_S = 0.05


class WriteLeases:
    """``destination``: the space that is written. Without ``leases`` nothing is leased (a ledger of one's own)."""

    def __init__(self, leases: DocumentLease | None, destination: str, holder: str) -> None:
        self._leases = leases
        self._destination = destination
        self._holder = holder

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
                lease = await self._leases.acquire(self._destination, document, LEASE_MS, self._holder)
                break
            except LeaseBusyError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(POLL_S)
        try:
            yield
        finally:
            await self._leases.release(lease)
