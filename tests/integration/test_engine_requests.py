"""How many requests a sync costs. Octopus allows 200 a minute, to all that ask in one name."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import fakeredis
import pytest

from tests.pair import ROUTE, Document, Pair, Server, pair, row, script
from worker.plan.values import Op
from worker.sync.planning.items import Items
from worker.sync.run import OpenRoute, Outcome, Result, open_route


class Counted:
    """The requests between two points in time, on both servers."""

    def __init__(self, both: Pair) -> None:
        self.servers = {"source": both.source, "destination": both.destination}
        for server in self.servers.values():
            server.sandbox.requests.clear()

    @property
    def all(self) -> Counter[str]:
        """``source GET projects/{id}`` → how often."""
        found: Counter[str] = Counter()
        for name, server in self.servers.items():
            for request in server.sandbox.requests:
                found[f"{name} {request.method} {request.route}"] += 1
        return found

    @property
    def total(self) -> int:
        return self.all.total()

    @property
    def writes(self) -> int:
        return sum(server.writes for server in self.servers.values())


async def warm(both: Pair, *targets: str) -> Outcome:
    """Sync as a worker does that knows the names on both sides: it believes them, if the audit logs allow."""
    async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
        return await route.sync(await route.documents(Items(targets=targets)))


async def a_minute_later(both: Pair, redis: fakeredis.FakeAsyncRedis) -> None:
    """On both servers; and the audit logs were not asked in between."""
    for server in (both.source, both.destination):
        store, clock = server.sandbox.store, server.sandbox.store.clock
        store.clock = lambda clock=clock: clock() + timedelta(minutes=1)
    async for key in redis.scan_iter("*checked*"):
        await redis.delete(key)


async def synced(both: Pair, redis: fakeredis.FakeAsyncRedis, **amounts: int) -> Document:
    """A project that crossed some time ago, and a worker that knows the directories. The next minute has begun."""
    project = await content(both.source, **amounts)
    await both.destination.environments("Staging", "Production")
    for _ in range(3):
        await warm(both, "*")
        await a_minute_later(both, redis)
    return project


async def content(server: Server, *, runbooks: int = 2, sets: int = 1) -> Document:
    environments = await server.environments("Staging", "Production")
    included = []
    for number in range(sets):
        shared = await server.post("libraryvariablesets", {"Name": f"Shared {number}", "ContentType": "Variables"})
        await server.variables(shared, row(f"Shared.{number}", "x", {"Environment": [environments["Staging"]]}))
        included.append(shared["Id"])
    project = await server.project("OctoFX", IncludedLibraryVariableSetIds=included)
    await server.steps(project, script("Deploy"), script("Verify", Environments=[environments["Production"]]))
    for number in range(runbooks):
        await server.runbook(project, f"Runbook {number}", script("Restart"))
    await server.variables(project, row("Url", "https://x", {"Environment": [environments["Staging"]]}), row("A", "1"))
    return project


@pytest.mark.spacecloner("feature-6")
async def test_a_second_run_spends_no_write() -> None:
    async with fakeredis.FakeAsyncRedis() as redis, pair(redis=redis) as both:
        await content(both.source)
        await both.destination.environments("Staging", "Production")
        await both.sync("*")
        counted = Counted(both)

        outcome = await both.sync("*")

        assert outcome.result is Result.UNCHANGED
        assert counted.writes == 0


@pytest.mark.spacecloner("feature-2")
async def test_one_changed_variable_set() -> None:
    async with fakeredis.FakeAsyncRedis() as redis, pair(redis=redis) as both:
        project = await synced(both, redis)
        rows = (await both.source.get(f"variables/variableset-{project['Id']}"))["Variables"]
        await both.source.variables(project, *rows, row("New", "2"))
        counted = Counted(both)

        outcome = await warm(both, f"variableset-{project['Id']}")

        assert outcome.result is Result.CHANGED
        assert counted.all["destination PUT variables/{id}"] == 1
        assert counted.total <= 6, counted.all


async def test_a_variable_set_whose_rows_are_scoped_to_steps_reads_no_process_that_is_known() -> None:
    async with fakeredis.FakeAsyncRedis() as redis, pair(redis=redis) as both:
        project = await synced(both, redis, runbooks=5)
        process = await both.source.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        action = process["Steps"][0]["Actions"][0]["Id"]
        await both.source.variables(project, row("A", "1", {"Action": [action]}))
        await warm(both, "*")
        await a_minute_later(both, redis)
        rows = (await both.source.get(f"variables/variableset-{project['Id']}"))["Variables"]
        await both.source.variables(project, *rows, row("New", "2"))
        counted = Counted(both)

        outcome = await warm(both, f"variableset-{project['Id']}")

        assert outcome.result is Result.CHANGED
        assert counted.total <= 6, counted.all


async def test_what_cannot_be_an_id_has_no_list_read_anew() -> None:
    """A package id, where the id of a project may stand."""
    async with fakeredis.FakeAsyncRedis() as redis, pair(redis=redis) as both:
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "OctoFX.Web", "FeedId": "#{Feed}"}
        await both.source.steps(project, script("Deploy", Packages=[package]))
        for _ in range(3):
            await warm(both, "*")
            await a_minute_later(both, redis)
        counted = Counted(both)

        outcome = await warm(both, f"deploymentprocess-{project['Id']}")

        assert outcome.result is Result.UNCHANGED
        assert counted.total <= 4, counted.all


async def test_a_project_in_which_nothing_changed() -> None:
    """An audit log and a document, on each side."""
    async with fakeredis.FakeAsyncRedis() as redis, pair(redis=redis) as both:
        project = await synced(both, redis)
        counted = Counted(both)

        outcome = await warm(both, project["Id"])

        assert outcome.result is Result.UNCHANGED
        assert counted.total <= 4, counted.all


async def test_a_project_in_which_nothing_changed_with_all_its_parts() -> None:
    async with fakeredis.FakeAsyncRedis() as redis, pair(redis=redis) as both:
        project = await synced(both, redis, runbooks=5, sets=3)
        counted = Counted(both)

        outcome = await warm(both, f"{project['Id']}/*")

        assert outcome.result is Result.UNCHANGED
        assert counted.total <= 24, counted.all


async def test_one_new_project_with_runbooks_and_library_sets() -> None:
    async with pair(include={"project": ["*"]}) as both:
        project = await content(both.source, runbooks=5, sets=3)
        await both.destination.environments("Staging", "Production")
        counted = Counted(both)

        outcome = await both.sync(f"{project['Id']}/*")

        assert outcome.result is Result.CHANGED
        # The project, its channel, process, settings and variables; runbooks and library sets, each with its part.
        documents = 5 + 2 * 5 + 2 * 3
        # On both sides: which release and space it is, what changed lately, and the names of what is referred to.
        directories = 2 * (3 + len(["project", "channel", "runbook", "group", "lifecycle", "set", "environment"]))
        assert counted.total <= 1.5 * (counted.writes + documents + directories), counted.all
        assert counted.total <= 66, counted.all  # what it costs now; more is a step back
        assert max(counted.all.values()) <= 5  # nothing is read twice


async def test_a_plan_of_everything_reads_lists_and_asks_in_few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pair() as both:
        for number in range(12):
            project = await both.source.project(f"Project {number}")
            await both.source.steps(project, script("Deploy"))
            await both.source.runbook(project, "Restart", script("Restart"))
        await both.sync("*")
        rounds = 0
        observe = OpenRoute.observe

        async def counted(self: OpenRoute, needs: Any) -> None:
            nonlocal rounds
            rounds += 1
            await observe(self, needs)

        monkeypatch.setattr(OpenRoute, "observe", counted)
        for server in (both.source, both.destination):
            server.sandbox.requests.clear()
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.read_in_bulk()
            planned = await route.plan(await route.documents(Items(targets=["*"])))
        assert planned.plan.is_empty
        assert planned.plan.counts()[Op.LEAVE] > 60
        assert rounds < 12, "nothing is asked for project by project"
        for server in (both.source, both.destination):
            asked = Counter(one.route for one in server.sandbox.requests)
            assert not [one for one in asked if "{id}" in one], asked
