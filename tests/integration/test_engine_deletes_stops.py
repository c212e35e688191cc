"""Deletions after a stop: of what is half deleted, and of what was made without an answer."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Fault
from tests.deletions import DELETE, furnished, gone, told
from tests.pair import ROUTE, pair, row, script
from worker.octopus.errors import OctopusError


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
async def test_stopped_in_the_middle_and_run_again(kind: Any) -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        source_id = await gone(both, "projects", project)
        both.destination.sandbox.faults.add(Fault(kind, method="DELETE", count=9))
        with pytest.raises(OctopusError):
            await both.sync(f"{source_id}/*")
        both.destination.sandbox.faults.clear()

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == []
        assert await both.ledger.baselines.ids(ROUTE) == frozenset()
        assert source_id not in await both.ledger.links.all(ROUTE)
        assert await told(both) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/projects"),
        ("POST", "/channels"),
        ("PUT", "/deploymentprocesses/"),
        ("POST", "/runbooks"),
        ("PUT", "/runbookProcesses/"),
        ("PUT", "/variables/"),
    ],
)
async def test_what_was_made_and_nobody_heard_of_goes_when_the_source_has_deleted_it(method: str, path: str) -> None:
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.source.variables(project, row("Url", "https://x"))
        await both.source.runbook(project, "Restart", script("Restart it"))
        await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        both.destination.sandbox.faults.add(Fault("reset-after", method=method, path=path, count=9))
        with pytest.raises(OctopusError):
            await both.sync("*")
        both.destination.sandbox.faults.clear()
        assert await both.destination.names("projects") == ["OctoFX"]
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == []
        assert source_id not in await both.ledger.links.all(ROUTE)
        assert await told(both) == []


@pytest.mark.parametrize("edit", [{}, {"Description": "by hand"}, {"Name": "Main"}])
async def test_a_default_channel_without_a_link_goes_with_a_project_of_ours_if_it_is_as_it_was_made(edit: Any) -> None:
    """It has none where the source's project was deleted before its channels were looked at."""
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        [channel] = (await both.source.get(f"projects/{project['Id']}/channels"))["Items"]
        await both.ledger.links.remove(ROUTE, [channel["Id"]])
        await both.ledger.baselines.delete(ROUTE, [channel["Id"]])
        copy = await both.destination.named("projects", "OctoFX")
        [there] = (await both.destination.get(f"projects/{copy['Id']}/channels"))["Items"]
        await both.destination.call("PUT", f"channels/{there['Id']}", {**there, **edit})
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == (["OctoFX"] if edit else [])


async def test_what_somebody_else_made_under_the_name_of_a_lost_creation_stays() -> None:
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        both.destination.sandbox.faults.add(Fault("reset-before", method="POST", path="/projects", count=9))
        with pytest.raises(OctopusError):
            await both.sync("*")
        both.destination.sandbox.faults.clear()
        await both.destination.project("OctoFX", Description="made by hand")
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == ["OctoFX"]
