"""What a key that is not an administrator's may see and do."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sandbox_http import Http, http

from sandbox.access import Access, permission_for
from sandbox.permissions import PERMISSIONS
from sandbox.settings import Settings

READER = Access("API-READER", "reader", read_only=True)


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http(Settings(keys=(READER,))) as client:
        yield client


async def as_key(octopus: Http, key: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A request with another key than the administrator's."""
    url = f"{octopus.sandbox.url}/api/{path}"
    headers = {"X-Octopus-ApiKey": key}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, url, json=body) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


async def seen(octopus: Http, key: str, path: str) -> Any:
    status, answer = await as_key(octopus, key, "GET", path)
    assert status == 200, (path, answer)
    return answer


async def add_key(octopus: Http, **more: Any) -> str:
    await octopus.post("sandbox/keys", {"ApiKey": "API-SOME", "Username": "some", **more})
    return "API-SOME"


async def test_a_read_only_key_reads_everything_and_writes_nothing(octopus: Http) -> None:
    project = await octopus.project()
    assert (await seen(octopus, "API-READER", f"projects/{project['Id']}"))["Name"] == "Shop"
    for method, path, permission in (
        ("PUT", f"projects/{project['Id']}", "ProjectEdit"),
        ("POST", "environments", "EnvironmentCreate"),
        ("DELETE", f"projects/{project['Id']}", "ProjectDelete"),
        ("PUT", f"variables/{project['VariableSetId']}", "VariableEdit"),
        ("POST", "feeds", "FeedEdit"),
    ):
        status, answer = await as_key(octopus, "API-READER", method, path, {"Name": "x"})
        assert status == 403
        assert answer["ErrorMessage"].endswith(f"Missing permission: {permission}")
    assert len(await octopus.get("projects/all")) == 1


async def test_the_key_decides_who_the_audit_log_names(octopus: Http) -> None:
    key = await add_key(octopus)
    me = await seen(octopus, key, "users/me")
    assert me["Username"] == "some"
    await as_key(octopus, key, "POST", "environments", {"Name": "Dev"})
    newest = (await octopus.get("events"))["Items"][0]
    assert (newest["Username"], newest["UserId"]) == ("some", me["Id"])


async def test_projects_out_of_sight_are_left_out_of_every_list(octopus: Http) -> None:
    shown, hidden = await octopus.project("Shown"), await octopus.project("Hidden")
    runbook = {"Name": "R", "ProjectId": hidden["Id"], "RunRetentionPolicy": {"QuantityToKeep": 1}}
    await octopus.post("runbooks", runbook)
    key = await add_key(octopus, Projects=[shown["Id"]])
    assert [one["Name"] for one in await seen(octopus, key, "projects/all")] == ["Shown"]
    page = await seen(octopus, key, "projects")
    assert (page["TotalResults"], [one["Name"] for one in page["Items"]]) == (1, ["Shown"])
    assert await seen(octopus, key, "runbooks/all") == []
    assert {one["ProjectId"] for one in await seen(octopus, key, "channels/all")} == {shown["Id"]}
    ids = f"{shown['VariableSetId']},{hidden['VariableSetId']}"
    assert [one["OwnerId"] for one in await seen(octopus, key, f"variables/all?ids={ids}")] == [shown["Id"]]
    for path in (f"projects/{hidden['Id']}", f"variables/{hidden['VariableSetId']}", "projects/hidden"):
        assert (await as_key(octopus, key, "GET", path))[0] == 404
    related = {one for event in (await seen(octopus, key, "events"))["Items"] for one in event["RelatedDocumentIds"]}
    assert shown["Id"] in related
    assert hidden["Id"] not in related


async def test_a_key_may_be_told_that_it_is_forbidden(octopus: Http) -> None:
    project = await octopus.project()
    key = await add_key(octopus, Projects=[], ForbiddenStatus=403)
    status, answer = await as_key(octopus, key, "GET", f"projects/{project['Id']}")
    assert status == 403
    assert "ProjectView" in answer["ErrorMessage"]


async def test_a_space_out_of_sight_is_as_if_it_were_not_there(octopus: Http) -> None:
    other = await octopus.post(
        "spaces", {"Name": "Other", "SpaceManagersTeams": ["teams-managers"], "SpaceManagersTeamMembers": []}
    )
    key = await add_key(octopus, Spaces=["Spaces-1"])
    assert [one["Name"] for one in await seen(octopus, key, "spaces/all")] == ["Default"]
    assert (await as_key(octopus, key, "GET", f"{other['Id']}/projects/all"))[0] == 404
    assert await seen(octopus, key, "Spaces-1/projects/all") == []


