"""Publishing runbooks: a new snapshot for a process that was written, where the route says so, and for no other."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from sandbox.faults import Fault
from sandbox.settings import Settings
from tests.pair import Document, Pair, Server, pair, row, script
from worker.octopus.errors import OctopusError
from worker.plan.values import Op
from worker.sync.run import Result

PUBLISHING: dict[str, Any] = {"rules": {"runbooks": "publish"}}


async def snapshots(both: Pair) -> list[Document]:
    """Of the destination, the oldest first."""
    found: list[Document] = (await both.destination.get("runbookSnapshots"))["Items"]
    return found[::-1]


async def published(both: Pair) -> list[str] | None:
    """The steps of what a trigger would run; None where nothing is published."""
    runbook = await both.destination.named("runbooks", "Restart")
    if not runbook["PublishedRunbookSnapshotId"]:
        return None
    snapshot = await both.destination.get(f"runbookSnapshots/{runbook['PublishedRunbookSnapshotId']}")
    process = await both.destination.get(f"runbookProcesses/{snapshot['FrozenRunbookProcessId']}")
    return [step["Name"] for step in process["Steps"]]


async def push(server: Server, *packages: str) -> None:
    for package in packages:
        form = aiohttp.FormData()
        form.add_field("file", b"content", filename=f"{package}.zip")
        url = f"{server.sandbox.url}/api/packages/raw"
        async with server.session.post(url, data=form, headers=server.sandbox.headers) as answer:
            assert answer.status == 201, await answer.text()


async def change(both: Pair, runbook: Document, *steps: Document) -> None:
    await both.source.edit(f"runbookProcesses/RunbookProcess-{runbook['Id']}", Steps=list(steps))


async def test_by_default_a_runbook_stays_a_draft() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.runbook(project, "Restart", script("One"))
        await both.sync("*")
        assert await published(both) is None


@pytest.mark.parametrize("release", ["2021.2.7580", "2023.4.8290", "2026.1.9674"])
async def test_a_process_that_was_written_is_published_and_one_that_was_not_is_not(release: str) -> None:
    one, two = Settings(version=release, first_id=1), Settings(version=release, first_id=5001, seed=7)
    async with pair(source=one, destination=two, **PUBLISHING) as both:
        project = await both.source.project("OctoFX")
        runbook = await both.source.runbook(project, "Restart", script("One"))

        outcome = await both.sync("*")
        planned = [action for action in outcome.plan.writes if action.kind == "published-snapshot"]
        assert [action.path[-3:] for action in planned] == [("runbook", "Restart", "published-snapshot")]
        assert await published(both) == ["One"]
        assert (await both.sync("*")).result is Result.UNCHANGED

        await both.source.edit(f"runbooks/{runbook['Id']}", Description="another")
        await both.source.variables(project, row("Url", "https://x"))
        await both.sync("*")
        assert len(await snapshots(both)) == 1, "its process did not change"

        await change(both, runbook, script("One"), script("Two"))
        await both.sync(f"RunbookProcess-{runbook['Id']}")
        assert await published(both) == ["One", "Two"]
        assert len(await snapshots(both)) == 2


async def test_what_somebody_changed_on_the_destination_is_not_published_for_them() -> None:
    async with pair(**PUBLISHING) as both:
        project = await both.source.project("OctoFX")
        await both.source.runbook(project, "Restart", script("One"))
        await both.sync("*")
        copy = await both.destination.named("runbooks", "Restart")
        process = await both.destination.get(f"runbookProcesses/{copy['RunbookProcessId']}")
        await both.destination.edit(
            f"runbookProcesses/{copy['RunbookProcessId']}", Steps=[*process["Steps"], script("Draft")]
        )
        await both.sync("*")
        assert await published(both) == ["One"]


async def test_switched_on_later_it_holds_for_what_is_written_from_then_on() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        runbook = await both.source.runbook(project, "Restart", script("One"))
        await both.sync("*")
        publishing = both.with_route(**PUBLISHING)
        assert (await publishing.sync("*")).result is Result.UNCHANGED
        assert await published(both) is None

        await change(both, runbook, script("One"), script("Two"))
        held = await publishing.sync("*")
        assert held.result is Result.HELD, "the rules of the route have changed"
        await publishing.sync("*", approved_hash=held.plan.hash)
        assert await published(both) == ["One", "Two"]


async def test_the_newest_packages_of_the_destination_are_chosen() -> None:
    async with pair(**PUBLISHING) as both:
        feed = next(one for one in await both.source.get("feeds/all") if one["FeedType"] == "BuiltIn")
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        await both.source.runbook(project, "Restart", script("One", Packages=[package]))

        with pytest.raises(OctopusError, match="no version of package 'Web'"):
            await both.sync("*")
        assert await published(both) is None

        await push(both.destination, "Web.1.0.0", "Web.1.2.0", "Web.1.1.0")
        outcome = await both.sync("*")
        assert outcome.result is Result.CHANGED
        assert [(action.kind, action.op) for action in outcome.plan.writes] == [("published-snapshot", Op.CREATE)]
        selected = (await snapshots(both))[0]["SelectedPackages"]
        assert [(one["ActionName"], one["Version"]) for one in selected] == [("One", "1.2.0")]
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
async def test_cut_off_it_is_published_once(kind: Any) -> None:
    async with pair(**PUBLISHING) as both:
        project = await both.source.project("OctoFX")
        runbook = await both.source.runbook(project, "Restart", script("One"))
        await both.sync("*")
        await change(both, runbook, script("One"), script("Two"))
        both.destination.sandbox.faults.add(Fault(kind, method="POST", path="runbookSnapshots", count=1))
        with pytest.raises(OctopusError):
            await both.sync("*")
        both.destination.sandbox.faults.clear()

        await both.sync("*")
        assert await published(both) == ["One", "Two"]
        assert len(await snapshots(both)) == 2
        assert (await both.sync("*")).result is Result.UNCHANGED
