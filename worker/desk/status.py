"""Each route at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.routes import Route
from config.versions import Check, ServerVersion, checked
from worker.ledger.clean_ups import State as CleanUpState
from worker.ledger.comparisons import Progress
from worker.ledger.held import HeldRoute
from worker.ledger.runs import Run
from worker.queue.circuits import Open
from worker.queue.values import Depth
from worker.state import State

EVERYTHING = "*"
HELD, PAUSED = "held", "paused"


@dataclass(frozen=True, slots=True)
class RouteStatus:
    """``state`` is ``held``, ``paused``, or the route's mode. ``circuits``: of its two instances, those that nobody
    talks to at the moment. ``last_success`` is an ISO instant."""

    route: str
    source: str
    destination: str
    state: str
    depth: Depth
    clean_ups: int
    held: HeldRoute | None
    last_run: Run | None
    last_success: str | None
    last_compared: datetime | None
    circuits: tuple[Open, ...] = ()
    comparing: Progress | None = None
    """How far a comparison is that is under way, or goes on when somebody takes it up."""
    versions: Check | None = None
    """By what the two servers said last; ``None`` where not both have been asked yet."""

    @property
    def waiting(self) -> int:
        return self.depth.events + self.depth.bulk

    @property
    def behind_s(self) -> float:
        """For how long the longest-waiting document has been due."""
        return round(self.depth.oldest_overdue_ms / 1000, 1)


async def of_routes(state: State, routes: Sequence[Route]) -> list[RouteStatus]:
    """In the order given."""
    depths = await state.queue.depth()
    paused = await state.queue.paused()
    held = await state.ledger.held.all()
    successes = await state.ledger.runs.last_successes()
    instances = sorted({end.instance for route in routes for end in (route.source, route.destination)})
    broken = await state.circuits.among(*instances)
    found = []
    for route in routes:
        stop = held.get(route.name)
        if stop is not None and stop.approved:
            stop = None
        is_paused = bool(paused & {route.name, EVERYTHING})
        ends = {route.source.instance, route.destination.instance}
        runs = await state.ledger.runs.newest(route.name, limit=1)
        counts = await state.ledger.clean_ups.counts(route.name)
        found.append(
            RouteStatus(
                route=route.name,
                source=str(route.source),
                destination=str(route.destination),
                state=HELD if stop is not None else PAUSED if is_paused else route.mode.value,
                depth=depths.get(route.name, Depth()),
                clean_ups=sum(counts[CleanUpState.OPEN].values()),
                held=stop,
                last_run=runs[0] if runs else None,
                last_success=successes.get(route.name),
                last_compared=await state.ledger.cursors.last_compared(route.name),
                comparing=await state.comparisons.progress(route.name),
                circuits=tuple(one for one in broken if one.instance in ends),
                versions=await _versions(state, route),
            )
        )
    return found


async def _versions(state: State, route: Route) -> Check | None:
    known = [await state.ledger.servers.known(end.instance) for end in (route.source, route.destination)]
    if known[0] is None or known[1] is None:
        return None
    return checked(ServerVersion.parse(known[0].version), ServerVersion.parse(known[1].version), route.versions)


def as_dict(one: RouteStatus) -> dict[str, Any]:
    """For other programs."""
    return {
        "route": one.route,
        "source": one.source,
        "destination": one.destination,
        "state": one.state,
        "waiting": one.waiting,
        "due": one.depth.due,
        "running": one.depth.running,
        "dead_letters": one.depth.dead,
        "behind_seconds": one.behind_s,
        "clean_ups": one.clean_ups,
        "held": {name: getattr(one.held, name) for name in ("reason", "since", "plan_hash", "summary")}
        if one.held is not None
        else None,
        "last_run": {"id": one.last_run.id, "started": one.last_run.started, "outcome": one.last_run.outcome}
        if one.last_run is not None
        else None,
        "last_success": one.last_success,
        "last_compared": one.last_compared.isoformat() if one.last_compared is not None else None,
        "comparing": {name: getattr(one.comparing, name) for name in ("began", "done", "of", "differing")}
        if one.comparing is not None
        else None,
        "unreachable": [{"instance": open_.instance, "reason": open_.reason} for open_ in one.circuits],
        "versions": {"verdict": one.versions.verdict.value, "text": one.versions.text} if one.versions else None,
    }
