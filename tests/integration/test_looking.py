"""What a worker makes of a dirty key, whatever the servers answer. Two sandboxes, a Redis in this process."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sentry_sdk
from fakeredis import FakeAsyncRedis

from config.settings import Settings
from sandbox.faults import Fault, FaultKind
from tests.pair import ROUTE, Pair, pair, row, script
from tests.processes import eventually
from worker.looking import look as looking
from worker.looking.failures import pause_ms
from worker.looking.lease import Keeper
from worker.looking.look import Looked, Looker
from worker.queue.keys import DirtyKey
from worker.queue.values import Entry, Source
from worker.state import State, state_of
from worker.sync import compare as comparing


@dataclass
class Desk:
    both: Pair
    state: State
    looker: Looker
    redis: FakeAsyncRedis

    async def look(self, document: str) -> Looked:
        """Marks, and looks at once."""
        key = DirtyKey(ROUTE, document)
        await self.state.queue.mark([key], source=Source.CLI, debounce_ms=0)
        return await self.looker.look(key)

    async def again(self, document: str) -> Looked:
        """Looks without a new mark."""
        return await self.looker.look(DirtyKey(ROUTE, document))

    async def waiting(self) -> list[Entry]:
        return await self.state.queue.waiting()

    async def pass_time(self) -> None:
        """What waits is due now."""
        for priority in ("events", "bulk"):
            name = f"{{octosync}}:q:ready:{priority}:{ROUTE}"
            for key in await self.redis.zrange(name, 0, -1):
                await self.redis.zadd(name, {key: 0})

    @property
    def requests(self) -> int:
        return len(self.both.source.sandbox.requests) + len(self.both.destination.sandbox.requests)


@asynccontextmanager
async def desk(redis: FakeAsyncRedis, **route: Any) -> AsyncIterator[Desk]:
    async with pair(redis=redis, **route) as both:
        state = state_of(redis, Settings())
        yield Desk(both, state, Looker(state, both.routes, Settings()), redis)


async def synced(one: Desk, name: str = "OctoFX") -> str:
    """A project on both sides. Its id on the source."""
    project = await one.both.source.project(name)
    await one.both.source.steps(project, script("Deploy"))
    looked = await one.look(f"{project['Id']}/*")
    assert looked.result == "changed"
    return str(project["Id"])


async def edit(one: Desk, project_id: str, value: str = "2") -> str:
    """Edits its variables on the source. The id of their document."""
    await one.both.source.variables({"Id": project_id}, row("Count", value))
    return f"variableset-{project_id}"


async def test_what_was_looked_at_is_clean_and_a_late_message_costs_nothing(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project_id = await synced(one)
        document = await edit(one, project_id)
        assert (await one.look(document)).result == "changed"
        assert await one.waiting() == []
        before = one.requests
        assert (await one.again(document)).result == "clean"
        assert one.requests == before


async def test_a_look_tells_what_it_wrote_and_how_late_it_was(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project_id = await synced(one)
        key = DirtyKey(ROUTE, await edit(one, project_id))
        await one.state.queue.mark([key], source=Source.WEBHOOK, debounce_ms=0)
        item = f"{{octosync}}:q:item:{key}"
        await one.redis.hincrby(item, "since", -90_000)  # a minute and a half ago
        looked = await one.looker.look(key)
        assert looked.changes == {("variable-set", "update"): 1}
        assert looked.behind_s is not None
        assert 90 <= looked.behind_s < 120
        assert (await one.look(project_id)).behind_s is None, "nobody had reported a change"
        unclaimed = await one.again(project_id)
        assert (unclaimed.claimed, unclaimed.behind_s) == (False, None)


async def test_nobody_is_let_in_beside_a_run_and_none_before_it_is_due(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        key = DirtyKey(ROUTE, "Projects-1")
        await one.state.queue.mark([key], source=Source.WEBHOOK, debounce_ms=60_000, max_wait_ms=60_000)
        assert (await one.looker.look(key)).result == "early"
        await one.pass_time()
        await one.state.queue.claim(key, 60_000)
        assert (await one.looker.look(key)).result == "busy"


async def test_a_mark_made_during_the_run_is_looked_at_again(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        document = await edit(one, await synced(one))
        slow = one.both.destination.sandbox.faults.add(Fault("latency", method="PUT", seconds=0.3))
        run = asyncio.create_task(one.look(document))
        await eventually(lambda: slow.hits)
        await one.state.queue.mark([DirtyKey(ROUTE, document)], source=Source.WEBHOOK, debounce_ms=0)
        assert (await run).again
        assert len(await one.waiting()) == 1


class TestFailures:
    @pytest.mark.parametrize(
        ("kind", "status", "side"),
        [
            ("status", 503, "source"),
            ("status", 429, "destination"),
            ("status", 401, "destination"),
            ("maintenance", 503, "source"),
            ("reset-before", 503, "destination"),
        ],
    )
    async def test_a_server_that_lets_nobody_in_costs_no_attempt_and_is_left_alone(
        self, fake_redis: FakeAsyncRedis, kind: FaultKind, status: int, side: str
    ) -> None:
        async with desk(fake_redis) as one:
            document = await edit(one, await synced(one))
            server = getattr(one.both, side)
            fault = Fault(kind, status=status, count=0, headers={"Retry-After": "1"})
            server.sandbox.faults.add(fault)
            assert (await one.look(document)).result == "instance"
            [entry] = await one.waiting()
            assert (entry.attempts, str(entry.key)) == (0, f"{ROUTE}|{document}")
            name = "dev" if side == "source" else "prod"
            [circuit] = await one.state.circuits.among("dev", "prod")
            assert circuit.instance == name

            before = one.requests
            await one.pass_time()
            assert (await one.again(document)).result == "circuit-open"
            assert one.requests == before, "nobody asks a server that lets nobody in"

            server.sandbox.faults.clear()
            await fake_redis.delete(f"{{octosync}}:circuit:open:{name}")
            await one.pass_time()
            assert (await one.again(document)).result == "changed"
            assert await one.state.circuits.among("dev", "prod") == []
            assert await fake_redis.keys("*circuit*") == [], "it counts as one that never failed"

    async def test_what_may_succeed_later_is_tried_again(self, fake_redis: FakeAsyncRedis) -> None:
        async with desk(fake_redis) as one:
            document = await edit(one, await synced(one))
            one.both.destination.sandbox.faults.add(Fault("status", method="PUT", status=500, count=0))
            assert (await one.look(document)).result == "again"
            [entry] = await one.waiting()
            assert entry.attempts == 1
            one.both.destination.sandbox.faults.clear()
            await one.pass_time()
            assert (await one.again(document)).result == "changed"

    def test_pauses_double_up_to_ten_minutes_and_are_not_all_the_same(self) -> None:
        pauses = [[pause_ms(attempts, 5.0) / 1000 for _ in range(50)] for attempts in range(12)]
        for attempts, some in enumerate(pauses):
            middle = min(5.0 * 2**attempts, 600.0)
            assert 0.8 * middle <= min(some) < max(some) <= 1.2 * middle
        assert pause_ms(10_000) <= 720_000

    @pytest.mark.spacecloner("feature-8")
    async def test_what_the_server_refuses_twice_is_a_dead_letter_with_its_words(
        self, fake_redis: FakeAsyncRedis
    ) -> None:
        async with desk(fake_redis) as one:
            document = await edit(one, await synced(one))
            words = "The moon is in the wrong phase."
            one.both.destination.sandbox.faults.add(Fault("status", method="PUT", status=400, count=0, message=words))
            assert (await one.look(document)).result == "never"
            [letter] = await one.state.queue.dead_letters()
            assert words in letter.server_words
            assert await one.waiting() == []

    async def test_what_the_server_refuses_once_is_tried_once_more_without_believing_any_cache(
        self, fake_redis: FakeAsyncRedis
    ) -> None:
        async with desk(fake_redis) as one:
            document = await edit(one, await synced(one))
            one.both.destination.sandbox.faults.add(Fault("status", method="PUT", status=400, count=1))
            assert (await one.look(document)).result == "changed"

    async def test_a_bug_is_a_dead_letter_and_is_reported(
        self, fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise AttributeError("nobody thought of this")

        reported: list[BaseException] = []
        async with desk(fake_redis) as one:
            monkeypatch.setattr(looking.run, "open_route", broken)
            monkeypatch.setattr(sentry_sdk, "capture_exception", reported.append)
            assert (await one.look("Projects-1")).result == "ours"
            [letter] = await one.state.queue.dead_letters()
            assert letter.reason == "AttributeError: nobody thought of this"
            assert [type(error) for error in reported] == [AttributeError]

    async def test_a_key_that_is_missing_is_no_fault_of_the_item(
        self, fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with desk(fake_redis) as one:
            monkeypatch.delenv("OCTOSYNC_TEST_SOURCE_KEY")
            assert (await one.look("Projects-1")).result == "setting"
            [entry] = await one.waiting()
            assert entry.attempts == 0
            assert "OCTOSYNC_TEST_SOURCE_KEY" in entry.why

    async def test_a_run_that_takes_too_long_is_ended(self, fake_redis: FakeAsyncRedis) -> None:
        async with desk(fake_redis) as one:
            document = await edit(one, await synced(one))
            one.looker.deadline_s = 0.2
            one.both.destination.sandbox.faults.add(Fault("latency", seconds=30, count=0))
            assert (await one.look(document)).result == "again"
            one.both.destination.sandbox.faults.clear()

    async def test_after_the_lease_is_lost_nothing_is_written(self, fake_redis: FakeAsyncRedis) -> None:
        async with desk(fake_redis) as one:
            document = await edit(one, await synced(one))
            one.looker.lease_ms = 150
            one.both.source.sandbox.faults.add(Fault("latency", path=document, seconds=20, count=1))
            writes = one.both.destination.writes
            run = asyncio.create_task(one.look(document))

            async def taken() -> bool:
                """Somebody found the lease ended, as if this process had been asleep."""
                await fake_redis.zadd("{octosync}:q:running", {f"{ROUTE}|{document}": 0}, xx=True)
                await one.state.queue.sweep()
                return run.done()

            await eventually(taken, 10)
            assert (await run).result == "lease-lost"
            assert one.both.destination.writes == writes
            [entry] = await one.waiting()
            assert entry.attempts == 1, "an expired lease counts"


async def test_a_comparison_longer_than_a_run_goes_on_in_the_next(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "CHUNK", 1)
    async with desk(fake_redis) as one:
        for number in range(6):
            await one.both.source.project(f"Project {number}")
        await one.both.sync("*")
        asked, guard = itertools.count(1), Keeper.guard

        async def out_of_time(keeper: Keeper) -> None:
            await guard(keeper)
            if next(asked) % 3 == 0:
                raise TimeoutError

        monkeypatch.setattr(Keeper, "guard", out_of_time)
        results = [(await one.look("*")).result]
        while results[-1] == "goes-on":
            [entry] = await one.waiting()
            assert entry.attempts == 0
            results.append((await one.again("*")).result)
        assert results == ["goes-on", "goes-on", "compared"]


async def test_a_comparison_stands_aside_for_events_that_wait(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "CHUNK", 1)
    async with desk(fake_redis) as one:
        for number in range(3):
            await one.both.source.project(f"Project {number}")
        await one.both.sync("*")
        document = await edit(one, await synced(one))
        key = DirtyKey(ROUTE, document)
        one.looker.slice_s = 0
        await one.state.queue.mark([key], source=Source.WEBHOOK, debounce_ms=0)
        ready = f"{{octosync}}:q:ready:events:{ROUTE}"
        await fake_redis.zadd(ready, {str(key): 1})  # due since long ago
        assert (await one.look("*")).result == "goes-on"
        assert [entry.attempts for entry in await one.waiting()] == [0, 0]
        await one.pass_time()
        assert (await one.again("*")).result == "goes-on", "the event still waits"
        assert (await one.look(document)).result == "changed"
        await one.pass_time()
        assert (await one.again("*")).result == "compared"
        assert await one.waiting() == []


async def test_a_comparison_that_comes_nowhere_ends_as_a_dead_letter(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        await synced(one)
        one.both.source.sandbox.faults.add(Fault("latency", path="/projects", seconds=30, count=0))
        one.looker.deadline_s = 0.1
        await one.look("*")
        for _ in range(Settings().max_attempts):
            await one.pass_time()
            await one.again("*")
        [letter] = await one.state.queue.dead_letters()
        assert (letter.key.is_everything, letter.attempts) == (True, Settings().max_attempts)
        assert letter.reason == "it took too long"


async def test_what_is_not_in_this_space_makes_no_noise(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        await synced(one)
        for document in ("Projects-999", "Projects-999/*", "variableset-Projects-999", "Teams-1", "sshkeypair-x"):
            assert (await one.look(document)).result == "unchanged", document
        assert await one.waiting() == []
        assert await one.state.queue.dead_letters() == []


async def test_a_key_of_a_route_that_is_gone_goes_quietly(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        key = DirtyKey("of-last-year", "Projects-1")
        await one.state.queue.mark([key], source=Source.CLI, debounce_ms=0)
        assert (await one.looker.look(key)).result == "no-such-route"
        assert await one.waiting() == []


async def test_what_is_blocked_waits_and_is_looked_at_when_something_comes_to_exist(
    fake_redis: FakeAsyncRedis,
) -> None:
    async with desk(fake_redis, exclude={"lifecycle": ["Two weeks"]}) as one:
        lifecycle = await one.both.source.post("lifecycles", {"Name": "Two weeks", "Phases": []})
        project = await one.both.source.project("Blocked", LifecycleId=lifecycle["Id"])
        assert (await one.look(f"{project['Id']}/*")).result == "blocked"
        [entry] = await one.waiting()
        assert entry.attempts == 0
        assert "Two weeks" in entry.why
        assert (await one.again(f"{project['Id']}/*")).result == "early"

        await one.both.destination.post("lifecycles", {"Name": "Two weeks", "Phases": []})
        await one.both.ledger.directories.invalidate("prod", "Default")
        # However much is due before it.
        due = [DirtyKey(ROUTE, f"Projects-{number}") for number in range(2_000, 3_200)]
        await one.state.queue.mark(due, source=Source.CLI, debounce_ms=0)
        await synced(one, "Another")
        assert (await one.again(f"{project['Id']}/*")).result == "changed"


async def test_a_held_route_keeps_its_marks_until_a_person_approves(fake_redis: FakeAsyncRedis) -> None:
    async with desk(fake_redis) as one:
        project = await one.both.source.project("OctoFX", Description="from the source")
        await one.both.destination.project("OctoFX", Description="there before")
        await one.both.source.steps(project, script("Deploy"))
        held_back = await one.look(f"{project['Id']}/*")
        assert (held_back.result, held_back.refused, held_back.changes) == ("held", "first-contact", {})
        await one.pass_time()
        assert (await one.again(f"{project['Id']}/*")).result == "held", "not even claimed"
        held = await one.both.ledger.held.get(ROUTE)
        assert held is not None
        assert await one.both.ledger.held.approve(ROUTE, held.plan_hash)
        assert (await one.again(f"{project['Id']}/*")).result == "changed"
        assert await one.waiting() == []


async def test_what_did_without_something_is_looked_at_when_that_may_cross(fake_redis: FakeAsyncRedis) -> None:
    """A lifecycle gets a phase that the destination has: now its channel can cross, and then the channel's step."""
    async with desk(fake_redis) as one:
        here = await one.both.source.environments("Test", "Production")
        await one.both.destination.environments("Production")
        phase = {"Name": "Test", "OptionalDeploymentTargets": [here["Test"]]}
        lifecycle = await one.both.source.post("lifecycles", {"Name": "QA", "Phases": [phase]})
        project = await one.both.source.project("OctoFX")
        fields = {"Name": "QA", "ProjectId": project["Id"], "LifecycleId": lifecycle["Id"]}
        channel = await one.both.source.post("channels", fields)
        await one.both.source.steps(project, script("Always"), script("QA only", Channels=[channel["Id"]]))
        await one.look(f"{project['Id']}/*")
        assert await one.both.destination.step_names("OctoFX") == ["Always"]

        phase["OptionalDeploymentTargets"].append(here["Production"])
        await one.both.source.edit(f"lifecycles/{lifecycle['Id']}", Phases=[phase])
        await one.state.queue.mark(
            [DirtyKey(ROUTE, lifecycle["Id"])], source=Source.CLI, debounce_ms=0, correlation_id="edit-of-QA"
        )
        await one.again(lifecycle["Id"])
        assert {entry.correlation_ids for entry in await one.waiting()} == {("edit-of-QA",)}
        while marked := [entry.key for entry in await one.waiting()]:
            await one.pass_time()
            for key in marked:
                await one.looker.look(key)

        assert "QA" in await one.both.destination.names("channels")
        assert await one.both.destination.step_names("OctoFX") == ["Always", "QA only"]


