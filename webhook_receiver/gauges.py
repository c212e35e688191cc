"""What lies in Redis and belongs to no process, read when somebody asks for metrics.

Every receiver tells the same, so an expression takes the ``max`` of these, never the ``sum``. Ages and lags are by the
clock of Redis alone; the clocks of two machines are never compared.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from config.routes import RoutesFile
from worker.desk.status import HELD, PAUSED, RouteStatus, of_routes
from worker.ledger.connect import UNAVAILABLE
from worker.queue.values import Priority
from worker.state import State

READ_WITHIN_S = 5.0
Values = Mapping[tuple[str, ...], float]


async def read(state: State, routes: RoutesFile) -> list[Metric]:
    """If Redis does not answer, ``octosync_redis_up`` says so and is all there is."""
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            return [_gauge("octosync_redis_up", "Whether Redis answers.", (), {(): 1}), *await _read(state, routes)]
    except (*UNAVAILABLE, TimeoutError):
        return [_gauge("octosync_redis_up", "Whether Redis answers.", (), {(): 0})]


async def _read(state: State, routes: RoutesFile) -> Iterable[Metric]:
    status = await of_routes(state, routes.routes)
    instances = [one.name for one in routes.instances]
    broken = {one.instance for one in await state.circuits.among(*instances)}
    budgets = await state.ledger.budgets.left()
    readings = await state.ledger.cursors.readings()
    canaries = await state.canaries.look()
    marks = await state.queue.marks()
    drift: Counter[str] = Counter()
    for route, kinds in (await state.ledger.drift.kinds()).items():
        drift.update(kinds if route in {one.route for one in status} else {})

    def each_route(value: Callable[[RouteStatus], float]) -> Values:
        return {(one.route,): value(one) for one in status}

    by_source = [((one.instance, f"{one.instance}/{one.space}"), one) for one in readings]
    depths = [one.depth for one in status]
    return [
        _counter("octosync_marks", "Marks by who made them.", ("source",), {(k.value,): n for k, n in marks.items()}),
        _gauge(
            "octosync_queue_depth",
            "Documents marked and not being worked on, by class of work.",
            ("queue",),
            {
                (Priority.EVENTS.value,): sum(one.events for one in depths),
                (Priority.BULK.value,): sum(one.bulk for one in depths),
            },
        ),
        _gauge(
            "octosync_queue_oldest_seconds",
            "For how long the longest-waiting document has been due, by class of work.",
            ("queue",),
            {
                (Priority.EVENTS.value,): max((one.events_overdue_ms for one in depths), default=0) / 1000,
                (Priority.BULK.value,): max((one.bulk_overdue_ms for one in depths), default=0) / 1000,
            },
        ),
        _gauge("octosync_dirty_keys", "Documents marked.", ("route",), each_route(lambda one: one.waiting)),
        _gauge("octosync_running_keys", "Documents at work.", ("route",), each_route(lambda one: one.depth.running)),
        _gauge("octosync_dead_letters", "Documents given up.", ("route",), each_route(lambda one: one.depth.dead)),
        _gauge(
            "octosync_lag_seconds",
            "For how long the route's longest-waiting document has been due.",
            ("route",),
            each_route(lambda one: one.depth.oldest_overdue_ms / 1000),
        ),
        _gauge(
            "octosync_route_held",
            "Whether the route waits for a person's approval.",
            ("route",),
            each_route(lambda one: one.state == HELD),
        ),
        _gauge(
            "octosync_route_paused",
            "Whether a person paused the route.",
            ("route",),
            each_route(lambda one: one.state == PAUSED),
        ),
        _gauge("octosync_clean_ups", "Open clean-up entries.", ("route",), each_route(lambda one: one.clean_ups)),
        _gauge(
            "octosync_last_full_reconcile_timestamp_seconds",
            "When the last comparison of the whole route began.",
            ("route",),
            {(one.route,): one.last_compared.timestamp() for one in status if one.last_compared is not None},
        ),
        _gauge(
            "octosync_drift_items",
            "Items that were edited on a destination since we wrote them, as the last comparisons found.",
            ("kind",),
            {(kind,): count for kind, count in drift.items()},
        ),
        _gauge(
            "octosync_circuit_open",
            "Whether nobody talks to the instance at the moment, since it cannot be reached or lets nobody in.",
            ("instance",),
            {(one,): one in broken for one in instances},
        ),
        _gauge(
            "octosync_octopus_budget_remaining",
            "Requests that could be sent to the instance now.",
            ("instance",),
            {(one.instance,): one.requests for one in budgets if one.instance in instances},
        ),
        _gauge(
            "octosync_cursor_lag_events",
            "Events that stood beyond the cursor when the audit log was last read.",
            ("instance", "source"),
            {label: one.events for label, one in by_source},
        ),
        _gauge(
            "octosync_cursor_age_seconds",
            "How long ago the audit log was last read to its end.",
            ("instance", "source"),
            {label: one.age_s for label, one in by_source},
        ),
        _gauge(
            "octosync_canary_age_seconds",
            "How long ago a worker last took a canary out of the queue.",
            ("queue",),
            {(one.queue,): one.age_ms / 1000 for one in canaries},
        ),
        _gauge(
            "octosync_canary_waiting_seconds",
            "For how long a canary has been waiting in the queue to be taken; 0 if none is.",
            ("queue",),
            {(one.queue,): one.waiting_ms / 1000 for one in canaries},
        ),
    ]


def _gauge(name: str, help_: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family


def _counter(name: str, help_: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = CounterMetricFamily(name, help_, labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family
