"""Metrics of the workers, for Prometheus.

A worker is several processes. They share their numbers through files if ``PROMETHEUS_MULTIPROC_DIR`` names a directory
before this is imported, and then the worker's main process serves the sums on ``OCTOSYNC_METRICS_PORT``
(prometheus-client, "Multiprocess Mode"). ``python -m worker`` sees to both.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from worker.octopus.transport import Exchange

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)

TASKS = Counter("octosync_tasks_total", "Celery tasks that ended.", ["task", "outcome"])
TASK_SECONDS = Histogram("octosync_task_seconds", "How long Celery tasks took.", ["task"], buckets=_SECONDS)
RUNS = Counter("octosync_runs_total", "Looks at dirty keys, by how they ended.", ["route", "result"])
WRITES = Counter("octosync_writes_total", "Documents written to destinations.", ["route"])
REQUESTS = Counter("octosync_octopus_requests_total", "Requests to Octopus servers.", ["instance", "method", "status"])
REQUEST_SECONDS = Histogram(
    "octosync_octopus_request_seconds", "How long Octopus servers took to answer.", ["instance"], buckets=_SECONDS
)
EVENTS = Counter("octosync_catch_up_events_total", "Events that catch-up was the first to read.", ["source"])


def exchange(one: Exchange) -> None:
    """An observer of the client."""
    status = str(one.status) if one.status is not None else "none"
    REQUESTS.labels(one.instance, one.method, status).inc()
    REQUEST_SECONDS.labels(one.instance).observe(one.seconds)


def serve(port: int) -> bool:
    """Serves what all processes of this worker counted. ``False``: nobody set it up, or the port says not to."""
    directory = os.environ.get(DIRECTORY)
    if not directory or not port:
        return False
    Path(directory).mkdir(parents=True, exist_ok=True)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]  # the library types it only half
    start_http_server(port, registry=registry)
    return True


def child_ended(pid: int) -> None:
    if os.environ.get(DIRECTORY):
        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # as above
