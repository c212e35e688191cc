"""Metrics of the receiver, for Prometheus. Each application has a registry of its own."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "octosync_webhooks_total",
            "Webhooks by what became of them: recorded, duplicate, unreadable, too-large, refused, unavailable.",
            ["instance", "outcome"],
            registry=self.registry,
        )
        self.verdicts = Counter(
            "octosync_webhook_events_total",
            "Recorded events by what they mean to us.",
            ["instance", "verdict"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "octosync_webhook_seconds",
            "From the request to its answer.",
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.in_progress = Gauge("octosync_webhooks_in_progress", "Webhooks not answered yet.", registry=self.registry)
        # To find a counter by its labels costs more than to count.
        self.request = lru_cache(maxsize=1_000)(self.requests.labels)
        self.verdict = lru_cache(maxsize=1_000)(self.verdicts.labels)
