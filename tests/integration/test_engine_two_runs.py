"""Two runs that write one document: what one of them began and nobody heard of is not forgotten by the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import pytest

from sandbox.faults import Fault
from tests.pair import ROUTE, Document, Pair, pair, row, script
from tests.processes import eventually
from worker.octopus.errors import OctopusError
from worker.sync.applying.apply import Applier
from worker.sync.planning.items import Items
from worker.sync.run import Result, nobody_minds, open_route
from worker.sync.servers.exchange import Ends
from worker.sync.world.written import Moved


@pytest.mark.parametrize(
    ("path", "prefix"), [("/variables/", "variableset"), ("/deploymentprocesses/", "deploymentprocess")]
)
async def test_a_write_that_another_run_began_is_found_again(path: str, prefix: str) -> None:
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.variables(project, row("Url", "https://one"))
        await both.source.steps(project, script("Deploy"))
        part = f"{prefix}-{project['Id']}"
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as slow:
            planned = await slow.plan([part])
            both.destination.sandbox.faults.add(Fault("reset-after", method="PUT", path=path, count=9))
            with pytest.raises(OctopusError):
                await both.sync(part)
            both.destination.sandbox.faults.clear()
            ends = Ends(slow.source.client, slow.destination.client, print)
            with pytest.raises(Moved):
                await Applier(slow.world, ends, both.ledger, guard=nobody_minds, run_id="slow").apply(planned)

        assert (await both.sync(part)).result is Result.UNCHANGED
        await both.source.variables(project, row("Url", "https://two"))
        await both.source.steps(project, script("Deploy", body="echo two"))
        outcome = await both.sync(part)

        assert outcome.result is Result.CHANGED
        assert not outcome.plan.clean_ups


async def test_a_write_is_found_again_though_another_document_has_changed_what_the_server_adds() -> None:
    """A new step is one more thing that a variable may be scoped to, and the server lists these with the variables."""
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        variables = f"variableset-{project['Id']}"
        await both.source.variables(project, row("Url", "https://one"))
        both.destination.sandbox.faults.add(Fault("reset-after", method="PUT", path="/variables/", count=9))
        with pytest.raises(OctopusError):
            await both.sync(variables)
        both.destination.sandbox.faults.clear()
        await both.source.steps(project, script("Deploy"))
        assert (await both.sync(f"deploymentprocess-{project['Id']}")).result is Result.CHANGED

        assert (await both.sync(variables)).result is Result.UNCHANGED
        await both.source.variables(project, row("Url", "https://two"))
        outcome = await both.sync(variables)
        assert outcome.result is Result.CHANGED
        assert not outcome.plan.clean_ups


async def test_a_creation_that_ended_since_another_run_planned_is_neither_made_again_nor_forgotten() -> None:
    """The other knew that it had begun. What it remembers of parts is not taken for what nobody has heard of."""
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "https://one"))
        fault = Fault("latency", method="POST", path="/projects", seconds=0.5)
        both.destination.sandbox.faults.add(fault)
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as slow:
            everything = await slow.documents(Items(targets=["*"]))
            first = asyncio.create_task(both.sync("*"))
            await eventually(lambda: fault.hits)
            planned = await slow.plan(everything)
            assert (await first).result is Result.CHANGED
            writes = both.destination.writes
            ends = Ends(slow.source.client, slow.destination.client, print)
            with pytest.raises(Moved):
                await Applier(slow.world, ends, both.ledger, guard=nobody_minds, run_id="slow").apply(planned)
            assert both.destination.writes == writes
            outcome = await slow.sync(everything)
            assert outcome.result is Result.UNCHANGED

        assert await both.ledger.intents.all(ROUTE) == []
        await both.source.variables(project, row("Url", "https://two"))
        outcome = await both.sync(f"variableset-{project['Id']}")
        assert outcome.result is Result.CHANGED
        assert not outcome.plan.clean_ups


@pytest.mark.parametrize("heard", [True, False], ids=["done", "under way"])
async def test_what_another_run_has_just_made_is_no_first_contact(heard: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run makes the project after another has read the ledger, and before that one reads the destination."""
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        await both.sync("*")
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "https://one"))
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as slow:
            recall = slow._recall

            async def recalled(source_ids: Iterable[str]) -> None:
                await recall(source_ids)
                monkeypatch.setattr(slow, "_recall", recall)
                if heard:
                    assert (await both.sync("*")).result is Result.CHANGED
                    await both.source.variables(project, row("Url", "https://one"), row("Port", "80"))
                    return
                both.destination.sandbox.faults.add(Fault("reset-after", method="POST", path="/projects$", count=1))
                with pytest.raises(OctopusError):
                    await both.sync("*")

            monkeypatch.setattr(slow, "_recall", recalled)
            outcome = await slow.sync([f"variableset-{project['Id']}"])

        assert outcome.result is Result.CHANGED, outcome.message
        assert [one["Name"] for one in await both.destination.rows("OctoFX")] == ["Url", "Port"][: 1 + heard]
        assert await both.ledger.held.get(ROUTE) is None
        await both.sync("*")
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_what_two_runs_found_of_a_creation_that_nobody_heard_of_is_remembered_once() -> None:
    """The second had planned before the first remembered what it wrote into the new project."""
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "https://one"))
        both.destination.sandbox.faults.add(Fault("reset-after", method="POST", path="/projects$", count=1))
        with pytest.raises(OctopusError):
            await both.sync("*")
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as slow:
            planned = await slow.plan([project["Id"]])
            assert (await both.sync("*")).result is Result.CHANGED
            ends = Ends(slow.source.client, slow.destination.client, print)
            with suppress(Moved):
                await Applier(slow.world, ends, both.ledger, guard=nobody_minds, run_id="slow").apply(planned)

        await both.source.variables(project, row("Url", "https://two"))
        outcome = await both.sync(f"variableset-{project['Id']}")
        assert outcome.result is Result.CHANGED
        assert not outcome.plan.clean_ups
        [there] = await both.destination.get("projects/all")
        [variable] = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        assert variable["Value"] == "https://two"