@pytest.mark.parametrize("library", [False, True], ids=["of the project", "of a library set"])
async def test_a_trigger_is_looked_at_once_the_variables_that_it_answers_have_crossed(
    fake_redis: FakeAsyncRedis, *, library: bool
) -> None:
    async with desk(fake_redis) as one:
        source, destination = one.both.source, one.both.destination
        here = await source.environments("Test")
        await destination.environments("Test")
        shared = await source.post("libraryvariablesets", {"Name": "Shared"})
        project = await source.project("OctoFX", IncludedLibraryVariableSetIds=[shared["Id"]])
        runbook = await source.runbook(project, "Restart")
        run = {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": [here["Test"]]}
        cron = {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * *", "Timezone": "UTC"}
        body = {"Name": "Nightly", "ProjectId": project["Id"], "Filter": cron, "Action": run}
        trigger = await source.post("projecttriggers", body)
        await one.look(f"{project['Id']}/*")

        owner = shared if library else project
        [asked] = (await source.variables(owner, row("Region", "", Prompt={"Label": "Where?"})))["Variables"]
        await source.edit(f"projecttriggers/{trigger['Id']}", Action={**run, "FormValues": {asked["Id"]: "Europe"}})
        await one.look(trigger["Id"])
        await one.look(f"{owner['Id']}/*" if library else f"variableset-{owner['Id']}")
        assert [entry.key.document for entry in await one.waiting()] == [trigger["Id"]]
        await one.pass_time()
        await one.again(trigger["Id"])

        where = ("Shared", "libraryvariablesets") if library else ("OctoFX", "projects")
        [there] = await destination.rows(*where)
        [found] = (await destination.get("projecttriggers"))["Items"]
        assert found["Action"]["FormValues"] == {there["Id"]: "Europe"}
        assert await one.waiting() == []


async def test_servers_that_are_too_far_apart_cost_no_attempt_until_the_other_is_upgraded_too(
    fake_redis: FakeAsyncRedis,
) -> None:
    async with desk(fake_redis) as one:
        project_id = await synced(one)
        document = await edit(one, project_id)
        await one.both.destination.upgrade("2027.1.1")
        await one.state.ledger.servers.doubt("prod")
        before = one.both.destination.writes

        for _ in range(5):
            looked = await one.look(document)
            assert (looked.result, looked.writes) == ("setting", 0)
            await one.pass_time()

        assert one.both.destination.writes == before
        assert await one.state.queue.dead_letters() == []
        (waiting,) = await one.waiting()
        assert "of different years" in waiting.why
        await one.both.source.upgrade("2027.1.1")
        await one.state.ledger.servers.doubt("dev")
        assert (await one.again(document)).result == "changed"
