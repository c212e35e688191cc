"""The values of tenants, end to end: both forms of the API, all control types, every rule."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Fault
from tests.pair import Pair, pair, script
from tests.tenancy import INCLUDE, VERSIONS, reasons, say, servers, settled, template, tenancy, values
from worker.plan.values import Op
from worker.sync.run import Result

TEMPLATES = (template("Url"), template("Key", "Sensitive"), template("Colour", default="blue"))
COMMON = (template("Region"), template("Token", "Sensitive"))
HERE: dict[str, dict[str, Any]] = {
    "Development": {"Url": "dev"},
    "Staging": {"Url": "staging", "Key": "s3cret"},
    "Production": {"Url": "production", "Colour": "red"},
}


def with_rules(**variables: Any) -> dict[str, Any]:
    return {"rules": {"tenants": {"variables": variables}}}


async def spoken(both: Pair) -> Any:
    """Values on the source, and the two environments that the destination has."""
    world = await tenancy(both.source, *TEMPLATES, common=COMMON)
    await world.say(common={"Region": "eu", "Token": "t0ken"}, **HERE)
    await both.destination.environments("Staging", "Production")
    return world


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


@pytest.mark.parametrize("version", VERSIONS)
async def test_values_of_every_control_type_name_the_destinations_items(version: str) -> None:
    async with pair(include=INCLUDE, **servers(version)) as both:
        account = await both.source.post(
            "accounts", {"Name": "Cloud", "AccountType": "UsernamePassword", "Username": "me"}
        )
        pool = await both.source.post("workerpools", {"Name": "Ubuntu", "WorkerPoolType": "StaticWorkerPool"})
        feed = next(one for one in await both.source.get("feeds/all") if one["FeedType"] == "BuiltIn")
        world = await tenancy(
            both.source,
            template("Account", "UsernamePasswordAccount"),
            template("Pool", "WorkerPool"),
            template("Package", "Package"),
            template("Text", "MultiLineText"),
            template("Expression", "UsernamePasswordAccount"),
        )
        await both.destination.environments("Staging")
        await world.say(
            Staging={
                "Account": account["Id"],
                "Pool": pool["Id"],
                "Package": f'{{"PackageId": "web", "FeedId": "{feed["Id"]}"}}',
                "Text": "Accounts are nice",
                "Expression": "#{Account}",
            }
        )
        await both.sync("*")
        found = await values(both.destination)
        there = next(one for one in await both.destination.get("feeds/all") if one["FeedType"] == "BuiltIn")
        assert found == {
            "OctoFX/Staging[Account]": (await both.destination.named("accounts", "Cloud"))["Id"],
            "OctoFX/Staging[Pool]": (await both.destination.named("workerpools", "Ubuntu"))["Id"],
            "OctoFX/Staging[Package]": f'{{"PackageId": "web", "FeedId": "{there["Id"]}"}}',
            "OctoFX/Staging[Text]": "Accounts are nice",
            "OctoFX/Staging[Expression]": "#{Account}",
        }
        await settled(both)


async def test_a_value_that_names_what_is_not_there_waits_for_it() -> None:
    async with pair(include=INCLUDE, exclude={"account": ["*"]}) as both:
        account = await both.source.post(
            "accounts", {"Name": "Cloud", "AccountType": "UsernamePassword", "Username": "me"}
        )
        world = await tenancy(both.source, template("Account", "UsernamePasswordAccount"))
        await both.destination.environments("Staging")
        await world.say(Staging={"Account": account["Id"]})
        await both.sync("*")
        assert await values(both.destination) == {}
        entry = ("tenant/Internal/variables", "OctoFX/Staging[Account]", "placeholder-reference")
        assert entry in await reasons(both)
        await settled(both)
        own = await both.destination.post(
            "accounts", {"Name": "Cloud", "AccountType": "UsernamePassword", "Username": "other"}
        )
        await both.sync("*")
        assert await values(both.destination) == {"OctoFX/Staging[Account]": own["Id"]}
        assert entry not in await reasons(both)


async def test_templates_are_known_again_by_their_link_not_by_their_name() -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow")) as both:
        world = await spoken(both)
        await both.sync("*")
        project = await both.source.get(f"projects/{world.project['Id']}")
        renamed = [{**one, "Name": "Address"} if one["Name"] == "Url" else one for one in project["Templates"]]
        await both.source.edit(f"projects/{project['Id']}", Templates=renamed)
        await both.sync("*")
        assert (await values(both.destination))["OctoFX/Staging[Address]"] == "staging"
        await say(
            both.source,
            "Internal",
            "OctoFX",
            "Shared",
            {"Region": "eu", "Token": "t0ken"},
            {"Staging": {"Address": "new", "Key": "s3cret"}},
        )
        await both.sync("*")
        assert (await values(both.destination))["OctoFX/Staging[Address]"] == "new"
        await settled(both)


@pytest.mark.spacecloner("bug-8")
async def test_values_of_a_set_that_stays_at_home_stop_nothing() -> None:
    async with pair(include=INCLUDE, exclude={"library-variable-set": ["Shared"]}) as both:
        await spoken(both)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        found = await values(both.destination)
        assert found["OctoFX/Staging[Url]"] == "staging"
        assert not [name for name in found if name.startswith("Shared")]
        await settled(both)


async def test_a_new_template_a_new_link_and_a_new_set_bring_their_values_in_the_same_run() -> None:
    async with pair(include=INCLUDE) as both:
        world = await spoken(both)
        await both.sync("*")
        project = await both.source.get(f"projects/{world.project['Id']}")
        extra = await both.source.post("libraryvariablesets", {"Name": "Extra", "Templates": [template("More")]})
        await both.source.edit(
            f"projects/{project['Id']}",
            Templates=[*project["Templates"], template("Late")],
            IncludedLibraryVariableSetIds=[*project["IncludedLibraryVariableSetIds"], extra["Id"]],
        )
        second = await both.source.project("Second", Templates=[template("Own")], TenantedDeploymentMode="Tenanted")
        links = (await both.source.named("tenants", "Internal"))["ProjectEnvironments"]
        staging = world.environments["Staging"]
        await both.source.edit(f"tenants/{world.tenant['Id']}", ProjectEnvironments={**links, second["Id"]: [staging]})
        document = await both.source.get(f"tenants/{world.tenant['Id']}/variables")
        ids = {
            one["Name"]: one["Id"]
            for half in ("ProjectVariables", "LibraryVariables")
            for owner in document[half].values()
            for one in owner["Templates"]
        }
        document["ProjectVariables"][project["Id"]]["Variables"][staging][ids["Late"]] = "late"
        document["ProjectVariables"][second["Id"]]["Variables"][staging][ids["Own"]] = "own"
        document["LibraryVariables"][extra["Id"]]["Variables"][ids["More"]] = "more"
        await both.source.call("PUT", f"tenants/{world.tenant['Id']}/variables", document)

        outcome = await both.sync("*")
        assert outcome.result is Result.CHANGED
        found = await values(both.destination)
        assert (found["OctoFX/Staging[Late]"], found["Second/Staging[Own]"], found["Extra[More]"]) == (
            "late",
            "own",
            "more",
        )
        await settled(both)


async def test_the_first_of_two_environments_with_one_name_counts() -> None:
    maps = {"environment": {"Test": "Staging", "Development": "Staging"}}
    async with pair(include=INCLUDE, maps=maps) as both:
        world = await tenancy(both.source, template("Url"))
        await both.destination.environments("Staging")
        await world.say(Development={"Url": "dev"}, Test={"Url": "test"})
        await both.sync("*")
        assert await values(both.destination) == {"OctoFX/Staging[Url]": "test"}
        assert ("tenant/Internal/variables", "OctoFX/Staging[Url]", "many-to-one") in await reasons(both)
        await settled(both)


async def test_one_environment_may_be_two_there() -> None:
    async with pair(include=INCLUDE, maps={"environment": {"Test": ["Staging", "Production"]}}) as both:
        world = await tenancy(both.source, template("Url"))
        await both.destination.environments("Staging", "Production")
        await world.say(Test={"Url": "test"})
        await both.sync("*")
        assert await values(both.destination) == {"OctoFX/Staging[Url]": "test", "OctoFX/Production[Url]": "test"}


# ── the new form ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def scoped(both: Pair, *rows: tuple[str, Any, tuple[str, ...]]) -> Any:
    """Common values with environments, on the source: template, value, environments."""
    world = await tenancy(both.source, common=COMMON)
    ids = {one["Name"]: one["Id"] for one in world.library["Templates"]}
    body = [
        {
            "OwnerId": world.library["Id"],
            "TemplateId": ids[name],
            "Value": value,
            "Scope": {"EnvironmentIds": [world.environments[one] for one in where]},
        }
        for name, value, where in rows
    ]
    await both.source.call("PUT", f"tenants/{world.tenant['Id']}/commonvariables", {"Variables": body})
    await both.destination.environments("Staging", "Production")
    return world


async def test_common_values_keep_their_environments() -> None:
    async with pair(include=INCLUDE) as both:
        await scoped(
            both, ("Region", "away", ("Development",)), ("Region", "eu", ("Test", "Staging")), ("Region", "us", ())
        )
        await both.sync("*")
        assert await values(both.destination) == {"Shared/Staging[Region]": "eu", "Shared[Region]": "us"}
        await settled(both)


async def test_a_scoped_placeholder_hides_no_secret_that_works_everywhere() -> None:
    async with pair(include=INCLUDE) as both:
        world = await scoped(both, ("Token", "t", ()))
        await both.sync("*")
        copy = await both.destination.named("tenants", "Internal")
        found = await both.destination.get(f"tenants/{copy['Id']}/commonvariables")
        row = {"OwnerId": found["Variables"][0]["LibraryVariableSetId"], **found["Variables"][0]}
        filled = {**row, "Value": {"HasValue": True, "NewValue": "real"}}
        await both.destination.call("PUT", f"tenants/{copy['Id']}/commonvariables", {"Variables": [filled]})
        here = await both.source.get(f"tenants/{world.tenant['Id']}/commonvariables")
        narrower = {
            "OwnerId": world.library["Id"],
            "TemplateId": here["Variables"][0]["TemplateId"],
            "Value": {"HasValue": True, "NewValue": "of staging"},
            "Scope": {"EnvironmentIds": [world.environments["Staging"]]},
        }
        kept = {**here["Variables"][0], "OwnerId": world.library["Id"]}
        await both.source.call("PUT", f"tenants/{world.tenant['Id']}/commonvariables", {"Variables": [kept, narrower]})
        await both.sync("*")
        assert await values(both.destination) == {"Shared[Token]": ("secret", "real")}
        assert ("tenant/Internal/variables", "Shared/Staging[Token]", "secret-not-added") in await reasons(both)
        await settled(both)


async def test_where_the_destination_knows_no_environments_for_common_values_they_stay_at_home() -> None:
    """A feature toggle switches the new form of the API on, in the releases before 2026."""
    async with pair(include=INCLUDE) as both:
        world = await tenancy(both.source, common=COMMON)
        await both.destination.environments("Staging")
        await both.sync("*")
        both.destination.sandbox.faults.add(Fault("status", path="commonvariables", status=404, count=0))
        region = next(one["Id"] for one in world.library["Templates"] if one["Name"] == "Region")
        body = [
            {"OwnerId": world.library["Id"], "TemplateId": region, "Value": value, "Scope": {"EnvironmentIds": where}}
            for value, where in (("eu", [world.environments["Staging"]]), ("us", []))
        ]
        await both.source.call("PUT", f"tenants/{world.tenant['Id']}/commonvariables", {"Variables": body})
        await both.sync("*")
        assert await values(both.destination) == {"Shared[Region]": "us"}
        assert ("tenant/Internal/variables", "Shared/Staging[Region]", "not-supported") in await reasons(both)
        await settled(both)
        both.destination.sandbox.faults.clear()
        await both.sync("*")
        assert await values(both.destination) == {"Shared[Region]": "us", "Shared/Staging[Region]": "eu"}


async def test_a_row_of_several_environments_is_split_only_where_it_must_be() -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow")) as both:
        world = await tenancy(both.source, template("Url"), template("Key", "Sensitive"))
        await both.destination.environments("Staging", "Production")
        await world.say(Staging={"Url": "same", "Key": "k"}, Production={"Url": "same", "Key": "k"})
        await both.sync("*")
        copy = await both.destination.named("tenants", "Internal")
        route = f"tenants/{copy['Id']}/projectvariables"
        found = await both.destination.get(route)
        assert len(found["Variables"]) == 2
        filled = [
            {**row, "OwnerId": row["ProjectId"], "Value": {"HasValue": True, "NewValue": "real"}}
            if isinstance(row["Value"], dict)
            else {**row, "OwnerId": row["ProjectId"]}
            for row in found["Variables"]
        ]
        await both.destination.call("PUT", route, {"Variables": filled})
        await world.say(Staging={"Url": "same", "Key": "k"}, Production={"Url": "other", "Key": "k"})
        await both.sync("*")
        assert await values(both.destination) == {
            "OctoFX/Staging[Url]": "same",
            "OctoFX/Production[Url]": "other",
            "OctoFX/Staging[Key]": ("secret", "real"),
            "OctoFX/Production[Key]": ("secret", "real"),
        }
        await settled(both)


# ── between others ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_entered_in_the_same_moment_is_not_lost(version: str) -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow"), **servers(version)) as both:
        world = await spoken(both)
        await both.sync("*")
        await world.say(common={"Region": "us"}, Staging={"Url": "changed", "Key": "k"})
        entered = False

        async def guard() -> None:
            nonlocal entered
            if not entered:
                entered = True
                theirs = {"Staging": {"Url": "theirs", "Key": "their own"}, "Production": {"Url": "also theirs"}}
                await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "eu"}, theirs)

        await both.sync("*", guard=guard)
        found = await values(both.destination)
        assert found["OctoFX/Staging[Url]"] == "theirs"
        assert found["OctoFX/Staging[Key]"] == ("secret", "their own")
        assert found["OctoFX/Production[Url]"] == "also theirs"
        assert found["Shared[Region]"] == "us"
        await settled(both)


async def test_stopped_between_the_two_halves_it_goes_on_and_knows_what_is_its_own() -> None:
    async with pair(include=INCLUDE, **with_rules(value="follow")) as both:
        world = await spoken(both)
        await both.sync("*")
        await world.say(common={"Region": "us", "Token": "t0ken"}, Staging={"Url": "changed", "Key": "k"})
        both.destination.sandbox.faults.add(Fault("status", path="commonvariables", method="PUT", status=503, count=9))
        with pytest.raises(Exception, match="503"):
            await both.sync("*")
        both.destination.sandbox.faults.clear()
        assert (await values(both.destination))["OctoFX/Staging[Url]"] == "changed"
        await both.sync("*")
        assert (await values(both.destination))["Shared[Region]"] == "us"
        await settled(both)
        await world.say(common={"Region": "us", "Token": "t0ken"}, Staging={"Url": "again", "Key": "k"})
        await both.sync("*")
        assert (await values(both.destination))["OctoFX/Staging[Url]"] == "again"
        assert {one for one in await reasons(both) if one[2] == "value-conflict"} == set()


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
