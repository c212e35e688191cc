"""The `/v1` and `/v2` forms of the sandbox' routes, and the views that stand beside lists: previews and summaries.

That each form is a route of the release, and that what it answers keeps the server's Swagger, is held by
`test_sandbox_versions.py` and `contract.py`; here stands that a form says, and does, what its plain route does.
"""

from __future__ import annotations

from typing import Any

import pytest
from octopus_samples import needs_samples, swagger_of
from sandbox_http import Http, http
from swagger import shape

from sandbox.app import ROUTER, create_app
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.versions import at_least

SPACE = "Spaces-1"
DETAILS = {"Type": "UsernamePassword", "Username": "u", "Password": {"HasValue": True, "NewValue": "s3cret"}}
TARGET = {"Endpoint": {"CommunicationStyle": "None"}, "Roles": ["web"]}
RETENTION = {"QuantityToKeep": 100, "ShouldKeepForever": False}


@pytest.mark.parametrize(
    ("path", "form", "name"),
    [
        ("environments", "environments/v1", "Environments"),
        ("environments/all", "environments/all/v1", "Environments"),
        ("libraryvariablesets/all", "libraryvariablesets/all/v1", "LibraryVariableSets"),
        ("machines/all", "machines/all/v1", "DeploymentTargets"),
        ("machineroles/all", "machineroles/all/v1", "MachineRoles"),
        (f"{SPACE}/git-credentials", f"{SPACE}/git-credentials/v1", "GitCredentials"),
        ("events/archives", "events/archives/v1", "ArchivedFiles"),
    ],
)
async def test_a_list_stands_in_an_envelope(path: str, form: str, name: str) -> None:
    async with http() as api:
        environment = await api.environment()
        await api.post("libraryvariablesets", {"Name": "Common"})
        await api.post("machines", {"Name": "One", "EnvironmentIds": [environment["Id"]], **TARGET})
        await api.post(f"{SPACE}/git-credentials", {"Name": "Git", "Details": DETAILS})
        assert await api.get(form) == {name: await api.get(path)}


async def test_a_form_takes_the_parameters_of_its_list() -> None:
    async with http() as api:
        await api.environment("Dev")
        test = await api.environment("Test")
        assert [one["Id"] for one in (await api.get("environments/v1?partialName=te"))["Environments"]["Items"]] == [
            test["Id"]
        ]
        chosen = await api.get(f"Spaces-1/Environments/All/V1?ids={test['Id']}")
        assert [one["Name"] for one in chosen["Environments"]] == ["Test"]
        library = await api.post("libraryvariablesets", {"Name": "Common"})
        posted = await api.post(f"libraryvariablesets/all/v1?ids={library['Id']}", {})
        assert [one["Name"] for one in posted["LibraryVariableSets"]] == ["Common"]


async def test_a_space_is_made_and_deleted_by_its_forms() -> None:
    async with http() as api:
        manager = (await api.get("users/me"))["Id"]
        body = {"Name": "Two", "SpaceManagersTeams": ["teams-administrators"], "SpaceManagersTeamMembers": [manager]}
        space = (await api.post("spaces/v1", body))["Space"]
        assert await api.get(f"spaces/{space['Id']}") == space
        await api.put(f"spaces/{space['Id']}", {**space, "TaskQueueStopped": True})
        assert await api.delete(f"spaces/{space['Id']}/v1") == {}
        await api.refused("GET", f"spaces/{space['Id']}", status=404)


async def test_a_git_credential_lives_by_its_forms() -> None:
    async with http() as api:
        root = f"{SPACE}/git-credentials"
        made = await api.post(f"{root}/v1", {"Name": "Git", "Details": DETAILS})
        assert set(made) == {"Id", "Links"}
        path = f"{root}/{made['Id']}"
        assert await api.get(f"{path}/v1") == {"GitCredential": await api.get(path)}
        assert await api.get(f"{path}/usage/v1") == await api.get(f"{path}/usage")
        assert await api.put(f"{path}/v1", {"Id": made["Id"], "Name": "Renamed", "Details": DETAILS}) == {}
        assert (await api.get(path))["Name"] == "Renamed"
        assert await api.delete(f"{path}/v1") == {}
        await api.refused("GET", path, status=404)
        # As the plain ones, they have no form for the default space.
        await api.refused("GET", "git-credentials/v1", status=404)


