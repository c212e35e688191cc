"""The client against the sandbox, which plays a whole Octopus Server and fails on request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.faults import Fault
from sandbox.server import Sandbox, serve
from sandbox.settings import Settings
from worker.octopus import errors
from worker.octopus.client import OctopusClient, SpaceClient
from worker.octopus.retry import Backoff
from worker.octopus.version import ServerVersion


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve(Settings(virtual_directory="octopus")) as sandbox:
        yield sandbox


@pytest.fixture
async def space(sandbox: Sandbox) -> AsyncIterator[SpaceClient]:
    async with OctopusClient(sandbox.url, sandbox.api_key, backoff=Backoff(first=0.001)) as octopus:
        yield await octopus.space("default")


async def names(space: SpaceClient) -> list[str]:
    return [environment["Name"] for environment in await space.list("environments")]


async def test_it_is_an_octopus_server(sandbox: Sandbox) -> None:
    async with OctopusClient(sandbox.url, sandbox.api_key) as octopus:
        info = await octopus.server()
    assert ServerVersion.parse("2026.1") <= info.version
    assert info.installation_id


async def test_a_list_is_longer_than_its_default_page(space: SpaceClient) -> None:
    created = [await space.post("environments", {"Name": f"Environment {n}"}) for n in range(35)]
    for take in (200, 10):
        found = await space.list("environments", take=take)
        assert {e["Id"] for e in found} == {e["Id"] for e in created}
    wanted = [e["Id"] for e in created[::3]]
    assert {e["Id"] for e in await space.by_ids("environments", wanted)} == set(wanted)
    assert {e["Id"] for e in await space.by_ids("environments/all", wanted)} == set(wanted)


async def test_a_write_that_was_dropped_before_or_after_is_left_to_the_caller(
    sandbox: Sandbox, space: SpaceClient
) -> None:
    for kind, name in [("reset-before", "Before"), ("reset-after", "After")]:
        sandbox.faults.add(Fault(kind, method="POST"))  # type: ignore[arg-type]  # the literals, in a loop
        with pytest.raises(errors.Unreachable) as caught:
            await space.post("environments", {"Name": name})
        assert caught.value.maybe_applied, "the client cannot know"
    assert await names(space) == ["After"]


async def test_a_read_survives_what_passes(sandbox: Sandbox, space: SpaceClient) -> None:
    sandbox.faults.add(Fault("reset-before", path="environments"))
    sandbox.faults.add(Fault("status", path="environments", status=500))
    sandbox.faults.add(Fault("status", path="environments", status=429, headers={"Retry-After": "0"}))
    assert await names(space) == []


async def test_a_name_that_is_taken_and_a_document_that_is_not_there(space: SpaceClient) -> None:
    await space.post("environments", {"Name": "Production"})
    with pytest.raises(errors.NameTaken):
        await space.post("environments", {"Name": "production"})
    with pytest.raises(errors.NotFound):
        await space.get("environments/Environments-999")


async def test_a_wrong_key_and_a_wrong_space(sandbox: Sandbox) -> None:
    async with OctopusClient(sandbox.url, "API-WRONGWRONGWRONG") as octopus:
        with pytest.raises(errors.Unauthorized):
            await octopus.space("Default")
    async with OctopusClient(sandbox.url, sandbox.api_key) as octopus:
        with pytest.raises(errors.UnknownSpace, match="Default"):
            await octopus.space("Defualt")


async def test_without_its_virtual_directory_the_url_is_not_octopus(sandbox: Sandbox) -> None:
    async with OctopusClient(sandbox.url.removesuffix("/octopus"), sandbox.api_key) as octopus:
        with pytest.raises(errors.NotOctopus, match="virtual directory"):
            await octopus.server()


async def test_the_audit_log_tells_what_was_saved(space: SpaceClient) -> None:
    await space.post("environments", {"Name": "Production"})
    page = await space.events(from_=datetime.now(UTC) - timedelta(hours=1), eventCategories="Created")
    assert any("Production" in event["Message"] for event in page.events)
    assert page.server_date is not None
