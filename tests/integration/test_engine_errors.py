"""What goes wrong between two servers, and what a person must be asked first."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import fakeredis
import pytest

from config.load import loads
from sandbox.faults import Fault
from tests.pair import ROUTE, Document, Pair, Server, pair, row, script
from worker.ledger.ledger import Ledger
from worker.octopus import errors
from worker.plan.values import Op, printed
from worker.sync.planning.items import Items, UnknownItem
from worker.sync.run import Outcome, Result, open_route


async def rows_of(server: Server, project: Document) -> list[Document]:
    rows: list[Document] = (await server.get(f"variables/variableset-{project['Id']}"))["Variables"]
    return rows


async def process_of(server: Server, project: Document) -> Document:
    found: Document = await server.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
    return found


def once(edit: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[None]]:
    """A guard that lets somebody edit the destination right before the first write."""
    done = False

    async def guard() -> None:
        nonlocal done
        if not done:
            done = True
            await edit()

    return guard


# ── servers that do not answer, or not as they should ─────────────────────────────────────────────────────────────────


def elsewhere(both: Pair, **instance: Any) -> Pair:
    """The same route, but the destination's entry differs."""
    document = both.routes.model_dump(mode="json", exclude_defaults=True)
    document["instances"][1] |= instance
    return Pair(both.source, both.destination, loads(json.dumps(document), "routes.json"), both.ledger)


async def test_a_wrong_api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pair() as both:
        monkeypatch.setenv("OCTOSYNC_TEST_DESTINATION_KEY", "API-WRONG")

        with pytest.raises(errors.Unauthorized) as caught:
            await both.sync("*")

        assert caught.value.concerns_instance
        assert "API-WRONG" not in str(caught.value)


async def test_an_unknown_space_names_those_that_there_are() -> None:
    async with pair() as both:
        with pytest.raises(errors.UnknownSpace, match="Default"):
            await both.with_route(destination={"instance": "prod", "space": "Defautl"}).sync("*")


async def test_an_unreachable_server() -> None:
    async with pair() as both:
        gone = elsewhere(both, url="http://127.0.0.1:9")

        with pytest.raises(errors.Unreachable) as caught:
            await gone.sync("*")

        assert caught.value.concerns_instance


async def test_what_is_not_octopus() -> None:
    async with pair() as both:
        wrong = elsewhere(both, url=f"{both.destination.sandbox.url}/nothing/here")

        with pytest.raises(errors.OctopusError):
            await wrong.sync("*")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", path="/api/Spaces", count=1, status=429, headers={"Retry-After": "0"}),
        Fault("status", path="/api/Spaces", count=1, status=503),
        Fault("status", method="GET", path="/api/Spaces", count=1, status=500),
        Fault("reset-before", method="GET", path="/api/Spaces", count=1),
        Fault("reset-after", method="GET", path="/api/Spaces", count=1),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.parametrize("where", ["source", "destination"])
@pytest.mark.spacecloner("feature-8")
async def test_a_hiccup_costs_nothing(fault: Fault, where: str) -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("A", "1"))
        getattr(both, where).sandbox.faults.add(Fault(**{n: getattr(fault, n) for n in fault.__slots__}))

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        copy = await both.destination.named("projects", "OctoFX")
        assert [one["Value"] for one in await rows_of(both.destination, copy)] == ["1"]


@pytest.mark.parametrize("kind", ["reset-after", "reset-before"])
@pytest.mark.parametrize("at", ["projects$", "deploymentprocesses", "variables", "runbooks$", "runbookprocesses"])
@pytest.mark.spacecloner("feature-8")
async def test_a_write_whose_answer_is_lost_is_found_again(kind: Any, at: str) -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.source.runbook(project, "Restart", script("Stop"), script("Start"))
        await both.source.variables(project, row("A", "1"), row("Secret", "x", Type="Sensitive"))
        method = "POST" if at.endswith("$") else "PUT"
        both.destination.sandbox.faults.add(Fault(kind, method=method, path=f"Spaces-5001/{at}", count=1))
        with pytest.raises(errors.OctopusError):
            await both.sync("*")

        outcome = await both.sync("*")

        assert outcome.result in {Result.CHANGED, Result.UNCHANGED}, outcome.message
        assert await both.destination.names("projects") == ["OctoFX"]
        assert await both.destination.names("runbooks") == ["Restart"]
        copy = await both.destination.named("projects", "OctoFX")
        assert [step["Name"] for step in (await process_of(both.destination, copy))["Steps"]] == ["Deploy"]
        assert [one["Name"] for one in await rows_of(both.destination, copy)] == ["A", "Secret"]
        assert [one.entry.reason for one in await both.clean_ups()] == ["placeholder-secret"]
        assert (await both.sync("*")).plan.is_empty


