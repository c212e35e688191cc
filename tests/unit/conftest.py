"""Fixtures that several unit tests share.

``clock``    the clock of ``fake_redis``; it stands until it is told to go on
``queue``    a dirty queue in ``fake_redis``, by that clock
``shell``    a person at a terminal (:mod:`tests.shell`)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakeredis import FakeAsyncRedis

from worker.queue.dirty import DirtyQueue

if TYPE_CHECKING:
    from tests.redis_clock import RedisClock
    from tests.shell import Shell


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> RedisClock:
    from tests.redis_clock import stand_still

    return stand_still(monkeypatch)


@pytest.fixture
def queue(fake_redis: FakeAsyncRedis, clock: RedisClock) -> DirtyQueue:
    return DirtyQueue(fake_redis, max_attempts=3, rehint_ms=30_000)


@pytest.fixture
def shell(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    from tests.shell import terminal

    with terminal(tmp_path, redis_url, monkeypatch) as one:
        yield one
