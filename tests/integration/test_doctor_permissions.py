"""Least privilege, from end to end: what the doctor asks for is enough to sync, and all else is too much.

The sandbox guards its writes by a table of its own, so that a mistake in ours shows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.house import House, house
from tests.integration.test_subscribe import octosync
from tests.pair import row, script
from worker.kinds import permissions

pytestmark = pytest.mark.timeout(120)

READER, WRITER = "API-READER00000000000000000000", "API-WRITER00000000000000000000"
KEYS = {"OCTOSYNC_DEV_KEY": READER, "OCTOSYNC_PROD_KEY": WRITER}


async def keys(one: House, *, beyond: tuple[str, ...] = (), without: str = "", source: tuple[str, ...] = ()) -> None:
    """Two users who have what the doctor asks for; the writer with more, or without one of it; and the reader."""
    (route,) = one.routes.routes
    reads = [*permissions.of_source(route).permissions, *source]
    writes = {*permissions.of_destination(route).permissions, *beyond} - {without}
    for server, key, names in ((one.source, READER, reads), (one.destination, WRITER, writes)):
        body = {"ApiKey": key, "Username": f"octosync-{key[4:10].lower()}", "Permissions": sorted(names)}
        await server.post("sandbox/keys", body)


async def furnish(one: House) -> None:
    """A project that needs something of most kinds."""
    project = await one.source.project("OctoFX")
    lifecycle = await one.source.post("lifecycles", {"Name": "Fast"})
    account = {"Name": "Cloud", "AccountType": "UsernamePassword", "Username": "x"}
    made = await one.source.post("accounts", account)
    library = await one.source.post("libraryvariablesets", {"Name": "Shared", "ContentType": "Variables"})
    pool = await one.source.post("workerpools", {"Name": "Linux", "WorkerPoolType": "StaticWorkerPool"})
    await one.source.edit(
        f"projects/{project['Id']}", LifecycleId=lifecycle["Id"], IncludedLibraryVariableSetIds=[library["Id"]]
    )
    step = script("Deploy", "echo hello")
    step["Actions"][0]["WorkerPoolId"] = pool["Id"]
    await one.source.edit(f"deploymentprocesses/deploymentprocess-{project['Id']}", Steps=[step])
    await one.source.runbook(project, "Restart")
    rows = [row("Url", "http://x"), {**row("Account", made["Id"]), "Type": "UsernamePasswordAccount"}]
    await one.source.edit(f"variables/variableset-{project['Id']}", Variables=rows)


async def examined() -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Exit status, and by check what is not fine."""
    status, out, err = await octosync("doctor", "--json", "--quiet", **KEYS)
    assert out, err
    found: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(out)["findings"]:
        found.setdefault(each["check"], []).append(each)
    return status, found


async def test_what_the_doctor_asks_for_is_enough_and_not_too_much(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        await furnish(one)
        await keys(one)
        status, found = await examined()
        assert status == 2, "there are warnings of other things"
        assert not {"permissions", "too-much", "restricted", "audit-log"} & found.keys(), found

        status, out, err = await octosync("sync", "everything", **KEYS)
        assert status == 0, out + err
        assert await one.arrived("projects", "OctoFX")
        status, out, err = await octosync("plan", "everything", **KEYS)
        assert status == 0, out + err


async def test_one_that_is_missing_is_named_with_what_needs_it(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        await furnish(one)
        await keys(one, without="LifecycleCreate")
        status, found = await examined()
        assert status == 1
        (finding,) = found["permissions"]
        assert (finding["level"], finding["about"]) == ("failure", "prod/Default")
        assert finding["text"] == "missing: LifecycleCreate (for lifecycle)"
        assert "role" in finding["next"]

        status, out, err = await octosync("sync", "everything", **KEYS)
        assert status == 1
        assert "LifecycleCreate" in out + err, "the server's own words say it, too"


async def test_what_is_too_much_is_named_on_either_side(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        await keys(one, beyond=("MachineDelete", "DeploymentCreate"), source=("ProjectEdit",))
        status, found = await examined()
        assert status == 2
        told = {each["about"]: each for each in found["too-much"]}
        assert told["prod/Default"]["text"] == "allowed, and not needed: DeploymentCreate, MachineDelete"
        assert told["dev/Default"]["text"] == "allowed, and not needed: ProjectEdit"
        assert all("take them away" in each["next"] for each in told.values())


async def test_a_key_that_only_reads_is_enough_where_the_route_only_reads(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        file = tmp_path / "octosync.yaml"
        routes = json.loads(file.read_text())
        routes["routes"][0]["mode"] = "read-only"
        file.write_text(json.dumps(routes))
        await furnish(one)
        for server, key in ((one.source, READER), (one.destination, WRITER)):
            await server.post("sandbox/keys", {"ApiKey": key, "Username": f"reader-{key[4:7]}", "ReadOnly": True})
        _, found = await examined()
        assert not {"permissions", "too-much"} & found.keys(), found
        status, out, _ = await octosync("plan", "everything", **KEYS)
        assert status == 2, out
        assert one.destination.writes == 0


async def test_everything_that_is_not_fine_says_what_to_do(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        await keys(one, without="EventView", beyond=("MachineDelete",))
        _, found = await examined()
        assert "audit-log" in found or "EventView" in found["permissions"][0]["text"]
        for each in (each for some in found.values() for each in some):
            assert each["next"].strip(), each
