"""What may be sent again, and how long to wait before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from worker.octopus import errors
from worker.octopus.retry import Backoff, http_date, may_repeat, retry_after_seconds

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        (errors.RateLimited(), True, True),
        (errors.Maintenance(), True, True),
        (errors.ServerFault(), True, False),
        (errors.Unreachable(), True, True),
        (errors.Unreachable(lasting=True), False, False),
        (errors.Unreachable(maybe_applied=True), False, False),
        (errors.StaleVersion(), False, False),
    ],
)
def test_only_what_is_certain_to_have_done_nothing_is_sent_again(
    error: errors.TryAgain, read: bool, write: bool
) -> None:
    assert may_repeat("GET", error) is read
    for method in ("POST", "PUT", "DELETE"):
        assert may_repeat(method, error) is write


def test_pauses_grow_up_to_a_limit_and_differ() -> None:
    backoff = Backoff(first=1, longest=10)
    for attempt, most in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (50, 10)]:
        found = {backoff.delay(attempt, None) for _ in range(20)}
        assert len(found) > 1, "processes that failed together do not come back together"
        assert all(delay is not None and most / 2 <= delay <= most for delay in found)


def test_the_server_decides_how_long_unless_that_is_too_long_to_wait_here() -> None:
    delay = Backoff(longest=60).delay(1, 20)
    assert delay is not None
    assert 20 <= delay <= 21
    assert Backoff(longest=60).delay(1, 61) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 120 ", 120),
        ("Mon, 23 Nov 2026 05:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 04:00:00 GMT", 0),
        ("-1", None),
        ("soon", None),
        ("٣", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


def test_the_servers_clock_is_read_with_its_zone() -> None:
    assert http_date("Mon, 23 Nov 2026 05:00:00 GMT") == NOW
    assert http_date("Mon, 23 Nov 2026 05:00:00 -0000") == NOW
    assert http_date("yesterday") is None
