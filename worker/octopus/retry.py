"""When a request may be sent again, and how long to wait before.

A read may always be repeated. A write may be repeated only where it is certain that the server did nothing with it: it
turned us away (429, 503), or the connection never came to be. In all other cases the write may have been applied, and
only the caller, who can read the document again, knows what to do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from worker.octopus.errors import Maintenance, RateLimited, StaleVersion, TryAgain, Unreachable


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential, with jitter, so that processes which failed together do not come back together. In seconds."""

    first: float = 0.5
    longest: float = 60.0
    """A server that asks for a longer pause gets it from the caller: nobody should hold a lease while sleeping."""

    def delay(self, attempt: int, retry_after: float | None) -> float | None:
        """Seconds to wait after the failed ``attempt`` (from 1); ``None`` where it is too long to wait here."""
        if retry_after is not None and retry_after > self.longest:
            return None
        step = min(self.longest, self.first * 2.0 ** (attempt - 1))
        jittered = step * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        return jittered if retry_after is None else retry_after + min(jittered, 1.0)


def may_repeat(method: str, error: TryAgain) -> bool:
    """Whether the very same request may be sent again."""
    if isinstance(error, StaleVersion) or error.maybe_applied:
        return False
    if isinstance(error, Unreachable):
        return not error.lasting
    return method == "GET" or isinstance(error, RateLimited | Maintenance)


def retry_after_seconds(header: str | None, now: datetime | None = None) -> float | None:
    """The ``Retry-After`` header, seconds or an HTTP date, in seconds from ``now``; ``None`` if it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    moment = http_date(text)
    if moment is None:
        return None
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def http_date(header: str | None) -> datetime | None:
    """An HTTP date (``Date``, ``Retry-After``) as an aware datetime, ``None`` if it is missing or unreadable."""
    if header is None:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
