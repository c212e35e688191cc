"""Approval: a held route goes on, with exactly the plan that a person looked at."""

from __future__ import annotations

from worker.ledger.held import HeldRoute
from worker.queue.keys import DirtyKey
from worker.queue.values import Source
from worker.state import State


class OtherPlanError(Exception):
    """The route is held for another plan by now, ``held``; or not at all (``None``). Nothing was approved."""

    def __init__(self, route: str, held: HeldRoute | None) -> None:
        what = f"held for another plan: {held.plan_hash}, {held.summary}" if held is not None else "not held any more"
        super().__init__(f"route {route} is {what}")
        self.held = held


async def approve(state: State, route: str, plan_hash: str, *, by: str, correlation_id: str) -> list[DirtyKey]:
    """The keys that a worker should look at now. Raises :class:`OtherPlanError`."""
    held = await state.ledger.held.get(route)
    if held is None or not await state.ledger.held.approve(route, plan_hash):
        raise OtherPlanError(route, await state.ledger.held.get(route))
    if not held.key:
        return []
    key = DirtyKey.parse(held.key)
    await state.queue.mark(
        [key],
        source=Source.CLI,
        debounce_ms=0,
        correlation_id=correlation_id,
        requested_by=by,
        reason="approved",
    )
    return [key]
