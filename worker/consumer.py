"""What of a Celery worker talks to the broker, so that it outlives a Redis that goes away."""

from __future__ import annotations

import structlog
from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)


class PatientConsumer(Consumer):
    """Connects again also where something had been taken and not acknowledged when the connection broke.

    Celery 5.7.0 closes the connection twice then. The second time kombu 5.7.0 wants to hand back what was not
    acknowledged, by a channel whose connection is gone already, and its ``AttributeError`` ends the worker. There is
    nothing to hand back: Redis has kept the message (``unacked``), and gives it to another worker in its time.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError:
            if self.connection is not None:  # it was not closed: this is something else
                raise
            log.warning("broker.lost", unacknowledged=True)