@pytest.mark.parametrize(
    ("collection", "body"),
    [
        ("accounts", {"AccountType": "UsernamePassword", "Username": "u"}),
        ("actiontemplates", {"ActionType": "Octopus.Script", "Properties": {}}),
        ("machinepolicies", {}),
    ],
)
async def test_a_deletion_answers_an_empty_object(collection: str, body: dict[str, Any]) -> None:
    async with http() as api:
        made = await api.post(collection, {"Name": "Passing", **body})
        assert await api.delete(f"{collection}/{made['Id']}/v1") == {}
        await api.refused("GET", f"{collection}/{made['Id']}", status=404)
        await api.refused("DELETE", f"{collection}/{made['Id']}/v1", status=404)


async def test_a_refusal_stands_in_no_envelope() -> None:
    async with http() as api:
        before = await api.get("spaces/all")
        assert "Name" in await api.refused("POST", "spaces/v1", {"Name": ""})
        assert await api.get("spaces/all") == before


async def test_runbooks_channels_and_snapshots_of_a_project() -> None:
    async with http() as api:
        project = await api.project()
        path = f"{SPACE}/projects/{project['Id']}"
        made = await api.post(f"{path}/runbooks/v2", {"Name": "Restart", "RunRetentionPolicy": RETENTION})
        assert made == {"Id": made["Id"], "Name": "Restart", "ProjectId": project["Id"], "Slug": "restart"}
        runbooks = await api.get(f"{path}/runbooks/all")
        assert [one["Id"] for one in runbooks] == [made["Id"]]
        assert await api.get(f"{path}/runbooks/all/v2") == {"Runbooks": runbooks}
        snapshot = await api.post(f"{path}/runbooksnapshots", {"Name": "One", "RunbookId": made["Id"]})
        refreshed = await api.post(f"{path}/runbooksnapshots/{snapshot['Id']}/snapshot-variables/v1", {})
        assert refreshed["Resource"]["Id"] == snapshot["Id"]
        channel = await api.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        assert await api.delete(f"{path}/channels/{channel['Id']}/v2") == {}
        await api.refused("GET", f"channels/{channel['Id']}", status=404)


async def test_maintenance_is_switched_by_its_form() -> None:
    async with http() as api:
        answer = await api.put("maintenanceconfiguration/v1", {"IsInMaintenanceMode": True})
        assert answer == {"Resource": await api.get("maintenanceconfiguration")}
        assert answer["Resource"]["IsInMaintenanceMode"] is True


async def test_a_strict_server_is_strict_in_a_form_too() -> None:
    async with http(Settings(strict=True)) as api:
        body = {"Name": "Git", "Details": DETAILS, "Colour": "red"}
        assert "Colour" in await api.refused("POST", f"{SPACE}/git-credentials/v1", body)
        assert "Colour" in await api.refused("POST", f"{SPACE}/git-credentials", body)


@pytest.mark.parametrize(
    ("version", "path", "status"),
    [
        ("2021.2.1290", "environments/all/v1", 404),
        ("2023.4.8290", "environments/all/v1", 200),
        ("2023.4.8290", f"{SPACE}/environments/summary/v2", 404),
        ("2021.2.1290", "environments/summary", 200),
        ("2021.2.1290", "lifecycles/Lifecycles-1/preview", 200),
        ("2021.2.1290", "lifecycles/previews", 404),
        ("2023.4.8290", "lifecycles/previews", 200),
    ],
)
async def test_a_release_has_its_forms_only(version: str, path: str, status: int) -> None:
    async with http(Settings(version=version)) as api:
        assert (await api.raw("GET", path))[0] == status


@needs_samples
@pytest.mark.parametrize("version", ["2023.4.8290", "2026.1.9674"])
def test_every_route_has_the_forms_that_its_release_has(version: str) -> None:
    served = {
        (route.method, shape(f"/{route.template}"))
        for route in create_app(Store(), Settings())[ROUTER]
        if at_least(version, route.since)
    }
    lacking = {
        f"{method} {path}"
        for path, methods in swagger_of(version).shapes.items()
        for method in methods
        if path.endswith(("/v1", "/v2"))
        and (method, path[:-3].removeprefix("/{space}")) in served
        and (method, path.removeprefix("/{space}")) not in served
    }
    # 2023.4 had it and 2026.1 has not.
    assert lacking <= {"POST /machines/v1", "POST /{space}/machines/v1"}


async def test_what_is_done_to_files_and_certificates() -> None:
    async with http() as api:
        certificate = await api.post("certificates/generate", {"Name": "Web", "SubjectCommonName": "web.example"})
        path = f"certificates/{certificate['Id']}"
        assert await api.post(f"{path}/archive/v1", {}) == {}
        assert (await api.get(path))["Archived"]
        assert await api.post(f"{path}/unarchive/v1", {}) == {}
        assert not (await api.get(path))["Archived"]
        await api.refused("DELETE", "packages/packages-None.1.0.0/v1", status=404)
        await api.refused("DELETE", "events/archives/none.jsonl/v1", status=404)


