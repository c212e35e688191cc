"""Logos: pictures and icons cross, and none is downloaded only to see that it has not changed."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings as OurSettings
from sandbox.faults import Fault
from sandbox.settings import Settings
from tests.pair import ROUTE, Document, Pair, Server, pair
from worker.octopus.errors import BadRequest, OctopusError
from worker.state import state_of
from worker.sync.compare import Compared, compare
from worker.sync.run import Result, open_route

ONE, TWO, THEIRS = b"\x89PNG one", b"\xff\xd8\xff two", b"\x89PNG theirs"
ROCKET = {"IconId": "rocket", "IconColor": "#227647"}


async def upload(server: Server, owner: Document, picture: bytes, collection: str = "projects") -> None:
    form = aiohttp.FormData()
    form.add_field("fileToUpload", picture, filename="logo.png")
    url = f"{server.sandbox.url}/api/{collection}/{owner['Id']}/logo"
    async with server.session.put(url, data=form, headers=server.sandbox.headers) as answer:
        assert answer.status == 200, await answer.text()


async def picture(server: Server, owner: Document, collection: str = "projects") -> bytes:
    url = f"{server.sandbox.url}/api/{collection}/{owner['Id']}/logo"
    async with server.session.get(url, headers=server.sandbox.headers) as answer:
        return await answer.read()


async def icon(server: Server, owner: Document, **icon: str) -> None:
    await server.call("POST", f"{owner['SpaceId']}/projects/{owner['Id']}/logo/icon", icon)


def downloads(both: Pair) -> int:
    """How often a picture was asked for, on both sides, since the last time."""
    count = 0
    for server in (both.source, both.destination):
        count += sum(one.method == "GET" and one.route.endswith("/logo") for one in server.sandbox.requests)
        server.sandbox.requests.clear()
    return count


async def copy_of(both: Pair, name: str = "OctoFX") -> Document:
    return await both.destination.named("projects", name)


@pytest.mark.parametrize("release", ["2021.2.7580", "2023.4.8290", "2026.1.9674"])
@pytest.mark.guide("order-project")
@pytest.mark.spacecloner("bug-13")
async def test_a_picture_crosses_with_a_new_project_and_when_it_changes(release: str) -> None:
    one, two = Settings(version=release, first_id=1), Settings(version=release, first_id=5001, seed=7)
    async with pair(source=one, destination=two) as both:
        project = await both.source.project("OctoFX")
        await upload(both.source, project, ONE)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert await picture(both.destination, await copy_of(both)) == ONE
        planned = next(action for action in outcome.plan.writes if action.kind == "logo")
        assert planned.path == ("project", "OctoFX", "logo")
        downloads(both)
        assert (await both.sync("*")).result is Result.UNCHANGED
        assert downloads(both) == 0

        await upload(both.source, project, TWO)
        await both.sync(project["Id"])  # what the event of a new picture marks
        assert await picture(both.destination, await copy_of(both)) == TWO
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_an_icon_crosses_and_a_picture_may_take_its_place() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await icon(both.source, project, **ROCKET)
        await both.sync("*")
        assert (await copy_of(both))["Icon"] == {"Id": "rocket", "Color": "#227647"}
        assert downloads(both) == 0, "a project shows its icon"

        await upload(both.source, project, ONE)
        await both.sync("*")
        assert (await copy_of(both))["Icon"] is None
        assert await picture(both.destination, await copy_of(both)) == ONE

        await icon(both.source, project, IconId="cloud", IconColor="#203A88")
        await both.sync("*")
        assert (await copy_of(both))["Icon"]["Id"] == "cloud"
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.parametrize("shown", ["icon", "picture"])
async def test_a_project_that_was_deleted_there_gets_its_logo_with_its_new_copy(shown: str) -> None:
    """And not a run later: what is remembered of the logo was of a project that is no more."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        if shown == "icon":
            await icon(both.source, project, **ROCKET)
        else:
            await upload(both.source, project, ONE)
        await both.sync("*")
        await both.destination.call("DELETE", f"projects/{(await copy_of(both))['Id']}")

        await both.sync("*")

        there = await copy_of(both)
        if shown == "icon":
            assert there["Icon"] == {"Id": "rocket", "Color": "#227647"}
        else:
            assert await picture(both.destination, there) == ONE
        assert (await both.sync("*")).plan.is_empty


async def test_where_there_is_none_nothing_is_read_and_nothing_is_taken_away() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        assert downloads(both) == 0
        copy = await copy_of(both)
        await upload(both.destination, copy, TWO)
        await both.source.edit(f"projects/{project['Id']}", Description="changed")
        await both.sync("*")
        assert await picture(both.destination, copy) == TWO
        assert downloads(both) <= 1  # ours, in this test


