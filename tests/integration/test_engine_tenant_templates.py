"""What the values of tenants belong to and name: templates, sets and projects, and items by every control type."""

from __future__ import annotations

import pytest

from tests.pair import pair
from tests.tenancy import (
    INCLUDE,
    VERSIONS,
    reasons,
    say,
    servers,
    settled,
    spoken,
    template,
    tenancy,
    values,
    with_rules,
)
from worker.sync.run import Result


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
