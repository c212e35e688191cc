"""Redis is emptied: nothing is remembered any more, neither what waited nor who wrote what.

The route stops and asks. Once a person has approved, nothing is there twice, every secret is what it was, and what was
renamed meanwhile has its new name.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from sandbox.store import Store
from tests.changes import People
from tests.estate import Estate, Octopus, estate, size
from tests.pair import ROUTE, Document, row, script
from tests.processes import eventually
from worker.ledger import embedded
from worker.ledger.held import HeldRoute
from worker.ledger.runs import Run

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(size(400, 2400))]

PROJECTS = size(3, 30)
RENAMES = size(2, 10)


async def secrets(server: Octopus, folder: Path) -> Mapping[str, Mapping[str, str]]:
    """Every secret that the server keeps, by document and place."""
    path = folder / f"{uuid.uuid4().hex}.state"
    await server.post("sandbox/state", {"Path": str(path)})
    store = await asyncio.to_thread(Store.load, str(path))
    path.unlink()
    return {document: dict(found) for document, found in store.secrets.items()}


async def enter_secrets(server: Octopus) -> int:
    """A person finishes what was left for them: a real value in the place of each placeholder."""
    entered = 0
    owners = [*await server.get("projects/all"), *await server.get("libraryvariablesets/all")]
    for owner in owners:
        route = f"variables/variableset-{owner['Id']}"
        found = await server.get(route)
        for one in (one for one in found["Variables"] if one["IsSensitive"]):
            one["Value"] = f"secret of {owner['Name']}"
            entered += 1
        await server.call("PUT", route, found)
    return entered


async def held(one: Estate) -> HeldRoute | None:
    found = await one.state.ledger.held.get(ROUTE)
    return found if found is not None and not found.approved else None


async def runs(one: Estate) -> list[Run]:
    return await one.state.ledger.runs.newest(ROUTE, limit=1_000)


async def approve_all(one: Estate) -> int:
    """Approves each plan for which the route is held, as a person who has looked at it. How many there were."""
    seen: set[str] = set()

    async def over() -> bool:
        waiting = await held(one)
        if waiting is not None and waiting.plan_hash not in seen:
            seen.add(waiting.plan_hash)
            status, said, complained = await one.octosync("approve", ROUTE, waiting.plan_hash)
            assert status in (0, 3), said + complained
        return waiting is None and await one.depth() == {}

    await eventually(over, 120, "it goes on asking")
    return len(seen)


async def test_redis_is_emptied(tmp_path: Path) -> None:
    server = await asyncio.to_thread(embedded.start, tmp_path / "redis")
    try:
        async with estate(server.url, tmp_path) as one:
            await one.open()
            people = People(one.source, Random(13))
            await people.begin(PROJECTS, sets=2)
            for owner in [*people.projects, *people.sets]:
                password = row("Password", "of the source", Type="Sensitive")
                await one.source.variables(owner, row("Url", "https://x"), password)
            await one.settled()
            one.told["secrets entered by a person"] = await enter_secrets(one.destination)
            before = await secrets(one.destination, tmp_path)
            ids = {kind: await one.destination.get(f"{kind}/all") for kind in KINDS}

            one.kill("worker-1")
            one.kill("beat")
            await one.redis.flushall()
            one.told["Redis emptied"] = 1
            renamed = await rename(one, people)
            for owner in people.projects:
                await one.source.steps(owner, script("New", people.text()))
            written = await one.destination.written()
            one.start_worker()
            one.start_beat()
            await eventually(lambda: held(one), 60, "the route is not held")
            assert await one.destination.written() == written, "nothing is written before a person has looked"
            one.told["plans approved"] = await approve_all(one)

            reports = [str((await one.state.ledger.runs.get(run.id) or run).plan) for run in await runs(one)]
            for old, new in renamed.items():
                told = [plan for plan in reports if json.dumps(old) in plan and json.dumps(new) in plan]
                assert told, f"nobody was told that {old} is {new} now"
            one.told["renames reported"] = len(renamed)
            for kind, documents in ids.items():
                known = {document["Id"] for document in documents}
                assert {document["Id"] for document in await one.destination.get(f"{kind}/all")} == known, kind
            after = await secrets(one.destination, tmp_path)
            assert {place: after.get(place) for place in before} == before
            one.told["secrets kept"] = len(before)
            await one.ends_right()
            one.tell("Redis emptied")
    finally:
        server.stop()


KINDS = ("projects", "libraryvariablesets")


async def rename(one: Estate, people: People) -> dict[str, str]:
    """Projects and a library set get new names. Old name → new name."""
    renamed: dict[str, str] = {}
    items: list[tuple[str, Document]] = [("projects", project) for project in people.projects[: RENAMES - 1]]
    for kind, item in [*items, ("libraryvariablesets", people.sets[0])]:
        renamed[item["Name"]] = f"{item['Name']}, renamed"
        await one.source.edit(f"{kind}/{item['Id']}", Name=renamed[item["Name"]])
    return renamed
