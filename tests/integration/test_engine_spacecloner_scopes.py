"""Faults of SpaceCloner, the sample tool that the guide "Sync multiple instances" names, that we do not have:
steps, rows and phases whose scopes do not fit.

Numbered as in a reading of its source (OctopusDeployLabs/SpaceCloner, October 2024), worst first;
docs/spacecloner.md says where the others are.
"""

from __future__ import annotations

import pytest

from tests.pair import Pair, pair, row, script


async def reasons(both: Pair) -> list[str]:
    return sorted(one.entry.reason for one in await both.clean_ups())


SKIPS = ["skip-unless-exact", "skip-unless-partial"]


@pytest.mark.parametrize("option", SKIPS)
@pytest.mark.parametrize("removed", ["keep", "remove-ours"])
@pytest.mark.spacecloner("bug-1", "feature-14")
async def test_1_to_skip_a_step_does_not_delete_it(option: str, removed: str) -> None:
    """Its skip option removed steps and actions from the destination."""
    async with pair(rules={"removed": removed, "steps": {"environment": option}}) as both:
        here = await both.source.environments("Test", "Staging", "Production")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        both_environments = [here["Staging"], here["Production"]]
        saved = await both.source.steps(project, script("A"), script("B", Environments=both_environments))
        await both.sync("*")
        first, second = saved["Steps"]
        second["Actions"][0] |= {"Environments": [here["Test"], here["Staging"]], "Notes": "edited"}
        await both.source.steps(project, first, second)

        await both.sync("*")

        steps = await both.destination.process("OctoFX")
        assert [step["Name"] for step in steps] == ["A", "B"]
        action = steps[1]["Actions"][0]
        # What is skipped is left as it is; what fits in part follows, for that part.
        kept = list(there.values()), None
        follows = [there["Staging"]], "edited"
        assert (action["Environments"], action["Notes"]) == (kept if option == "skip-unless-exact" else follows)


@pytest.mark.spacecloner("bug-2", "feature-11")
async def test_2_equal_values_do_not_pull_rows_together() -> None:
    """It matched by value before scope, overwrote the scope, and two rows of the source could hit one."""
    async with pair() as both:
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Url", "same", {"Environment": [here["Staging"]]}),
            row("Url", "same", {"Environment": [here["Production"]]}),
        )

        await both.sync("*")
        await both.sync("*")

        assert [(one["Value"], one["Scope"]) for one in await both.destination.rows("OctoFX")] == [
            ("same", {"Environment": [there["Staging"]]}),
            ("same", {"Environment": [there["Production"]]}),
        ]


@pytest.mark.parametrize("option", ["skip-unless-partial", "skip-unless-exact", "ignore-mismatch"])
@pytest.mark.spacecloner("bug-5", "feature-15")
async def test_5_an_exclusion_of_what_is_not_there_is_satisfied(option: str) -> None:
    """It dropped the step."""
    async with pair(rules={"steps": {"excluded_environment": option}}) as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        excluded = [here["Test"], here["Production"]]
        await both.source.steps(
            project,
            script("A", ExcludedEnvironments=excluded),
            script("B"),
            script("C", ExcludedEnvironments=excluded[:1]),
        )

        await both.sync("*")

        found = {
            step["Name"]: step["Actions"][0]["ExcludedEnvironments"]
            for step in await both.destination.process("OctoFX")
        }
        assert found == {"A": [there["Production"]], "B": [], "C": []}
        assert await both.clean_ups() == []


@pytest.mark.spacecloner("bug-6", "feature-13")
async def test_6_nothing_is_widened_in_silence() -> None:
    """Its ignore options made scoped steps and rows apply everywhere, and told nobody."""
    async with pair() as both:
        here = await both.source.environments("Test")
        await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("A"), script("B", Environments=[here["Test"]]))
        await both.source.variables(project, row("Url", "test", {"Environment": [here["Test"]]}))

        await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["A"]
        assert "test" not in [one["Value"] for one in await both.destination.rows("OctoFX")]


@pytest.mark.spacecloner("bug-6")
async def test_6_who_asks_for_it_is_told_what_was_widened() -> None:
    rules = {
        "steps": {"environment": "ignore-mismatch"},
        "variables": {"scopes": {"environment": "ignore-mismatch"}},
    }
    async with pair(rules=rules) as both:
        here = await both.source.environments("Test")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("A", Environments=[here["Test"]]))
        await both.source.variables(project, row("Url", "test", {"Environment": [here["Test"]]}))

        await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["A"]
        assert await reasons(both) == ["scope-widened", "scope-widened"]


@pytest.mark.spacecloner("bug-6")
async def test_6_a_phase_that_lost_its_environments_does_not_become_open_to_all() -> None:
    async with pair() as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Production")
        phases = [
            {"Name": name, "OptionalDeploymentTargets": [here[name]], "AutomaticDeploymentTargets": []}
            for name in ("Test", "Production")
        ]
        lifecycle = await both.source.post("lifecycles", {"Name": "Application", "Phases": phases})
        await both.source.project("OctoFX", LifecycleId=lifecycle["Id"])

        await both.sync("*")

        found = await both.destination.named("lifecycles", "Application")
        assert [(one["Name"], one["OptionalDeploymentTargets"]) for one in found["Phases"]] == [
            ("Production", [there["Production"]])
        ]


@pytest.mark.guide("scoping-tenant-tags")
@pytest.mark.spacecloner("bug-7")
async def test_7_the_rule_of_one_dimension_does_not_answer_for_another() -> None:
    """The verdict on tenant tags was that on machines."""
    rules = {"variables": {"scopes": {"target": "ignore-mismatch"}}}
    async with pair(rules=rules, exclude={"tag-set": ["*"]}) as both:
        await both.source.post("tagsets", {"Name": "Region", "Tags": [{"Name": "North", "Color": "#333333"}]})
        project = await both.source.project("OctoFX")
        role = {"Role": ["web"]}
        await both.source.variables(project, row("A", "1", role), row("A", "2", {"TenantTag": ["Region/North"]}))

        await both.sync("*")

        assert [(one["Value"], one["Scope"]) for one in await both.destination.rows("OctoFX")] == [("1", role)]
