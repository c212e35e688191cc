"""Every Lua script loads by its name, on a server that knows Lua."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from worker.queue import scripts


def test_every_script_is_here() -> None:
    assert set(scripts.names()) == {
        *("acquire", "beat", "bury", "claim", "done", "drop", "extend", "gaps", "mark", "record", "retry", "sweep"),
        "turn",
    }


@pytest.mark.parametrize("name", scripts.names())
async def test_it_compiles_and_says_what_it_takes(name: str, fake_redis: FakeAsyncRedis) -> None:
    text = scripts.source(name)
    assert "-- include:" not in text
    assert "ARGV" in text
    assert len(await fake_redis.script_load(text)) == 40


def test_a_script_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        scripts.source("nonsense")
