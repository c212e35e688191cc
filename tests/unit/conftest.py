"""Fixtures that several unit tests share.

``clock``   the clock of ``fake_redis``; it stands until it is told to go on
``queue``   a dirty queue in ``fake_redis``, by that clock
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakeredis import FakeAsyncRedis

from worker.queue.dirty import DirtyQueue

if TYPE_CHECKING:
    from tests.redis_clock import RedisClock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> RedisClock:
    from tests.redis_clock import stand_still

    return stand_still(monkeypatch)


@pytest.fixture
def queue(fake_redis: FakeAsyncRedis, clock: RedisClock) -> DirtyQueue:
    return DirtyQueue(fake_redis, max_attempts=3, rehint_ms=30_000)
