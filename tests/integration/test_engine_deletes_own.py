"""What keeps an item from being deleted: something of the destination's own in it, a secret, the server's word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.deletions import DELETE, furnished, gone, told
from tests.pair import ROUTE, Document, Pair, pair, row, script
from worker.plan.values import Op
from worker.sync.run import Result, open_route

# ── something of the destination's own ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    what: str
    make: Callable[[Pair, Document], Awaitable[object]]
    says: str


async def _step(both: Pair, copy: Document) -> object:
    route = f"deploymentprocesses/deploymentprocess-{copy['Id']}"
    process = await both.destination.get(route)
    return await both.destination.edit(route, Steps=[*process["Steps"], script("Only here")])


async def _value(both: Pair, copy: Document) -> object:
    return await both.destination.variables(copy, row("Url", "https://ours"))


async def _row(both: Pair, copy: Document) -> object:
    found = await both.destination.get(f"variables/variableset-{copy['Id']}")
    return await both.destination.variables(copy, *found["Variables"], row("Own", "1"))


async def _channel(both: Pair, copy: Document) -> object:
    return await both.destination.post("channels", {"Name": "Own", "ProjectId": copy["Id"]})


async def _runbook(both: Pair, copy: Document) -> object:
    return await both.destination.runbook(copy, "Own", script("x"))


async def _description(both: Pair, copy: Document) -> object:
    return await both.destination.edit(f"projects/{copy['Id']}", Description="ours")


async def _release(both: Pair, copy: Document) -> object:
    channel = (await both.destination.get(f"projects/{copy['Id']}/channels"))["Items"][0]
    return await both.destination.post(
        "releases", {"ProjectId": copy["Id"], "ChannelId": channel["Id"], "Version": "1.0", "SelectedPackages": []}
    )


async def _snapshot(both: Pair, copy: Document) -> object:
    runbook = await both.destination.named("runbooks", "Restart")
    snapshot = {"ProjectId": copy["Id"], "RunbookId": runbook["Id"], "Name": "First", "SelectedPackages": []}
    return await both.destination.post("runbookSnapshots", snapshot)


async def _tenant(both: Pair, copy: Document) -> object:
    await both.destination.edit(f"projects/{copy['Id']}", TenantedDeploymentMode="TenantedOrUntenanted")
    return await both.destination.post("tenants", {"Name": "Acme", "ProjectEnvironments": {copy["Id"]: []}})


CASES = [
    Case("a step", _step, "project/OctoFX/deployment-process Steps was edited"),
    Case("a value", _value, "the variable 'Url'"),
    Case("a row", _row, "the variable 'Own' is the destination's own"),
    Case("a channel", _channel, "project/OctoFX/channel/Own is the destination's own"),
    Case("a runbook", _runbook, "project/OctoFX/runbook/Own is the destination's own"),
    Case("a field", _description, "project/OctoFX Description was edited"),
    Case("a release", _release, "project/OctoFX has 1 releases"),
    Case("a snapshot", _snapshot, "project/OctoFX/runbook/Restart has 1 snapshots"),
    Case("a tenant", _tenant, "project/OctoFX has 1 tenants"),
]


@pytest.mark.spacecloner("feature-5")
@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
async def test_a_project_with_something_of_the_destinations_own_stays(case: Case) -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await case.make(both, await both.destination.named("projects", "OctoFX"))
        source_id = await gone(both, "projects", project)

        outcome = await both.sync(f"{source_id}/*")

        assert outcome.plan.is_empty
        assert await both.destination.names("projects") == ["OctoFX"]
        ((item, text),) = await told(both)
        assert item == "project/OctoFX"
        assert case.says in text


async def test_a_project_that_was_there_before_it_was_synced_stays() -> None:
    async with pair(first_contact="adopt", **DELETE) as both:
        await both.destination.project("OctoFX")
        project = await furnished(both)
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert "was there before it was synced" in (await told(both))[0][1]
        assert await both.destination.names("projects") == ["OctoFX"]


async def test_an_edit_made_while_the_deletion_was_planned_saves_the_project() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        copy = await both.destination.named("projects", "OctoFX")
        source_id = await gone(both, "projects", project)
        edits = 0

        async def guard() -> None:
            nonlocal edits
            edits += 1

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            planned = await route.plan([source_id])
            assert [action.op for action in planned.plan] == [Op.DELETE]
            await _step(both, copy)
            outcome = await route.sync([source_id], guard=guard)

        assert outcome.result is Result.UNCHANGED
        assert await both.destination.names("projects") == ["OctoFX"]
        assert edits == 0, "nothing was even about to be written"


# ── secrets, and what the server says ─────────────────────────────────────────────────────────────────────────────────


async def test_a_secret_is_never_deleted() -> None:
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Password", "s", Type="Sensitive"))
        await both.sync("*")
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == ["OctoFX"]
        texts = [text for item, text in await told(both) if item == "project/OctoFX"]
        assert len(texts) == 1
        assert "'Password' holds a secret" in texts[0]


@pytest.mark.parametrize("kind", ["environment", "feed", "worker-pool"])
async def test_what_the_server_would_let_go_too_easily_is_never_deleted(kind: str) -> None:
    collection = {"environment": "environments", "feed": "feeds", "worker-pool": "workerpools"}[kind]
    more: Document = {
        "feed": {"FeedType": "NuGet", "FeedUri": "https://x"},
        "worker-pool": {"WorkerPoolType": "StaticWorkerPool"},
    }.get(kind, {})
    async with pair(include={kind: ["New"]}, **DELETE) as both:
        item = await both.source.post(collection, {"Name": "New", **more})
        await both.sync("*")
        source_id = await gone(both, collection, item)

        await both.sync(source_id)

        assert "New" in await both.destination.names(collection)
        assert "not deleted on the destination:" in (await told(both))[0][1]


async def test_what_the_server_calls_in_use_is_a_finding_with_its_words() -> None:
    async with pair(**DELETE) as both:
        library = await both.source.post("libraryvariablesets", {"Name": "Shared"})
        await both.sync("*")
        copy = await both.destination.named("libraryvariablesets", "Shared")
        own = await both.destination.project("Own", IncludedLibraryVariableSetIds=[copy["Id"]])
        source_id = await gone(both, "libraryvariablesets", library)

        for _ in range(2):
            outcome = await both.sync(source_id)
            assert outcome.result is Result.UNCHANGED
            ((item, text),) = await told(both)
            assert item == "library-variable-set/Shared"
            assert "refuses to delete it" in text

        await both.destination.edit(f"projects/{own['Id']}", IncludedLibraryVariableSetIds=[])
        await both.sync(source_id)
        assert await both.destination.names("libraryvariablesets") == []
        assert await told(both) == []
