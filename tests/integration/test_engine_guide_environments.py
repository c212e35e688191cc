"""The guide's environments: a subset of them, others by a map, and those that come and go."""

from __future__ import annotations

import pytest

from tests.guide import GUIDE_SOURCE, assert_settled, open_reasons, table
from tests.pair import pair, row, script


@pytest.mark.guide(
    "scenario-subset", "environments-steps", "environments-variables", "scoping-environments", "scoping-partial"
)
async def test_a_subset_of_the_environments() -> None:
    async with pair() as both:
        here = await both.source.environments(*GUIDE_SOURCE)
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(
            project,
            script("Everywhere"),
            script("Only in Test", Environments=[here["Test"]]),
            script("Test and Staging", Environments=[here["Test"], here["Staging"]]),
            script("Not in Development", ExcludedEnvironments=[here["Development"]]),
            script("Not in Production", ExcludedEnvironments=[here["Production"], here["Test"]]),
        )
        await both.source.variables(
            project,
            row("Url", "https://test", {"Environment": [here["Test"]]}),
            row("Url", "https://live", {"Environment": [here["Staging"], here["Production"]]}),
        )

        await both.sync("*")

        steps = {one["Name"]: one["Actions"][0] for one in await both.destination.process("OctoFX")}
        assert list(steps) == ["Everywhere", "Test and Staging", "Not in Development", "Not in Production"]
        assert steps["Test and Staging"]["Environments"] == [there["Staging"]]
        assert steps["Not in Development"]["ExcludedEnvironments"] == []
        assert steps["Not in Production"]["ExcludedEnvironments"] == [there["Production"]]
        assert await table(both.destination, "OctoFX") == [
            ("Url", "https://live", {"Environment": [there["Staging"], there["Production"]]})
        ]
        assert sorted(await both.destination.names("environments")) == ["Production", "Staging"]
        await assert_settled(both)


@pytest.mark.guide("scenario-separate")
async def test_separate_environments_that_a_map_joins() -> None:
    async with pair(maps={"environment": {"Development": "Staging", "Test": "Production"}}) as both:
        here = await both.source.environments("Development", "Test")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Review", Environments=[here["Test"]]))
        await both.source.variables(project, row("Url", "x", {"Environment": [here["Development"]]}))

        await both.sync("*")

        assert (await both.destination.process("OctoFX"))[0]["Actions"][0]["Environments"] == [there["Production"]]
        assert await table(both.destination, "OctoFX") == [("Url", "x", {"Environment": [there["Staging"]]})]
        await assert_settled(both)


@pytest.mark.parametrize("order", [("Development", "Test"), ("Test", "Development")])
async def test_two_environments_that_are_one_on_the_destination(order: tuple[str, str]) -> None:
    """Many to one: of two rows that would be alike, that of the map's first crosses, and the other is listed."""
    async with pair(maps={"environment": {"Development": "Staging", "Test": "Staging"}}) as both:
        here = await both.source.environments("Development", "Test")
        there = await both.destination.environments("Staging")
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            *(row("Url", name, {"Environment": [here[name]]}) for name in order),
        )
        await both.source.steps(project, script("A", Environments=list(here.values())))

        await both.sync("*")

        assert await table(both.destination, "OctoFX") == [("Url", "Development", {"Environment": [there["Staging"]]})]
        assert (await both.destination.process("OctoFX"))[0]["Actions"][0]["Environments"] == [there["Staging"]]
        assert await open_reasons(both) == {("project/OctoFX/variables", "duplicate-scope")}
        await assert_settled(both)


async def test_an_environment_that_appears_later_takes_effect_by_itself() -> None:
    async with pair() as both:
        here = await both.source.environments("Test", "Production")
        await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"), script("Try", Environments=[here["Test"]]))
        await both.sync("*")
        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["Deploy"]

        new = await both.destination.environments("Test")
        await both.sync("*")

        steps = await both.destination.process("OctoFX")
        assert [step["Name"] for step in steps] == ["Deploy", "Try"]
        assert steps[1]["Actions"][0]["Environments"] == [new["Test"]]


async def test_a_step_rescoped_out_of_the_destinations_world_stays_unless_the_route_removes() -> None:
    for removed, expected in (("keep", ["Deploy", "Migrate"]), ("remove-ours", ["Deploy"])):
        async with pair(rules={"removed": removed}) as both:
            here = await both.source.environments("Development", "Production")
            await both.destination.environments("Production")
            project = await both.source.project("OctoFX")
            saved = await both.source.steps(
                project, script("Deploy"), script("Migrate", Environments=[here["Production"]])
            )
            await both.sync("*")
            deploy, migrate = saved["Steps"]
            migrate["Actions"][0]["Environments"] = [here["Development"]]
            await both.source.steps(project, deploy, migrate)

            await both.sync("*")

            assert [step["Name"] for step in await both.destination.process("OctoFX")] == expected
            await assert_settled(both)