async def unheard(both: Pair, project: Document, value: str) -> str:
    """Its variables are written, and the connection breaks before the answer. Returns the id of their document."""
    await both.source.variables(project, row("Url", value))
    both.destination.sandbox.faults.add(Fault("reset-after", method="PUT", path="/variables/", count=9))
    with pytest.raises(OctopusError):
        await both.sync(f"variableset-{project['Id']}")
    both.destination.sandbox.faults.clear()
    return f"variableset-{project['Id']}"


async def test_a_look_that_finds_nothing_on_the_source_leaves_an_unheard_write_to_the_deletion() -> None:
    """It came before the audit log told of the deletion, and had seen nothing of the destination."""
    async with pair(rules={"variables": {"value": "follow"}, "deleted": "delete"}) as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "https://one"))
        await both.sync("*")
        variables = await unheard(both, project, "https://two")
        await both.source.call("DELETE", f"projects/{project['Id']}")
        assert (await both.sync(variables)).writes == 0
        await both.ledger.deletions.record("dev", "Default", {project["Id"]: "2026-01-01T00:00:00+00:00"})

        assert (await both.sync(f"{project['Id']}/*")).result is Result.CHANGED
        assert await both.destination.get("projects/all") == []
        assert await both.clean_ups() == []


async def test_a_look_that_cannot_see_the_destination_leaves_an_unheard_write_to_the_next() -> None:
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "https://one"))
        await both.sync("*")
        variables = await unheard(both, project, "https://two")
        [there] = await both.destination.get("projects/all")
        hidden = Fault("broken", path="/variables/", document=f"variableset-{there['Id']}", count=0)
        both.destination.sandbox.faults.add(hidden)
        assert (await both.sync(variables)).result is Result.BLOCKED
        both.destination.sandbox.faults.clear()

        await both.source.variables(project, row("Url", "https://three"))
        outcome = await both.sync(variables)
        assert outcome.result is Result.CHANGED
        assert not outcome.plan.clean_ups
