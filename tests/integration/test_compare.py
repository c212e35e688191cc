"""The comparison of everything: marks what differs, writes nothing, and goes on where it was cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings
from sandbox.faults import Fault
from tests.pair import ROUTE, Pair, pair, row, script
from tests.tenancy import INCLUDE, VERSIONS, say, servers, template, tenancy
from worker.queue.keys import DirtyKey
from worker.queue.values import Priority, Source
from worker.state import State, state_of
from worker.sync import compare as comparing
from worker.sync.compare import Compared, compare
from worker.sync.run import open_route
from worker.sync.servers.spool import NIGHTS, Spool


class StoppedError(Exception):
    pass


@dataclass
class Comparer:
    both: Pair
    state: State

    async def compare(self, **more: Any) -> Compared:
        async with open_route(self.both.routes, ROUTE, ledger=self.both.ledger) as route:
            return await compare(route, self.state.queue, self.state.comparisons, **more)

    async def keys(self) -> list[str]:
        return sorted(one.key.document for one in await self.state.queue.waiting())


@asynccontextmanager
async def three_projects(redis: FakeAsyncRedis) -> AsyncIterator[tuple[Comparer, list[str]]]:
    """In step on both sides. Their ids on the source."""
    async with pair(redis=redis) as both:
        ids = []
        for number in range(3):
            project = await both.source.project(f"Project {number}")
            await both.source.steps(project, script("Deploy"))
            await both.source.variables(project, row("Number", str(number)))
            ids.append(str(project["Id"]))
        await both.sync("*")
        yield Comparer(both, state_of(redis, Settings())), ids


async def test_what_a_person_has_done_gets_off_the_list_at_night(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, ids):
        both = one.both
        await both.source.steps({"Id": ids[0]}, script("Pack"))
        daily = {"FilterType": "OnceDailySchedule", "StartTime": "2024-01-01T02:00:00.000Z", "DaysOfWeek": ["Monday"]}
        staging = (await both.source.environments("Staging"))["Staging"]
        await both.destination.environments("Staging")
        action = {"ActionType": "DeployLatestRelease", "DestinationEnvironmentId": staging}
        fields = {"Name": "Daily", "ProjectId": ids[1], "Filter": daily, "Action": action}
        await both.source.post("projecttriggers", fields)
        await both.source.variables({"Id": ids[2]}, row("Key", "s3cret", Type="Sensitive"))
        await both.sync("*")
        await one.compare()
        assert await one.keys() == [], "nothing is done yet"
        undone = [
            "created-disabled IsDisabled",
            "placeholder-secret Variables[Key]",
            "removed-on-source Steps[Deploy]",
            "removed-on-source Variables[Number]",
        ]
        assert await both.reasons() == undone

        there = {each["Name"]: each for each in await both.destination.get("projects/all")}
        process = await both.destination.process("Project 0")
        await both.destination.steps(there["Project 0"], *(step for step in process if step["Name"] == "Pack"))
        [trigger] = (await both.destination.get("projecttriggers"))["Items"]
        await both.destination.edit(f"projecttriggers/{trigger['Id']}", IsDisabled=False)
        await both.destination.variables(there["Project 2"])
        await one.compare()

        keys = await one.keys()
        assert len(keys) == 3, keys
        for key in keys:
            assert (await both.sync(key)).writes == 0
        assert await both.reasons() == ["deleted-here Variables[Key]"], "a person has deleted what was to be filled in"


async def test_in_step_it_marks_nothing_and_remembers_when(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, _):
        found = await one.compare()
        assert found.differing == []
        assert found.documents >= 9
        assert await one.keys() == []
        assert await one.state.ledger.windows.population(ROUTE) == found.documents
        assert await one.state.ledger.cursors.last_compared(ROUTE) is not None


async def test_what_is_alike_is_known_when_it_gets_another_name(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis, include={"environment": ["*"]}, rules={"update": ["environment"]}) as both:
        one = Comparer(both, state_of(fake_redis, Settings()))
        ids = await both.source.environments("Production")
        await both.destination.environments("Production")
        assert (await one.compare()).differing == []
        await both.source.edit(f"environments/{ids['Production']}", Name="Live")
        outcome = await both.sync(ids["Production"])
        await both.sync(ids["Production"], approved_hash=outcome.plan.hash)
        assert await both.destination.names("environments") == ["Live"]


async def test_it_marks_what_differs_for_the_night_and_writes_nothing(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, ids):
        await one.both.source.variables({"Id": ids[1]}, row("Number", "changed"), row("New", "1"))
        new = await one.both.source.project("New")
        await one.both.source.steps(new, script("Deploy"))
        writes = one.both.destination.writes
        found = await one.compare()
        assert sorted(found.differing) == sorted([f"variableset-{ids[1]}", f"{new['Id']}/*"])
        assert await one.keys() == sorted(found.differing)
        for entry in await one.state.queue.waiting():
            assert (entry.priority, entry.sources) == (Priority.BULK, (Source.NIGHTLY,))
        assert one.both.destination.writes == writes


async def test_an_edit_on_the_destination_is_the_destination_s_and_no_difference(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, _):
        copy = await one.both.destination.named("projects", "Project 1")
        await one.both.destination.variables(copy, row("Number", "their own"))
        assert (await one.compare()).differing == []


async def test_a_dry_run_shows_the_plans_and_marks_nothing(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, ids):
        await one.both.source.variables({"Id": ids[1]}, row("Number", "1"), row("New", "1"))
        found = await one.compare(dry_run=True)
        assert [action.source_id for plan in found.plans for action in plan.writes] == [f"variableset-{ids[1]}"]
        assert await one.keys() == []
        assert await one.state.ledger.cursors.last_compared(ROUTE) is None


async def test_cut_off_it_goes_on_where_it_was(fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    async with three_projects(fake_redis) as (one, ids):
        whole = (await one.compare()).documents
        for number, project_id in enumerate(ids):
            await one.both.source.variables({"Id": project_id}, row("Number", str(number)), row("New", "1"))
        monkeypatch.setattr(comparing, "CHUNK", 1)

        async def guard() -> None:
            if len(await one.keys()) == 2:
                raise StoppedError

        with pytest.raises(StoppedError):
            await one.compare(guard=guard)
        assert len(await one.keys()) == 2
        await one.compare()
        assert await one.keys() == sorted(f"variableset-{project_id}" for project_id in ids)
        assert await one.state.comparisons.progress(ROUTE) is None
        found = await one.compare()
        assert found.documents == whole, "the next one begins from the start"


async def test_one_broken_document_does_not_keep_the_others_from_being_compared(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, ids):
        await one.both.source.variables({"Id": ids[2]}, row("Number", "2"), row("New", "1"))
        broken = f"deploymentprocess-{ids[0]}"
        one.both.source.sandbox.faults.add(Fault("status", path=broken, status=500, count=0))
        found = await one.compare()
        assert found.failed == [ids[0]]
        assert await one.keys() == sorted([f"{ids[0]}/*", f"variableset-{ids[2]}"])


async def test_a_dead_letter_gets_one_more_try_each_night(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, ids):
        key = DirtyKey(ROUTE, ids[0])
        await one.state.queue.mark([key], source=Source.CLI, debounce_ms=0)
        claim = await one.state.queue.claim(key, 10_000)
        await one.state.queue.bury(key, claim.token, "refused")
        await one.compare()
        assert await one.keys() == [ids[0]]
        assert await one.state.queue.dead_letters() == []


async def test_many_projects_cost_few_requests(fake_redis: FakeAsyncRedis) -> None:
    """Documents of one kind are read together; those that a list of names has shown are not read again, and deployment
    settings, of which there is no list, only in the night in which it is their turn."""
    async with pair(redis=fake_redis) as both:
        for number in range(20):
            project = await both.source.project(f"Project {number}")
            await both.source.variables(project, row("Number", str(number)))
            await both.source.runbook(project, "Restart", script("Restart"))
        await both.sync("*")
        one = Comparer(both, state_of(fake_redis, Settings()))
        before = [len(side.sandbox.requests) for side in (both.source, both.destination)]
        found = await one.compare()
        assert found.differing == []
        spent = [len(side.sandbox.requests) for side in (both.source, both.destination)]
        assert [after - first for after, first in zip(spent, before, strict=True)] <= [20, 20]


async def test_settings_and_runbook_processes_are_compared_as_they_were_listed(fake_redis: FakeAsyncRedis) -> None:
    async with three_projects(fake_redis) as (one, ids):
        runbooks = [await one.both.source.runbook({"Id": each}, "Restart", script("Restart")) for each in ids]
        await one.both.sync("*")
        assert (await one.compare()).differing == []
        await one.both.source.edit(f"projects/{ids[0]}/deploymentsettings", ReleaseNotesTemplate="## Notes")
        await one.both.source.edit(
            f"runbookProcesses/RunbookProcess-{runbooks[2]['Id']}", Steps=[script("Restart", "echo twice")]
        )
        await one.compare()
        assert await one.keys() == [f"RunbookProcess-{runbooks[2]['Id']}", f"deploymentsettings-{ids[0]}"]


async def test_runs_of_events_meanwhile_do_not_make_it_read_each_project(fake_redis: FakeAsyncRedis) -> None:
    """They read the names first and keep them for all; the documents that the lists held they keep for nobody."""
    async with three_projects(fake_redis) as (one, ids):
        async with open_route(one.both.routes, ROUTE, ledger=one.both.ledger) as route:
            freshen = route.destination.freshen

            async def then_an_event(*, force: bool = False) -> None:
                await freshen(force=force)
                await one.both.sync(f"{ids[0]}/*")
                for server in (one.both.source, one.both.destination):
                    server.sandbox.requests.clear()

            route.destination.freshen = then_an_event  # type: ignore[method-assign]  # right after names were forgotten
            await compare(route, one.state.queue, one.state.comparisons)
        assert route.source.spool is not None
        turns = [each for each in ids if route.source.spool.is_turn_of(f"deploymentsettings-{each}")]
        for server, most in ((one.both.source, len(turns)), (one.both.destination, 0)):
            counts = server.sandbox.requests.counts
            assert counts["GET projects/all"] == 1
            assert counts["GET deploymentsettings/{id}"] == most


async def test_names_are_not_looked_up_anew_for_each_chunk(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are as many as the space is large, and so are the chunks."""
    monkeypatch.setattr(comparing, "CHUNK", 1)
    async with three_projects(fake_redis) as (one, _):
        async with open_route(one.both.routes, ROUTE, ledger=one.both.ledger) as route:
            get, asked = route.ledger.directories.get, Counter[tuple[str, str]]()

            async def counted(instance: str, space: str, kind: str) -> Any:
                asked[instance, kind] += 1
                return await get(instance, space, kind)

            monkeypatch.setattr(route.ledger.directories, "get", counted)
            await compare(route, one.state.queue, one.state.comparisons)
        assert not asked or max(asked.values()) == 1, asked


