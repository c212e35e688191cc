"""Links: one source id, one destination id."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger.links import LinkConflict, Links


@pytest.fixture
def links(fake_redis: FakeAsyncRedis) -> Links:
    return Links(fake_redis)


async def test_both_ways(links: Links) -> None:
    assert await links.add("north", "Projects-1", "Projects-7") is None
    assert await links.add_all("north", {"Channels-1": "Channels-7", "Channels-2": "Channels-8"}) == []
    assert await links.all("north") == {
        "Projects-1": "Projects-7",
        "Channels-1": "Channels-7",
        "Channels-2": "Channels-8",
    }
    assert await links.destinations("north", ["Projects-1", "Projects-2"]) == {"Projects-1": "Projects-7"}
    assert await links.sources("north", ["Channels-8", "Channels-9"]) == {"Channels-8": "Channels-2"}


async def test_a_destination_is_never_shared_in_silence(links: Links) -> None:
    await links.add("north", "Projects-1", "Projects-7")
    conflicts = await links.add_all("north", {"Projects-2": "Projects-7", "Projects-3": "Projects-9"})
    assert conflicts == [LinkConflict("Projects-2", "Projects-7", "Projects-1")]
    assert await links.all("north") == {"Projects-1": "Projects-7", "Projects-3": "Projects-9"}


async def test_a_source_may_move_and_frees_what_it_had(links: Links) -> None:
    await links.add("north", "Projects-1", "Projects-7")
    assert await links.add("north", "Projects-1", "Projects-8") is None
    assert await links.sources("north", ["Projects-7", "Projects-8"]) == {"Projects-8": "Projects-1"}
    assert await links.add("north", "Projects-2", "Projects-7") is None


async def test_linking_again_changes_nothing(links: Links) -> None:
    for _ in range(2):
        assert await links.add("north", "Projects-1", "Projects-7") is None
    assert await links.all("north") == {"Projects-1": "Projects-7"}


async def test_removed(links: Links) -> None:
    await links.add_all("north", {"Projects-1": "Projects-7", "Projects-2": "Projects-8"})
    assert await links.remove("north", ["Projects-1", "Projects-9"]) == 1
    assert await links.sources("north", ["Projects-7", "Projects-8"]) == {"Projects-8": "Projects-2"}
    assert await links.add("north", "Projects-3", "Projects-7") is None


async def test_routes_are_apart(links: Links) -> None:
    await links.add("north", "Projects-1", "Projects-7")
    assert await links.add("south", "Projects-2", "Projects-7") is None
    await links.clear("north")
    assert await links.all("north") == {}
    assert await links.all("south") == {"Projects-2": "Projects-7"}


async def test_nothing_asked_nothing_answered(links: Links) -> None:
    assert await links.add_all("north", {}) == []
    assert await links.remove("north", []) == 0
    assert await links.destinations("north", []) == {}
