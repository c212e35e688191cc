"""What of a Celery worker talks to the broker, so that it outlives a Redis that goes away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

import structlog
from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)


class PatientConsumer(Consumer):
    """Goes on also where the connection broke while a message was taken and not acknowledged: while a task ran.

    With kombu 5.7.0 the channel by which such a message came has lost its connection for good then, and whatever is
    asked of it ends in an ``AttributeError``, which ends the worker. Nothing need be asked of it: Redis has kept the
    message (``unacked``), and gives it to another worker in its time, who finds nothing to do.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Celery 5.7.0 closes the connection twice; the second time kombu hands back what was not acknowledged."""
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError:
            if self.connection is not None:  # it was not closed: this is something else
                raise
            log.warning("broker.lost", unacknowledged=True)

    def call_soon_ack(self, p: Callable[..., object], *args: Any, **kwargs: Any) -> Any:
        """``p``: a method of a kombu message that acknowledges or rejects it."""
        hand = super().call_soon_ack  # type: ignore[misc]  # celery-types 0.26 does not know it
        settle = update_wrapper(partial(_settle, p), p)
        # A pool that ends takes what is to be acknowledged for what it is by whose method it is.
        settle.__self__ = getattr(p, "__self__", None)  # type: ignore[attr-defined]  # that is what partials are for
        return hand(settle, *args, **kwargs)


def _settle(settle: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    try:
        settle(*args, **kwargs)
    except AttributeError:
        message: Any = getattr(settle, "__self__", None)
        if message is None or not message.channel.closed:
            raise
        log.warning("message.not_acknowledged", why="it came by a connection that was lost meanwhile")