async def test_what_does_not_show_on_the_project_is_found_within_a_month(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with three_projects(fake_redis) as (one, ids):
        await one.both.source.edit(f"projects/{ids[1]}/deploymentsettings", FailTargetDiscovery=True)
        found = []
        for night in range(NIGHTS):
            monkeypatch.setattr(comparing, "Spool", lambda _, night=night: Spool(night))
            found.append((await one.compare(dry_run=True)).differing)
        assert sorted(found) == [[]] * (NIGHTS - 1) + [[f"deploymentsettings-{ids[1]}"]]


async def test_what_is_alike_is_linked_so_that_a_later_rename_is_one(fake_redis: FakeAsyncRedis) -> None:
    rules = {"update": ["worker-pool"]}
    async with pair(redis=fake_redis, include={"worker-pool": ["*"]}, rules=rules, first_contact="adopt") as both:
        one = Comparer(both, state_of(fake_redis, Settings()))
        pool = (await both.source.get("workerpools/all"))[0]
        assert (await one.compare()).differing == []
        await both.source.edit(f"workerpools/{pool['Id']}", Name="Renamed")

        await both.sync(pool["Id"])

        assert await both.destination.names("workerpools") == ["Renamed"]


async def test_the_night_finds_what_was_edited_on_the_destination_and_reports_it_apart(
    fake_redis: FakeAsyncRedis,
) -> None:
    async with three_projects(fake_redis) as (one, ids):
        there = one.both.destination
        copy = await there.named("projects", "Project 1")
        process = await there.get(f"deploymentprocesses/deploymentprocess-{copy['Id']}")
        process["Steps"][0]["Actions"][0]["Notes"] = "Careful!"
        process["Steps"].append(script("Only here"))
        await there.call("PUT", f"deploymentprocesses/{process['Id']}", process)
        await there.edit(f"projects/{copy['Id']}", Description="Ours", IsDisabled=True)
        await one.both.source.edit(f"projects/{ids[0]}", Description="pending")

        found = await one.compare()

        assert found.differing == [ids[0]]
        report = await one.state.ledger.drift.report(ROUTE)
        assert report is not None
        shown = {one.path: [(c.edit, c.where, c.before, c.after) for c in one.changes] for one in report.items}
        assert shown == {
            ("project", "Project 1"): [("change", "Description", None, "Ours")],
            ("project", "Project 1", "deployment-process"): [
                ("change", "Steps[Deploy]/Actions[Deploy]/Notes", None, "Careful!")
            ],
        }
        assert report.items[0].source_id == ids[1]
        assert report.items[0].destination_id == copy["Id"]

        process = await there.get(f"deploymentprocesses/deploymentprocess-{copy['Id']}")
        process["Steps"] = process["Steps"][1:]
        await there.call("PUT", f"deploymentprocesses/{process['Id']}", process)
        await there.edit(f"projects/{copy['Id']}", Description="")
        await one.compare()

        report = await one.state.ledger.drift.report(ROUTE)
        assert report is not None
        assert [(item.path[-1], [(c.edit, c.where) for c in item.changes]) for item in report.items] == [
            ("deployment-process", [("remove", "Steps[Deploy]")])
        ]


@pytest.mark.parametrize(("value", "expected"), [("keep", []), ("follow", ["Variables[Number]/Value"])])
async def test_a_value_of_the_destination_drifts_only_where_values_follow(
    fake_redis: FakeAsyncRedis, value: str, expected: list[str]
) -> None:
    async with pair(redis=fake_redis, rules={"variables": {"value": value}}) as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Number", "1"), row("Secret", "s", Type="Sensitive"), row("Gone", "1"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        found = await both.destination.get(f"variables/variableset-{copy['Id']}")
        rows = [one for one in found["Variables"] if one["Name"] != "Gone"]
        for one in rows:
            one["Value"] = "entered here"
            one["Description"] = "by hand" if one["Name"] == "Secret" else one["Description"]
        await both.destination.variables(copy, *rows)

        await Comparer(both, state_of(fake_redis, Settings())).compare()

        report = await both.ledger.drift.report(ROUTE)
        assert report is not None
        assert [change.where for item in report.items for change in item.changes] == [
            *expected,
            "Variables[Secret]/Description",
            "Variables[Gone]",
        ]
        assert "entered here" not in str(report) or value == "follow"


# ── tenants ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def tenants(redis: FakeAsyncRedis, count: int, version: str) -> AsyncIterator[tuple[Comparer, list[Any]]]:
    """In step on both sides, each with a value."""
    async with pair(redis=redis, include=INCLUDE, **servers(version)) as both:
        world = await tenancy(both.source, template("Url"))
        await both.destination.environments("Staging")
        links = {world.project["Id"]: [world.environments["Staging"]]}
        found = [world.tenant]
        for number in range(count - 1):
            found.append(await both.source.post("tenants", {"Name": f"T {number}", "ProjectEnvironments": links}))
        for one in found:
            await say(both.source, one["Name"], "OctoFX", "Shared", {}, {"Staging": {"Url": one["Name"]}})
        await both.sync("*")
        yield Comparer(both, state_of(redis, Settings())), found


@pytest.mark.parametrize("version", VERSIONS)
async def test_many_tenants_cost_few_requests(fake_redis: FakeAsyncRedis, version: str) -> None:
    async with tenants(fake_redis, 40, version) as (one, found):
        await say(one.both.source, "T 7", "OctoFX", "Shared", {}, {"Staging": {"Url": "changed"}})
        await one.both.source.edit(f"tenants/{found[3]['Id']}", Description="changed")
        before = [len(side.sandbox.requests) for side in (one.both.source, one.both.destination)]
        compared = await one.compare()
        spent = [len(side.sandbox.requests) for side in (one.both.source, one.both.destination)]
        # That a value has changed is no difference where the route keeps the destination's.
        assert compared.differing == [found[3]["Id"]]
        own_turn = 6  # tenants whose values are read by themselves in this night, on a server with the newer form
        assert [after - first for after, first in zip(spent, before, strict=True)] <= [22 + 2 * own_turn, 22]


async def test_environments_of_common_values_are_compared_within_a_month(
    fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of all tenants' values does not tell of them."""
    async with tenants(fake_redis, 3, VERSIONS[-1]) as (one, found):
        library = await one.both.source.named("libraryvariablesets", "Shared")
        await one.both.source.edit(f"libraryvariablesets/{library['Id']}", Templates=[template("Region")])
        await one.both.sync("*")
        region = (await one.both.source.get(f"libraryvariablesets/{library['Id']}"))["Templates"][0]["Id"]
        staging = (await one.both.source.named("environments", "Staging"))["Id"]
        row = {"OwnerId": library["Id"], "TemplateId": region, "Value": "eu", "Scope": {"EnvironmentIds": [staging]}}
        await one.both.source.call("PUT", f"tenants/{found[1]['Id']}/commonvariables", {"Variables": [row]})
        nights = []
        for night in range(NIGHTS):
            monkeypatch.setattr(comparing, "Spool", lambda begun, night=night: Spool(night if begun else None))
            nights.append((await one.compare(dry_run=True)).differing)
        assert sorted(nights) == [[]] * (NIGHTS - 1) + [[f"TenantVariables-{found[1]['Id']}"]]
        await one.both.sync("*")
        monkeypatch.undo()
        assert (await one.compare(dry_run=True)).differing == []
