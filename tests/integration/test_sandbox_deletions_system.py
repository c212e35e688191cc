"""Teams, user roles and spaces, which belong to the whole server: what cannot be deleted, and what goes along.

After the table of deletions in the Octopus API reference of 2026; an issue that shows more is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sandbox_holders import new_role
from sandbox_http import Http, action, http


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http() as api:
        yield api


async def test_a_team_takes_its_roles_along_and_stays_while_a_step_waits_for_it(octopus: Http) -> None:
    """OctopusDeploy/Issues#1961."""
    assert "read-only" in await octopus.refused("DELETE", "/api/teams/teams-everyone")
    role = await new_role(octopus)
    team = role["TeamId"]
    project = await octopus.project()
    responsible = {"Octopus.Action.Manual.ResponsibleTeamIds": f"teams-administrators,{team}"}
    await octopus.save_steps(project, [action("Approve", ActionType="Octopus.Manual", Properties=responsible)])
    assert "steps: 'Approve'" in await octopus.refused("DELETE", f"/api/teams/{team}")
    await octopus.save_steps(project, [])
    await octopus.delete(f"/api/teams/{team}")
    await octopus.refused("GET", f"Spaces-1/scopeduserroles/{role['Id']}", status=404)


async def test_a_built_in_user_role_stays_and_another_takes_its_uses_along(octopus: Http) -> None:
    assert "read-only" in await octopus.refused("DELETE", "/api/userroles/userroles-projectviewer")
    body = {"Name": "Reader", "GrantedSpacePermissions": ["ProjectView"], "GrantedSystemPermissions": []}
    role = await octopus.post("/api/userroles", body)
    scoped = await new_role(octopus, UserRoleId=role["Id"])
    await octopus.delete(f"/api/userroles/{role['Id']}")
    await octopus.refused("GET", f"Spaces-1/scopeduserroles/{scoped['Id']}", status=404)


@pytest.mark.parametrize("name", ["ProjectIds", "ProjectGroupIds", "EnvironmentIds"])
async def test_what_a_team_is_restricted_to_stays_and_the_team_is_named(octopus: Http, name: str) -> None:
    """OctopusDeploy/Issues#5343, #3087 and #3136."""
    if name == "ProjectIds":
        path = f"projects/{(await octopus.project())['Id']}"
    elif name == "EnvironmentIds":
        path = f"environments/{(await octopus.environment())['Id']}"
    else:
        path = f"projectgroups/{(await octopus.post('projectgroups', {'Name': 'G'}))['Id']}"
    role = await new_role(octopus, **{name: [path.split("/")[1]]})
    assert "by the following teams: 'Shop team'" in await octopus.refused("DELETE", path)
    await octopus.delete(f"Spaces-1/scopeduserroles/{role['Id']}")
    await octopus.delete(path)


async def test_a_space_goes_only_when_its_tasks_are_stopped_and_then_with_everything(octopus: Http) -> None:
    managers = {"SpaceManagersTeams": ["teams-administrators"], "SpaceManagersTeamMembers": []}
    space = await octopus.post("/api/spaces", {"Name": "Second", **managers})
    await octopus.post(f"{space['Id']}/environments", {"Name": "Test"})
    await octopus.refused("DELETE", f"/api/spaces/{space['Id']}")
    await octopus.put(f"/api/spaces/{space['Id']}", {**space, "TaskQueueStopped": True})
    await octopus.delete(f"/api/spaces/{space['Id']}")
    await octopus.refused("GET", f"{space['Id']}/environments", status=404)
    await octopus.refused("DELETE", "/api/spaces/Spaces-1")
