"""The values of tenants by every rule: which cross, which stay, and what the plan shows of them."""

from __future__ import annotations

import pytest

from tests.pair import ROUTE, pair, script
from tests.tenancy import (
    COMMON,
    INCLUDE,
    TEMPLATES,
    VERSIONS,
    reasons,
    say,
    servers,
    settled,
    spoken,
    template,
    values,
    with_rules,
)
from worker.plan.values import Op
from worker.sync.run import Result, open_route


@pytest.mark.guide("tenants-values")
@pytest.mark.spacecloner("feature-23")
@pytest.mark.parametrize("version", VERSIONS)
async def test_values_cross_for_the_environments_that_are_there(version: str) -> None:
    async with pair(include=INCLUDE, **servers(version)) as both:
        await spoken(both)
        outcome = await both.sync("*")
        assert outcome.result is Result.CHANGED
        assert await values(both.destination) == {
            "OctoFX/Staging[Url]": "staging",
            "OctoFX/Staging[Key]": ("secret", "REPLACE ME"),
            "OctoFX/Production[Url]": "production",
            "OctoFX/Production[Colour]": "red",
            "Shared[Region]": "eu",
            "Shared[Token]": ("secret", "REPLACE ME"),
        }
        assert await reasons(both) == {
            ("tenant/Internal/variables", "OctoFX/Staging[Key]", "placeholder-secret"),
            ("tenant/Internal/variables", "Shared[Token]", "placeholder-secret"),
        }
        await settled(both)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_plan_that_reads_in_bulk_shows_the_values_of_new_projects_too(version: str) -> None:
    async with pair(include=INCLUDE, **servers(version)) as both:
        await spoken(both)
        await both.source.post("tenants", {"Name": "Other"})  # of one alone no list is read
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.read_in_bulk()
            shown = (await route.plan(await route.everything())).plan
        planned = (await both.plan("*")).plan

        for one, other in zip(shown.writes, planned.writes, strict=True):
            assert (one.op, one.path) == (other.op, other.path)
            assert {change.where for change in one.changes} == {change.where for change in other.changes}
        assert [one.key for one in shown.clean_ups] == [one.key for one in planned.clean_ups]
        newest = version == VERSIONS[-1]
        assert any("not looked at: values of tenants" in note for note in shown.notes) is newest, (
            "it says what it lacks"
        )
        assert not planned.notes


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.guide("scoping-overwrite", "tenants-values")
@pytest.mark.spacecloner("feature-23")
async def test_by_default_no_value_of_the_destination_is_overwritten(version: str) -> None:
    async with pair(include=INCLUDE, **servers(version)) as both:
        world = await spoken(both)
        await both.sync("*")
        theirs = {
            "Staging": {"Url": "theirs", "Key": "their own"},
            "Production": {"Url": "production", "Colour": "red"},
        }
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "us", "Token": "their token"}, theirs)
        await settled(both)

        new = {
            "Staging": {"Url": "changed", "Key": "changed"},
            "Production": {"Url": "changed", "Key": "new", "Colour": "red"},
        }
        await world.say(common={"Region": "changed", "Token": "changed"}, **new)
        outcome = await both.sync("*")
        assert [change.where for action in outcome.plan.writes for change in action.changes] == [
            "OctoFX/Production[Key]"
        ]
        assert await values(both.destination) == {
            "OctoFX/Staging[Url]": "theirs",
            "OctoFX/Staging[Key]": ("secret", "their own"),
            "OctoFX/Production[Url]": "production",
            "OctoFX/Production[Colour]": "red",
            "OctoFX/Production[Key]": ("secret", "REPLACE ME"),
            "Shared[Region]": "us",
            "Shared[Token]": ("secret", "their token"),
        }
        await settled(both)


@pytest.mark.parametrize("version", VERSIONS)
async def test_follow_takes_what_changed_on_the_source_and_nowhere_else(version: str) -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow"), **servers(version)) as both:
        world = await spoken(both)
        await both.sync("*")
        theirs = {"Staging": {"Url": "theirs", "Key": "their own"}, "Production": {"Url": "production"}}
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "eu", "Token": "their token"}, theirs)
        await world.say(
            common={"Region": "us", "Token": "t0ken"},
            Staging={"Url": "changed", "Key": "s3cret"},
            Production={"Url": "changed"},
        )
        await both.sync("*")
        found = await values(both.destination)
        assert found == {
            "OctoFX/Staging[Url]": "theirs",
            "OctoFX/Staging[Key]": ("secret", "their own"),
            "OctoFX/Production[Url]": "changed",
            "Shared[Region]": "us",
            "Shared[Token]": ("secret", "their token"),
        }
        assert ("tenant/Internal/variables", "OctoFX/Staging[Url]", "value-conflict") in await reasons(both)
        await settled(both)


