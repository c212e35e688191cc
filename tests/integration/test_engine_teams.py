"""Teams, the roles that they have in a space, and user roles, end to end."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Fault
from tests.pair import Document, Pair, Server, pair, script
from tests.tenancy import TENANTED, VERSIONS, reasons, servers, settled
from worker.octopus.errors import Forbidden
from worker.plan.values import Op
from worker.sync.run import Result

INCLUDE = {"project": ["*"], "tenant": ["*"], "team": ["Deployers", "Ops"]}


async def team(server: Server, name: str, **fields: Any) -> Document:
    """With a member."""
    me = (await server.get("users/me"))["Id"]
    space = (await server.get("spaces/all"))[0]["Id"]
    body = {"Name": name, "SpaceId": space, "MemberUserIds": [me], "ExternalSecurityGroups": [], **fields}
    return await server.post(f"{space}/teams", body)


async def role(server: Server, owner: Document, user_role: str, **scope: list[str]) -> Document:
    return await server.post(
        f"{owner['SpaceId']}/scopeduserroles",
        {"TeamId": owner["Id"], "UserRoleId": user_role, "SpaceId": owner["SpaceId"], **scope},
    )


async def edit_role(server: Server, one: Document, **fields: Any) -> None:
    await server.call("PUT", f"{one['SpaceId']}/scopeduserroles/{one['Id']}", {**one, **fields})


async def roles(server: Server, name: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Of a team: user role, and what it is restricted to, by name."""
    owner = await named(server, name)
    assert owner is not None
    space = owner["SpaceId"]
    names = {one["Id"]: one["Name"] for one in await server.get("userroles/all")}
    for kind in ("projects", "projectgroups", "environments", "tenants"):
        names |= {one["Id"]: one["Name"] for one in await server.get(f"{kind}/all")}
    found = (await server.get(f"{space}/teams/{owner['Id']}/scopeduserroles"))["Items"]
    fields = ("ProjectIds", "ProjectGroupIds", "EnvironmentIds", "TenantIds")
    return sorted(
        (names[one["UserRoleId"]], {key: sorted(names[item] for item in one[key]) for key in fields if one[key]})
        for one in found
    )


async def named(server: Server, name: str) -> Document | None:
    space = (await server.get("spaces/all"))[0]["Id"]
    return next((one for one in await server.get(f"{space}/teams/all") if one["Name"] == name), None)


async def permissions(both: Pair) -> dict[str, Any]:
    """The guide's "Team User Role Scoping": a team with roles for tenants, projects and environments, of which not all
    are there."""
    here = await both.source.environments("Test", "Production")
    await both.destination.environments("Production")
    project = await both.source.project("OctoFX", **TENANTED)
    other = await both.source.project("Elsewhere")
    tenants = {name: (await both.source.post("tenants", {"Name": name}))["Id"] for name in ("Internal", "Away")}
    deployers = await team(both.source, "Deployers", Description="who deploys")
    return {
        "here": here,
        "project": project,
        "other": other,
        "tenants": tenants,
        "team": deployers,
        "deployer": await role(
            both.source,
            deployers,
            "userroles-projectdeployer",
            ProjectIds=[project["Id"]],
            EnvironmentIds=list(here.values()),
            TenantIds=list(tenants.values()),
        ),
        "lead": await role(both.source, deployers, "userroles-projectlead", EnvironmentIds=[here["Test"]]),
        "viewer": await role(both.source, deployers, "userroles-projectviewer"),
    }


WITHOUT = {**INCLUDE, "project": ["OctoFX"], "tenant": ["Internal"]}


@pytest.mark.guide("order-teams", "other-tenants-teams", "data-teams", "details-teams")
@pytest.mark.spacecloner("bug-6", "bug-12")
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_team_crosses_without_members_and_with_the_roles_that_mean_something_there(version: str) -> None:
    async with pair(include=WITHOUT, **servers(version)) as both:
        await permissions(both)
        outcome = await both.sync("*")
        assert outcome.result is Result.CHANGED
        copy = await named(both.destination, "Deployers")
        assert copy is not None
        assert (copy["Description"], copy["MemberUserIds"], copy["ExternalSecurityGroups"]) == ("who deploys", [], [])
        assert copy["SpaceId"]
        # One that is restricted to Test alone would be restricted by nothing: it stays at home.
        assert await roles(both.destination, "Deployers") == [
            (
                "Project deployer",
                {"ProjectIds": ["OctoFX"], "EnvironmentIds": ["Production"], "TenantIds": ["Internal"]},
            ),
            ("Project viewer", {}),
        ]
        order = [one.kind for one in outcome.plan.writes]
        assert order.index("team") < order.index("project") < order.index("scoped-user-role")
        await settled(both)


