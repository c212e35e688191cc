"""What a run that died has made on the destination is found again, though the source gave its item another name
meanwhile: nothing is made twice, and nothing stays behind."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Fault
from tests.pair import ROUTE, Pair, pair, row, script
from worker.octopus.errors import OctopusError
from worker.sync.planning.items import Items
from worker.sync.run import Result, open_route
from worker.sync.servers.observe import SideObserver


async def lost_answer(both: Pair, path: str) -> None:
    """The server makes it, and nobody hears of it."""
    both.destination.sandbox.faults.add(Fault("reset-after", method="POST", path=path, count=9))
    with pytest.raises(OctopusError):
        await both.sync("*")
    both.destination.sandbox.faults.clear()


async def test_a_cached_list_that_lacks_what_is_linked_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker was killed when it had remembered the link, and not yet that the lists of the destination changed."""

    async def killed_before(*_: Any) -> None:
        pass

    async with pair() as both:
        await both.source.project("Another")
        await both.sync("*")
        project = await both.source.project("OctoFX")
        monkeypatch.setattr(SideObserver, "keep", killed_before)
        await both.sync(f"{project['Id']}/*")
        monkeypatch.undo()
        await both.source.edit(f"projects/{project['Id']}", Name="OctoFX 2")
        await both.ledger.directories.invalidate("dev", "Default")

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.sync(await route.documents(Items(targets=[f"{project['Id']}/*"])))

        assert sorted(await both.destination.names("projects")) == ["Another", "OctoFX 2"]


@pytest.mark.parametrize(("path", "collection"), [("/projects", "projects"), ("/runbooks", "runbooks")])
async def test_what_was_made_and_nobody_heard_of_gets_the_name_that_the_source_has_given_it(
    path: str, collection: str
) -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "https://x"))
        await both.source.runbook(project, "Restart", script("Restart it"))
        await lost_answer(both, path)
        item = await both.source.named(collection, "OctoFX" if collection == "projects" else "Restart")
        await both.source.edit(f"{collection}/{item['Id']}", Name="New name")

        await both.sync("*")

        assert await both.destination.names(collection) == ["New name"]
        copy = await both.destination.named(collection, "New name")
        assert (await both.ledger.links.all(ROUTE))[item["Id"]] == copy["Id"]
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_its_old_name_may_have_gone_to_a_new_item() -> None:
    async with pair() as both:
        first = await both.source.project("OctoFX", Description="the first")
        await lost_answer(both, "/projects")
        await both.source.edit(f"projects/{first['Id']}", Name="OctoFX 1")
        second = await both.source.project("OctoFX", Description="the second")

        await both.sync("*")
        await both.sync("*")

        there = {one["Description"]: one for one in await both.destination.get("projects/all")}
        assert {text: one["Name"] for text, one in there.items()} == {"the first": "OctoFX 1", "the second": "OctoFX"}
        links = await both.ledger.links.all(ROUTE)
        assert links[first["Id"]] == there["the first"]["Id"]
        assert links[second["Id"]] == there["the second"]["Id"]