# -- previews and summaries ------------------------------------------------------------------------------------------


async def test_a_preview_writes_out_what_a_lifecycle_leaves_to_convention() -> None:
    async with http() as api:
        ids = [(await api.environment(name))["Id"] for name in ("Dev", "Test", "Live")]
        await api.post(f"{SPACE}/parentenvironments", {"Name": "Previews"})
        default = (await api.get("lifecycles/all"))[0]
        shown = await api.get(f"lifecycles/{default['Id']}/preview")
        assert [phase["OptionalDeploymentTargets"] for phase in shown["Phases"]] == [[one] for one in ids]
        assert {**shown, "Phases": []} == default
        first = {"Name": "First", "AutomaticDeploymentTargets": [ids[0]]}
        mixed = await api.post("lifecycles", {"Name": "Mixed", "Phases": [first, {"Name": "Rest"}]})
        shown = await api.get(f"lifecycles/{mixed['Id']}/preview")
        assert shown["Phases"][0] == mixed["Phases"][0]
        assert shown["Phases"][1] == {**mixed["Phases"][1], "OptionalDeploymentTargets": ids[1:]}
        assert await api.get(f"lifecycles/previews?ids={mixed['Id']}") == [shown]
        assert await api.get(f"lifecycles/{mixed['Id']}") == mixed  # looking changes nothing
        await api.refused("GET", "lifecycles/Lifecycles-99/preview", status=404)


async def _targets(api: Http) -> list[str]:
    """Two targets: one in Dev alone, one, disabled, in Dev and Test; nothing in Live."""
    ids = [(await api.environment(name))["Id"] for name in ("Dev", "Test", "Live")]
    await api.post("machines", {"Name": "One", "EnvironmentIds": ids[:1], **TARGET})
    await api.post("machines", {"Name": "Two", "EnvironmentIds": ids[:2], **TARGET, "IsDisabled": True})
    return ids


async def test_a_summary_counts_the_targets_of_each_environment_and_of_all() -> None:
    async with http() as api:
        ids = await _targets(api)
        summary = await api.get("environments/summary")
        assert (summary["TotalMachines"], summary["TotalDisabledMachines"]) == (2, 1)
        assert summary["MachineEndpointSummaries"] == {"None": 2}
        by_id = {one["Environment"]["Id"]: one["TotalMachines"] for one in summary["EnvironmentSummaries"]}
        assert by_id == dict(zip(ids, (2, 1, 0), strict=True))


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ("hideEmptyEnvironments=true", {"Dev": 2, "Test": 1}),
        ("partialName=te", {"Test": 1}),
        ("machinePartialName=one", {"Dev": 1, "Test": 0, "Live": 0}),
        ("isDisabled=true&hideEmptyEnvironments=true", {"Dev": 1, "Test": 1}),
        ("commStyles=Ssh&hideEmptyEnvironments=true", {}),
        ("roles=web&partialName=dev", {"Dev": 2}),
    ],
)
async def test_a_summary_is_of_what_the_filters_leave(query: str, counts: dict[str, int]) -> None:
    async with http() as api:
        await _targets(api)
        summary = await api.get(f"environments/summary?{query}")
        assert {one["Environment"]["Name"]: one["TotalMachines"] for one in summary["EnvironmentSummaries"]} == counts


async def test_the_newer_summary_has_environments_of_all_types() -> None:
    async with http() as api:
        await api.environment()
        await api.post(f"{SPACE}/parentenvironments", {"Name": "Previews"})
        for path, names in (
            ("environments/summary", ["Dev"]),
            (f"{SPACE}/environments/summary/v2", ["Dev", "Previews"]),
            (f"{SPACE}/environments/summary/v2?type=Parent", ["Previews"]),
        ):
            found = (await api.get(path))["EnvironmentSummaries"]
            assert [one["Environment"]["Name"] for one in found] == names


@needs_samples
@pytest.mark.parametrize("version", ["2021.2.1290", "2023.4.8290", "2026.1.9674"])
async def test_a_summary_has_the_properties_of_its_release(version: str) -> None:
    swagger = swagger_of(version)
    operation = swagger.of_template("GET", "/{spaceId}/environments/summary")
    assert operation is not None
    assert operation.answer is not None
    async with http(Settings(version=version)) as api:
        await _targets(api)
        summary = await api.get("environments/summary")
    assert swagger.violations(operation.answer, summary) == set()
    assert set(summary) == set(swagger.properties(operation.answer))
