"""Metrics of the workers, for Prometheus. No label names an item: there would be as many series as items.

A worker is several processes. They share their numbers through files if ``PROMETHEUS_MULTIPROC_DIR`` names a directory
before this is imported, and then the worker's main process serves the sums (:mod:`worker.health`). ``python -m worker``
sees to both. What lies in Redis, and so is nobody's own (depth of the queue, held routes…), the receiver tells.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from worker.kinds import registry
from worker.looking.look import Looked
from worker.octopus.transport import Exchange, Observer
from worker.queue.keys import DirtyKey

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
_DELAYS = (0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900, 3600, 21600)

TASKS = Counter("octosync_tasks_total", "Celery tasks that ended.", ["task", "outcome"])
TASK_SECONDS = Histogram("octosync_task_seconds", "How long Celery tasks took.", ["task"], buckets=_SECONDS)
RUNS = Counter("octosync_runs_total", "Looks at dirty keys, by how they ended.", ["route", "result"])
WRITES = Counter("octosync_writes_total", "Documents written to destinations.", ["route"])
RECONCILED = Counter(
    "octosync_reconcile_total",
    "Runs by what they looked at and how they ended: unchanged, changed, error (tried again), terminal (dead letter), "
    "requeue (waits, and lost no attempt).",
    ["kind", "result"],
)
RECONCILE_SECONDS = Histogram("octosync_reconcile_seconds", "How long runs took.", ["kind"], buckets=_SECONDS)
BEHIND = Histogram(
    "octosync_event_to_synced_seconds",
    "From the report of a change (webhook or audit log) to the end of the run that answers it, debounce included.",
    buckets=_DELAYS,
)
CHANGES = Counter("octosync_changes_total", "Documents written to destinations, by kind.", ["kind", "op"])
REFUSED = Counter("octosync_plan_refused_total", "Plans that were not applied, by why.", ["reason"])
LEASES_LOST = Counter("octosync_lease_lost_total", "Runs that ended because another worker had taken their key.")
REQUESTS = Counter("octosync_octopus_requests_total", "Requests to Octopus servers.", ["instance", "method", "status"])
REQUEST_SECONDS = Histogram(
    "octosync_octopus_request_seconds", "How long Octopus servers took to answer.", ["instance"], buckets=_SECONDS
)
EVENTS = Counter("octosync_catch_up_events_total", "Events that catch-up was the first to read.", ["source"])

_RESULTS = {
    "changed": "changed",
    "unchanged": "unchanged",
    "read-only": "unchanged",
    "compared": "unchanged",
    "no-such-route": "unchanged",
    "again": "error",
    "moved": "error",
    "lease-lost": "error",
    "never": "terminal",
    "ours": "terminal",
}
"""What :attr:`Looked.result` comes to; whatever is not here was put back, to be looked at later."""


def observer(names: Mapping[str, str]) -> Observer:
    """An observer of the client. ``names``: what the routes file calls the server at a base URL."""

    def exchange(one: Exchange) -> None:
        instance = names.get(one.instance, one.instance)
        REQUESTS.labels(instance, one.method, str(one.status) if one.status is not None else "none").inc()
        REQUEST_SECONDS.labels(instance).observe(one.seconds)

    return exchange


def looked(one: Looked, seconds: float) -> None:
    """Counts a look that took ``seconds``."""
    RUNS.labels(one.key.route, one.result).inc()
    if not one.claimed:
        return
    kind = _kind(one.key)
    RECONCILED.labels(kind, _RESULTS.get(one.result, "requeue")).inc()
    RECONCILE_SECONDS.labels(kind).observe(seconds)
    if one.result == "lease-lost":
        LEASES_LOST.inc()
    if one.behind_s is not None:
        BEHIND.observe(one.behind_s)
    if one.refused:
        REFUSED.labels(one.refused).inc()
    WRITES.labels(one.key.route).inc(one.writes)
    for (written, op), count in one.changes.items():
        CHANGES.labels(written, op).inc(count)


def _kind(key: DirtyKey) -> str:
    if key.is_everything:
        return "everything"
    kind = registry.kind_of(key.document_id)
    return kind.name if kind is not None else "unknown"


def shared() -> CollectorRegistry | None:
    """What all processes of this worker counted. ``None``: nobody set it up."""
    directory = os.environ.get(DIRECTORY)
    if not directory:
        return None
    Path(directory).mkdir(parents=True, exist_ok=True)
    found = CollectorRegistry()
    MultiProcessCollector(found, directory)  # type: ignore[no-untyped-call]  # the library types it only half
    return found


def child_ended(pid: int) -> None:
    if os.environ.get(DIRECTORY):
        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # as above