@pytest.mark.guide("other-tenants-teams")
@pytest.mark.spacecloner("bug-6")
@pytest.mark.parametrize("dimension", ["ProjectIds", "ProjectGroupIds", "EnvironmentIds", "TenantIds"])
async def test_a_role_that_lost_all_that_it_was_restricted_to_does_not_come_to_hold_everywhere(dimension: str) -> None:
    async with pair(include={"team": ["*"]}) as both:
        made = {
            "ProjectIds": await both.source.project("Elsewhere"),
            "ProjectGroupIds": await both.source.post("projectgroups", {"Name": "Elsewhere"}),
            "EnvironmentIds": await both.source.post("environments", {"Name": "Elsewhere"}),
            "TenantIds": await both.source.post("tenants", {"Name": "Elsewhere"}),
        }
        deployers = await team(both.source, "Deployers")
        await role(both.source, deployers, "userroles-projectlead", **{dimension: [made[dimension]["Id"]]})
        await role(both.source, deployers, "userroles-projectviewer")

        await both.sync("*")

        assert await roles(both.destination, "Deployers") == [("Project viewer", {})]
        await settled(both)


async def test_a_role_that_lost_all_projects_does_not_cross_until_one_is_there() -> None:
    include = {"team": ["*"], "environment": ["*"]}
    async with pair(include=include) as both:
        project = await both.source.project("OctoFX")
        deployers = await team(both.source, "Deployers")
        await role(both.source, deployers, "userroles-projectlead", ProjectIds=[project["Id"]])
        await both.sync("*")
        assert await roles(both.destination, "Deployers") == []
        assert await both.destination.names("projects") == []
        await settled(both)
        await both.destination.project("OctoFX")
        await both.sync("*")
        assert await roles(both.destination, "Deployers") == [("Project lead", {"ProjectIds": ["OctoFX"]})]
        await settled(both)


async def test_the_roles_of_a_team_of_ours_follow_the_source_and_keep_edits_made_there() -> None:
    async with pair(include=WITHOUT) as both:
        world = await permissions(both)
        await both.sync("*")
        copy = await named(both.destination, "Deployers")
        assert copy is not None
        await edit_role(both.source, world["viewer"], ProjectIds=[world["project"]["Id"]])
        added = await role(both.source, world["team"], "userroles-environmentviewer")
        await both.sync("*")
        assert ("Project viewer", {"ProjectIds": ["OctoFX"]}) in await roles(both.destination, "Deployers")
        assert ("Environment viewer", {}) in await roles(both.destination, "Deployers")
        await settled(both)

        there = (await both.destination.get(f"{copy['SpaceId']}/teams/{copy['Id']}/scopeduserroles"))["Items"]
        lead = next(one for one in there if one["UserRoleId"] == "userroles-environmentviewer")
        await both.destination.call("DELETE", f"{copy['SpaceId']}/scopeduserroles/{lead['Id']}")
        await both.destination.edit(f"{copy['SpaceId']}/teams/{copy['Id']}", MemberUserIds=["Users-5001"])
        await edit_role(both.source, added, EnvironmentIds=[world["here"]["Production"]])
        await both.sync("*")
        # What somebody has taken from the team it does not get again.
        assert "Environment viewer" not in [name for name, _ in await roles(both.destination, "Deployers")]
        found = await named(both.destination, "Deployers")
        assert found is not None
        assert found["MemberUserIds"] == ["Users-5001"]
        await settled(both)


@pytest.mark.guide("details-teams")
@pytest.mark.parametrize("update", [False, True])
async def test_a_team_that_was_there_has_roles_of_its_own_unless_the_route_updates_teams(update: bool) -> None:
    rules = {"rules": {"update": ["team"]}} if update else {}
    async with pair(include=WITHOUT, first_contact="adopt", **rules) as both:
        await permissions(both)
        own = await team(both.destination, "Deployers", Description="theirs")
        environments = {one["Name"]: one["Id"] for one in await both.destination.get("environments/all")}
        await role(both.destination, own, "userroles-projectviewer", EnvironmentIds=[environments["Production"]])
        await both.sync("*")
        found = await roles(both.destination, "Deployers")
        # The restriction of a role that is there stays its own.
        assert ("Project viewer", {"EnvironmentIds": ["Production"]}) in found
        assert len(found) == (2 if update else 1)
        copy = await named(both.destination, "Deployers")
        assert copy is not None
        assert copy["Description"] == ("who deploys" if update else "theirs")
        await settled(both)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.guide("never-system", "match-required")
