"""The audit log of the sandbox, as the Events API gives it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from sandbox.event_entry import Entry
from sandbox.event_noise import deployment, features_configured, package_pushed, release_created, task_run_by_hand
from sandbox.server import Sandbox, serve

SPACE = "Spaces-1"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as session:
        yield session


async def get(api: aiohttp.ClientSession, path: str, status: int = 200, **query: Any) -> Any:
    async with api.get(f"{path}?{urlencode(query)}" if query else path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def send(api: aiohttp.ClientSession, method: str, path: str, body: Any, status: int) -> Any:
    async with api.request(method, path, json=body) as answer:
        assert answer.status == status, await answer.text()
        text = await answer.text()
        return await answer.json() if text else None


async def told(api: aiohttp.ClientSession, **query: Any) -> list[str]:
    """Messages, newest first."""
    return [event["Message"] for event in (await get(api, f"/api/{SPACE}/events", **query))["Items"]]


def last_auto_id(sandbox: Sandbox) -> int:
    return sandbox.audit.last_auto_id


async def test_a_saved_environment_tells_who_changed_what(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    environment = await send(api, "POST", f"/api/{SPACE}/environments", {"Name": "Dev"}, 201)
    start = last_auto_id(sandbox)
    await send(
        api, "PUT", f"/api/{SPACE}/environments/{environment['Id']}", {**environment, "Name": "Development"}, 200
    )
    [event] = (await get(api, f"/api/{SPACE}/events", fromAutoId=start))["Items"]
    assert event["Category"] == "Modified"
    assert event["RelatedDocumentIds"] == [environment["Id"]]
    assert event["Message"] == "Environment Development was modified"
    assert event["Username"] == sandbox.settings.username
    assert event["UserAgent"].startswith("Python")
    assert event["IdentityEstablishedWith"].startswith("API key '")
    assert event["SpaceId"] == SPACE
    assert event["ChangeDetails"]["DocumentContext"]["Name"] == "Dev"
    assert {"op": "replace", "path": "/Name", "value": "Development"} in event["ChangeDetails"]["Differences"]
    assert await get(api, f"/api/events/{event['Id']}") == event
    assert await get(api, f"/api/{SPACE}/events/{event['Id'].lower()}") == event


async def test_a_refused_write_leaves_no_event(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    await send(api, "POST", f"/api/{SPACE}/environments", {"Name": "Dev"}, 201)
    start = last_auto_id(sandbox)
    await send(api, "POST", f"/api/{SPACE}/environments", {"Name": "dev"}, 400)
    assert last_auto_id(sandbox) == start


async def test_the_list_is_newest_first_thirty_a_page(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    before = len(sandbox.audit)
    ids = [sandbox.audit.add(package_pushed(SPACE)).id for _ in range(35)]
    page = await get(api, f"/api/{SPACE}/events", eventCategories="PackageAddedToBuiltInFeed,Created")
    assert page["ItemType"] == "Event"
    assert page["ItemsPerPage"] == 30
    assert [event["Id"] for event in page["Items"]][:3] == ids[:-4:-1]
    everything = await get(api, "/api/events", take=2147483647)
    assert everything["TotalResults"] == before + 35 == len(everything["Items"])
    rest = await get(api, f"/api/{SPACE}/events", skip=30, take=3)
    assert [event["Id"] for event in rest["Items"]] == ids[4:1:-1]


async def test_bounds_on_the_auto_id_are_exclusive(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    events = [sandbox.audit.add(package_pushed(SPACE)) for _ in range(5)]
    page = await get(api, f"/api/{SPACE}/events", fromAutoId=events[1].auto_id, toAutoId=events[4].auto_id)
    assert [event["Id"] for event in page["Items"]] == [events[3].id, events[2].id]


async def test_from_is_inclusive_and_to_is_not(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    now = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=678_000)
    events = [sandbox.audit.add(package_pushed(SPACE), occurred=now + timedelta(seconds=second)) for second in range(3)]
    window = {"from": now.isoformat(), "to": (now + timedelta(seconds=2)).isoformat()}
    page = await get(api, f"/api/{SPACE}/events", **window)
    assert [event["Id"] for event in page["Items"]] == [events[1].id, events[0].id]
    assert page["Items"][1]["Occurred"] == now.isoformat(timespec="milliseconds")
    await get(api, "/api/events", status=400, **{"from": "yesterday"})
    await get(api, "/api/events", status=400, fromAutoId="many")


TAGS = {"Name": "Ring", "Tags": [{"Name": "Inner"}, {"Name": "Outer"}]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"documentTypes": "projects"}, {"release", "deployment", "task"}),
        ({"documentTypes": "Feeds,Releases"}, {"release", "deployment", "package"}),
        ({"eventCategories": "created"}, {"release", "task", "machine"}),
        ({"eventGroups": "Deployment"}, {"deployment"}),
        ({"regarding": "Projects-7,Environments-3"}, {"deployment"}),
        ({"regardingAny": "Projects-7,Environments-3"}, {"release", "deployment", "task"}),
        ({"projects": "Projects-7", "environments": "Environments-3"}, {"deployment"}),
        ({"environments": "environments-3"}, {"deployment", "task"}),
        ({"users": "users-system", "documentTypes": "feeds"}, {"package"}),
        ({"user": "Users-1"}, set()),
        ({"eventAgents": "Server", "eventCategories": "Created"}, {"release", "task", "machine"}),
        ({"projectGroups": "projectgroups-1"}, {"deployment"}),
        ({"tenants": "Tenants-1"}, {"tenant"}),
        ({"tags": "Ring/Inner"}, {"tenant"}),
        ({"tags": "ring/inner,Ring/Outer"}, {"tenant"}),
        ({"tags": "Ring/Outer"}, set()),
        ({"includeInternalEvents": "false", "documentTypes": "machines"}, {"machine"}),
        ({"internal": "false", "regarding": "Machines-1"}, {"machine"}),
        ({"includeInternalEvents": "true", "documentTypes": "machines"}, {"machine", "trigger"}),
    ],
)
async def test_filters(sandbox: Sandbox, api: aiohttp.ClientSession, query: dict[str, str], expected: set[str]) -> None:
    names = {
        sandbox.audit.add(entry).id: name
        for name, entry in {
            "release": release_created(SPACE, "Projects-7"),
            "deployment": deployment(SPACE, "Projects-7", "Environments-3"),
            "task": task_run_by_hand(SPACE, "Environments-3"),
            "package": package_pushed(SPACE, "2026.1.9674"),
            "tenant": Entry("Modified", ("Tenants-1",), (), SPACE),
            "machine": Entry("Created", ("Machines-1",), (), SPACE),
            "trigger": Entry("MachineAdded", ("Machines-1",), (), SPACE, internal=True),
        }.items()
    }
    await send(api, "POST", f"/api/{SPACE}/tagsets", TAGS, 201)
    await send(api, "POST", f"/api/{SPACE}/tenants", {"Name": "T", "TenantTags": ["Ring/Inner"]}, 201)
    page = await get(api, f"/api/{SPACE}/events", ids=",".join(names), **query)
    assert {names[event["Id"]] for event in page["Items"]} == expected


async def test_spaces_and_system_events_are_apart(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    ids = {
        sandbox.audit.add(features_configured()).id: "system",
        sandbox.audit.add(package_pushed(SPACE)).id: "one",
        sandbox.audit.add(package_pushed("Spaces-2")).id: "two",
    }

    async def seen(path: str, **query: str) -> set[str]:
        page = await get(api, path, take=1000, **query)
        return {ids[event["Id"]] for event in page["Items"] if event["Id"] in ids}

    assert await seen("/api/events") == {"system", "one", "two"}
    assert await seen("/api/events", spaces="all") == {"one", "two"}
    assert await seen("/api/events", spaces="Spaces-1,Spaces-2", includeSystem="true") == {"system", "one", "two"}
    assert await seen("/api/events", spaces="Spaces-2") == {"two"}
    assert await seen("/api/events", includeSystem="false") == {"one", "two"}
    assert await seen(f"/api/{SPACE}/events") == {"one"}
    system = next(event for event, name in ids.items() if name == "system")
    await get(api, f"/api/{SPACE}/events/{system}", status=404)
    await get(api, "/api/events/Events-99999", status=404)


async def test_differences_can_be_left_out(api: aiohttp.ClientSession) -> None:
    environment = await send(api, "POST", f"/api/{SPACE}/environments", {"Name": "Dev"}, 201)
    await send(api, "PUT", f"/api/{SPACE}/environments/{environment['Id']}", environment, 200)
    page = await get(api, f"/api/{SPACE}/events", excludeDifference="true")
    nothing = {"DocumentContext": None, "Differences": None}
    assert all(event["ChangeDetails"] == nothing for event in page["Items"])


async def test_a_late_commit_hides_from_a_cursor_and_not_from_an_overlap(
    sandbox: Sandbox, api: aiohttp.ClientSession
) -> None:
    sandbox.audit.add(package_pushed(SPACE))
    cursor = last_auto_id(sandbox)
    body = {"Noise": "release-created", "ProjectId": "Projects-1", "Late": True}
    late = await send(api, "POST", "/api/sandbox/events", body, 201)
    assert (await get(api, f"/api/{SPACE}/events", fromAutoId=cursor))["Items"] == []
    overlap = await get(api, f"/api/{SPACE}/events", fromAutoId=cursor - 10)
    assert late["Id"] in [event["Id"] for event in overlap["Items"]]


@pytest.mark.parametrize("noise", ["release-created", "release-modified", "deployment", "task", "package", "features"])
async def test_noise_can_be_added_by_http(api: aiohttp.ClientSession, noise: str) -> None:
    added = await send(api, "POST", "/api/sandbox/events", {"Noise": noise}, 201)
    assert (await get(api, f"/api/events/{added['Id']}"))["ChangeDetails"]["DocumentContext"] is None


async def test_any_event_can_be_added_by_http(api: aiohttp.ClientSession) -> None:
    body = {"Category": "Imported", "RelatedDocumentIds": [], "Message": "Import complete"}
    added = await send(api, "POST", "/api/sandbox/events", body, 201)
    event = await get(api, f"/api/events/{added['Id']}")
    assert (event["Category"], event["RelatedDocumentIds"], event["Message"]) == ("Imported", [], "Import complete")
    assert added in await get(api, "/api/sandbox/events")


@pytest.mark.parametrize("body", [{"Noise": "music"}, {}, {"Category": "Created", "RelatedDocumentIds": "Projects-1"}])
async def test_an_event_that_is_none_is_refused(api: aiohttp.ClientSession, body: dict[str, Any]) -> None:
    await send(api, "POST", "/api/sandbox/events", body, 400)


async def test_events_cannot_be_changed_through_the_api(api: aiohttp.ClientSession) -> None:
    await send(api, "POST", "/api/events", {}, 405)
    await send(api, "DELETE", f"/api/{SPACE}/events/Events-1", None, 405)


# As Octopus' documentation of deployment target triggers has them.
_FINE, _NOT_FINE = ["MachineHealthy", "MachineHasWarnings"], ["MachineUnavailable", "MachineUnhealthy"]
MACHINE_GROUPS = {
    "Machine": [
        "MachineCleanupFailed",
        "MachineAdded",
        "MachineDeploymentRelatedPropertyWasUpdated",
        "MachineDisabled",
        "MachineEnabled",
        *_FINE,
        *_NOT_FINE,
    ],
    "MachineCritical": ["MachineCleanupFailed", "MachineUnavailable"],
    "MachineAvailableForDeployment": ["MachineEnabled", *_FINE],
    "MachineUnavailableForDeployment": ["MachineDisabled", *_NOT_FINE],
    "MachineHealthChanged": [*_FINE, *_NOT_FINE],
}


async def test_the_lists_of_what_there_is(api: aiohttp.ClientSession) -> None:
    categories = {row["Id"] for row in await get(api, "/api/events/categories")}
    groups = {row["Id"]: row["EventCategories"] for row in await get(api, f"/api/{SPACE}/events/groups")}
    types = {row["Id"].lower() for row in await get(api, "/api/events/documenttypes")}
    assert groups["Document"] == ["Created", "Modified", "Deleted"]
    assert {name: groups[name] for name in MACHINE_GROUPS} == MACHINE_GROUPS
    assert {category for group in groups.values() for category in group} <= categories
    assert {"projects", "variableset", "deploymentprocess", "libraryvariablesets"} <= types
    assert {"Id": "Server", "Name": "Octopus Server", "Links": {}} in await get(api, "/api/events/agents")
    machine = await get(api, "/api/events/categories", appliesTo="Machine")
    assert {row["Id"] for row in machine} == set(MACHINE_GROUPS["Machine"])
    groups_of_machines = await get(api, "/api/events/groups", appliesTo="machine")
    assert {row["Id"] for row in groups_of_machines} == set(MACHINE_GROUPS)


async def project(api: aiohttp.ClientSession, name: str = "OctoFX") -> Any:
    groups, lifecycles = (
        await get(api, f"/api/{SPACE}/projectgroups/all"),
        await get(api, f"/api/{SPACE}/lifecycles/all"),
    )
    body = {"Name": name, "ProjectGroupId": groups[0]["Id"], "LifecycleId": lifecycles[0]["Id"]}
    return await send(api, "POST", f"/api/{SPACE}/projects", body, 201)


async def since(api: aiohttp.ClientSession, auto_id: int) -> list[tuple[str, set[str]]]:
    """Category and related ids of what happened after, oldest first."""
    page = await get(api, f"/api/{SPACE}/events", fromAutoId=auto_id, take=1000)
    return [(event["Category"], set(event["RelatedDocumentIds"])) for event in reversed(page["Items"])]


async def test_one_event_tells_of_a_new_project_and_one_of_its_end(
    sandbox: Sandbox, api: aiohttp.ClientSession
) -> None:
    start = last_auto_id(sandbox)
    created = await project(api)
    assert await since(api, start) == [("Created", {created["Id"]})]
    start = last_auto_id(sandbox)
    await send(api, "DELETE", f"/api/{SPACE}/projects/{created['Id']}", None, 200)
    assert await since(api, start) == [("Deleted", {created["Id"]})]
    [event] = (await get(api, f"/api/{SPACE}/events", fromAutoId=start))["Items"]
    assert event["ChangeDetails"]["DocumentContext"]["Id"] == created["Id"]


async def test_a_library_set_saved_as_the_browser_does_is_two_events(
    sandbox: Sandbox, api: aiohttp.ClientSession
) -> None:
    library = await send(api, "POST", f"/api/{SPACE}/libraryvariablesets", {"Name": "Shared"}, 201)
    variables = await get(api, f"/api/{SPACE}/variables/{library['VariableSetId']}")
    start = last_auto_id(sandbox)
    await send(api, "PUT", f"/api/{SPACE}/libraryvariablesets/{library['Id']}", library, 200)
    variables["Variables"] = [{"Name": "A", "Value": "1", "Type": "String", "Scope": {}, "IsEditable": True}]
    await send(api, "PUT", f"/api/{SPACE}/variables/{variables['Id']}", variables, 200)
    assert await since(api, start) == [
        ("Modified", {library["Id"]}),
        ("Modified", {variables["Id"], library["Id"]}),
    ]


async def test_a_new_default_channel_modifies_the_old_one(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    owner = await project(api)
    start = last_auto_id(sandbox)
    body = {"Name": "QA", "ProjectId": owner["Id"], "IsDefault": True}
    channel = await send(api, "POST", f"/api/{SPACE}/channels", body, 201)
    seen = await since(api, start)
    assert ("Created", {channel["Id"], owner["Id"]}) in seen
    assert [category for category, _ in seen].count("Modified") == 1


async def test_a_deleted_environment_is_followed_by_the_variable_sets_it_was_a_scope_of(
    sandbox: Sandbox, api: aiohttp.ClientSession
) -> None:
    owner = await project(api)
    environment = await send(api, "POST", f"/api/{SPACE}/environments", {"Name": "Dev"}, 201)
    variables = await get(api, f"/api/{SPACE}/variables/{owner['VariableSetId']}")
    scope = {"Environment": [environment["Id"]]}
    variables["Variables"] = [{"Name": "A", "Value": "1", "Type": "String", "Scope": scope}]
    await send(api, "PUT", f"/api/{SPACE}/variables/{variables['Id']}", variables, 200)
    start = last_auto_id(sandbox)
    await send(api, "DELETE", f"/api/{SPACE}/environments/{environment['Id']}", None, 200)
    assert await since(api, start) == [
        ("Deleted", {environment["Id"]}),
        ("Modified", {variables["Id"], owner["Id"]}),
    ]


async def test_no_secret_is_in_the_log(sandbox: Sandbox, api: aiohttp.ClientSession) -> None:
    owner = await project(api)
    variables = await get(api, f"/api/{SPACE}/variables/{owner['VariableSetId']}")
    for value in ("first-secret", "second-secret"):
        variables["Variables"] = [{"Name": "A", "Value": value, "Type": "Sensitive", "IsSensitive": True, "Scope": {}}]
        variables = await send(api, "PUT", f"/api/{SPACE}/variables/{variables['Id']}", variables, 200)
    page = await get(api, f"/api/{SPACE}/events")
    assert page["Items"][0]["ChangeDetails"]["Differences"]
    assert "-secret" not in str(page)
