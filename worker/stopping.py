"""How a worker ends that was asked to, within the time that it has.

    SIGTERM ──▶ takes nothing more, ends with its last run   at once, as a rule  (Celery's "Warm Shutdown")
       stop_seconds ──▶ what is still at work is handed back                     (its "Cold Shutdown")
            FORCED_AFTER_S ──▶ whatever is left is ended                         (ours)

Celery's own "Soft Shutdown" would wait for all of its time. And with Celery 5.7 the main process was seen not to end
though its last run had, neither warm nor cold: about once in a hundred times, on a busy machine, where a task came in
the moment of the signal. What is killed then is found again when its lease ends.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger(__name__)

FORCED_AFTER_S = 8.0
"""After the cold shutdown was begun: a run that is handed back needs to reach Redis, which may be slow."""


def stop_within(seconds: float, processes: Callable[[], Iterable[int]]) -> None:
    """Starts to wait. ``processes``: tells the ids of those of the pool that are left by then."""
    _later(seconds, lambda: os.kill(os.getpid(), signal.SIGQUIT))
    _later(seconds + FORCED_AFTER_S, lambda: _end(processes()))


def _end(processes: Iterable[int]) -> None:
    left = [process for process in processes if _kill(process)]
    log.error("worker.forced", processes=len(left))
    os._exit(1 if left else 0)


def _kill(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
        return True
    return False


def _later(seconds: float, do: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, do)
    timer.daemon = True
    timer.start()


def processes_of(pool: Any) -> list[int]:
    """Of a Celery pool, as its statistics show them. None once it has ended."""
    try:
        return list(pool.info["processes"])
    except AttributeError:
        return []
