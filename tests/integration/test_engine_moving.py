"""What moves under our hands: edits, names and documents that come, go or change while a sync runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import fakeredis
import pytest

from sandbox.faults import Fault
from tests.pair import ROUTE, pair, row, script
from worker.plan.values import Op, printed
from worker.sync.planning.items import Items, UnknownItem
from worker.sync.run import Result, open_route

# ── between the plan and the write ────────────────────────────────────────────────────────────────────────────────────


def once(edit: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[None]]:
    """A guard that lets somebody edit the destination right before the first write."""
    done = False

    async def guard() -> None:
        nonlocal done
        if not done:
            done = True
            await edit()

    return guard


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
        ours = await both.source.process("OctoFX"), await both.source.rows("OctoFX")
        theirs = await both.destination.process("OctoFX"), await both.destination.rows("OctoFX")

        async def edit() -> None:
            if what == "process":
                await both.destination.steps(copy, *theirs[0], script("Theirs"))
            else:
                await both.destination.variables(copy, *theirs[1], row("Theirs", "x"))

        if what == "process":
            await both.source.steps(project, *ours[0], script("Ours"))
            outcome = await both.sync(f"deploymentprocess-{project['Id']}", guard=once(edit))
            names = [step["Name"] for step in await both.destination.process("OctoFX")]
        else:
            await both.source.variables(project, *ours[1], row("Ours", "x"))
            outcome = await both.sync(f"variableset-{project['Id']}", guard=once(edit))
            names = [one["Name"] for one in await both.destination.rows("OctoFX")]

        assert outcome.result is Result.CHANGED, outcome.message
        assert sorted(names) == ["A", "Ours", "Theirs"]


async def test_what_keeps_moving_is_left_for_later() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("A", "1"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        await both.source.variables(project, *await both.source.rows("OctoFX"), row("B", "1"))
        count = 0

        async def always() -> None:
            nonlocal count
            count += 1
            await both.destination.variables(copy, *await both.destination.rows("OctoFX"), row(f"Theirs {count}", "x"))

        outcome = await both.sync(f"variableset-{project['Id']}", guard=always)

        assert outcome.result is Result.MOVED
        assert count == 6, "three tries, each asked before the write and before its request"
        assert "B" not in [one["Name"] for one in await both.destination.rows("OctoFX")]


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


# ── what is there no more ─────────────────────────────────────────────────────────────────────────────────────────────


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
        assert [one["Name"] for one in await both.destination.rows("OctoFX")] == ["A"]
        assert (await both.sync("*")).plan.is_empty


async def test_one_that_a_person_made_anew_on_the_destination_is_theirs() -> None:
    """What we wrote of the one before says nothing of it: a person is asked, as at first contact."""
    async with pair() as both:
        project = await both.source.project("OctoFX", Description="of the source")
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        await both.destination.call("DELETE", f"projects/{copy['Id']}")
        theirs = await both.destination.project("OctoFX", Description="theirs")
        await both.source.edit(f"projects/{project['Id']}", Description="changed")

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD
        assert "first contact" in outcome.message
        assert (await both.destination.get(f"projects/{theirs['Id']}"))["Description"] == "theirs"


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


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


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
