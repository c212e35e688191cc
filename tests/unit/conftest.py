"""Fixtures that several unit tests share.

``clock``    the clock of ``fake_redis``; it stands until it is told to go on
``queue``    a dirty queue in ``fake_redis``, by that clock
``shell``    a person at a terminal (:mod:`tests.shell`)
``page``     a status page with something on it (:mod:`tests.page_world`)
``browser``  somebody who looks at it (:mod:`tests.page_client`); ``ada``: who has signed in
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from fakeredis import FakeAsyncRedis

from worker.queue.dirty import DirtyQueue

if TYPE_CHECKING:
    from tests.page_client import Browser
    from tests.page_world import World
    from tests.redis_clock import RedisClock
    from tests.shell import Shell

FILLED: list[tuple[bytes, bytes]] = []
"""What is on the page, so that it need not be thought out for every test anew."""


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


@pytest.fixture
async def page(fake_redis: FakeAsyncRedis, receiver_secrets: None) -> AsyncIterator[World]:
    from tests.page_world import fill, world

    async with world(fake_redis) as one:
        if not FILLED:
            await fill(one.state)
            FILLED.extend([(key, await fake_redis.dump(key)) for key in await fake_redis.keys("*")])
        else:
            async with fake_redis.pipeline(transaction=False) as pipe:
                for key, value in FILLED:
                    pipe.restore(key, 0, value)
                await pipe.execute()
        yield one


@pytest.fixture
async def browser(page: World) -> AsyncIterator[Browser]:
    from tests.page_client import Browser

    # An address for a host: cookies are kept for those only if one says so.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(session, page.url)


@pytest.fixture
async def ada(browser: Browser) -> Browser:
    await browser.sign_in()
    return browser