@pytest.mark.spacecloner("bug-6", "feature-19")
async def test_system_teams_and_built_in_ones_are_found_and_never_written(version: str) -> None:
    async with pair(include={"project": ["*"], "team": ["*"]}, **servers(version)) as both:
        space = (await both.source.get("spaces/all"))[0]["Id"]
        ops = await both.source.post(
            "teams", {"Name": "Ops", "MemberUserIds": [], "ExternalSecurityGroups": [], "SpaceId": None}
        )
        managers = f"teams-spacemanagers-{space}"
        project = await both.source.project("OctoFX")
        manual = script("Approve", ActionType="Octopus.Manual")
        manual["Actions"][0]["Properties"] = {"Octopus.Action.Manual.ResponsibleTeamIds": ops["Id"]}
        await both.source.steps(project, manual)

        outcome = await both.sync("*")
        assert outcome.result is Result.BLOCKED
        [blocked] = outcome.plan.blocked
        assert "of the whole server" in blocked.decisions[-1].text
        before = [one["Name"] for one in await both.destination.get("teams/all?includeSystem=true")]

        there = await both.destination.post(
            "teams", {"Name": "Ops", "MemberUserIds": [], "ExternalSecurityGroups": [], "SpaceId": None}
        )
        everybody = f"teams-everyone,{managers},{ops['Id']}"
        manual["Actions"][0]["Properties"] = {"Octopus.Action.Manual.ResponsibleTeamIds": everybody}
        await both.source.steps(project, manual)
        await both.sync("*")
        process = await both.destination.get(
            f"deploymentprocesses/deploymentprocess-{(await both.destination.named('projects', 'OctoFX'))['Id']}"
        )
        other = (await both.destination.get("spaces/all"))[0]["Id"]
        [action] = process["Steps"][0]["Actions"]
        assert action["Properties"]["Octopus.Action.Manual.ResponsibleTeamIds"] == (
            f"teams-everyone,teams-spacemanagers-{other},{there['Id']}"
        )
        after = [one["Name"] for one in await both.destination.get("teams/all?includeSystem=true")]
        assert sorted(after) == sorted([*before, "Ops"])
        await settled(both)


async def test_a_team_that_a_step_needs_is_created_and_nobody_is_in_it() -> None:
    async with pair() as both:
        approvers = await team(both.source, "Approvers")
        await role(both.source, approvers, "userroles-projectviewer")
        project = await both.source.project("OctoFX")
        manual = script("Approve", ActionType="Octopus.Manual")
        manual["Actions"][0]["Properties"] = {"Octopus.Action.Manual.ResponsibleTeamIds": approvers["Id"]}
        await both.source.steps(project, manual)
        await both.sync("*")
        copy = await named(both.destination, "Approvers")
        assert copy is not None
        assert copy["MemberUserIds"] == []
        assert await roles(both.destination, "Approvers") == [("Project viewer", {})]
        await settled(both)


async def test_renamed_it_stays_the_same_team() -> None:
    async with pair(include={**WITHOUT, "team": ["*"]}) as both:
        world = await permissions(both)
        await both.sync("*")
        before = await named(both.destination, "Deployers")
        await both.source.edit(f"{world['team']['SpaceId']}/teams/{world['team']['Id']}", Name="Shippers")
        await edit_role(both.source, world["viewer"], ProjectIds=[world["project"]["Id"]])
        await both.sync("*")
        after = await named(both.destination, "Deployers")
        assert before is not None
        assert after is not None
        assert after["Id"] == before["Id"]
        assert ("Project viewer", {"ProjectIds": ["OctoFX"]}) in await roles(both.destination, "Deployers")
        await settled(both)


async def test_stopped_between_the_team_and_its_roles_no_role_comes_twice() -> None:
    async with pair(include=WITHOUT) as both:
        await permissions(both)
        both.destination.sandbox.faults.add(Fault("reset-after", path="scopeduserroles", method="POST"))
        with pytest.raises(Exception, match="connection"):
            await both.sync("*")
        both.destination.sandbox.faults.clear()
        await both.sync("*")
        assert [name for name, _ in await roles(both.destination, "Deployers")] == [
            "Project deployer",
            "Project viewer",
        ]
        await settled(both)