async def test_an_error_half_way_leaves_what_was_written_and_goes_on_from_there() -> None:
    async with pair() as both:
        for name in ("A", "B", "C"):
            await both.source.project(name)
        both.destination.sandbox.faults.add(
            Fault("status", method="POST", path="/projects$", count=0, status=400, message="no", errors=["no"])
        )
        with pytest.raises(errors.BadRequest):
            await both.sync("*")
        runs = [run for run in await both.ledger.runs.newest(limit=10) if run.error]
        assert runs
        assert "no" in (runs[0].error or "")
        both.destination.sandbox.faults.clear()

        assert (await both.sync("*")).result is Result.CHANGED
        assert sorted(await both.destination.names("projects")) == ["A", "B", "C"]


async def test_one_refused_document_does_not_withhold_the_others() -> None:
    """Refused twice, since it is tried once more with nothing believed. What needs it waits with it."""
    async with pair() as both:
        feed = await both.source.post("feeds", {"Name": "Private", "FeedType": "NuGet", "FeedUri": "https://n.example"})
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"], "AcquisitionLocation": "Server"}
        for name, packages in (("A", [package]), ("B", [])):
            await both.source.steps(await both.source.project(name), script("Deploy", Packages=packages))
        both.destination.sandbox.faults.add(
            Fault("status", method="POST", path="/feeds$", count=2, status=400, message="no", errors=["no such host"])
        )

        with pytest.raises(errors.BadRequest, match="no such host"):
            await both.sync("*")

        steps = {name: await both.destination.step_names(name) for name in ("A", "B")}
        assert steps == {"A": [], "B": ["Deploy"]}
        assert (await both.sync("*")).result is Result.CHANGED
        assert await both.destination.step_names("A") == ["Deploy"]


# ── what moves under our hands ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_name_taken_meanwhile_is_adopted() -> None:
    async with pair(first_contact="adopt") as both:
        project = await both.source.project("OctoFX", Description="source")

        async def somebody_makes_it() -> None:
            await both.destination.project("OctoFX", Description="theirs")

        outcome = await both.sync(project["Id"], guard=once(somebody_makes_it))

        assert outcome.result is Result.CHANGED
        assert await both.destination.names("projects") == ["OctoFX"]


async def test_an_edit_of_a_project_between_plan_and_write_is_merged_not_overwritten() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        await both.source.edit(f"projects/{project['Id']}", Name="OctoFX 2")
        edited = False

        async def edit_once() -> None:
            nonlocal edited
            if not edited:
                edited = True
                await both.destination.edit(f"projects/{copy['Id']}", Description="edited meanwhile")

        # Between the observation and the check before the write: the guard is asked too late for that.
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            planned = await route.plan([project["Id"]])
            assert [change.where for change in planned.plan.writes[0].changes] == ["Name"]
            await edit_once()
            outcome = await route.sync([project["Id"]])

        assert outcome.result is Result.CHANGED
        found = await both.destination.get(f"projects/{copy['Id']}")
        assert (found["Name"], found["Description"]) == ("OctoFX 2", "edited meanwhile")


