"""The Celery tasks, a few lines each, and the class that gives each its metrics, log context and error handling."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import structlog
from celery import Task

from config import scrub
from config.load import load
from config.problems import ConfigError
from config.routes import RoutesFile
from worker import metrics, ticks
from worker.app import SETTINGS, app
from worker.ledger.connect import UNAVAILABLE
from worker.looking.look import Looked, Looker
from worker.octopus.address import base_url
from worker.octopus.transport import Observer
from worker.publisher import CANARIES, CANARY, CATCH_UP, LOOK, NIGHTLY_DUE, QUEUES, SWEEP, Publisher
from worker.queue.keys import DirtyKey
from worker.queue.values import Due, Priority
from worker.state import open_state

log = structlog.get_logger(__name__)

_publisher = Publisher(app)


class OctosyncTask(Task):  # type: ignore[type-arg]  # generic in the stubs only
    """A run of any task: counted, timed, and with its name in every log line.

    A Redis that does not answer ends a task quietly: what it was about is still marked, and a sweep brings it back. So
    does a routes file that somebody is changing and that has a mistake; it is named, once by each process.
    Anything else that a task lets out is a bug: Celery logs it, and Sentry's integration with Celery reports it.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        started, outcome = time.monotonic(), "error"
        with structlog.contextvars.bound_contextvars(task=self.name):
            try:
                result = super().__call__(*args, **kwargs)
                outcome = "ok"
            except UNAVAILABLE as error:
                outcome = "redis"
                log.warning("redis.unavailable", error=type(error).__name__)
                return None
            except ConfigError as error:
                _refused(str(error))
                return None
            else:
                return result
            finally:
                metrics.TASKS.labels(self.name, outcome).inc()
                metrics.TASK_SECONDS.labels(self.name).observe(time.monotonic() - started)


@app.task(base=OctosyncTask, name=LOOK, bind=True)
def look(self: OctosyncTask, key: str) -> None:
    """Look at one dirty key (``route|Projects-3``), or at one of another route whose turn it is."""
    began = time.monotonic()
    looked = asyncio.run(_look(DirtyKey.parse(key), _class_of(self)))
    metrics.looked(looked, time.monotonic() - began)
    if looked.again:
        _publisher.wake_now([Due(looked.key, looked.priority)])


@app.task(base=OctosyncTask, name=SWEEP)
def sweep() -> None:
    """Tell workers of what is due, and take back what a worker died on."""
    _publisher.wake_now(asyncio.run(_sweep()))


@app.task(base=OctosyncTask, name=CATCH_UP)
def catch_up(instance: str | None = None, space: str | None = None) -> None:
    """Read the audit logs of all sources, or of one."""
    asyncio.run(_catch_up((instance, space) if instance is not None and space is not None else None))


@app.task(base=OctosyncTask, name=NIGHTLY_DUE)
def nightly_due() -> None:
    """Ask for a comparison of everything where one is due."""
    asyncio.run(_nightly_due())


@app.task(base=OctosyncTask, name=CANARIES)
def canaries() -> None:
    """Send one into each queue in which none waits."""
    _publisher.send_now([(CANARY, [queue], queue) for queue in asyncio.run(_released())])


@app.task(base=OctosyncTask, name=CANARY)
def canary(queue: str) -> None:
    """Somebody takes from this queue."""
    asyncio.run(_taken(queue))


async def _look(key: DirtyKey, priority: Priority) -> Looked:
    async with open_state(SETTINGS) as state:
        turn = await state.queue.turn(key, priority)
        return await Looker(state, routes(), SETTINGS, observer=_observer()).look(turn)


def _class_of(task: OctosyncTask) -> Priority:
    """By the queue that the message came through."""
    queue = (task.request.delivery_info or {}).get("routing_key")
    return Priority.BULK if queue == Priority.BULK.celery_queue else Priority.EVENTS


async def _sweep() -> list[Due]:
    async with open_state(SETTINGS) as state:
        return list(await ticks.sweep(state))


async def _catch_up(only: tuple[str, str] | None) -> None:
    async with open_state(SETTINGS) as state:
        done = await ticks.catch_up_all(state, routes(), only=only, observer=_observer())
    for source, found in done.items():
        metrics.EVENTS.labels(str(source)).inc(found.events)


async def _nightly_due() -> None:
    async with open_state(SETTINGS) as state:
        await ticks.nightly_due(state, routes(), SETTINGS, datetime.now(UTC))


async def _released() -> list[str]:
    async with open_state(SETTINGS) as state:
        return await state.canaries.release(QUEUES)


async def _taken(queue: str) -> None:
    async with open_state(SETTINGS) as state:
        await state.canaries.take(queue)


def _observer() -> Observer:
    return metrics.observer({str(base_url(one.url)): one.name for one in routes().instances})


def routes() -> RoutesFile:
    """The routes file as it is now: read again when it was changed. Raises :class:`ConfigError`."""
    path = Path(SETTINGS.routes)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return load(path)  # which says of it what there is to say
    return _routes(path, changed)


@lru_cache(maxsize=1)
def _refused(words: str) -> None:
    """Says it when it is another mistake than the last one."""
    log.error("routes.refused", problems=words.splitlines())


@cache
def _routes(path: Path, _changed: int) -> RoutesFile:
    found = load(path)
    scrub.watch(found)
    return found
