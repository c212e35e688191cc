"""Tenants and their links, end to end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.pair import Document, Pair, Server, pair
from tests.tenancy import INCLUDE, TENANTED, VERSIONS, reasons, servers, settled
from worker.plan.values import Op
from worker.sync.run import Result


async def links(server: Server, tenant: str) -> dict[str, list[str]]:
    """Project → environments, by name."""
    found = await server.named("tenants", tenant)
    projects = {one["Id"]: one["Name"] for one in await server.get("projects/all")}
    environments = {one["Id"]: one["Name"] for one in await server.get("environments/all")}
    return {
        projects[project]: sorted(environments[one] for one in ids)
        for project, ids in found["ProjectEnvironments"].items()
    }


async def link(server: Server, tenant: Document, **changes: Any) -> Document:
    """Writes all links of a tenant: project id → environment ids."""
    return await server.edit(f"tenants/{tenant['Id']}", **changes)


async def guide(both: Pair, links_of: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The guide's "Tenants": four environments here, two of them there; one project. ``links_of``: tenant →
    environments in which it has the project."""
    here = await both.source.environments("Development", "Test", "Staging", "Production")
    there = await both.destination.environments("Staging", "Production")
    project = await both.source.project("OctoFX", **TENANTED)
    tenants = {
        name: await both.source.post(
            "tenants", {"Name": name, "ProjectEnvironments": {project["Id"]: [here[one] for one in where]}}
        )
        for name, where in links_of.items()
    }
    return {"here": here, "there": there, "project": project, **tenants}


@pytest.mark.guide("tenants-chosen", "tenants-environments", "environments-tenants", "data-tenants")
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_guides_tenants(version: str) -> None:
    """ "sync the Internal Tenant and tie it to Staging and Production … and not sync Development Team A" """
    include = {**INCLUDE, "tenant": ["Internal"]}
    async with pair(include=include, **servers(version)) as both:
        await guide(
            both,
            {
                "Internal": ("Development", "Test", "Staging", "Production"),
                "Development Team A": ("Development", "Test"),
            },
        )
        outcome = await both.sync("*")
        assert outcome.result is Result.CHANGED
        assert await both.destination.names("tenants") == ["Internal"]
        assert await links(both.destination, "Internal") == {"OctoFX": ["Production", "Staging"]}
        await settled(both)


@pytest.mark.guide("environments-tenants", "tenants-environments")
async def test_a_tenant_of_which_no_environment_is_there_is_not_linked() -> None:
    async with pair(include=INCLUDE) as both:
        await guide(both, {"Development Team A": ("Development", "Test")})
        await both.sync("*")
        assert await links(both.destination, "Development Team A") == {}
        await settled(both)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("skip-unless-partial", {"OctoFX": ["Staging"]}),
        ("skip-unless-exact", {}),
        ("ignore-mismatch", {"OctoFX": ["Staging"]}),
        ("ignore-mismatch-on-new", {"OctoFX": ["Staging"]}),
        ("error-unless-partial", {"OctoFX": ["Staging"]}),
        ("error-unless-exact", None),
    ],
)
async def test_the_options_for_the_environments_of_a_link(option: str, expected: dict[str, list[str]] | None) -> None:
    async with pair(include=INCLUDE, rules={"tenants": {"environment": option}}) as both:
        await guide(both, {"Internal": ("Test", "Staging")})
        outcome = await both.sync("*")
        if expected is None:
            assert outcome.result is Result.BLOCKED
            expected = {}  # it has been created, and what says where is what is wrong
        assert await links(both.destination, "Internal") == expected


async def test_ignored_a_link_may_come_to_have_no_environment_which_permits_nothing() -> None:
    async with pair(include=INCLUDE, rules={"tenants": {"environment": "ignore-mismatch"}}) as both:
        await guide(both, {"Team A": ("Test",)})
        await both.sync("*")
        assert await links(both.destination, "Team A") == {"OctoFX": []}
        assert await reasons(both) == set()


async def test_of_two_projects_with_one_name_there_the_links_of_the_first_count() -> None:
    maps = {"project": {"One": "Both", "Two": "Both"}}
    async with pair(include=INCLUDE, maps=maps) as both:
        here = await both.source.environments("Staging", "Production")
        await both.destination.environments("Staging", "Production")
        one, two = [await both.source.project(name, **TENANTED) for name in ("One", "Two")]
        linked = {two["Id"]: [here["Production"]], one["Id"]: [here["Staging"]]}
        await both.source.post("tenants", {"Name": "Internal", "ProjectEnvironments": linked})

        outcome = await both.sync("*")

        assert await links(both.destination, "Internal") == {"Both": ["Staging"]}
        rules = [decision.rule for action in outcome.plan for decision in action.decisions if action.kind == "tenant"]
        assert rules.count("many-to-one") == 1
        await settled(both)