@pytest.mark.spacecloner("bug-8")
@pytest.mark.guide("scoping-overwrite")
async def test_always_overwrites_all_but_secrets() -> None:
    async with pair(include=INCLUDE, **with_rules(value="always")) as both:
        await spoken(both)
        await both.sync("*")
        theirs = {"Staging": {"Url": "theirs", "Key": "their own"}}
        await say(both.destination, "Internal", "OctoFX", "Shared", {}, theirs)
        await both.sync("*")
        found = await values(both.destination)
        assert found["OctoFX/Staging[Url]"] == "staging"
        assert found["OctoFX/Staging[Key]"] == ("secret", "their own")
        assert found["OctoFX/Production[Url]"] == "production"
        await settled(both)


@pytest.mark.guide("tenants-values")
@pytest.mark.spacecloner("bug-8", "feature-23")
@pytest.mark.parametrize("version", VERSIONS)
async def test_no_value_is_written_where_the_destination_has_no_place_for_it(version: str) -> None:
    """It ended the run for a library set that had nothing to do with it."""
    async with pair(include=INCLUDE, **with_rules(value="always"), **servers(version)) as both:
        world = await spoken(both)
        await both.sync("*")
        there = {one["Name"]: one["Id"] for one in await both.destination.get("environments/all")}
        project = await both.destination.named("projects", "OctoFX")
        tenant = await both.destination.named("tenants", "Internal")
        await both.destination.edit(f"tenants/{tenant['Id']}", ProjectEnvironments={project["Id"]: [there["Staging"]]})
        await both.destination.edit(f"projects/{project['Id']}", IncludedLibraryVariableSetIds=[])
        new = {"Staging": {"Url": "new", "Key": "s3cret"}, "Production": {"Url": "new", "Colour": "green"}}
        await world.say(common={"Region": "new", "Token": "t0ken"}, **new)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        written = [change.where for action in outcome.plan.writes for change in action.changes]
        assert written == ["OctoFX/Staging[Url]"]
        told = {one.text for action in outcome.plan for one in action.decisions if one.rule == "link"}
        assert told == {
            "its values do not cross: the tenant is not linked to the project there",
            "its values do not cross: no project that the tenant is linked to there has it",
        }
        await settled(both)


@pytest.mark.parametrize(
    ("new", "expected", "reason"), [("placeholder", "REPLACE ME", "placeholder-value"), ("none", None, "value-missing")]
)
@pytest.mark.guide("tenants-values")
async def test_new_values_may_be_left_to_a_person(new: str, expected: str | None, reason: str) -> None:
    """The guide: "Or, should you have to manually enter the values as they'll be different between instances?" """
    async with pair(include=INCLUDE, **with_rules(new=new)) as both:
        await spoken(both)
        await both.sync("*")
        found = await values(both.destination)
        assert found.get("OctoFX/Staging[Url]") == expected
        entry = ("tenant/Internal/variables", "OctoFX/Staging[Url]", reason)
        assert entry in await reasons(both)
        await settled(both)

        entered = {"Staging": {"Url": "mine", "Key": "k"}, "Production": {"Url": "mine", "Colour": "green"}}
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "r", "Token": "t"}, entered)
        await both.sync("*")
        assert (await values(both.destination))["OctoFX/Staging[Url]"] == "mine"
        assert {one for one in await reasons(both) if one[2] == reason} == set()
        await settled(both)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.spacecloner("bug-8")
