"""Windows, held routes and intents: what keeps a route from doing harm."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger.held import Held
from worker.ledger.intents import Intents
from worker.ledger.windows import Windows, Written
from worker.plan.values import CleanUp
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Source

KEY = DirtyKey("north", "Projects-1")


class TestWindows:
    @pytest.fixture
    def windows(self, fake_redis: FakeAsyncRedis) -> Windows:
        return Windows(fake_redis)

    async def test_counted_over_all_runs(self, windows: Windows) -> None:
        assert await windows.count("north", 3600) == Written(0, 0)
        await windows.record("north", 3600, updates=["run-1/Projects-1", "run-1/Projects-2"])
        found = await windows.record("north", 3600, updates=["run-2/Projects-1"], deletes=["run-2/Channels-1"])
        assert found == Written(3, 1)
        assert await windows.count("south", 3600) == Written(0, 0)

    async def test_one_write_counts_once(self, windows: Windows) -> None:
        for _ in range(2):
            await windows.record("north", 3600, updates=["run-1/Projects-1"])
        assert await windows.count("north", 3600) == Written(1, 0)

    async def test_what_is_old_does_not_count(self, windows: Windows, fake_redis: FakeAsyncRedis) -> None:
        await windows.record("north", 3600, updates=["new"])
        await fake_redis.zincrby("{octosync}:ledger:updates:north", -3_600_000, "new")
        await windows.record("north", 3600, updates=["newer"])
        assert await windows.count("north", 3600) == Written(1, 0)
        assert await windows.count("north", 7200) == Written(2, 0)
        await fake_redis.zincrby("{octosync}:ledger:updates:north", -90_000_000, "new")
        await windows.count("north", 3600)
        assert await fake_redis.zcard("{octosync}:ledger:updates:north") == 1

    async def test_begun_anew(self, windows: Windows) -> None:
        await windows.record("north", 3600, updates=["a"], deletes=["b"])
        await windows.clear("north")
        assert await windows.count("north", 3600) == Written(0, 0)

    async def test_population(self, windows: Windows) -> None:
        assert await windows.population("north") is None
        await windows.set_population("north", 1000)
        assert await windows.population("north") == 1000


class TestHeld:
    @pytest.fixture
    def held(self, fake_redis: FakeAsyncRedis) -> Held:
        return Held(fake_redis)

    @pytest.fixture
    def queue(self, fake_redis: FakeAsyncRedis) -> DirtyQueue:
        return DirtyQueue(fake_redis)

    async def test_shown_with_its_plan(self, held: Held) -> None:
        assert await held.get("north") is None
        await held.hold("north", "12 of 20 updated", "aaa", "12 to update", key=str(KEY), plan={"actions": []})
        found = await held.get("north")
        assert found is not None
        assert (found.reason, found.plan_hash, found.key, found.plan) == (
            "12 of 20 updated",
            "aaa",
            str(KEY),
            {"actions": []},
        )
        assert not found.approved
        assert await held.all() == {"north": found}

    async def test_only_the_plan_that_was_shown_can_be_approved(self, held: Held) -> None:
        assert not await held.approve("north", "aaa")
        await held.hold("north", "limit", "aaa")
        assert not await held.approve("north", "bbb")
        assert await held.approve("north", "aaa")
        assert await held.is_approved("north", "aaa")
        assert not await held.is_approved("north", "bbb")
        assert (await held.all())["north"].approved

    async def test_an_approval_ends_with_its_plan(self, held: Held) -> None:
        await held.hold("north", "limit", "aaa", key="k")
        since = (await held.all())["north"].since
        await held.approve("north", "aaa")
        assert await held.hold("north", "limit", "bbb", key="k")
        assert not await held.is_approved("north", "aaa")
        found = (await held.all())["north"]
        assert (found.plan_hash, found.since, found.approved) == ("bbb", since, False)

    async def test_an_approved_plan_comes_before_that_of_another_item(self, held: Held) -> None:
        await held.hold("north", "limit", "aaa", key="k")
        await held.approve("north", "aaa")
        assert not await held.hold("north", "limit", "bbb", key="other")
        assert await held.is_approved("north", "aaa")

    async def test_released(self, held: Held) -> None:
        assert not await held.release("north")
        await held.hold("north", "limit", "aaa")
        await held.approve("north", "aaa")
        assert await held.release("north")
        assert await held.all() == {}
        assert not await held.is_approved("north", "aaa")

    async def test_the_queue_keeps_the_marks_of_a_held_route(self, held: Held, queue: DirtyQueue) -> None:
        await held.hold("north", "limit", "aaa")
        await queue.mark([KEY], source=Source.CLI, debounce_ms=0)
        assert (await queue.claim(KEY, 1000)).status is ClaimStatus.HELD
        assert (await queue.sweep()).due == ()
        await held.approve("north", "aaa")
        assert [due.key for due in (await queue.sweep()).due] == [KEY]
        assert (await queue.claim(KEY, 1000)).status is ClaimStatus.OK

    async def test_a_released_route_goes_on(self, held: Held, queue: DirtyQueue) -> None:
        await held.hold("north", "limit", "aaa")
        await queue.mark([KEY], source=Source.CLI, debounce_ms=0)
        await held.release("north")
        assert (await queue.claim(KEY, 1000)).status is ClaimStatus.OK


class TestIntents:
    async def test_there_until_the_write_is_remembered(self, fake_redis: FakeAsyncRedis) -> None:
        intents = Intents(fake_redis)
        clean_up = CleanUp(("project", "OctoFX"), "Name", "scope-dropped", "Größe")
        await intents.store("north", "Projects-2", "aaa", "run-1", [clean_up], write={"Name": "OctoFX"})
        await intents.store("north", "Projects-1", "aaa", "run-1")
        found = await intents.get("north", "Projects-2")
        assert found is not None
        assert (found.plan_hash, found.run_id, found.clean_ups) == ("aaa", "run-1", (clean_up,))
        assert found.write == {"Name": "OctoFX"}
        assert [one.document for one in await intents.all("north")] == ["Projects-1", "Projects-2"]
        await intents.clear("north", "Projects-2")
        assert await intents.get("north", "Projects-2") is None
        await intents.clear("north")
        assert await intents.all("north") == []