async def test_one_environment_may_be_several_there() -> None:
    maps = {"environment": {"Test": ["Staging", "Production"]}}
    async with pair(include=INCLUDE, maps=maps) as both:
        await guide(both, {"Internal": ("Test",)})
        await both.sync("*")
        assert await links(both.destination, "Internal") == {"OctoFX": ["Production", "Staging"]}
        await settled(both)


@pytest.mark.guide("other-tenants-accounts", "tenants-chosen")
async def test_a_tenant_is_never_created_because_something_names_it() -> None:
    async with pair() as both:
        await both.source.environments("Production")
        tenant = await both.source.post("tenants", {"Name": "Acme"})
        account = await both.source.post(
            "accounts",
            {
                "Name": "Acme's",
                "AccountType": "UsernamePassword",
                "Username": "acme",
                "TenantedDeploymentParticipation": "Tenanted",
                "TenantIds": [tenant["Id"]],
            },
        )
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project, {"Name": "Account", "Type": "UsernamePasswordAccount", "Value": account["Id"]}
        )
        await both.sync("*")
        assert await both.destination.names("tenants") == []
        assert await both.destination.names("accounts") == []
        # "Re-use the same variable name but associate it with different Accounts or Certificates."
        [variable] = await both.destination.rows("OctoFX")
        assert (variable["Name"], variable["Value"]) == ("Account", "")
        assert await reasons(both) == {("project/OctoFX/variables", "Variables[Account]", "placeholder-reference")}


@pytest.mark.guide("other-tenants-accounts")
async def test_a_certificate_for_tenants_that_are_not_there_is_for_no_other() -> None:
    rules = {"update": ["certificate"]}
    async with pair(include={"certificate": ["*"]}, rules=rules, first_contact="adopt") as both:
        made = {"Name": "Web", "SubjectCommonName": "x.example", "SelfSignedCertificateCurve": "P256"}
        here = [(await both.source.post("tenants", {"Name": name}))["Id"] for name in ("Acme", "Globex")]
        there = (await both.destination.post("tenants", {"Name": "Acme"}))["Id"]
        tenanted = {"TenantedDeploymentParticipation": "Tenanted"}
        ours = await both.source.post("certificates/generate", {**made, **tenanted, "TenantIds": here})
        await both.destination.post("certificates/generate", {**made, **tenanted, "TenantIds": [there]})
        await both.sync("*")
        for tenants in (here, here[1:]):
            await both.source.edit(f"certificates/{ours['Id']}", TenantIds=tenants, Notes=str(len(tenants)))

            await both.sync("*")

            found = await both.destination.named("certificates", "Web")
            # Of one that is for nobody here nothing follows: it would be for everybody.
            assert (found["TenantIds"], found["Notes"]) == ([there], "2")


@pytest.mark.guide("order-tenants")
@pytest.mark.guide("other-tenants-projects")
async def test_a_project_that_is_not_there_is_no_mismatch_and_is_linked_when_it_comes() -> None:
    async with pair(include={"tenant": ["*"]}) as both:
        await guide(both, {"Internal": ("Staging",)})
        outcome = await both.sync("*")
        assert await links(both.destination, "Internal") == {}
        assert await both.destination.names("projects") == []
        assert outcome.result is Result.CHANGED
        assert await reasons(both) == set()
        await settled(both)

        wider = both.with_route(include=INCLUDE, first_contact="adopt")
        held = await wider.sync("*")
        assert held.result is Result.HELD
        await wider.sync("*", approved_hash=held.plan.hash)
        assert await links(both.destination, "Internal") == {"OctoFX": ["Staging"]}
        await settled(wider)