async def test_what_the_source_drops_stays_unless_it_is_ours_and_the_route_removes_it(version: str) -> None:
    async with pair(include=INCLUDE, **servers(version)) as both:
        world = await spoken(both)
        await both.sync("*")
        await world.say(common={"Region": "eu"}, Staging={"Key": "s3cret"})
        await both.sync("*")
        assert (await values(both.destination))["OctoFX/Staging[Url]"] == "staging"
        kept = {where for _, where, reason in await reasons(both) if reason == "removed-on-source"}
        assert kept == {
            "OctoFX/Staging[Url]",
            "OctoFX/Production[Url]",
            "OctoFX/Production[Colour]",
            "Shared[Token]",
        }
        await settled(both)
        theirs = {"Staging": {"Url": "theirs", "Key": "x"}, "Production": {"Url": "production", "Colour": "red"}}
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "eu", "Token": "t"}, theirs)

        remover = both.with_route(include=INCLUDE, **with_rules(removed="remove-ours"))
        held = await remover.sync("*")
        assert [sorted(one.destroys) for one in held.plan.writes] == [
            ["OctoFX/Production[Colour]", "OctoFX/Production[Url]"]
        ]
        await remover.sync("*", approved_hash=held.plan.hash)
        assert await values(both.destination) == {
            "OctoFX/Staging[Url]": "theirs",
            "OctoFX/Staging[Key]": ("secret", "x"),
            "Shared[Region]": "eu",
            "Shared[Token]": ("secret", "t"),
        }
        await settled(remover)


async def test_deleted_there_it_stays_deleted() -> None:
    async with pair(include=INCLUDE) as both:
        await spoken(both)
        await both.sync("*")
        await say(both.destination, "Internal", "OctoFX", "Shared", {}, {"Production": {"Url": "production"}})
        await both.sync("*")
        assert await values(both.destination) == {"OctoFX/Production[Url]": "production"}
        assert ("tenant/Internal/variables", "OctoFX/Staging[Url]", "deleted-here") in await reasons(both)
        await settled(both)


async def test_first_contact_leaves_what_is_there_and_adds_what_is_not() -> None:
    async with pair(include=INCLUDE, first_contact="adopt") as both:
        await spoken(both)
        other = await both.destination.post("libraryvariablesets", {"Name": "Shared", "Templates": list(COMMON)})
        project = await both.destination.project(
            "OctoFX",
            Templates=list(TEMPLATES),
            IncludedLibraryVariableSetIds=[other["Id"]],
            TenantedDeploymentMode="Tenanted",
        )
        there = {one["Name"]: one["Id"] for one in await both.destination.get("environments/all")}
        await both.destination.post(
            "tenants", {"Name": "Internal", "ProjectEnvironments": {project["Id"]: list(there.values())}}
        )
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Token": "mine"}, {"Staging": {"Url": "mine"}})
        await both.sync("*")
        assert await values(both.destination) == {
            "OctoFX/Staging[Url]": "mine",
            "OctoFX/Staging[Key]": ("secret", "REPLACE ME"),
            "OctoFX/Production[Url]": "production",
            "OctoFX/Production[Colour]": "red",
            "Shared[Region]": "eu",
            "Shared[Token]": ("secret", "mine"),
        }
        await settled(both)


@pytest.mark.spacecloner("feature-23")
async def test_unlinking_keeps_what_was_entered_and_takes_what_is_ours() -> None:
    async with pair(include=INCLUDE, rules={"removed": "remove-ours"}) as both:
        world = await spoken(both)
        await both.sync("*")
        project, here = world.project["Id"], world.environments
        theirs = {"Staging": {"Url": "staging", "Key": "k"}, "Production": {"Url": "production", "Colour": "red"}}
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "eu", "Token": "t"}, theirs)
        await both.source.edit(f"tenants/{world.tenant['Id']}", ProjectEnvironments={project: [here["Development"]]})
        outcome = await both.sync("*")
        assert [one.destroys for one in outcome.plan.writes] == [("ProjectEnvironments[OctoFX][Production]",)]
        found = await values(both.destination)
        assert found["OctoFX/Staging[Key]"] == ("secret", "k")
        assert "OctoFX/Production[Url]" not in found
        await settled(both)


async def test_the_plan_names_what_it_writes_and_shows_no_secret() -> None:
    async with pair(include=INCLUDE) as both:
        await spoken(both)
        plan = (await both.plan("*")).plan
        [action] = [one for one in plan.writes if one.kind == "tenant-variables"]
        assert (action.op, action.path) == (Op.CREATE, ("tenant", "Internal", "variables"))
        shown = {change.where: change.after for change in action.changes}
        assert shown["OctoFX/Production[Url]"] == "production"
        assert shown["OctoFX/Staging[Key]"] == "••••••••"


async def test_a_project_without_tenants_crosses_without_asking_for_any() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX", Templates=[template("Url")])
        await both.source.steps(project, script("Deploy"))
        await both.source.post("tenants", {"Name": "Internal", "ProjectEnvironments": {project["Id"]: []}})
        both.source.sandbox.requests.clear()
        await both.sync("*")
        assert [one.path for one in both.source.sandbox.requests if "tenant" in one.path] == []