async def test_a_role_that_is_gone_from_the_source_is_reported() -> None:
    async with pair(include=WITHOUT) as both:
        world = await permissions(both)
        await both.sync("*")
        one = world["viewer"]
        await both.source.call("DELETE", f"{one['SpaceId']}/scopeduserroles/{one['Id']}")
        source = both.routes.route("dev-to-prod").source
        await both.ledger.deletions.record(source.instance, source.space, {one["Id"]: "2026-01-01T00:00:00+00:00"})
        await both.sync(one["Id"])
        assert {reason for _, _, reason in await reasons(both)} >= {"deleted-on-source"}
        assert ("Project viewer", {}) in await roles(both.destination, "Deployers")


# ── user roles ────────────────────────────────────────────────────────────────────────────────────────────────────────

CUSTOM = {
    "Name": "Release captain",
    "GrantedSpacePermissions": ["ReleaseView", "ReleaseEdit"],
    "GrantedSystemPermissions": [],
}


@pytest.mark.guide("data-user-roles")
@pytest.mark.spacecloner("bug-11")
@pytest.mark.parametrize("version", VERSIONS)
async def test_custom_user_roles_cross_where_the_route_includes_them(version: str) -> None:
    async with pair(include={**WITHOUT, "user-role": ["*"]}, **servers(version)) as both:
        world = await permissions(both)
        custom = await both.source.post("userroles", CUSTOM)
        await role(both.source, world["team"], custom["Id"])
        before = {one["Id"] for one in await both.destination.get("userroles/all")}
        await both.sync("*")
        new = [one for one in await both.destination.get("userroles/all") if one["Id"] not in before]
        assert [(one["Name"], one["GrantedSpacePermissions"]) for one in new] == [
            ("Release captain", ["ReleaseView", "ReleaseEdit"])
        ]
        assert ("Release captain", {}) in await roles(both.destination, "Deployers")
        await settled(both)

        await both.destination.edit(
            f"userroles/{new[0]['Id']}", GrantedSpacePermissions=["ReleaseEdit", "ReleaseView", "TaskView"]
        )
        await both.source.edit(f"userroles/{custom['Id']}", GrantedSpacePermissions=["ReleaseView", "ProjectView"])
        await both.sync("*")
        found = await both.destination.get(f"userroles/{new[0]['Id']}")
        assert sorted(found["GrantedSpacePermissions"]) == ["ProjectView", "ReleaseView", "TaskView"]
        await settled(both)


@pytest.mark.guide("data-user-roles")
@pytest.mark.spacecloner("bug-11")
async def test_a_custom_user_role_that_the_route_does_not_include_is_found_by_name_or_waited_for() -> None:
    async with pair(include=WITHOUT) as both:
        world = await permissions(both)
        custom = await both.source.post("userroles", CUSTOM)
        await role(both.source, world["team"], custom["Id"])
        outcome = await both.sync("*")
        assert outcome.result is Result.BLOCKED
        assert [one.path for one in outcome.plan.blocked] == [
            ("team", "Deployers", "scoped-user-role", "Release captain")
        ]
        await both.destination.post("userroles", {**CUSTOM, "GrantedSpacePermissions": ["TaskView"]})
        await both.sync("*")
        assert ("Release captain", {}) in await roles(both.destination, "Deployers")
        found = next(one for one in await both.destination.get("userroles/all") if one["Name"] == "Release captain")
        assert found["GrantedSpacePermissions"] == ["TaskView"]
        await settled(both)


@pytest.mark.parametrize("side", ["source", "destination"])
async def test_without_the_right_on_the_server_it_says_what_is_missing(side: str) -> None:
    async with pair(include={"user-role": ["*"]}) as both:
        await both.source.post("userroles", CUSTOM)
        getattr(both, side).sandbox.faults.add(Fault("status", path="userroles", status=403, count=0))
        with pytest.raises(Forbidden, match=r"UserRole(View|Edit).*take user-role out"):
            await both.sync("*")


@pytest.mark.spacecloner("bug-11")
async def test_teams_with_built_in_roles_need_no_right_on_the_server() -> None:
    async with pair(include=WITHOUT) as both:
        await permissions(both)
        for side in (both.source, both.destination):
            side.sandbox.faults.add(Fault("status", path="/userroles", status=403, count=0))
        outcome = await both.sync("*")
        assert outcome.result is Result.CHANGED
        assert [one.op for one in outcome.plan if one.kind == "user-role"] == []
        assert Op.BLOCK not in [one.op for one in outcome.plan]
