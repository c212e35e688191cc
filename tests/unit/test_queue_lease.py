"""Write leases: one writer for a document of a destination."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis

from worker.queue.lease import DocumentLease, LeaseBusyError

LEASE = 60_000


@pytest.fixture
def leases(fake_redis: FakeAsyncRedis) -> DocumentLease:
    return DocumentLease(fake_redis)


async def test_one_writer(leases: DocumentLease) -> None:
    await leases.acquire("south", "Projects-9", LEASE, "worker 1")
    with pytest.raises(LeaseBusyError, match="Projects-9 of south") as refusal:
        await leases.acquire("south", "Projects-9", LEASE)
    assert 0 < refusal.value.wait_ms <= LEASE


async def test_documents_and_destinations_are_apart(leases: DocumentLease) -> None:
    tokens = [
        (await leases.acquire(destination, document, LEASE)).token
        for destination in ("south", "west")
        for document in ("Projects-1", "Projects-2")
    ]
    assert tokens == sorted(set(tokens))


async def test_given_back(leases: DocumentLease) -> None:
    lease = await leases.acquire("south", "Projects-9", LEASE)
    assert await leases.beat(lease, LEASE)
    assert await leases.release(lease)
    assert not await leases.release(lease)
    assert not await leases.beat(lease, LEASE)
    assert (await leases.acquire("south", "Projects-9", LEASE)).token > lease.token


async def test_an_old_holder_cannot_touch_the_new_ones_lease(leases: DocumentLease, fake_redis: FakeAsyncRedis) -> None:
    old = await leases.acquire("south", "Projects-9", LEASE)
    await fake_redis.delete("{octosync}:write:south|Projects-9")  # as if it had expired
    new = await leases.acquire("south", "Projects-9", LEASE)
    assert not await leases.beat(old, LEASE)
    assert not await leases.release(old)
    assert await leases.beat(new, LEASE)


async def test_the_block_gives_it_back_whatever_happens(leases: DocumentLease) -> None:
    with pytest.raises(RuntimeError, match="burst"):
        async with leases.hold("south", "Projects-9", LEASE):
            raise RuntimeError("burst")
    async with leases.hold("south", "Projects-9", LEASE):
        pass
