"""Whose an item of a destination is, and from where to where routes have written."""

from __future__ import annotations

from fakeredis import FakeAsyncRedis

from worker.ledger.directions import Directions
from worker.ledger.owners import Owners

HERE = ("prod", "default")


async def test_an_item_belongs_to_the_first_that_wrote_it(fake_redis: FakeAsyncRedis) -> None:
    owners = Owners(fake_redis)

    assert await owners.claim(*HERE, "a", ["Projects-1", "Projects-2"], {"b"}) == {}
    assert await owners.claim(*HERE, "b", ["Projects-2", "Projects-3"], {"a"}) == {"Projects-2": "a"}

    assert await owners.of_others(*HERE, {"a"}) == {"Projects-1": "a", "Projects-2": "a"}
    assert await owners.of_others(*HERE, {"b"}) == {"Projects-3": "b"}
    assert await owners.of_others(*HERE, set()) == {}
    assert await owners.of_others("prod", "other", {"a"}) == {}
    assert await owners.claim(*HERE, "a", []) == {}


async def test_the_claim_of_a_route_that_is_no_more_is_void(fake_redis: FakeAsyncRedis) -> None:
    owners = Owners(fake_redis)
    await owners.claim(*HERE, "a", ["Projects-1"])

    assert await owners.claim(*HERE, "b", ["Projects-1"], {"c"}) == {}
    assert await owners.of_others(*HERE, {"a", "b"}) == {"Projects-1": "b"}


async def test_what_is_gone_or_forgotten_belongs_to_nobody(fake_redis: FakeAsyncRedis) -> None:
    owners = Owners(fake_redis)
    await owners.claim(*HERE, "a", ["Projects-1", "Projects-2"])
    await owners.claim("prod", "other", "a", ["Projects-1"])
    await owners.claim(*HERE, "b", ["Projects-3"])
    await owners.release(*HERE, ["Projects-1"])
    assert await owners.of_others(*HERE, {"a"}) == {"Projects-2": "a"}

    await owners.clear("a")

    assert await owners.of_others(*HERE, {"a", "b"}) == {"Projects-3": "b"}
    assert await owners.of_others("prod", "other", {"a"}) == {}


async def test_directions_are_remembered_and_forgotten(fake_redis: FakeAsyncRedis) -> None:
    directions = Directions(fake_redis)
    await directions.remember("a", ("dev", "default"), HERE)
    await directions.remember("a", ("dev", "default"), HERE)

    assert await directions.all() == {"a": (("dev", "default"), HERE)}

    await directions.forget("a")
    assert await directions.all() == {}
