"""How a worker ends that was asked to.

    SIGTERM ──▶ takes nothing more, ends with its last run  ──stop_seconds──▶ what is still at work is handed back
                (Celery's "Warm Shutdown": at once, as a rule)                (its "Cold Shutdown")

Celery's own "Soft Shutdown" would wait for all of its time.

A task that was given to a process of the pool in the very moment of the signal, so that the process has not said yet
that it took it, is forgotten by Celery 5.7 (``AsynPool.flush``): its end is not read, for which the process waits for
half a minute, and the cold shutdown does not tell it to stop. So we let it wait for less, and tell it ourselves. What
gets lost by that is an acknowledgement: whoever is given the message again finds nothing to do.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from billiard import pool
from celery.worker import state

UNREAD_TRIES = 20
"""How often a process that ends looks whether its results were read: each tenth of a second."""


def be_quick() -> None:
    """Before the pool starts."""
    pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = UNREAD_TRIES


def hand_back_in(seconds: float, processes: Callable[[], Iterable[int]]) -> None:
    """Starts to wait. ``processes``: tells the ids of those of the pool by then."""
    cold = threading.Timer(seconds, _hand_back, [processes])
    cold.daemon = True
    cold.start()


def _hand_back(processes: Callable[[], Iterable[int]]) -> None:
    told = {request.worker_pid for request in tuple(state.active_requests)}
    # Twice told, a process ends at once, and hands back nothing.
    untold = [process for process in processes() if process not in told]
    os.kill(os.getpid(), signal.SIGQUIT)
    for process in untold:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)


def processes_of(pool: Any) -> list[int]:
    """Of a Celery pool, as its statistics show them. None once it has ended."""
    try:
        return list(pool.info["processes"])
    except AttributeError:
        return []