async def test_where_both_have_one_of_their_own_each_keeps_it() -> None:
    async with pair(first_contact="adopt") as both:
        here, there = await both.source.project("OctoFX"), await both.destination.project("OctoFX")
        await upload(both.source, here, ONE)
        await upload(both.destination, there, TWO)
        await both.sync("*")
        assert await picture(both.destination, there) == TWO
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_a_picture_that_is_the_same_already_is_not_sent() -> None:
    async with pair(first_contact="adopt") as both:
        here, there = await both.source.project("OctoFX"), await both.destination.project("OctoFX")
        for side, owner in ((both.source, here), (both.destination, there)):
            await upload(side, owner, ONE)
        outcome = await both.sync("*")
        assert [action.kind for action in outcome.plan.writes if action.kind == "logo"] == []


async def test_cut_off_after_the_upload_it_is_known_for_ours_and_before_it_it_is_sent() -> None:
    for kind in ("reset-before", "reset-after"):
        async with pair() as both:
            project = await both.source.project("OctoFX")
            await upload(both.source, project, ONE)
            both.destination.sandbox.faults.add(Fault(kind, method="PUT", path="/logo", count=10))
            with pytest.raises(OctopusError):
                await both.sync("*")
            both.destination.sandbox.faults.clear()

            await both.sync("*")
            assert await picture(both.destination, await copy_of(both)) == ONE
            await upload(both.source, project, TWO)
            await both.sync("*")
            assert await picture(both.destination, await copy_of(both)) == TWO, "it was ours"
            assert (await both.sync("*")).result is Result.UNCHANGED
            assert await both.clean_ups() == []


async def test_a_night_reads_no_picture_but_those_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeAsyncRedis() as redis, pair(redis=redis) as both:
        projects = [await both.source.project(f"Project {number}") for number in range(3)]
        for project in projects:
            await upload(both.source, project, ONE)
        await both.sync("*")
        queue = state_of(redis, OurSettings())

        async def night(**more: Any) -> Compared:
            async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
                return await compare(route, queue.queue, queue.comparisons, **more)

        downloads(both)
        monkeypatch.setattr("worker.sync.servers.spool.Spool.is_turn_of", lambda *_: False)
        assert (await night()).differing == []
        assert downloads(both) == 0

        # A picture of which the project does not show that it is another one.
        store = both.source.sandbox.store
        space = store.default_space()
        assert space is not None
        logo = store.space(space["Id"]).collections["logos"][f"logo-{projects[1]['Id']}"]
        logo["Data"] = "iVBORyB0aHJlZQ=="
        assert (await night()).differing == []
        monkeypatch.setattr("worker.sync.servers.spool.Spool.is_turn_of", lambda _, one: one.startswith("logo-"))
        assert (await night(dry_run=True)).differing == [f"logo-{projects[1]['Id']}"]
        await both.sync(f"logo-{projects[1]['Id']}")
        assert await picture(both.destination, await copy_of(both, "Project 1")) == b"\x89PNG three"


async def test_a_tenant_s_logo_crosses_too() -> None:
    async with pair(include={"tenant": ["*"]}) as both:
        tenant = await both.source.post("tenants", {"Name": "Acme"})
        await upload(both.source, tenant, ONE, "tenants")
        await both.sync("*")
        copy = await both.destination.named("tenants", "Acme")
        assert await picture(both.destination, copy, "tenants") == ONE
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_replaced_there_it_is_the_destinations_own_also_when_the_source_has_a_new_one() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await upload(both.source, project, ONE)
        await both.sync("*")
        copy = await copy_of(both)
        await upload(both.destination, copy, THEIRS)

        await both.sync("*")
        assert await picture(both.destination, copy) == THEIRS
        assert await both.clean_ups() == []

        await upload(both.source, project, TWO)
        await both.sync("*")
        assert await picture(both.destination, copy) == THEIRS, "a value, so in a conflict the destination's"
        assert [one.entry.reason for one in await both.clean_ups()] == ["conflict"]
        assert (await both.sync("*")).plan.is_empty


async def test_in_a_mirror_a_logo_that_the_source_lost_stays() -> None:
    """No request takes one away; a source that was restored from a backup may have none."""
    async with pair(rules={"preset": "mirror"}, first_contact="adopt") as both:
        project = await both.source.project("OctoFX")
        await upload(both.source, project, ONE)
        await both.sync("*")
        store = both.source.sandbox.store
        space = store.default_space()
        assert space is not None
        del store.space(space["Id"]).collections["logos"][f"logo-{project['Id']}"]
        await both.source.edit(f"projects/{project['Id']}", Description="restored")

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert (await copy_of(both))["Description"] == "restored"
        assert await picture(both.destination, await copy_of(both)) == ONE
        assert (await both.sync("*")).plan.is_empty


async def test_a_logo_that_the_server_refuses_stops_nothing_else() -> None:
    async with pair() as both:
        for name in ("A", "B"):
            await upload(both.source, await both.source.project(name), ONE)
        refusal = Fault("status", method="PUT", path="/logo", count=0, status=400, errors=["The image is too large."])
        both.destination.sandbox.faults.add(refusal)
        with pytest.raises(BadRequest, match=r"The image is too large\."):
            await both.sync("*")
        assert sorted(await both.destination.names("projects")) == ["A", "B"]
        both.destination.sandbox.faults.clear()

        await both.sync("*")

        for name in ("A", "B"):
            assert await picture(both.destination, await copy_of(both, name)) == ONE
