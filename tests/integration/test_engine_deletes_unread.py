"""Deletions with which nobody has dealt yet: asked of the audit log, and found at night."""

from __future__ import annotations

from fakeredis import FakeAsyncRedis

from config.settings import Settings
from sandbox.faults import Fault
from tests.deletions import DELETE, furnished, gone
from tests.pair import ROUTE, pair
from worker.state import state_of
from worker.sync.compare import compare
from worker.sync.run import Result, open_route
from worker.sync.servers.vanished import deletions_of

# ── what the audit log is asked ───────────────────────────────────────────────────────────────────────────────────────


async def test_who_looks_at_everything_asks_the_audit_log_for_what_is_listed_no_more() -> None:
    """Without workers, as in the first days, and after a longer absence nobody has read the event."""
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await both.source.project("Other")
        await both.sync("*")
        await both.source.call("DELETE", f"projects/{project['Id']}")

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.source.freshen(force=True)
            outcome = await route.sync(await route.everything())

        assert outcome.result is Result.CHANGED
        assert await both.destination.names("projects") == ["Other"]


async def test_what_was_deleted_of_a_project_does_not_count_as_its_own_deletion() -> None:
    """An event regards the project, too, to which its subject belongs."""
    async with pair() as both:
        project = await furnished(both)
        (runbook,) = await both.source.get("runbooks/all")
        await both.source.call("DELETE", f"runbooks/{runbook['Id']}")

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            found = await deletions_of(route.source.client, [project["Id"], runbook["Id"]])

        assert list(found) == [runbook["Id"]]


async def test_without_the_right_to_read_the_audit_log_nothing_counts_as_deleted() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await both.source.call("DELETE", f"projects/{project['Id']}")

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            both.source.sandbox.faults.add(Fault("status", path="regardingAny", status=403, count=0))
            await route.source.freshen(force=True)
            outcome = await route.sync(await route.everything())

        assert outcome.plan.is_empty
        assert await both.destination.names("projects") == ["OctoFX"]


# ── what the night finds ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_night_finds_what_nobody_deleted_yet(fake_redis: FakeAsyncRedis) -> None:
    """The event was dealt with under another rule, or its run was given up: the comparison does not forget it."""
    async with pair(redis=fake_redis) as both:
        project = await furnished(both)
        source_id = await gone(both, "projects", project)
        await both.sync(f"{source_id}/*")
        assert await both.destination.names("projects") == ["OctoFX"]
        later = both.with_route(**DELETE)
        state = state_of(fake_redis, Settings())

        async with open_route(later.routes, ROUTE, ledger=both.ledger) as route:
            found = await compare(route, state.queue, state.comparisons)

        assert source_id in [one.removesuffix("/*") for one in found.differing]


async def test_the_night_finds_a_deletion_of_which_nobody_has_told(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis, **DELETE) as both:
        project = await furnished(both)
        await both.source.call("DELETE", f"projects/{project['Id']}")
        state = state_of(fake_redis, Settings())

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            found = await compare(route, state.queue, state.comparisons)

        assert project["Id"] in [one.removesuffix("/*") for one in found.differing]