async def test_variables_of_environments_out_of_sight_are_left_out_and_survive_a_save(octopus: Http) -> None:
    dev, production = await octopus.environment("Dev"), await octopus.environment("Production")
    project = await octopus.project()
    rows = [
        {"Name": "Everywhere", "Value": "1"},
        {"Name": "Both", "Value": "2", "Scope": {"Environment": [dev["Id"], production["Id"]]}},
        {"Name": "Far", "Value": "3", "Scope": {"Environment": [production["Id"]]}},
        {"Name": "Secret", "Value": "4", "Type": "Sensitive", "Scope": {"Environment": [production["Id"]]}},
    ]
    await octopus.save_variables(project, rows)
    key = await add_key(octopus, Environments=[dev["Id"]])
    path = f"variables/{project['VariableSetId']}"
    variables = await seen(octopus, key, path)
    assert [one["Name"] for one in variables["Variables"]] == ["Everywhere", "Both"]
    status, _ = await as_key(octopus, key, "PUT", path, {**variables, "Variables": variables["Variables"][:1]})
    assert status == 200
    assert {one["Name"] for one in (await octopus.get(path))["Variables"]} == {"Everywhere", "Far", "Secret"}
    assert "4" in octopus.sandbox.store.secrets_of(project["VariableSetId"]).values()
    assert [one["Name"] for one in await seen(octopus, key, "environments/all")] == ["Dev"]


async def test_permissions_say_what_the_key_may_do(octopus: Http) -> None:
    me = await seen(octopus, "API-READER", "users/me")
    rights = await seen(octopus, "API-READER", f"users/{me['Id']}/permissions")
    assert "ProjectView" in rights["SpacePermissions"]
    assert "ProjectEdit" not in rights["SpacePermissions"]
    assert "AdministerSystem" not in rights["SystemPermissions"]
    key = await add_key(octopus, Projects=["Projects-7"])
    some = await seen(octopus, key, "users/me")
    rights = await seen(octopus, key, f"Spaces-1/users/{some['Id']}/permissions")
    assert rights["SpacePermissions"]["ProjectEdit"][0]["RestrictedToProjectIds"] == ["Projects-7"]
    assert (await as_key(octopus, key, "GET", f"users/{me['Id']}/permissions"))[0] == 403
    administrator = await octopus.get("users/me")
    assert "AdministerSystem" in (await octopus.get(f"users/{administrator['Id']}/permissions"))["SystemPermissions"]


async def test_a_key_can_be_taken_away(octopus: Http) -> None:
    key = await add_key(octopus)
    assert [one["Username"] for one in await octopus.get("sandbox/keys")] == ["sandbox-admin", "reader", "some"]
    assert "API-" not in str(await octopus.get("sandbox/keys"))
    await octopus.delete("sandbox/keys/some")
    assert (await as_key(octopus, key, "GET", "users/me"))[0] == 401
    await octopus.refused("DELETE", "sandbox/keys/sandbox-admin", status=404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ApiKey": "API-X"},
        {"ApiKey": "API-READER", "Username": "other"},
        {"ApiKey": "API-X", "Username": "reader"},
        {"ApiKey": "API-X", "Username": "x", "Projects": "Projects-1"},
        {"ApiKey": "API-X", "Username": "x", "ReadOnly": "yes"},
        {"ApiKey": "API-X", "Username": "x", "ForbiddenStatus": 500},
        {"ApiKey": "API-X", "Username": "x", "Colour": "red"},
    ],
)
async def test_a_key_that_cannot_be_is_refused(octopus: Http, body: Any) -> None:
    await octopus.refused("POST", "sandbox/keys", body)


@pytest.mark.parametrize(
    ("method", "template", "permission"),
    [
        ("PUT", "projects/{id}/deploymentsettings", "ProjectEdit"),
        ("POST", "projects/{project}/triggers", "TriggerCreate"),
        ("POST", "libraryvariablesets", "LibraryVariableSetCreate"),
        ("PUT", "environments/sortorder", "EnvironmentEdit"),
        ("PUT", "maintenanceconfiguration", "AdministerSystem"),
    ],
)
def test_which_permission_a_write_needs(method: str, template: str, permission: str) -> None:
    assert permission_for(method, template) == permission
    assert permission in (*PERMISSIONS, "AdministerSystem")