@pytest.mark.spacecloner("feature-23")
async def test_what_is_new_there_and_disabled_there_stays() -> None:
    async with pair(include=INCLUDE) as both:
        world = await guide(both, {"Internal": ("Staging",)})
        await both.sync("*")
        own = await both.destination.project("Their own", **TENANTED)
        copy = await both.destination.named("tenants", "Internal")
        links_there = {**copy["ProjectEnvironments"], own["Id"]: [world["there"]["Production"]]}
        disabled = {"IsDisabled": True}
        await both.destination.edit(f"tenants/{copy['Id']}", ProjectEnvironments=links_there, **disabled)

        second = await both.source.project("Second", **TENANTED)
        here = world["here"]
        await both.source.edit(
            f"tenants/{world['Internal']['Id']}",
            Description="changed",
            ProjectEnvironments={world["project"]["Id"]: [here["Staging"], here["Production"]], second["Id"]: []},
        )
        await both.sync("*")
        found = await both.destination.named("tenants", "Internal")
        assert (found["Description"], found["IsDisabled"]) == ("changed", True)
        assert await links(both.destination, "Internal") == {
            "OctoFX": ["Production", "Staging"],
            "Second": [],
            "Their own": ["Production"],
        }
        await settled(both)


async def test_unlinking_is_left_to_a_person() -> None:
    async with pair(include=INCLUDE) as both:
        world = await guide(both, {"Internal": ("Staging", "Production")})
        await both.sync("*")
        tenant, project, here = world["Internal"], world["project"]["Id"], world["here"]
        await link(both.source, tenant, ProjectEnvironments={project: [here["Staging"]]})
        await both.sync("*")
        assert await links(both.destination, "Internal") == {"OctoFX": ["Production", "Staging"]}
        place = "ProjectEnvironments[OctoFX][Production]"
        assert await reasons(both) == {("tenant/Internal", place, "removed-on-source")}
        await settled(both)
        assert await reasons(both) == {("tenant/Internal", place, "removed-on-source")}


async def test_unlinked_where_the_route_removes_what_is_ours() -> None:
    async with pair(include=INCLUDE) as both:
        world = await guide(both, {"Internal": ("Staging", "Production")})
        await both.sync("*")
        tenant, project, here = world["Internal"], world["project"]["Id"], world["here"]
        await link(both.source, tenant, ProjectEnvironments={project: [here["Staging"]]})
        place = "ProjectEnvironments[OctoFX][Production]"
        mirror = both.with_route(include=INCLUDE, rules={"removed": "remove-ours"})
        held = await mirror.sync("*")
        assert held.result is Result.HELD
        assert [one.destroys for one in held.plan.writes] == [(place,)]
        await mirror.sync("*", approved_hash=held.plan.hash)
        assert await links(both.destination, "Internal") == {"OctoFX": ["Staging"]}
        assert await reasons(both) == set()

        await link(both.source, tenant, ProjectEnvironments={})
        removed = await mirror.sync("*")
        assert [one.destroys for one in removed.plan.writes] == [("ProjectEnvironments[OctoFX]",)]
        assert await links(both.destination, "Internal") == {}
        await settled(mirror)


async def test_renamed_it_stays_the_same_and_a_deleted_one_is_left_alone() -> None:
    async with pair(include=INCLUDE) as both:
        world = await guide(both, {"Internal": ("Staging",), "Old": ("Staging",)})
        await both.sync("*")
        before = await both.destination.named("tenants", "Internal")
        await both.source.edit(f"tenants/{world['Internal']['Id']}", Name="In-house")
        await both.source.call("DELETE", f"tenants/{world['Old']['Id']}")
        await both.sync("*")
        assert (await both.destination.named("tenants", "In-house"))["Id"] == before["Id"]
        assert await both.destination.names("tenants") == ["In-house", "Old"]
        await settled(both)


async def test_a_name_may_stand_for_several_which_keep_their_names() -> None:
    async with pair(include=INCLUDE, maps={"tenant": {"Internal": ["A", "B"]}}, first_contact="adopt") as both:
        await guide(both, {"Internal": ("Staging",)})
        await both.destination.post("tenants", {"Name": "B"})
        await both.sync("*")
        assert await both.destination.names("tenants") == ["B"]
        await settled(both)


async def test_links_removed_there_stay_removed() -> None:
    async with pair(include=INCLUDE) as both:
        await guide(both, {"Internal": ("Staging", "Production")})
        await both.sync("*")
        copy = await both.destination.named("tenants", "Internal")
        await both.destination.edit(f"tenants/{copy['Id']}", ProjectEnvironments={})
        await settled(both)
        assert await links(both.destination, "Internal") == {}


async def test_the_plan_tells_of_links_by_name() -> None:
    async with pair(include=INCLUDE) as both:
        await guide(both, {"Internal": ("Staging",)})
        plan = (await both.plan("*")).plan
        late = [one for one in plan.writes if one.kind == "tenant"][-1]
        assert (late.op, late.changes[0].after) == (Op.CREATE, {"OctoFX": ["Staging"]})
