"""Users, teams, user roles and scoped user roles of the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from octopus_samples import SAMPLES, needs_samples
from sandbox_http import Http, http

EMPTY: dict[str, Any] = {"MemberUserIds": [], "ExternalSecurityGroups": []}


async def user(api: Http, name: str = "ann", **more: Any) -> Any:
    return await api.post("/api/users", {"Username": name, "DisplayName": name.title(), **more})


async def test_a_new_user_joins_everyone_and_the_log_tells_of_both() -> None:
    async with http() as api:
        last = api.sandbox.audit.last_auto_id
        made = await user(api)
        told = [(one.entry.category, set(one.entry.related)) for one in api.sandbox.audit.after(last)]
        assert told == [("Created", {made["Id"]}), ("Modified", {made["Id"], "teams-everyone"})]
        assert made["Id"] in (await api.get("/api/teams/teams-everyone"))["MemberUserIds"]
        assert [one["Id"] for one in await api.get(f"/api/users/{made['Id']}/teams")] == ["teams-everyone"]
        assert [one["Username"] for one in (await api.get("/api/users?filter=ANN"))["Items"]] == ["ann"]


async def test_bad_users_are_refused() -> None:
    async with http() as api:
        made = await user(api)
        body = {"Username": "ANN", "DisplayName": "x"}
        await api.refused("POST", "/api/users", body)
        assert "reserved" in await api.refused("POST", "/api/users", {**body, "Username": "system"})
        robot = {"Username": "robot", "DisplayName": "Robot", "IsService": True}
        assert "service user" in await api.refused("POST", "/api/users", {**robot, "Password": "pw"})
        await api.post("/api/users", robot)
        assert [one["Username"] for one in (await api.get("/api/users?isServiceAccount=true"))["Items"]] == ["robot"]
        without = {key: value for key, value in made.items() if key != "IsActive"}
        await api.refused("PUT", f"/api/users/{made['Id']}", without)
        me = await api.get("/api/users/me")
        await api.refused("DELETE", f"/api/users/{me['Id']}")


async def test_a_deleted_user_leaves_all_teams() -> None:
    async with http() as api:
        made = await user(api)
        team = await api.post("Spaces-1/teams", {**EMPTY, "Name": "Shop", "MemberUserIds": [made["Id"]]})
        found = await api.get(f"/api/teammembership?userId={made['Id']}")
        assert {one["TeamId"] for one in found} == {"teams-everyone", team["Id"]}
        assert [one["Id"] for one in await api.get(f"/api/users/{made['Id']}/spaces")] == ["Spaces-1"]
        await api.delete(f"/api/users/{made['Id']}")
        assert (await api.get(f"Spaces-1/teams/{team['Id']}"))["MemberUserIds"] == []
        assert made["Id"] not in (await api.get("/api/teams/teams-everyone"))["MemberUserIds"]


async def test_user_roles_have_known_permissions_and_the_built_in_ones_stay() -> None:
    async with http() as api:
        names = {one["Id"] for one in await api.get("/api/userroles/all")}
        assert {"userroles-spacemanager", "userroles-systemadministrator", "userroles-projectviewer"} <= names
        body = {"Name": "Mine", "GrantedSpacePermissions": ["ProjectView"], "GrantedSystemPermissions": []}
        made = await api.post("/api/userroles", body)
        assert made["GrantedSpacePermissions"] == ["ProjectView"]
        await api.refused("POST", "/api/userroles", {"Name": "Bad", "GrantedSpacePermissions": ["MoonView"]})
        await api.refused("DELETE", "/api/userroles/userroles-projectviewer")
        await api.delete(f"/api/userroles/{made['Id']}")


async def test_a_scoped_role_lives_in_its_space_and_is_listed_by_its_team() -> None:
    async with http() as api:
        environment = await api.environment()
        project = await api.project()
        team = await api.post("/api/teams", {**EMPTY, "Name": "Everywhere"})
        body = {
            "TeamId": team["Id"],
            "UserRoleId": "userroles-projectviewer",
            "SpaceId": "Spaces-1",
            "ProjectIds": [project["Id"]],
            "EnvironmentIds": [environment["Id"]],
        }
        made = await api.post("/api/scopeduserroles", body)
        assert made["SpaceId"] == "Spaces-1"
        assert await api.get(f"Spaces-1/scopeduserroles/{made['Id']}") == await api.get(
            f"/api/scopeduserroles/{made['Id']}"
        ) | {"Links": {"Self": f"/api/Spaces-1/scopeduserroles/{made['Id']}"}}
        of_team = await api.get(f"/api/teams/{team['Id']}/scopeduserroles")
        assert [one["Id"] for one in of_team["Items"]] == [made["Id"]]
        all_of_them = (await api.get("/api/scopeduserroles?spaces=all&includeSystem=true"))["Items"]
        assert {made["Id"]} < {one["Id"] for one in all_of_them}  # the managers of the space have one, too

        words = await api.refused("DELETE", f"environments/{environment['Id']}")
        assert "is being used by the following teams: 'Everywhere'" in words
        await api.put(f"/api/scopeduserroles/{made['Id']}", {**made, "EnvironmentIds": []})
        await api.delete(f"environments/{environment['Id']}")
        await api.delete(f"/api/teams/{team['Id']}")
        await api.refused("GET", f"/api/scopeduserroles/{made['Id']}", status=404)


async def test_bad_scoped_roles_are_refused() -> None:
    async with http() as api:
        team = await api.post("/api/teams", {**EMPTY, "Name": "T"})
        body = {"TeamId": team["Id"], "UserRoleId": "userroles-projectviewer"}
        assert "space" in await api.refused("POST", "/api/scopeduserroles", body)
        await api.refused("POST", "/api/scopeduserroles", {**body, "SpaceId": "Spaces-9"}, status=404)
        await api.refused("POST", "Spaces-1/scopeduserroles", {**body, "TeamId": "Teams-99"}, status=404)
        await api.refused("POST", "Spaces-1/scopeduserroles", {"TeamId": team["Id"]})
        system = {"TeamId": team["Id"], "UserRoleId": "userroles-systemmanager"}
        assert (await api.post("/api/scopeduserroles", system))["SpaceId"] is None


async def test_the_managers_of_a_space_keep_their_role() -> None:
    async with http() as api:
        listed = await api.get("Spaces-1/teams/teams-spacemanagers-Spaces-1/scopeduserroles")
        (role,) = listed["Items"]
        words = "The Space Manager Team must have a Space Manager User Role"
        assert words in await api.refused("DELETE", f"Spaces-1/scopeduserroles/{role['Id']}")
        other = {**role, "UserRoleId": "userroles-projectviewer"}
        assert words in await api.refused("PUT", f"Spaces-1/scopeduserroles/{role['Id']}", other)


async def test_a_deleted_user_role_takes_its_scoped_roles_along() -> None:
    async with http() as api:
        role = await api.post("/api/userroles", {"Name": "Mine", "GrantedSpacePermissions": ["ProjectView"]})
        team = await api.post("Spaces-1/teams", {**EMPTY, "Name": "T"})
        body = {"TeamId": team["Id"], "UserRoleId": role["Id"]}
        last = api.sandbox.audit.last_auto_id
        made = await api.post("Spaces-1/scopeduserroles", body)
        (event,) = api.sandbox.audit.after(last)
        assert event.entry.related == (made["Id"], team["Id"], role["Id"])
        await api.delete(f"/api/userroles/{role['Id']}")
        await api.refused("GET", f"Spaces-1/scopeduserroles/{made['Id']}", status=404)


# What a role has come to grant between the export of 2018 and the documentation of 2023, and lost.
GAINED = {"WorkerEdit", "WorkerView", "RunbookView", "RunbookEdit", "RunbookRunView", "RunbookRunCreate"} | {
    "BuildInformationPush", "BuildInformationAdminister", "BuiltInFeedAdminister", "BuiltInFeedDownload", "FeedView",
    "InterruptionView",
}  # fmt: skip
LOST = {"InterruptionViewSubmitResponsible"}  # by those who only view


@needs_samples
async def test_the_built_in_roles_grant_what_those_of_a_real_server_did() -> None:
    """All that this release still has; what a role does in the system was not told apart in 2018."""
    real = [json.loads(file.read_text()) for file in sorted(SAMPLES.joinpath("user_roles").glob("*.json"))]
    async with http() as api:
        ours = {one["Id"]: one for one in await api.get("/api/userroles/all")}
        known = set(await api.get("/api/permissions/all"))
    for role in real:
        mine = ours[role["Id"]]
        assert mine["Name"] == role["Name"]
        if not role["Id"].startswith("userroles-system"):
            granted = {*mine["GrantedSpacePermissions"], *mine["GrantedSystemPermissions"]}
            then = set(role["GrantedPermissions"]) & known
            assert granted - then <= GAINED, role["Id"]
            assert then - granted <= LOST, role["Id"]
    assert len(real) >= 9


async def test_a_permission_is_granted_at_its_level() -> None:
    """OctopusDeploy/Issues#5515."""
    async with http() as api:
        bad = {"Name": "Bad", "GrantedSystemPermissions": ["TeamView", "ProjectView"]}
        words = await api.refused("POST", "/api/userroles", bad)
        assert "The following are not valid system permissions: ProjectView" in words
        bad = {"Name": "Bad", "GrantedSpacePermissions": ["TeamView", "SpaceCreate"]}
        words = await api.refused("POST", "/api/userroles", bad)
        assert "The following are not valid space permissions: SpaceCreate" in words


