"""Checking: look up what the check after a plan needs, and add what it finds to the plan. Reads only."""

from __future__ import annotations

from dataclasses import replace

from worker.plan.values import Plan
from worker.sync.findings.equipment import Equipment, Subject, read_equipment
from worker.sync.findings.find import find
from worker.sync.findings.outlook import Libraries, Outlook
from worker.sync.opened import ROUNDS, Opened
from worker.sync.planning.planner import Planned
from worker.sync.world.world import NotObserved


class Checker:
    """For one plan, or for all those of one comparison, which share what is read of the destination as a whole."""

    def __init__(self) -> None:
        self._equipment: Equipment | None = None
        self._libraries: Libraries = {}

    async def check(self, route: Opened, planned: Planned) -> Plan:
        """The plan with its findings, and a note for what could not be checked. Raises what the client raises."""
        if self._equipment is None:
            self._equipment = await read_equipment(route.destination.client)
        outlook = Outlook(route.world, planned, self._libraries)
        for _ in range(ROUNDS):
            try:
                found = find(outlook, self._equipment)
            except NotObserved as missing:
                await route.observe(missing.needs)
            else:
                return replace(planned.plan, findings=tuple(found), notes=(*planned.plan.notes, *self.unchecked))
        raise RuntimeError(f"route {route.route.name}: the check of a plan found no end")

    @property
    def unchecked(self) -> tuple[str, ...]:
        """In words, what was not checked because the key may not see all of it."""
        seen = self._equipment.seen if self._equipment is not None else frozenset()
        hidden = [str(one) for one in Subject if one not in seen]
        if not hidden:
            return ()
        return (f"not checked: {', '.join(hidden)}; the key of the destination may not see all of them",)
