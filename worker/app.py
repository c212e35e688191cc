"""The Celery application of the workers and of beat.

    celery -A worker.app worker -Q octosync.events,octosync.bulk,octosync.control
    celery -A worker.app beat

Celery over Redis is not at-least-once, and need not be: what must not be lost lies in the dirty queue, and a message
only says *look*. So there are no results, no chords, no ETA; the ticks of beat are idempotent, and beat keeps nothing.

Nothing happens at import but reading the settings: logs and error reports are set up when a process becomes a worker.
"""

from __future__ import annotations

import gc
import logging
from typing import Any

import structlog
from celery import Celery, signals

from config import logging as logs
from config import scrub
from config import settings as process_settings
from config.telemetry import init_sentry
from worker.publisher import CANARIES, CATCH_UP, CONTROL_QUEUE, NIGHTLY_DUE, SWEEP, new_app

log = structlog.get_logger(__name__)

SETTINGS = process_settings.read()

SOFT_LIMIT_S, HARD_LIMIT_S = 780, 840
"""After the run's own deadline (worker/looking/look.py), before the message is given to another worker."""
TICK_EXPIRES_S = 600
"""A tick nobody took for so long is not worth taking: another is behind it. Generous, since clocks differ."""

app: Celery = new_app(SETTINGS)


def _tick(task: str, every_s: float) -> dict[str, Any]:
    return {"task": task, "schedule": every_s, "options": {"queue": CONTROL_QUEUE, "expires": TICK_EXPIRES_S}}


app.conf.update(
    include=["worker.tasks"],
    worker_consumer="worker.consumer:PatientConsumer",
    task_acks_late=True,  # a second net only: what it delivers twice is found clean
    task_reject_on_worker_lost=False,  # else what kills its worker comes back at once, for ever
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    task_soft_time_limit=SOFT_LIMIT_S,
    task_time_limit=HARD_LIMIT_S,
    worker_max_tasks_per_child=200,
    worker_max_memory_per_child=400_000,  # KiB
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    beat_scheduler="worker.beat:Beat",
    beat_max_loop_interval=max(0.1, min(5.0, SETTINGS.sweep_seconds, SETTINGS.canary_seconds)),
    beat_schedule={
        "sweep": _tick(SWEEP, SETTINGS.sweep_seconds),
        "catch-up": _tick(CATCH_UP, SETTINGS.catch_up_seconds),
        "nightly-due": _tick(NIGHTLY_DUE, 60.0),
        "canaries": _tick(CANARIES, SETTINGS.canary_seconds),
    },
)


@signals.setup_logging.connect
def _logs(**_: Any) -> None:
    """Being connected keeps Celery from setting up logs of its own."""
    logs.configure("worker", level=SETTINGS.log_level, form=SETTINGS.log_format)
    for name in ("celery.worker.strategy", "celery.app.trace", "celery.beat"):
        # A line when a message comes and one when its task ends: ours say more.
        logging.getLogger(name).setLevel(logging.WARNING)


@signals.celeryd_init.connect
@signals.beat_init.connect
def _begin(**_: Any) -> None:
    credentials = SETTINGS.redis_url.partition("://")[2].rpartition("@")[0]
    scrub.remember(credentials.partition(":")[2])
    init_sentry(SETTINGS.sentry_dsn, "worker", environment=SETTINGS.sentry_environment)


@signals.worker_init.connect
def _before_the_pool(sender: Any, **_: Any) -> None:
    from worker import stopping

    def stop(how: str, **_: Any) -> None:
        if how == "Warm":
            stopping.stop_within(SETTINGS.stop_seconds, lambda: stopping.processes_of(sender.pool))

    signals.worker_shutting_down.connect(stop, weak=False)


@signals.worker_process_init.connect
def _child(**_: Any) -> None:
    """What was loaded by now lives as long as the process: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@signals.worker_process_shutdown.connect
def _child_ended(pid: int, **_: Any) -> None:
    from worker import metrics

    metrics.child_ended(pid)


@signals.worker_ready.connect
def _ready(sender: Any, **_: Any) -> None:
    """Whatever was missed while no worker was there is looked for at once, not when the minute is over."""
    from celery.worker import state

    from worker import health, metrics

    registry = metrics.shared() if SETTINGS.metrics_port else None
    if registry is not None:
        health.serve(
            SETTINGS,
            registry,
            queues=list(sender.app.amqp.queues.consume_from),
            taken=lambda: sum(state.total_count.values()),
            busy=lambda: bool(state.active_requests),
        )
    with sender.app.connection_for_write() as connection:
        for task in (CATCH_UP, SWEEP, NIGHTLY_DUE, CANARIES):
            sender.app.send_task(task, queue=CONTROL_QUEUE, connection=connection)