async def test_the_role_of_administrators_cannot_be_changed_and_the_others_can() -> None:
    """OctopusClients#90."""
    async with http() as api:
        path = "/api/userroles/userroles-systemadministrator"
        assert "read-only" in await api.refused("PUT", path, await api.get(path))
        path = "/api/userroles/userroles-projectviewer"
        changed = await api.put(path, {**await api.get(path), "GrantedSpacePermissions": ["ProjectView"]})
        assert changed["GrantedSpacePermissions"] == ["ProjectView"]


@pytest.mark.parametrize("team", ["teams-administrators", "teams-managers"])
async def test_the_teams_of_the_system_keep_their_role_and_may_get_others(team: str) -> None:
    """OctopusDeploy/Issues#5940."""
    async with http() as api:
        [role] = (await api.get(f"/api/teams/{team}/scopeduserroles"))["Items"]
        assert (role["SpaceId"], role["UserRoleId"].startswith("userroles-system")) == (None, True)
        path = f"/api/scopeduserroles/{role['Id']}"
        assert "read-only" in await api.refused("DELETE", path)
        assert "read-only" in await api.refused("PUT", path, {**role, "UserRoleId": "userroles-systemmanager-not"})
        more = {"TeamId": team, "UserRoleId": "userroles-projectviewer"}
        made = await api.post("Spaces-1/scopeduserroles", more)
        await api.delete(f"Spaces-1/scopeduserroles/{made['Id']}")


async def test_a_role_of_the_system_alone_is_not_for_a_team_of_a_space() -> None:
    async with http() as api:
        team = await api.post("Spaces-1/teams", {**EMPTY, "Name": "T"})
        body = {"TeamId": team["Id"], "UserRoleId": "userroles-systemmanager"}
        assert "no team of a space" in await api.refused("POST", "Spaces-1/scopeduserroles", body)
