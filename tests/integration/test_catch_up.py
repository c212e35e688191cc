"""Catch-up: the audit log tells what no webhook told, once, at the price of one request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import structlog
from fakeredis import FakeAsyncRedis

from config.routes import Endpoint
from config.settings import Settings
from sandbox.faults import Fault
from tests.pair import ROUTE, Pair, pair, row
from tests.tenancy import template, tenancy
from worker import ticks
from worker.queue.inbox import Delivery
from worker.queue.keys import DirtyKey
from worker.queue.subjects import Subject, subject
from worker.state import State, state_of
from worker.sync import catch_up as catching
from worker.sync.catch_up import CaughtUp

OURS = ("dev", "Default")


@dataclass
class Reader:
    both: Pair
    state: State
    redis: FakeAsyncRedis

    async def read(self) -> CaughtUp:
        [done] = (await ticks.catch_up_all(self.state, self.both.routes)).values()
        return done

    async def keys(self) -> list[str]:
        """What is marked."""
        return sorted(one.key.document for one in await self.state.queue.waiting())

    async def forget(self) -> None:
        """Nothing is marked any more."""
        for one in await self.state.queue.waiting():
            await self.redis.zrem(f"{{octosync}}:q:ready:{one.priority}:{ROUTE}", str(one.key))
            await self.redis.delete(f"{{octosync}}:q:item:{one.key}")


@asynccontextmanager
async def reader(redis: FakeAsyncRedis) -> AsyncIterator[Reader]:
    """One that has read the log before."""
    async with pair(redis=redis) as both:
        one = Reader(both, state_of(redis, Settings()), redis)
        assert (await one.read()).everything
        await one.forget()
        yield one


@pytest.mark.spacecloner("feature-1")
async def test_the_first_time_everything_is_compared_and_the_cursor_set_first(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis) as both:
        await both.source.project("OctoFX")
        one = Reader(both, state_of(fake_redis, Settings()), fake_redis)
        assert (await one.read()).everything
        [entry] = await one.state.queue.waiting()
        assert (str(entry.key), entry.priority) == (f"{ROUTE}|*", "bulk")
        assert await one.state.ledger.cursors.get(*OURS) is not None
        assert not (await one.read()).everything


async def test_an_idle_source_costs_one_request(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        await one.read()
        for _ in range(3):
            before = len(one.both.source.sandbox.requests)
            assert await one.read() == CaughtUp()
            assert len(one.both.source.sandbox.requests) == before + 1


@pytest.mark.spacecloner("feature-1")
async def test_each_edit_is_marked_once(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        project = await one.both.source.project("OctoFX")
        await one.both.source.variables(project, row("A", "1"))
        assert (await one.read()).events >= 2
        assert await one.keys() == [f"{project['Id']}/*", f"variableset-{project['Id']}"]
        await one.forget()
        assert await one.read() == CaughtUp(), "read again because of the overlap, and known"
        assert await one.keys() == []


async def test_what_a_webhook_told_is_not_marked_again(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        await one.both.source.post("environments", {"Name": "Test"})
        [event] = (await one.both.source.get("Spaces-1/events?take=1"))["Items"]
        await one.state.inbox.record([Delivery("dev", event["Id"], keys=[])])
        await one.read()
        assert await one.keys() == []


async def test_a_deletion_counts_only_now_and_is_marked_whatever_a_webhook_told(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        project = await one.both.source.project("OctoFX")
        await one.read()
        await one.forget()
        await one.both.source.call("DELETE", f"projects/{project['Id']}")
        [event] = (await one.both.source.get("Spaces-1/events?take=1"))["Items"]
        await one.state.inbox.record([Delivery("dev", event["Id"], keys=[])])
        assert not await one.state.ledger.deletions.is_deleted(*OURS, project["Id"])
        await one.read()
        assert await one.state.ledger.deletions.is_deleted(*OURS, project["Id"])
        assert await one.keys() == [f"{project['Id']}/*"]


async def test_names_that_changed_are_not_believed_from_a_cache(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        await one.state.ledger.directories.put(*OURS, "environment", {"x": []})
        await one.state.ledger.directories.put(*OURS, "feed", {"x": []})
        await one.both.source.environments("Test")
        await one.read()
        assert "environment" not in await one.state.ledger.directories.kinds(*OURS)
        assert "feed" in await one.state.ledger.directories.kinds(*OURS)


async def test_away_for_too_long_means_everything(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        await one.state.ledger.cursors.forget(*OURS)
        await one.state.ledger.cursors.advance(*OURS, datetime.now(UTC) - timedelta(days=8))
        assert (await one.read()).everything
        assert await one.keys() == ["*"]


async def test_a_clock_that_was_set_back_means_everything(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        await one.state.ledger.cursors.advance(*OURS, datetime.now(UTC) + timedelta(hours=1))
        assert (await one.read()).everything
        cursor = await one.state.ledger.cursors.get(*OURS)
        assert cursor is not None
        assert cursor <= datetime.now(UTC)
        assert not (await one.read()).everything


async def test_an_event_that_nobody_understands_holds_up_no_other(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: dict[str, Any]) -> Subject | None:
        if "Odd" in str(event.get("Message")):
            raise KeyError("nobody thought of this")
        return subject(event)

    async with reader(fake_redis) as one:
        monkeypatch.setattr(catching, "subject", broken)
        await one.both.source.project("Odd")
        project = await one.both.source.project("OctoFX")
        marked = {key.document.removesuffix("/*") for key in (await one.read()).marked}
        assert project["Id"] in marked
        assert await one.read() == CaughtUp()


async def test_a_bug_with_one_source_holds_up_no_other(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reader(fake_redis) as one:
        route = one.both.routes.routes[0]
        second = route.model_copy(
            update={"name": "second", "source": route.source.model_copy(update={"space": "Second"})}
        )
        routes = one.both.routes.model_copy(update={"routes": (route, second)})
        asked: list[str] = []

        async def broken(_: Any, endpoint: Endpoint, *__: Any) -> CaughtUp:
            asked.append(endpoint.space)
            raise AttributeError("nobody thought of this")

        async def any_space(*_: Any) -> None:
            return None

        monkeypatch.setattr(ticks, "catch_up", broken)
        monkeypatch.setattr(ticks, "space_of", any_space)
        with pytest.raises(AttributeError):
            await ticks.catch_up_all(one.state, routes)
        assert sorted(asked) == ["Default", "Second"]


async def test_more_events_than_are_read_means_everything(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching, "MOST_EVENTS", 3)
    async with reader(fake_redis) as one:
        await one.both.source.environments(*(f"E{number}" for number in range(5)))
        assert (await one.read()).everything


async def test_cut_off_before_the_end_it_reads_the_same_again(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reader(fake_redis) as one:
        stood = await one.state.ledger.cursors.get(*OURS)
        await one.both.source.environments("Test")

        async def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(one.state.ledger.cursors, "remember", killed)
            with pytest.raises(KeyboardInterrupt):
                await one.read()
        assert await one.state.ledger.cursors.get(*OURS) == stood
        await one.read()
        assert len(await one.keys()) == 1


async def test_an_event_that_was_committed_late_is_found_below_the_cursor(fake_redis: FakeAsyncRedis) -> None:
    """Nodes of one server commit in any order (OctopusDeploy/Issues#3140): what appears is older than what was read."""
    async with reader(fake_redis) as one:
        project = await one.both.source.project("OctoFX")
        document = f"variableset-{project['Id']}"
        await one.both.source.variables(project, row("A", "1"))
        await one.read()
        await one.forget()
        event = {
            "Category": "Modified",
            "RelatedDocumentIds": [document, project["Id"]],
            "Message": "on another node",
            "SpaceId": "Spaces-1",
            "Late": True,
        }
        await one.both.source.post("sandbox/events", event)
        found = await one.read()
        assert (found.events, [key.document for key in found.marked]) == (1, [document])
        assert await one.read() == CaughtUp()


async def test_what_is_in_no_project_is_marked_too(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        source = one.both.source
        shared = await source.post("libraryvariablesets", {"Name": "Shared", "ContentType": "Variables"})
        await source.variables(shared, row("A", "1"))
        lifecycle = await source.post("lifecycles", {"Name": "Two weeks", "Phases": []})
        step = {"Name": "Say", "ActionType": "Octopus.Script", "Properties": {"Octopus.Action.Script.ScriptBody": "x"}}
        template = await source.post("actiontemplates", step)
        await one.read()
        marked = set(await one.keys())
        wanted = {shared["Id"], f"variableset-{shared['Id']}", lifecycle["Id"], template["Id"]}
        assert wanted <= {key.removesuffix("/*") for key in marked}


async def test_two_at_once_do_not_read_the_same(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one, one.state.leases.hold("catch-up", "dev/Default", 10_000):
        assert (await one.read()).busy


async def test_a_source_that_fails_is_left_alone_for_a_while(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        one.both.source.sandbox.faults.add(Fault("status", status=503, count=0))
        assert await ticks.catch_up_all(one.state, one.both.routes) == {}
        before = len(one.both.source.sandbox.requests)
        assert await ticks.catch_up_all(one.state, one.both.routes) == {}
        assert len(one.both.source.sandbox.requests) == before


class TestNights:
    async def test_a_night_is_asked_for_once_and_made_up_for_when_missed(self, fake_redis: FakeAsyncRedis) -> None:
        settings = Settings(nightly_at=time(2, 0), timezone="Europe/Berlin")
        async with reader(fake_redis) as one:

            async def due(now: str) -> list[DirtyKey]:
                return await ticks.nightly_due(one.state, one.both.routes, settings, datetime.fromisoformat(now))

            assert await due("2026-11-23T23:00:00+01:00") == [DirtyKey(ROUTE, "*")], "it was never compared"
            assert await due("2026-11-23T23:59:00+01:00") == []
            assert await due("2026-11-24T00:59:00+00:00") == []
            assert await due("2026-11-24T01:00:00+00:00") == [DirtyKey(ROUTE, "*")], "two o'clock in Berlin"
            assert await due("2026-11-24T01:01:00+00:00") == []
            assert await due("2026-11-29T12:00:00+00:00") == [DirtyKey(ROUTE, "*")], "one for all the nights missed"
            assert await due("2026-11-29T12:01:00+00:00") == []
            await one.state.ledger.cursors.compared(ROUTE, datetime.fromisoformat("2026-11-30T02:30:00+00:00"))
            assert await due("2026-11-30T03:00:00+00:00") == [], "somebody had it compared since"


async def test_links_and_values_of_tenants_are_marked_each_where_it_belongs(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        world = await tenancy(one.both.source, template("Url"), template("Key", "Sensitive"))
        await one.read()
        await one.forget()

        await world.say(Staging={"Url": "here", "Key": "k"}, Production={"Url": "there"})
        await one.read()
        assert await one.keys() == [f"TenantVariables-{world.tenant['Id']}"]
        await one.forget()

        await world.say(Production={"Url": "there"})
        await one.read()
        assert await one.keys() == [f"TenantVariables-{world.tenant['Id']}"]
        await one.forget()

        await one.both.source.edit(f"tenants/{world.tenant['Id']}", ProjectEnvironments={})
        await one.read()
        assert set(await one.keys()) >= {world.tenant["Id"]}


async def test_what_belongs_to_the_server_is_read_where_a_route_lists_it(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis, include={"project": ["*"], "user-role": ["*"]}) as both:
        role = await both.source.post("userroles", {"Name": "Releaser", "GrantedSpacePermissions": ["TaskView"]})
        one = Reader(both, state_of(fake_redis, Settings()), fake_redis)
        assert (await one.read()).everything
        await one.forget()
        await one.read()
        both.source.sandbox.requests.clear()
        assert (await one.read()).marked == ()
        assert len(both.source.sandbox.requests) == 1
        await both.source.edit(f"userroles/{role['Id']}", Description="for releases")
        assert [key.document for key in (await one.read()).marked] == [role["Id"]]
        assert await one.keys() == [role["Id"]]
        assert (await one.read()).marked == ()


async def test_each_event_is_named_in_the_log(fake_redis: FakeAsyncRedis) -> None:
    async with reader(fake_redis) as one:
        project = await one.both.source.project("OctoFX")
        with structlog.testing.capture_logs() as lines:
            await one.read()
        [line] = [line for line in lines if line["event"] == "catch-up"]
        assert "Created" in line["events"]
        assert any(project["Id"] in key for key in line["marked"])
        assert line["correlation_id"].startswith("catch-up-")
