"""Two routes into one space: an item belongs to the one that wrote it first; and no route leads back."""

from __future__ import annotations

from typing import Any

import pytest

from config.routes import RoutesFile
from tests.pair import ROUTE, Pair, pair, row, script
from worker.looking.failures import Class, failure_of
from worker.plan.values import Op
from worker.sync.applying.facing import RouteReversed
from worker.sync.planning.items import Items
from worker.sync.run import Outcome, open_route

OTHER = "other"


def with_two(both: Pair, first: dict[str, Any], second: dict[str, Any]) -> RoutesFile:
    """A routes file with two routes between the same spaces."""
    known = both.routes.model_dump(by_alias=True)
    (route,) = known["routes"]
    route |= {"exclude": {}, **first}
    known["routes"] = [route, {**route, "name": OTHER, "exclude": {}, **second}]
    return RoutesFile.model_validate(known)


async def sync(both: Pair, routes: RoutesFile, name: str) -> Outcome:
    for side in ("dev", "prod"):
        await both.ledger.directories.invalidate(side, "Default")
    async with open_route(routes, name, ledger=both.ledger) as route:
        return await route.sync(await route.documents(Items(targets=["*"])))


async def reasons(both: Pair, route: str) -> list[tuple[str, str]]:
    entries = await both.ledger.clean_ups.entries(route)
    return sorted(("/".join(one.entry.item), one.entry.reason) for one in entries)


async def test_what_one_route_wrote_another_leaves_alone_and_says_so() -> None:
    async with pair(include={"project": ["OctoFX"]}) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.source.variables(project, row("Url", "x"))
        await both.sync("*")
        routes = with_two(both, {"include": {"project": ["Web"]}}, {"include": {"project": ["OctoFX"]}})
        await both.source.edit(f"projects/{project['Id']}", Description="changed")
        await both.source.post("channels", {"Name": "New", "ProjectId": project["Id"]})

        outcome = await sync(both, routes, OTHER)

        assert outcome.plan.is_empty
        skipped = {action.kind for action in outcome.plan if action.op is Op.SKIP}
        assert {"project", "channel", "deployment-process", "variable-set"} <= skipped
        assert ("project/OctoFX", "owned-elsewhere") in await reasons(both, OTHER)
        assert ("project/OctoFX/channel/New", "owned-elsewhere") in await reasons(both, OTHER)
        assert (await both.destination.named("projects", "OctoFX"))["Description"] != "changed"


async def test_a_route_that_excludes_it_hands_it_over_and_one_that_is_gone_has_nothing() -> None:
    async with pair(include={"project": ["*"]}, first_contact="adopt") as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.edit(f"projects/{project['Id']}", Description="changed")
        routes = with_two(both, {"exclude": {"project": ["OctoFX"]}}, {"include": {"project": ["OctoFX"]}})

        outcome = await sync(both, routes, OTHER)

        assert not outcome.plan.is_empty
        assert (await both.destination.named("projects", "OctoFX"))["Description"] == "changed"
        assert await reasons(both, OTHER) == []
        await both.source.edit(f"projects/{project['Id']}", Description="once more")
        alone = both.with_route(include={"project": ["*"]}, first_contact="adopt")
        assert not (await alone.sync("*")).plan.is_empty, "the other route is not in the file any more"


async def test_another_route_may_need_what_the_first_owns() -> None:
    async with pair(include={"project": ["OctoFX"]}) as both:
        lifecycle = await both.source.post("lifecycles", {"Name": "Shared"})
        await both.source.project("OctoFX", LifecycleId=lifecycle["Id"])
        await both.source.project("Web", LifecycleId=lifecycle["Id"])
        await both.sync("*")
        routes = with_two(both, {}, {"include": {"project": ["Web"]}})

        await sync(both, routes, OTHER)

        web, fx = [await both.destination.named("projects", name) for name in ("Web", "OctoFX")]
        assert web["LifecycleId"] == fx["LifecycleId"]
        assert await reasons(both, OTHER) == []


@pytest.mark.guide("truth-one-way")
async def test_no_route_leads_back_to_where_one_came_from() -> None:
    async with pair(include={"project": ["*"]}) as both:
        await both.source.project("OctoFX")
        await both.sync("*")
        known = both.routes.model_dump(by_alias=True)
        (route,) = known["routes"]
        back = {**route, "name": "back", "source": route["destination"], "destination": route["source"]}
        for turned in (back, {**back, "name": ROUTE}):
            routes = RoutesFile.model_validate({**known, "routes": [turned]})
            with pytest.raises(RouteReversed, match=f"route {ROUTE} has written from dev/default") as refused:
                async with open_route(routes, str(turned["name"]), ledger=both.ledger):
                    pass
            assert failure_of(refused.value).sort is Class.SETTING

        await both.ledger.forget(ROUTE)
        async with open_route(RoutesFile.model_validate({**known, "routes": [back]}), "back", ledger=both.ledger):
            pass
