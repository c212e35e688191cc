"""Beat's scheduler: Celery's own, which also writes down that it goes round (:mod:`worker.heartbeat`)."""

from __future__ import annotations

from typing import Any

import structlog
from celery.beat import Scheduler
from kombu import Connection

from config import settings
from worker.heartbeat import Heartbeat

log = structlog.get_logger(__name__)


class Beat(Scheduler):
    """Keeps no file of when it last sent what: its ticks are idempotent, and begin anew with the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        file = settings.read().beat_file
        super().__init__(*args, **kwargs)
        every_s = min(one["schedule"] for one in self.app.conf.beat_schedule.values())
        self._heartbeat = Heartbeat(file, every_s) if file is not None else None
        self._unwritable = False

    def tick(self, *args: Any, **kwargs: Any) -> float:
        wait: float = super().tick(*args, **kwargs)
        self._write(sent=False)
        return wait

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Raises ``SchedulingError`` for what does not reach Redis."""
        result = super().apply_async(*args, **kwargs)
        self._write(sent=True)
        return result

    def _ensure_connected(self) -> Connection:
        """Waits for Redis, however long it takes, and goes round all the while."""

        def failed(error: Exception, again_in_s: float) -> None:
            log.error("beat.unconnected", error=type(error).__name__, again_in_s=again_in_s)
            self._write(sent=False)

        return self.connection.ensure_connection(failed, self.app.conf.broker_connection_max_retries)

    def _write(self, *, sent: bool) -> None:
        if self._heartbeat is None:
            return
        try:
            (self._heartbeat.sent if sent else self._heartbeat.went_round)()
            self._unwritable = False
        except OSError as error:  # the probe tells, too; what is due is sent all the same
            if not self._unwritable:
                log.warning("beat.file-unwritable", file=error.filename, error=error.strerror)
            self._unwritable = True
