"""The comparison of what a space has beside its projects: each kind in bulk, whatever its lists give."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.names import EXACT_KINDS, SHARED_NAME_KINDS
from config.settings import Settings as ProcessSettings
from sandbox.settings import Settings
from tests.pair import ROUTE, Document, Pair, Server, pair, row, script
from worker.state import State, state_of
from worker.sync.compare import Compared, compare
from worker.sync.run import open_route

BODY = "Octopus.Action.Script.ScriptBody"
FOLLOWED = tuple(kind for kind in SHARED_NAME_KINDS if kind not in {"team", "certificate"})
ROUTE_OF_ALL: dict[str, Any] = {
    "include": {kind: ["*"] for kind in (*FOLLOWED, *EXACT_KINDS)},
    "rules": {"update": list(FOLLOWED)},
    "first_contact": "adopt",
}
SECRET = {"HasValue": True, "NewValue": "s"}
NEW: dict[str, Document] = {
    "environments": {},
    "lifecycles": {},
    "projectgroups": {},
    "feeds": {"FeedType": "NuGet", "FeedUri": "https://feed.example"},
    "accounts": {"AccountType": "Token", "Token": SECRET},
    "workerpools": {"WorkerPoolType": "StaticWorkerPool"},
    "machinepolicies": {},
    "git-credentials": {"Details": {"Type": "UsernamePassword", "Username": "u", "Password": SECRET}},
    "tagsets": {"Tags": [{"Name": "One", "Color": "#227647"}, {"Name": "Two", "Color": "#227647"}]},
    "actiontemplates": {
        "ActionType": "Octopus.Script",
        "Properties": {BODY: "echo 0"},
        "Parameters": [{"Name": "Login", "DisplaySettings": {"Octopus.ControlType": "UsernamePasswordAccount"}}],
    },
    "libraryvariablesets": {"ContentType": "ScriptModule"},
}
DESCRIBED = {"Description": "edited"}
CHANGED: dict[str, Document] = {
    "feeds": {"FeedUri": "https://other.example"},
    "actiontemplates": {"Properties": {BODY: "echo 3"}},
}


def spaced(server: Server, collection: str) -> str:
    """The newer routes are there for a named space only."""
    space = server.sandbox.store.default_space()
    assert space is not None
    return f"{space['Id']}/{collection}"


async def make(server: Server, name: str) -> list[Document]:
    """One of each kind."""
    made = [
        await server.post(spaced(server, route), {"Name": f"{name} {route}", **fields}) for route, fields in NEW.items()
    ]
    template, module = made[-2:]
    for number in (1, 2):
        await server.edit(f"actiontemplates/{template['Id']}", Properties={BODY: f"echo {number}"})
    await server.variables(module, row(f"Octopus.Script.Module[{module['Name']}]", "function Get-Answer { 42 }"))
    return made


@asynccontextmanager
async def libraries(redis: FakeAsyncRedis, count: int) -> AsyncIterator[tuple[Pair, State, list[Document]]]:
    """In step on both sides; the last of each kind. Each template has a user on its middle version."""
    settings = [Settings(version="2023.4.8290", first_id=first, seed=first) for first in (1, 5001)]
    route = {**ROUTE_OF_ALL, "include": {**ROUTE_OF_ALL["include"], "project": ["*"]}}
    async with pair(source=settings[0], destination=settings[1], redis=redis, **route) as both:
        made: list[Document] = []
        steps = []
        for number in range(count):
            made = await make(both.source, f"{number:02}")
            uses = {"Octopus.Action.Template.Id": made[-2]["Id"], "Octopus.Action.Template.Version": "1"}
            steps.append(script(f"Use {number}", Properties={**uses, "Login": "#{Login}"}))
            account = made[list(NEW).index("accounts")]["Id"]
            newest = {**uses, "Octopus.Action.Template.Version": "2", "Login": account}
            steps.append(script(f"Use newest {number}", Properties=newest))
        await both.source.steps(await both.source.project("OctoFX"), *steps)
        await both.sync("*")
        assert (await both.sync("*")).plan.is_empty
        yield both, state_of(redis, ProcessSettings()), made


async def compared(both: Pair, state: State) -> Compared:
    async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
        return await compare(route, state.queue, state.comparisons)


async def spent(both: Pair, state: State) -> list[int]:
    before = [len(side.sandbox.requests) for side in (both.source, both.destination)]
    assert (await compared(both, state)).differing == []
    return [
        len(side.sandbox.requests) - first for side, first in zip((both.source, both.destination), before, strict=True)
    ]


async def test_ten_times_as_many_cost_no_more_requests(fake_redis: FakeAsyncRedis) -> None:
    async with libraries(fake_redis, 2) as (both, state, _):
        few = await spent(both, state)
    await fake_redis.flushall()
    async with libraries(fake_redis, 20) as (both, state, _):
        many = await spent(both, state)
    assert [more - less for more, less in zip(many, few, strict=True)] == [0, 0], (few, many)


async def test_an_edit_of_any_kind_is_found(fake_redis: FakeAsyncRedis) -> None:
    async with libraries(fake_redis, 2) as (both, state, made):
        for item, route in zip(made[:-1], NEW, strict=False):
            await both.source.edit(f"{spaced(both.source, route)}/{item['Id']}", **CHANGED.get(route, DESCRIBED))
        await both.source.variables(made[-1], row(f"Octopus.Script.Module[{made[-1]['Name']}]", "other"))

        found = (await compared(both, state)).differing

        assert sorted(found) == sorted(item["Id"] for item in made)


@pytest.mark.parametrize("collection", ["tagsets", "actiontemplates", "libraryvariablesets"])
async def test_an_edit_of_what_must_be_exact_is_found_on_the_destination_too(
    fake_redis: FakeAsyncRedis, collection: str
) -> None:
    async with libraries(fake_redis, 2) as (both, state, made):
        there = await both.destination.named(collection, made[list(NEW).index(collection)]["Name"])
        if collection == "libraryvariablesets":
            await both.destination.variables(there, row(f"Octopus.Script.Module[{there['Name']}]", "other"))
        else:
            await both.destination.edit(f"{collection}/{there['Id']}", Description="by hand")

        found = await compared(both, state)

        assert found.differing[0] == made[list(NEW).index(collection)]["Id"]
        # What the template is once it is put back is a version of its own, and the newest: steps go with it.
        assert [one.partition("-")[0] for one in found.differing[1:]] == (
            ["deploymentprocess"] if collection == "actiontemplates" else []
        )
        await both.sync("*")
        assert (await compared(both, state)).differing == []


async def test_details_of_shared_names_are_the_destinations_and_no_difference(fake_redis: FakeAsyncRedis) -> None:
    async with libraries(fake_redis, 2) as (both, state, _):
        for route in [*NEW][:-3]:
            there = await named(both.destination, route, f"01 {route}")
            await both.destination.edit(
                f"{spaced(both.destination, route)}/{there['Id']}", **CHANGED.get(route, DESCRIBED)
            )
        assert (await compared(both, state)).differing == []


async def named(server: Server, route: str, name: str) -> Document:
    found = await server.get(f"{spaced(server, route)}{'' if 'git' in route else '/all'}")
    items = found["Items"] if isinstance(found, dict) else found
    return next(one for one in items if one["Name"] == name)
