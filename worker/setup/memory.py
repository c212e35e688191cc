"""Doctor, what lies in Redis: the store itself, the workers, and what the ledger remembers of each route."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from config.counting import counted
from config.routes import Route, RoutesFile
from worker.ledger.store import Host, Store
from worker.setup.findings import Finding, failure, ok, warning
from worker.state import State

OLDEST = {"redis": (6, 2), "valkey": (7, 2)}
"""The oldest whose scripts and streams we use as they are; 7 is what the settings promise."""
NEARLY_FULL = 0.8
QUEUES = ("events", "bulk", "control")
SILENT_MS = 180_000
CAUGHT_UP_S = 600
COMPARED_H = 50


def of_store(store: Store | None) -> list[Finding]:
    """Pure."""
    if store is None:
        then = "allow it INFO, or look yourself: appendonly yes, maxmemory-policy noeviction"
        return [warning("redis", "Redis", "its user may not ask what kind of Redis it is", then)]
    about = "Redis"
    found = []
    version = tuple(int(part) for part in re.findall(r"\d+", store.version)[:2])
    if version and version < OLDEST[store.name]:
        found.append(failure("redis", about, f"{store.name} {store.version} is too old", "use Redis 7 or Valkey 8"))
    else:
        found.append(ok("redis", about, f"{store.name} {store.version} answers"))
    if store.replica:
        found.append(failure("redis", about, "it is a replica, which takes no writes", "name the primary in the URL"))
    if not store.appends:
        text = "it keeps no append-only file: a restart loses what was acknowledged, and the memory of who wrote what"
        found.append(warning("redis-durability", about, text, "set appendonly yes (and appendfsync everysec)"))
    elif store.last_write_failed:
        found.append(failure("redis-durability", about, "its append-only file cannot be written", "look at its disk"))
    else:
        found.append(ok("redis-durability", about, "every write goes to its append-only file"))
    if store.eviction not in {"noeviction", "unknown"}:
        text = f"when it is full it throws keys away ({store.eviction}): baselines among them"
        found.append(failure("redis-eviction", about, text, "set maxmemory-policy noeviction"))
    else:
        found.append(ok("redis-eviction", about, "it refuses rather than throw away"))
    if store.limit and store.used > NEARLY_FULL * store.limit:
        text = f"{store.used / store.limit:.0%} of its {store.limit / 2**20:.0f} MB are used"
        found.append(warning("redis-memory", about, text, "raise maxmemory, or lower OCTOSYNC_DELIVERIES_KEPT"))
    return found


async def store(host: Host) -> list[Finding]:
    return of_store(await host.look())


async def workers(state: State) -> list[Finding]:
    """Whether work is taken, by the canaries that beat sends through each queue."""
    found = await state.canaries.look()
    if not found:
        text = "no worker and no beat ever ran with this Redis"
        then = "start both: python -m worker, and python -m worker --beat"
        return [warning("workers", "workers", text, then)]
    silent = [one for one in found if one.age_ms > SILENT_MS]
    if not silent:
        return [ok("workers", "workers", "work is taken from " + ", ".join(one.queue for one in found))]
    result = []
    for one in silent:
        waits = one.waiting_ms > 0
        text = f"nothing was taken from the queue {one.queue} for {counted(one.age_ms // 60_000, 'minute')}"
        then = "start a worker for it: python -m worker" if waits else "start beat: python -m worker --beat"
        result.append(failure("workers", "workers", text, then))
    return result


async def routes(state: State, file: RoutesFile, chosen: Sequence[Route]) -> list[Finding]:
    """What the ledger remembers, against the routes file."""
    return [finding async for finding in _routes(state, file, chosen)]


async def _routes(state: State, file: RoutesFile, chosen: Sequence[Route]) -> AsyncIterator[Finding]:
    known = {route.name for route in file.routes}
    for name in sorted(await state.ledger.links.routes() - known):
        then = (
            f"if it was renamed, its memory goes along: octosync ledger export {name} into a file, then "
            "octosync ledger import with --as NEW. If it is gone for good, nothing needs to be done"
        )
        yield warning("ledger", name, "the ledger remembers this route, and the routes file has none of the name", then)
    held, paused, depth = await state.ledger.held.all(), await state.queue.paused(), await state.queue.depth()
    readings = {(one.instance, one.space): one for one in await state.ledger.cursors.readings()}
    for route in chosen:
        name = route.name
        stop = held.get(name)
        if stop is not None and not stop.approved:
            then = f"octosync approve {name} shows the plan, and how to approve it"
            yield failure("held", name, f"held since {stop.since}: {stop.reason}", then)
        if paused & {name, "*"}:
            then = "octosync resume" if "*" in paused else f"octosync resume --route {name}"
            yield warning("paused", name, "paused: marks are kept, nothing is written", then)
        if (found := depth.get(name)) is not None and found.dead:
            then = "octosync dead-letters says why; a new change or the night tries each once more"
            given_up = counted(found.dead, "document was", "documents were")
            yield warning("dead-letters", name, f"{given_up} given up", then)
        fingerprint = await state.ledger.held.fingerprint(name)
        if fingerprint is not None and fingerprint != route.fingerprint and (stop is None or stop.approved):
            text = "its rules, maps or selection have changed since they were last applied: the next run holds it"
            yield warning("rules", name, text, "octosync plan everything shows what follows; then octosync approve")
        cursor = await state.ledger.cursors.get(route.source.instance, route.source.space)
        compared = await state.ledger.cursors.last_compared(name)
        reading = readings.get((route.source.instance, route.source.space))
        if cursor is None:
            text = (
                "the source's audit log was never read: with the first start of workers and beat everything is compared"
            )
            yield warning("cursor", name, text, "start worker and beat")
        elif reading is not None and reading.age_s > CAUGHT_UP_S:
            text = f"the source's audit log was last read {counted(reading.age_s // 60, 'minute')} ago"
            yield failure("cursor", name, text, "see whether beat and a worker for the queue control run")
        else:
            yield ok("cursor", name, f"the source's audit log is read up to {cursor.isoformat(timespec='seconds')}")
        if compared is not None:
            yield ok("compared", name, f"last compared as a whole at {compared.isoformat(timespec='seconds')}")
        elif cursor is not None:
            yield warning("compared", name, "never compared as a whole", "octosync reconcile, or wait for the night")
