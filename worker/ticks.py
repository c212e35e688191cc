"""What beat asks for: sweep, catch up, and see whether a night's comparison is due.

Each may be asked twice at once, late, or not at all for a while: it looks at what is, not at when it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from config.routes import Endpoint, RoutesFile
from config.settings import Settings
from worker.ledger.connect import UNAVAILABLE
from worker.looking.failures import Class, failure_of
from worker.octopus.transport import Observer
from worker.queue.keys import EVERYTHING, DirtyKey
from worker.queue.values import Due, Priority, Source
from worker.state import State
from worker.sync.catch_up import CaughtUp, catch_up
from worker.sync.servers.connecting import connect
from worker.sync.servers.spaces import space_of

log = structlog.get_logger(__name__)

SWEEP_LIMIT = 500


async def sweep(state: State) -> Sequence[Due]:
    """The keys that workers should be told of."""
    return (await state.queue.sweep(limit=SWEEP_LIMIT)).due


async def catch_up_all(
    state: State, routes: RoutesFile, *, only: tuple[str, str] | None = None, observer: Observer | None = None
) -> dict[Endpoint, CaughtUp]:
    """Reads the audit log of every source, or of the ``only`` one (instance, space). A source that fails is logged, and
    holds up no other; a bug is raised when all were read."""
    done = {}
    bugs: list[Exception] = []
    for source, fed in routes.sources().items():
        if only is not None and source.key != Endpoint(instance=only[0], space=only[1]).key:
            continue
        if await state.circuits.among(source.instance):
            continue
        try:
            async with connect(routes, source.instance, state.ledger, observer=observer) as client:
                space = await space_of(client, source, state.ledger)
                done[source] = await catch_up(space, source, fed, state)
            if not done[source].busy:
                await state.ledger.cursors.caught_up(source.instance, source.space, done[source].events)
        except UNAVAILABLE:
            raise
        except Exception as error:
            failure = failure_of(error)
            log.warning("catch-up.failed", source=str(source), reason=failure.reason)
            if failure.sort is Class.INSTANCE:
                await state.circuits.open(source.instance, failure.reason, failure.at_least_s)
            elif failure.sort is Class.OURS:
                bugs.append(error)
        else:
            await state.circuits.close(source.instance)
    if bugs:
        raise bugs[0]
    return done


async def nightly_due(state: State, routes: RoutesFile, settings: Settings, now: datetime) -> list[DirtyKey]:
    """Asks for the comparison of each route that has not been compared since last night's hour. A missed night is made
    up for at the next tick; a route that was never compared is compared now. ``now`` has an offset."""
    night = last_night(settings, now)
    asked = []
    for route in routes.routes:
        before = await state.comparisons.asked(route.name)
        compared = await state.ledger.cursors.last_compared(route.name)
        if (before is not None and before >= night) or (compared is not None and compared >= night):
            continue
        await state.queue.mark(
            [DirtyKey(route.name, EVERYTHING)], source=Source.NIGHTLY, priority=Priority.BULK, debounce_ms=0
        )
        await state.comparisons.ask(route.name, night)
        asked.append(DirtyKey(route.name, EVERYTHING))
    if asked:
        log.info("nightly", routes=[key.route for key in asked], night=night.isoformat())
    return asked


def last_night(settings: Settings, now: datetime) -> datetime:
    """The last time that the clock on the wall of ``settings.timezone`` showed ``nightly_at``."""
    there = now.astimezone(settings.zone)
    night = there.replace(
        hour=settings.nightly_at.hour,
        minute=settings.nightly_at.minute,
        second=settings.nightly_at.second,
        microsecond=0,
    )
    return night if night <= there else night - timedelta(days=1)
