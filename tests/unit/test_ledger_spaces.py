"""What is remembered of a space: cursor, events, deletions, directories."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger import cursors as cursors_module
from worker.ledger import directories as directories_module
from worker.ledger.cursors import Cursors
from worker.ledger.deletions import Deletions
from worker.ledger.directories import Directories

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPACE = ("main", "Spaces-1")


class TestCursor:
    @pytest.fixture
    def cursors(self, fake_redis: FakeAsyncRedis) -> Cursors:
        return Cursors(fake_redis)

    async def test_it_goes_forward_only(self, cursors: Cursors) -> None:
        assert await cursors.get(*SPACE) is None
        assert await cursors.advance(*SPACE, NOON) == NOON
        assert await cursors.advance(*SPACE, NOON - timedelta(hours=1)) == NOON
        later = (NOON + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=-5)))
        assert await cursors.advance(*SPACE, later) == later
        assert await cursors.get(*SPACE) == later
        assert await cursors.get("main", "Spaces-2") is None

    async def test_forgotten(self, cursors: Cursors) -> None:
        await cursors.advance(*SPACE, NOON)
        await cursors.forget(*SPACE)
        assert await cursors.get(*SPACE) is None

    async def test_an_instant_without_an_offset_is_refused(self, cursors: Cursors) -> None:
        with pytest.raises(ValueError, match="offset"):
            await cursors.advance(*SPACE, NOON.replace(tzinfo=None))

    async def test_events_are_told_apart_by_their_ids(self, cursors: Cursors) -> None:
        await cursors.remember(*SPACE, ["Events-1", "Events-2"])
        assert await cursors.unseen(*SPACE, ["Events-3", "Events-2", "Events-4", "Events-3"]) == [
            "Events-3",
            "Events-4",
        ]
        assert await cursors.unseen("other", "Spaces-1", ["Events-1"]) == ["Events-1"]
        assert await cursors.unseen(*SPACE, []) == []
        await cursors.remember(*SPACE, [])

    async def test_only_the_newest_events_are_remembered(
        self, cursors: Cursors, monkeypatch: pytest.MonkeyPatch, fake_redis: FakeAsyncRedis
    ) -> None:
        monkeypatch.setattr(cursors_module, "RECENT", 10)
        for n in range(5):
            await cursors.remember(*SPACE, [f"Events-{n}-{m}" for m in range(5)])
        assert await fake_redis.zcard("{octosync}:ledger:events:main|Spaces-1") == 10

    async def test_when_a_route_was_compared(self, cursors: Cursors) -> None:
        assert await cursors.last_compared("north") is None
        await cursors.compared("north", NOON)
        assert await cursors.last_compared("north") == NOON


class TestDeletions:
    async def test_only_what_was_said_to_be_deleted(self, fake_redis: FakeAsyncRedis) -> None:
        deletions = Deletions(fake_redis)
        await deletions.record(*SPACE, {"Projects-1": "2026-11-23T12:00:00Z", "Channels-1": "2026-11-23T12:00:01Z"})
        await deletions.record(*SPACE, {})
        assert await deletions.among(*SPACE, ["Projects-1", "Projects-2"]) == {"Projects-1": "2026-11-23T12:00:00Z"}
        assert await deletions.is_deleted(*SPACE, "Channels-1")
        assert not await deletions.is_deleted("other", "Spaces-1", "Channels-1")
        await deletions.forget(*SPACE, ["Channels-1"])
        assert not await deletions.is_deleted(*SPACE, "Channels-1")
        assert await deletions.among(*SPACE, []) == {}


class TestDirectories:
    @pytest.fixture
    def directories(self, fake_redis: FakeAsyncRedis) -> Directories:
        return Directories(fake_redis)

    async def test_there_and_back(self, directories: Directories) -> None:
        entries = {"Environments-1": {"Name": "Größe"}, "Environments-2": {"Name": "Test"}}
        await directories.put(*SPACE, "environment", entries)
        await directories.put(*SPACE, "feed", {})
        assert await directories.get(*SPACE, "environment") == entries
        assert await directories.get(*SPACE, "feed") == {}
        assert await directories.get(*SPACE, "lifecycle") is None
        assert await directories.get("main", "Spaces-2", "environment") is None
        assert set(await directories.get_all(*SPACE, ["environment", "lifecycle", "feed"])) == {"environment", "feed"}
        assert await directories.get_all(*SPACE, []) == {}

    async def test_invalidated(self, directories: Directories) -> None:
        for kind in ("environment", "feed", "channel"):
            await directories.put(*SPACE, kind, {})
        await directories.invalidate(*SPACE, "feed")
        assert await directories.kinds(*SPACE) == {"environment", "channel"}
        await directories.invalidate(*SPACE)
        assert await directories.kinds(*SPACE) == frozenset()

    @pytest.mark.parametrize("kinds", [("feed",), ()], ids=["the kind", "all kinds"])
    async def test_a_list_that_was_read_before_it_was_invalidated_is_not_stored(
        self, directories: Directories, kinds: tuple[str, ...]
    ) -> None:
        epoch = await directories.epoch(*SPACE, "feed")
        await directories.invalidate(*SPACE, *kinds)  # by somebody who has created a feed
        assert not await directories.put(*SPACE, "feed", {}, epoch)
        assert await directories.get(*SPACE, "feed") is None
        epoch = await directories.epoch(*SPACE, "feed")
        await directories.invalidate(*SPACE, "channel")
        assert await directories.put(*SPACE, "feed", {"Feeds-1": []}, epoch)
        assert await directories.get(*SPACE, "feed") == {"Feeds-1": []}

    async def test_asked_once_for_all(self, directories: Directories) -> None:
        asked = 0

        async def user() -> None:
            nonlocal asked
            if not await directories.checked_within(*SPACE):
                asked += 1
                await asyncio.sleep(0)
                await directories.checked(*SPACE)

        await asyncio.gather(*(user() for _ in range(20)))
        assert asked == 1
        assert await directories.checked_within(*SPACE)

    async def test_spaces_are_asked_apart(self, directories: Directories) -> None:
        assert not await directories.checked_within(*SPACE)
        assert not await directories.checked_within("main", "Spaces-2")

    async def test_the_others_wait_for_the_answer(self, directories: Directories) -> None:
        assert not await directories.checked_within(*SPACE)
        waiting = asyncio.create_task(directories.checked_within(*SPACE))
        await asyncio.sleep(0)
        assert not waiting.done()
        await directories.checked(*SPACE)
        assert await asyncio.wait_for(waiting, 10)

    async def test_one_who_gives_up_is_relieved(self, directories: Directories) -> None:
        assert not await directories.checked_within(*SPACE)
        await directories.gave_up(*SPACE)
        assert not await asyncio.wait_for(directories.checked_within(*SPACE), 10)

    async def test_one_who_dies_is_relieved(self, directories: Directories, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(directories_module, "ASKING_S", 0.05)
        assert not await directories.checked_within(*SPACE)
        assert not await asyncio.wait_for(directories.checked_within(*SPACE), 10)

    async def test_an_old_answer_is_not_enough(self, directories: Directories) -> None:
        await directories.checked(*SPACE)
        assert not await directories.checked_within(*SPACE, seconds=-1)
