"""Users, teams, user roles and scoped user roles of the sandbox."""

from __future__ import annotations

import json
from typing import Any

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

        assert "scoped user role" in await api.refused("DELETE", f"environments/{environment['Id']}")
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


@needs_samples
async def test_the_built_in_roles_grant_what_those_of_a_real_server_do() -> None:
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
            assert granted == set(role["GrantedPermissions"]) & known, role["Id"]
    assert len(real) >= 9
