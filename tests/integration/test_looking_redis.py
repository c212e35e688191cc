"""A Redis that was restarted while a run was under way."""

from __future__ import annotations

from typing import Any

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.exceptions import NoScriptError

from tests.integration.test_looking import desk, edit, synced
from tests.pair import ROUTE
from worker.ledger.connect import UNAVAILABLE
from worker.queue.keys import DirtyKey
from worker.queue.values import Source


class Restarting(FakeAsyncRedis):
    """``left``: so many calls of scripts still succeed. A restart forgets scripts, even one loaded just now."""

    left: int | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if args[0] == "EVALSHA" and self.left is not None:
            if self.left <= 0:
                raise NoScriptError("No matching script.")
            self.left -= 1
        return await super().execute_command(*args, **options)


@pytest.mark.parametrize("left", [1, 2, 3])
async def test_a_run_that_meets_a_restart_is_no_bug(left: int) -> None:
    redis = Restarting(server=FakeServer(version=(7,)), protocol=2)
    async with desk(redis) as one:
        document = await edit(one, await synced(one))
        await one.state.queue.mark([DirtyKey(ROUTE, document)], source=Source.CLI, debounce_ms=0)
        redis.left = left
        with pytest.raises(UNAVAILABLE):
            await one.looker.look(DirtyKey(ROUTE, document))
        redis.left = None
        assert await one.state.queue.dead_letters() == []
    await redis.aclose()
