"""A worker whose Redis goes away while it has taken something it has not acknowledged."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.concurrency import prefork
from kombu import Connection, Message, Queue

from config.settings import Settings
from worker.consumer import PatientConsumer
from worker.ledger import embedded
from worker.publisher import new_app


class Lost(PatientConsumer):
    """No more of it than what the loss of a connection needs."""

    def __init__(self, connection: Connection, redis_url: str) -> None:
        self.connection = connection
        self.app = new_app(Settings(redis_url=redis_url))
        self.app.conf.worker_cancel_long_running_tasks_on_connection_loss = False
        self.hub = SimpleNamespace(call_soon=lambda p: p())


def taken(connection: Connection) -> Message:
    """A message that was taken from its queue, and not acknowledged."""
    queue = Queue("octosync.events")(connection.default_channel)
    queue.declare()
    connection.Producer().publish("look", routing_key="octosync.events")
    message = queue.get()
    assert message is not None
    return message


@pytest.mark.filterwarnings("ignore::celery.exceptions.CPendingDeprecationWarning")  # it tells what we have chosen
def test_it_connects_again_with_something_unacknowledged(tmp_path: Path) -> None:
    server = embedded.start(tmp_path / "redis")
    connection = Connection(server.url, transport_options={"socket_timeout": 5})
    channel = connection.default_channel
    message = taken(connection)
    consumer = Lost(connection, server.url)
    server.stop()

    consumer.on_connection_error_after_connected(ConnectionError("gone"))

    assert consumer.connection is None
    channel._pool = None  # as it is where nobody had asked for one before
    consumer.call_soon_ack(message.ack_log_error, logging.getLogger(), connection.connection_errors)
    assert not message.acknowledged


def test_what_came_by_a_connection_that_is_there_is_acknowledged(redis_url: str) -> None:
    with Connection(redis_url) as connection:
        message = taken(connection)
        consumer = Lost(connection, redis_url)
        consumer.call_soon_ack(message.ack_log_error, logging.getLogger(), connection.connection_errors)
        assert message.acknowledged


def test_what_else_goes_wrong_is_not_passed_over(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AttributeError("another fault")

    monkeypatch.setattr("celery.worker.consumer.consumer.bound_open_broker_sockets", broken)
    with Connection(redis_url) as connection, pytest.raises(AttributeError, match="another fault"):
        Lost(connection, redis_url).on_connection_error_after_connected(ConnectionError("gone"))


def test_what_a_pool_has_to_acknowledge_as_it_ends_is_known_for_that(redis_url: str) -> None:
    """Of a worker that is told to stop the last message would come again otherwise."""
    with Connection(redis_url) as connection:
        message = taken(connection)
        consumer = Lost(connection, redis_url)
        given: list[object] = []
        consumer.hub = SimpleNamespace(call_soon=given.append)
        consumer.call_soon_ack(message.ack_log_error, logging.getLogger(), connection.connection_errors)
        hub = SimpleNamespace(_pop_ready=lambda: {*given}, call_soon=lambda _: pytest.fail("put back for later"))
        prefork._run_ready_callbacks(hub)
        assert message.acknowledged
