"""The one publisher of Celery messages, and how Celery reaches its broker.

A message carries a key and only says *look*; the dirty mark in Redis is the truth. So whoever publishes marks first,
and a publish that fails is logged and forgotten: the next sweep gives the hint again. Publishing blocks (kombu knows no
asyncio), so it happens in a thread, with timeouts on every socket; an event loop never waits for the broker.

Tasks are known by name here: the receiver publishes without loading the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from celery import Celery

from config import settings as process_settings
from config.settings import Settings
from worker.queue.keys import DirtyKey
from worker.queue.values import Due, Priority

log = structlog.get_logger(__name__)

LOOK = "octosync.look"
SWEEP = "octosync.sweep"
CATCH_UP = "octosync.catch_up"
NIGHTLY_DUE = "octosync.nightly_due"
CANARIES = "octosync.canaries"
CANARY = "octosync.canary"

CONTROL_QUEUE = "octosync.control"
QUEUES = (Priority.EVENTS.celery_queue, Priority.BULK.celery_queue, CONTROL_QUEUE)

VISIBILITY_S = 900
"""After so long an unacknowledged message is given to another worker. Longer than any task may run."""


def new_app(settings: Settings) -> Celery:
    """A Celery application that can publish. Connects when it is used, not before."""
    app = Celery("octosync")
    url, tls = broker(settings.redis_url)
    app.conf.update(
        broker_url=url,
        broker_use_ssl=tls,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_S,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "global_keyprefix": f"{settings.namespace}:",
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_send_sent_event=False,
        # Once more for a connection that had gone stale; what fails then is the sweep's.
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
        task_default_queue=CONTROL_QUEUE,
        enable_utc=True,
    )
    return app


def broker(redis_url: str) -> tuple[str, dict[str, Any] | None]:
    """How kombu wants a URL of redis-py, and its TLS options: ``rediss`` verifies unless the URL says otherwise."""
    parts = urlsplit(redis_url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "unix":
        query["virtual_host"] = query.pop("db", "0")
        # urlunsplit would leave the slashes of an empty host out.
        return f"redis+socket://{parts.netloc}{parts.path}?{urlencode(query)}", None
    if parts.scheme != "rediss":
        return redis_url, None
    tls = {name: query.pop(name) for name in list(query) if name.startswith("ssl_")}
    return urlunsplit(parts._replace(query=urlencode(query))), {"ssl_cert_reqs": "required", **tls}


class Publisher:
    """``async with`` it in a loop; in a thread without one, :meth:`wake_now` is enough."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publisher")

    async def wake(self, due: Iterable[Due]) -> bool:
        """Has workers look at these keys. ``False``: nobody could be told; the sweep will."""
        return await self._in_thread(self.wake_now, list(due))

    async def catch_up(self, instance: str, space: str) -> bool:
        """Has a worker read the audit log of a source now, not only when the minute is over."""
        return await self._in_thread(self.send_now, [(CATCH_UP, [instance, space], CONTROL_QUEUE)])

    def wake_now(self, due: Sequence[Due]) -> bool:
        """:meth:`wake`, waiting for the broker."""
        return self.send_now([(LOOK, [str(one.key)], one.priority.celery_queue) for one in due])

    def send_now(self, messages: Sequence[tuple[str, list[str], str]]) -> bool:
        """Task name, arguments and queue of each, over one connection. Never raises for what the broker does."""
        if not messages:
            return True
        try:
            with self._app.producer_or_acquire() as producer:
                for task, arguments, queue in messages:
                    self._app.send_task(task, args=arguments, queue=queue, producer=producer, ignore_result=True)
        except Exception as error:  # kombu lets errors of every transport through; none may hurt what is marked already
            log.warning("publish.failed", messages=len(messages), error=type(error).__name__)
            return False
        return True

    async def _in_thread(self, function: Callable[[Any], bool], argument: Any) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, argument)

    def close(self) -> None:
        """Waits for what is being published, then lets go of the broker."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._app.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)


async def publish(
    keys: Iterable[DirtyKey],
    *,
    priority: Priority = Priority.EVENTS,
    settings: Settings | None = None,
) -> bool:
    """Wakes workers once, for a process that publishes hardly ever. ``settings``: those of the process unless given."""
    app = new_app(settings or process_settings.read())
    async with Publisher(app) as publisher:
        return await publisher.wake(Due(key, priority) for key in keys)
