"""Metrics of the receiver, for Prometheus: what its processes count, and what is read from Redis when somebody asks.

Each application has a registry of its own. Several receiver processes on one machine share their numbers through files
if ``PROMETHEUS_MULTIPROC_DIR`` names a directory before prometheus-client is imported; any of them then tells the sums.
No label names an item: there would be as many series as items.

To count for Prometheus takes longer than to remember that there is something to count, so what is counted with every
webhook is remembered, and counted all together soon after, or when somebody asks.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
COUNTED_WITHIN_S = 0.05


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "octosync_webhook_deliveries_total",
            "Webhooks by what became of them, in the words of docs/receiver.md.",
            ["instance", "verdict"],
            registry=self.registry,
        )
        self.verdicts = Counter(
            "octosync_webhook_events_total",
            "Recorded events by what they mean to us.",
            ["instance", "meaning"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "octosync_webhook_ack_seconds",
            "From the request to its answer.",
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.in_progress = Gauge(
            "octosync_webhooks_in_progress",
            "Webhooks not answered yet.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.gaps = Counter(
            "octosync_webhook_batch_gaps_total",
            "Batches of webhooks that were broken off; the audit log was read for the rest.",
            ["instance"],
            registry=self.registry,
        )
        self.secrets = Counter(
            "octosync_webhook_secret_used_total",
            "Webhooks by which of the instance's secrets they carried, counted from 0 in the order of the routes file.",
            ["instance", "secret"],
            registry=self.registry,
        )
        self.open = 0
        """Webhooks not answered yet."""
        self._remembered: dict[tuple[Counter, str, str], int] = {}

    def count(self, counter: Counter, instance: str, what: str) -> None:
        """One more, from within the event loop."""
        if not self._remembered:
            asyncio.get_running_loop().call_later(COUNTED_WITHIN_S, self.flush)
        one = counter, instance, what
        self._remembered[one] = self._remembered.get(one, 0) + 1

    def flush(self) -> None:
        """Counts what was remembered."""
        remembered, self._remembered = self._remembered, {}
        for (counter, *labels), n in remembered.items():
            counter.labels(*labels).inc(n)
        self.in_progress.set(self.open)

    def exposition(self, gauges: Iterable[Metric]) -> bytes:
        """All of it in Prometheus' text form. ``gauges``: :func:`webhook_receiver.gauges.read`."""
        self.flush()
        return generate_latest(self._counted()) + generate_latest(_registry(_Given(gauges)))

    def _counted(self) -> CollectorRegistry:
        directory = os.environ.get(DIRECTORY)
        if not directory:
            return self.registry
        shared = CollectorRegistry()
        MultiProcessCollector(shared, directory)  # type: ignore[no-untyped-call]  # the library types it only half
        return shared


class _Given(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _registry(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
