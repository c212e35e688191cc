"""Servers that do not answer, or not as they should: what is told, what is written, and how the next run goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.load import loads
from sandbox.faults import Fault
from tests.pair import Pair, pair, row, script
from worker.octopus import errors
from worker.sync.run import Result

# ── servers that cannot be used at all ────────────────────────────────────────────────────────────────────────────────


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


# ── errors by the way ─────────────────────────────────────────────────────────────────────────────────────────────────


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
        assert [one["Value"] for one in await both.destination.rows("OctoFX")] == ["1"]


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
        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["Deploy"]
        assert [one["Name"] for one in await both.destination.rows("OctoFX")] == ["A", "Secret"]
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
