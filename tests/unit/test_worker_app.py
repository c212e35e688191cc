"""How Celery is set up: what keeps a message from being lost, doubled at work, or killing workers in a circle."""

from __future__ import annotations

from worker.app import HARD_LIMIT_S, SOFT_LIMIT_S, app
from worker.looking.look import DEADLINE_S
from worker.publisher import VISIBILITY_S


def test_a_run_ends_by_itself_before_anybody_ends_it_and_before_its_message_goes_to_another() -> None:
    assert DEADLINE_S < SOFT_LIMIT_S < HARD_LIMIT_S < VISIBILITY_S
    assert (app.conf.task_soft_time_limit, app.conf.task_time_limit) == (SOFT_LIMIT_S, HARD_LIMIT_S)
    assert app.conf.broker_transport_options["visibility_timeout"] == VISIBILITY_S


def test_what_kills_its_worker_does_not_come_back_at_once() -> None:
    assert app.conf.task_acks_late
    assert not app.conf.task_reject_on_worker_lost


def test_a_worker_takes_no_more_than_it_works_on_and_does_not_grow_without_end() -> None:
    assert (app.conf.worker_prefetch_multiplier, app.conf.worker_disable_prefetch) == (1, True)
    assert app.conf.worker_max_tasks_per_child > 0
    assert app.conf.worker_max_memory_per_child > 0


def test_messages_are_json_and_nobody_waits_for_a_result() -> None:
    assert app.conf.accept_content == ["json"]
    assert (app.conf.task_serializer, app.conf.result_backend, app.conf.task_ignore_result) == ("json", None, True)


def test_an_outage_of_the_broker_ends_no_worker() -> None:
    assert app.conf.broker_connection_retry_on_startup
    assert app.conf.broker_connection_max_retries is None
    options = app.conf.broker_transport_options
    assert 0 < options["socket_connect_timeout"] <= options["socket_timeout"] <= 10
