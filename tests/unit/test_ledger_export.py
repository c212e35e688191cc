"""A route's memory can be carried elsewhere, and what is damaged is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from worker.ledger.clean_ups import State
from worker.ledger.ledger import Ledger, LedgerImportError
from worker.plan.values import CleanUp

ENTRIES = [CleanUp(("project", "OctoFX"), f"Variables[{n}]", "placeholder-secret", "Fill it in.") for n in range(3)]


@pytest.fixture
async def ledger(fake_redis: FakeAsyncRedis) -> Ledger:
    ledger = Ledger(fake_redis)
    await ledger.links.add_all("north", {"Projects-1": "Projects-7", "Channels-1": "Channels-9"})
    await ledger.baselines.put("north", "Projects-1", {"want": {"Name": "Größe " * 500}, "schema": 1})
    await ledger.clean_ups.report("north", ENTRIES, "run-1")
    await ledger.clean_ups.close("north", ENTRIES[0].key, "Ada")
    await ledger.clean_ups.settle("north", ("project", "OctoFX"), [ENTRIES[1].key])
    await ledger.windows.set_population("north", 12)
    await ledger.held.set_fingerprint("north", "f00d")
    return ledger


async def test_there_and_back_through_json(ledger: Ledger) -> None:
    data = json.loads(json.dumps(await ledger.export("north")))
    await ledger.forget("north")
    assert await ledger.links.all("north") == {}
    assert await ledger.held.fingerprint("north") is None
    assert await ledger.import_(data) == "north"
    again = json.loads(json.dumps(await ledger.export("north")))
    assert again == data
    assert {e.state for e in await ledger.clean_ups.entries("north", State)} == set(State)
    assert await ledger.links.sources("north", ["Projects-7"]) == {"Projects-7": "Projects-1"}


async def test_under_another_name(ledger: Ledger) -> None:
    data = await ledger.export("north")
    assert await ledger.import_(data, route="new north") == "new north"
    assert await ledger.links.all("new north") == await ledger.links.all("north")


async def test_a_memory_is_not_overwritten_unasked(ledger: Ledger) -> None:
    data = await ledger.export("north")
    data["links"] = {"Projects-1": "Projects-8"}
    with pytest.raises(LedgerImportError, match="remembers 'north' already"):
        await ledger.import_(data)
    assert (await ledger.links.all("north"))["Projects-1"] == "Projects-7"
    await ledger.import_(data, replace=True)
    assert await ledger.links.all("north") == {"Projects-1": "Projects-8"}


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "octosync-ledger/0"},
        {"links": {"Projects-1": "Projects-7", "Projects-2": "Projects-7"}},
        {"links": ["Projects-1"]},
        {"baselines": {"Projects-1": 3}},
        {"clean_ups": [{"entry": {}}]},
        {"clean_ups": [{"surprise": 1}]},
        {"population": "many"},
        {"fingerprint": 3},
    ],
)
async def test_what_is_damaged_is_refused_and_changes_nothing(ledger: Ledger, damage: dict[str, Any]) -> None:
    before = await ledger.export("north")
    with pytest.raises(LedgerImportError):
        await ledger.import_({**before, **damage}, replace=True)
    assert await ledger.export("north") == before


@pytest.mark.parametrize("data", [None, [], "text", {}, {"format": "octosync-ledger/1"}])
async def test_what_is_no_ledger_is_refused(ledger: Ledger, data: object) -> None:
    with pytest.raises(LedgerImportError):
        await ledger.import_(data)


async def test_an_empty_route(ledger: Ledger) -> None:
    data = await ledger.export("unknown")
    assert (data["links"], data["baselines"], data["clean_ups"], data["population"]) == ({}, {}, [], None)
    await ledger.import_(data)
