"""Equipment: the targets and workers of a destination, as far as a check after the plan asks for them.

Read once for a plan, or for a whole comparison: five requests. Lists leave out what a key may not see, so what is
absent means something only to a key that may see all of it: :attr:`Equipment.seen` says of what that holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from worker.kinds.granted import Granted
from worker.octopus.client import SpaceClient
from worker.octopus.errors import OctopusError
from worker.plan.values import Document

STATIC_POOL = "StaticWorkerPool"
"""Of every other type the workers are not ours to count: those of a dynamic pool are made when they are needed."""


class Subject(StrEnum):
    """What a check looks at, in words for people."""

    WORKERS = "workers"
    TARGETS = "targets"
    VARIABLES = "variables"


NEEDED = {
    Subject.WORKERS: ("WorkerView",),
    Subject.TARGETS: ("MachineView",),
    Subject.VARIABLES: ("VariableView", "VariableViewUnscoped", "LibraryVariableSetView", "ProjectView"),
}
"""The permissions that, without restriction, show all of it (names: API reference 2026, 3.14)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A worker pool. ``workers``: how many of its workers are enabled."""

    name: str
    type: str
    is_default: bool
    workers: int

    @property
    def is_empty(self) -> bool:
        """The default pool never is: where it has no workers, a server of one's own works itself (built-in worker)."""
        return self.type == STATIC_POOL and not self.is_default and not self.workers


@dataclass(frozen=True, slots=True)
class Equipment:
    """``pools``: by id. ``roles``: by role (case-folded), the environments in which an enabled target has it."""

    pools: Mapping[str, Pool] = field(default_factory=dict)
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    seen: frozenset[Subject] = frozenset()


async def read_equipment(space: SpaceClient) -> Equipment:
    """Raises what the client raises of an instance as a whole; what else is refused is not seen."""
    granted = await _granted(space)
    seen = {one for one, names in NEEDED.items() if granted is not None and all(map(granted.is_whole, names))}
    pools: dict[str, Pool] = {}
    roles: dict[str, frozenset[str]] = {}
    if Subject.WORKERS in seen:
        listed, workers = await _list(space, "workerpools/all"), await _list(space, "workers/all")
        if listed is None or workers is None:
            seen.discard(Subject.WORKERS)
        else:
            pools = pools_of(listed, workers)
    if Subject.TARGETS in seen:
        machines = await _list(space, "machines/all")
        if machines is None:
            seen.discard(Subject.TARGETS)
        else:
            roles = roles_of(machines)
    return Equipment(pools, roles, frozenset(seen))


def pools_of(pools: Iterable[Document], workers: Iterable[Document]) -> dict[str, Pool]:
    staffed: dict[str, int] = {}
    for worker in workers:
        if not worker.get("IsDisabled"):
            for pool_id in worker.get("WorkerPoolIds") or ():
                staffed[pool_id] = staffed.get(pool_id, 0) + 1
    return {
        pool["Id"]: Pool(
            str(pool.get("Name") or pool["Id"]),
            str(pool.get("WorkerPoolType") or ""),
            bool(pool.get("IsDefault")),
            staffed.get(pool["Id"], 0),
        )
        for pool in pools
    }


def roles_of(machines: Iterable[Document]) -> dict[str, frozenset[str]]:
    roles: dict[str, frozenset[str]] = {}
    for machine in machines:
        if not machine.get("IsDisabled"):
            for role in machine.get("Roles") or ():
                where = frozenset(machine.get("EnvironmentIds") or ())
                roles[role.casefold()] = roles.get(role.casefold(), frozenset()) | where
    return roles


async def _granted(space: SpaceClient) -> Granted | None:
    """``None``: the server does not tell."""
    try:
        me = await space.system.get("users/me")
        return Granted.of(await space.system.get(f"users/{me['Id']}/permissions", includeSystem=True), space.space_id)
    except OctopusError as error:
        if error.concerns_instance:
            raise
        return None
    except (ValueError, KeyError, TypeError):
        return None


async def _list(space: SpaceClient, route: str) -> list[Document] | None:
    try:
        return await space.list(route)
    except OctopusError as error:
        if error.concerns_instance:
            raise
        return None