@pytest.mark.parametrize("what", ["process", "variables"])
@pytest.mark.spacecloner("feature-10")
async def test_a_stale_version_is_read_and_merged_again(what: str) -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("A"))
        await both.source.variables(project, row("A", "1"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        ours = (await process_of(both.source, project))["Steps"], await rows_of(both.source, project)
        theirs = (await process_of(both.destination, copy))["Steps"], await rows_of(both.destination, copy)

        async def edit() -> None:
            if what == "process":
                await both.destination.steps(copy, *theirs[0], script("Theirs"))
            else:
                await both.destination.variables(copy, *theirs[1], row("Theirs", "x"))

        if what == "process":
            await both.source.steps(project, *ours[0], script("Ours"))
            outcome = await both.sync(f"deploymentprocess-{project['Id']}", guard=once(edit))
            names = [step["Name"] for step in (await process_of(both.destination, copy))["Steps"]]
        else:
            await both.source.variables(project, *ours[1], row("Ours", "x"))
            outcome = await both.sync(f"variableset-{project['Id']}", guard=once(edit))
            names = [one["Name"] for one in await rows_of(both.destination, copy)]

        assert outcome.result is Result.CHANGED, outcome.message
        assert sorted(names) == ["A", "Ours", "Theirs"]


async def test_what_keeps_moving_is_left_for_later() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("A", "1"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        await both.source.variables(project, *await rows_of(both.source, project), row("B", "1"))
        count = 0

        async def always() -> None:
            nonlocal count
            count += 1
            await both.destination.variables(copy, *await rows_of(both.destination, copy), row(f"Theirs {count}", "x"))

        outcome = await both.sync(f"variableset-{project['Id']}", guard=always)

        assert outcome.result is Result.MOVED
        assert count == 6, "three tries, each asked before the write and before its request"
        assert "B" not in [one["Name"] for one in await rows_of(both.destination, copy)]


async def test_a_lost_lease_writes_nothing() -> None:
    class LeaseLostError(Exception):
        pass

    async def lost() -> None:
        raise LeaseLostError

    async with pair() as both:
        project = await both.source.project("OctoFX")
        before = both.destination.writes

        with pytest.raises(LeaseLostError):
            await both.sync(project["Id"], guard=lost)

        assert both.destination.writes == before


async def test_a_document_that_vanishes_between_two_reads() -> None:
    async with pair() as both:
        await both.source.project("Stays")
        project = await both.source.project("Goes")
        both.source.sandbox.faults.add(
            Fault("status", method="GET", path=f"/projects/{project['Id']}($|\\?)", count=0, status=404)
        )
        both.source.sandbox.faults.add(Fault("status", method="GET", path="/projects\\?.*ids=", count=0, status=500))

        outcome = await both.sync("*")

        skipped = {printed(action.path): action.op for action in outcome.plan.actions if action.kind == "project"}
        assert skipped["project/Goes"] is Op.SKIP
        assert await both.destination.names("projects") == ["Stays"]


async def test_a_project_deleted_on_the_destination_is_not_a_reason_to_stop() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("A", "1"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        await both.destination.call("DELETE", f"projects/{copy['Id']}")

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        again = await both.destination.named("projects", "OctoFX")
        assert again["Id"] != copy["Id"]
        assert [one["Name"] for one in await rows_of(both.destination, again)] == ["A"]
        assert (await both.sync("*")).plan.is_empty


async def test_what_is_not_visible_is_not_deleted() -> None:
    async with pair(rules={"removed": "remove-ours"}) as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        both.source.sandbox.store.hidden.add(project["Id"])

        outcome = await both.sync(project["Id"], "*")

        assert outcome.plan.is_empty
        [hidden] = [action for action in outcome.plan if action.source_id == project["Id"]]
        assert "not known to be deleted" in hidden.decisions[0].text
        assert await both.destination.names("projects") == ["OctoFX"]


async def test_a_name_that_came_to_exist_a_moment_ago_is_known() -> None:
    async with pair() as both:
        await both.source.project("Before")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.documents(Items(paths=[("project", "Before")]))
        made = await both.source.project("OctoFX")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            assert made["Id"] in await route.documents(Items(paths=[("project", "OctoFX")]))


async def test_names_are_not_believed_after_the_clock_of_the_server_was_set_back(
    fake_redis: fakeredis.FakeAsyncRedis,
) -> None:
    async with pair(redis=fake_redis) as both:
        await both.source.project("OctoFX")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.documents(Items(paths=[("project", "OctoFX")]))
        ahead = datetime.now(UTC) + timedelta(hours=1)
        await both.ledger.cursors.advance("dev", "Default directories", ahead)
        await fake_redis.delete(*await fake_redis.keys("*:checked:*"))
        assert "project" in await both.ledger.directories.kinds("dev", "Default")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.source.freshen()
        assert "project" not in await both.ledger.directories.kinds("dev", "Default")
        cursor = await both.ledger.cursors.get("dev", "Default directories")
        assert cursor is not None
        assert cursor < ahead


async def test_an_unknown_name_names_what_is_near() -> None:
    async with pair() as both:
        await both.source.project("OctoFX")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            with pytest.raises(UnknownItem, match="OctoFX"):
                await route.documents(Items(paths=[("project", "OctoFY")]))


# ── what a person must be asked ───────────────────────────────────────────────────────────────────────────────────────


async def approve(both: Pair, outcome: Outcome) -> None:
    assert outcome.result is Result.HELD, outcome.message
    assert await both.ledger.held.approve(ROUTE, outcome.plan.hash)


async def test_first_contact_with_existing_projects_is_held_and_the_approved_plan_is_applied() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX", Description="source")
        await both.source.steps(project, script("Deploy"))
        await both.destination.project("OctoFX", Description="destination")
        before = both.destination.writes

        held = await both.sync("*")

        assert held.result is Result.HELD
        assert "first contact" in held.message
        assert "project/OctoFX" in held.message
        assert f"octosync approve {ROUTE} {held.plan.hash}" in held.message
        assert both.destination.writes == before
        shown = await both.ledger.held.get(ROUTE)
        assert shown is not None
        assert shown.plan_hash == held.plan.hash

        await approve(both, held)
        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert outcome.plan.hash == held.plan.hash
        assert (await both.destination.named("projects", "OctoFX"))["Description"] == "source"
        assert await both.ledger.held.get(ROUTE) is None
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_another_plan_than_the_approved_one_is_not_applied() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX", Description="source")
        await both.destination.project("OctoFX")
        held = await both.sync("*")
        await approve(both, held)
        await both.source.edit(f"projects/{project['Id']}", Description="changed since")
        before = both.destination.writes

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD
        assert outcome.plan.hash != held.plan.hash
        assert both.destination.writes == before


async def test_a_route_may_adopt_without_asking() -> None:
    async with pair(first_contact="adopt") as both:
        await both.source.project("OctoFX", Description="source")
        await both.destination.project("OctoFX")

        assert (await both.sync("*")).result is Result.CHANGED


async def test_elements_on_both_sides_that_match_nothing_are_for_a_person() -> None:
    async with pair(first_contact="adopt") as both:
        await both.source.steps(await both.source.project("OctoFX"), script("Ours"))
        theirs = await both.destination.project("OctoFX")
        await both.destination.steps(theirs, script("Theirs"))

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD
        assert "deployment-process" in outcome.message
        await approve(both, outcome)
        assert (await both.sync("*")).result is Result.CHANGED
        names = [step["Name"] for step in (await process_of(both.destination, theirs))["Steps"]]
        assert sorted(names) == ["Ours", "Theirs"]


async def test_too_many_updates_are_held() -> None:
    limits = {"updates_percent": 20, "deletes_percent": 5, "minimum_population": 3}
    async with pair(limits=limits) as both:
        projects = [await both.source.project(name) for name in "ABCDE"]
        assert (await both.sync("*")).result is Result.CHANGED  # creating is never refused
        for project in projects:
            await both.source.edit(f"projects/{project['Id']}", Description="all of them")
            await both.source.variables(project, row("A", "1"))
        before = both.destination.writes

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD
        assert "Too many updates" in outcome.message
        assert both.destination.writes == before
        # One at a time is a flood too: the window counts over all runs.
        results = [(await both.sync(project["Id"])).result for project in projects]
        assert set(results) == {Result.HELD}

        await approve(both, await both.sync("*"))
        assert (await both.sync("*")).result is Result.CHANGED
        assert (await both.destination.named("projects", "E"))["Description"] == "all of them"


async def test_changed_rules_are_held_until_somebody_looked() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("A", "1"))
        await both.sync("*")
        changed = both.with_route(rules={"variables": {"value": "always"}})
        copy = await both.destination.named("projects", "OctoFX")
        rows = await rows_of(both.destination, copy)
        await both.destination.variables(copy, {**rows[0], "Value": "2"})

        outcome = await changed.sync("*")

        assert outcome.result is Result.HELD
        assert "rules" in outcome.message
        await approve(changed, outcome)
        assert (await changed.sync("*")).result is Result.CHANGED
        assert [one["Value"] for one in await rows_of(both.destination, copy)] == ["1"]
        assert (await changed.sync("*")).result is Result.UNCHANGED


async def test_a_read_only_route_plans_and_writes_nothing() -> None:
    async with pair(mode="read-only") as both:
        await both.source.project("OctoFX")
        before = both.destination.writes

        outcome = await both.sync("*")

        assert outcome.result is Result.READ_ONLY
        assert not outcome.plan.is_empty
        assert both.destination.writes == before
        assert await both.ledger.baselines.ids(ROUTE) == set()
        assert await both.ledger.held.get(ROUTE) is None


async def test_two_ledgers_do_not_know_of_each_other() -> None:
    """The memory is lost: what is there already is met again, and a person is asked."""
    async with pair() as both:
        await both.source.project("OctoFX", Description="a")
        await both.sync("*")
        await both.source.edit(f"projects/{(await both.source.named('projects', 'OctoFX'))['Id']}", Description="b")
        both.ledger = Ledger(fakeredis.FakeAsyncRedis())

        assert (await both.sync("*")).result is Result.HELD
