"""The one way to Redis, for the receiver, the workers and the command line.

Every call is bounded: a Redis that hangs must become an error that can be answered (503, *try again*), never a process
that waits for ever. Answers come as bytes, since baselines are stored compressed.
"""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

CONNECT_TIMEOUT_S = 3.0
CALL_TIMEOUT_S = 5.0
HEALTH_CHECK_S = 25

UNAVAILABLE = (RedisConnectionError, RedisTimeoutError, NoScriptError)
"""What a call raises when Redis cannot be reached, does not answer in time, or was restarted in the middle of the call:
then it does not know the script that it was given a moment ago."""


FAILED = (RedisError,)
"""All that a call raises: also that Redis is full, only reads, or does not let us."""


def open_redis(url: str, *, call_timeout_s: float | None = CALL_TIMEOUT_S, max_connections: int = 64) -> Redis:
    """A client for ``redis://``, ``rediss://`` or ``unix://``. Connects with the first call; close with ``aclose()``.

    RESP2 is asked for, so that every server since 6.2 gives answers of one shape. A call that fails because the
    connection broke is tried twice more; the scripts of the queue bear being run twice. ``call_timeout_s``: ``None``
    for a caller that bounds every call itself; redis-py makes a task for each, only to bound its sending.
    """
    return Redis.from_url(
        url,
        protocol=2,
        decode_responses=False,
        socket_timeout=call_timeout_s,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_keepalive=True,
        health_check_interval=HEALTH_CHECK_S,
        max_connections=max_connections,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), retries=2),
        retry_on_error=[RedisConnectionError],
    )
