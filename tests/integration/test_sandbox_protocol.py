"""The sandbox' protocol: routes, authentication, paging, errors, faults, state."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import pytest
from octopus_samples import needs_samples, sample
from sandbox_http import http

from sandbox.__main__ import main
from sandbox.server import serve, serve_in_thread
from sandbox.settings import Settings
from sandbox.store import Store


async def test_root_tells_version_and_links_without_a_key() -> None:
    async with serve(Settings(version="2023.4.8290")) as sandbox, aiohttp.ClientSession() as session:
        async with session.get(f"{sandbox.url}/api") as response:
            root = await response.json()
            assert parsedate_to_datetime(response.headers["Date"]).tzinfo is not None
        async with session.get(f"{sandbox.url}/api/users/me") as response:
            assert response.status == 401
            assert "Either your API key is invalid" in (await response.json())["ErrorMessage"]
        async with session.get(f"{sandbox.url}/api/users/me", headers={"X-Octopus-ApiKey": "API-WRÖNG"}) as response:
            assert response.status == 401
    assert root["Version"] == "2023.4.8290"
    assert root["InstallationId"]
    assert root["Links"]["Projects"].startswith("/api/Spaces-1/projects{/id}")


@pytest.mark.parametrize(("version", "on"), [("2026.1.9674", True), ("2023.4.8290", False)])
async def test_a_client_can_ask_what_is_there_before_it_uses_it(version: str, on: bool) -> None:
    async with http(Settings(version=version)) as octopus:
        assert "CreateReleaseCommandV1" in (await octopus.get("capabilities"))["Capabilities"]
        names = "CommonVariableScopingFeatureToggle,SomethingElse"
        toggles = (await octopus.get(f"configuration/feature-toggles?Name={names}"))["FeatureToggles"]
        assert [one["IsEnabled"] for one in toggles] == [on, False]


@pytest.mark.parametrize(
    "path",
    [
        "/api/environments",
        "/api/Spaces-1/environments",
        "/api/spaces/Spaces-1/environments",
        "/api/spaces/default/environments",
        "/API/SPACES-1/Environments/",
    ],
)
async def test_each_form_of_a_route_is_the_same_list(path: str) -> None:
    async with http() as octopus:
        await octopus.environment("Test")
        assert [one["Name"] for one in (await octopus.get(path))["Items"]] == ["Test"]


async def test_a_route_lives_in_its_space_only() -> None:
    async with http() as octopus:
        second = await octopus.post(
            "spaces", {"Name": "Second", "SpaceManagersTeams": ["teams-administrators"], "SpaceManagersTeamMembers": []}
        )
        environment = await octopus.post(f"{second['Id']}/environments", {"Name": "There"})
        assert environment["Links"]["Self"] == f"/api/{second['Id']}/environments/{environment['Id']}"
        assert await octopus.get("environments/all") == []
        await octopus.refused("GET", f"environments/{environment['Id']}", status=404)
        await octopus.refused("GET", "Spaces-77/environments", status=404)
        await octopus.refused("GET", "Spaces-1/spaces", status=404)
        await octopus.refused("GET", "git-credentials", status=404)  # has no space-less form
        assert (await octopus.get("Spaces-1/git-credentials"))["Items"] == []


async def test_wrong_verbs_and_empty_segments_are_405() -> None:
    async with http() as octopus:
        project = await octopus.project()
        await octopus.refused("PATCH", f"projects/{project['Id']}", status=405)
        await octopus.refused("DELETE", f"deploymentprocesses/{project['DeploymentProcessId']}", status=405)
        await octopus.refused("GET", f"projects/{project['Id']}//deploymentsettings", status=405)
        await octopus.refused("GET", "no-such-thing", status=404)


async def test_a_virtual_directory_is_in_the_url_and_in_every_link() -> None:
    async with http(Settings(virtual_directory="octopus")) as octopus:
        assert octopus.sandbox.url.endswith("/octopus")
        environment = await octopus.environment()
        assert environment["Links"]["Self"].startswith("/octopus/api/Spaces-1/environments/")
        async with octopus.session.get(octopus.sandbox.url.removesuffix("/octopus") + "/api") as response:
            assert response.status == 404


async def test_lists_page_by_thirty_and_environments_by_ten() -> None:
    async with http() as octopus:
        for number in range(64):
            await octopus.post("projectgroups", {"Name": f"Group {number:02}"})
        for number in range(11):
            await octopus.environment(f"Env {number:02}")
        first = await octopus.get("projectgroups")
        assert (first["TotalResults"], first["ItemsPerPage"]) == (65, 30)
        assert (first["NumberOfPages"], first["LastPageNumber"]) == (3, 2)
        assert "Page.Previous" not in first["Links"]
        names, page = [one["Name"] for one in first["Items"]], first
        while "Page.Next" in page["Links"]:
            page = await octopus.get(page["Links"]["Page.Next"])
            names += [one["Name"] for one in page["Items"]]
        assert names == ["Default Project Group", *(f"Group {number:02}" for number in range(64))]
        assert [one["Name"] for one in page["Items"]] == [f"Group {number:02}" for number in range(59, 64)]
        assert (await octopus.get(page["Links"]["Page.0"]))["Items"] == first["Items"]
        everything = await octopus.get("projectgroups?skip=0&take=2147483647")
        assert len(everything["Items"]) == 65
        assert (await octopus.get("projectgroups?skip=100"))["Items"] == []
        assert len((await octopus.get("projectgroups?take=0"))["Items"]) == 0
        assert len(await octopus.get("projectgroups/all")) == 65
        environments = await octopus.get("environments")
        assert (len(environments["Items"]), environments["ItemsPerPage"]) == (10, 10)
        await octopus.refused("GET", "projectgroups?skip=-1")
        await octopus.refused("GET", "projectgroups?take=many")


async def test_lists_filter_by_ids_and_names() -> None:
    async with http() as octopus:
        test, prod, _ = [await octopus.environment(name) for name in ("Test", "Production", "Preproduction")]
        ids = f"{test['Id'].lower()},{prod['Id']}"
        assert {one["Name"] for one in (await octopus.get(f"environments?ids={ids}"))["Items"]} == {
            "Test",
            "Production",
        }
        repeated = await octopus.get(f"environments/all?ids={test['Id']}&ids={prod['Id']}")
        assert {one["Name"] for one in repeated} == {"Test", "Production"}
        assert len((await octopus.get("environments?partialName=PROD"))["Items"]) == 2
        assert (await octopus.get("environments?ids=Environments-404"))["Items"] == []
        page = await octopus.get("environments?partialName=prod&take=1")
        assert len((await octopus.get(page["Links"]["Page.Next"]))["Items"]) == 1


async def test_exact_name_filter_came_after_the_2026_1_contract() -> None:
    for version, found in (("2026.1.9674", 1), ("2026.3.1", 0)):
        async with http(Settings(version=version)) as octopus:
            assert len(await octopus.get("lifecycles/all?name=Default")) == found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b'{"Name": null}',
        b'{"Name": "  "}',
        b'{"Name": "x", "UseGuidedFailure": "yes"}',
    ],
)
async def test_bad_bodies_are_400(body: bytes) -> None:
    async with http() as octopus:
        async with octopus.session.post(f"{octopus.sandbox.url}/api/environments", data=body) as response:
            assert response.status == 400
            assert (await response.json())["ErrorMessage"] == "There was a problem with your request."
        assert await octopus.get("environments/all") == []


async def test_requests_are_counted_by_route() -> None:
    async with http() as octopus:
        project = await octopus.project()
        await octopus.delete("sandbox/requests")
        began = time.time()
        await octopus.get(f"projects/{project['Id']}")
        await octopus.get(f"Spaces-1/projects/{project['Slug']}")
        await octopus.environment()
        log = await octopus.get("sandbox/requests")
        assert (log["Total"], log["Writes"]) == (3, 1)
        assert log["Counts"] == {"GET projects/{id}": 2, "POST environments": 1}
        assert log["Requests"][0]["Status"] == 200
        answered = [one["At"] for one in log["Requests"]]
        assert began <= answered[0] <= answered[-1] <= time.time()


async def test_two_sandboxes_with_offsets_share_no_id() -> None:
    async with http(Settings(first_id=1)) as one, http(Settings(first_id=1001, seed=7)) as other:
        for octopus in (one, other):
            project = await octopus.project()
            await octopus.save_variables(project, [{"Name": "x", "Value": "1"}])
        left, right = (set(_ids(octopus.sandbox.store)) for octopus in (one, other))
        shared = {i for i in left & right if not i.startswith(("teams-", "userroles-", "feeds-builtin"))}
        assert shared == set()


def _ids(store: Store) -> list[str]:
    text = json.dumps(store.state)
    return [part for part in text.split('"') if "-" in part and any(c.isdigit() for c in part) and " " not in part
            and ":" not in part and "#" not in part]  # fmt: skip


async def test_the_same_history_gives_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        async with http(Settings(seed=3)) as octopus:
            lifecycle = await octopus.post("lifecycles", {"Name": "L", "Phases": [{"Name": "One"}]})
            ids.append((lifecycle["Id"], lifecycle["Phases"][0]["Id"]))
    assert ids[0] == ids[1]


async def test_state_is_kept_with_its_secrets(tmp_path: Path) -> None:
    settings = Settings(state_path=str(tmp_path / "state.json"))
    async with http(settings) as octopus:
        project = await octopus.project()
        await octopus.save_variables(project, [{"Name": "pw", "Type": "Sensitive", "Value": "first secret"}])
        saved = await octopus.post("sandbox/state", {"Path": str(tmp_path / "other.json")})
        assert saved == {"Path": str(tmp_path / "other.json")}
    async with http(settings) as octopus:
        assert (await octopus.get(f"projects/{project['Id']}"))["Name"] == "Shop"
        rows = (await octopus.get(f"variables/{project['VariableSetId']}"))["Variables"]
        assert octopus.sandbox.store.secret(project["VariableSetId"], f"Variables/{rows[0]['Id']}") == "first secret"
        assert (await octopus.project("Next"))["Id"] == "Projects-2"
    assert Store.load(tmp_path / "other.json").space("Spaces-1").find("projects", project["Id"])
    (tmp_path / "bad.json").write_text('{"Format": 99}')
    with pytest.raises(ValueError, match="not the state of a sandbox"):
        Store.load(tmp_path / "bad.json")


def test_a_sandbox_in_a_thread_serves_callers_without_a_loop() -> None:
    import urllib.request

    with serve_in_thread(Settings(version="2021.2.1290")) as sandbox:
        request = urllib.request.Request(f"{sandbox.url}/api/users/me", headers=sandbox.headers)
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["Username"] == "sandbox-admin"


async def test_as_a_process_it_says_where_it_is_and_stops_on_a_signal(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", "0", "--first-id", "500", "--state", str(state),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        url = line.split(" at ")[1].split(" ")[0]
        async with aiohttp.ClientSession() as session, session.get(f"{url}/api") as response:
            assert "Spaces-500" in (await response.json())["Links"]["Projects"]
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert Store.load(state).find_space("Spaces-500")


async def test_a_rate_limit_refuses_and_refills() -> None:
    now = [datetime(2026, 11, 23, tzinfo=UTC)]
    store = Store(clock=lambda: now[0])
    settings = Settings(requests_per_minute=30)
    async with serve(settings, store=store) as sandbox, aiohttp.ClientSession(headers=sandbox.headers) as session:
        statuses = []
        for _ in range(31):
            async with session.get(f"{sandbox.url}/api/users/me") as response:
                statuses.append(response.status)
        assert statuses == [200] * 30 + [429]
        assert response.headers["Retry-After"] == "2"
        now[0] += timedelta(seconds=2)
        async with session.get(f"{sandbox.url}/api/users/me") as response:
            assert response.status == 200


async def test_what_the_key_may_not_see_is_left_out_in_silence() -> None:
    async with http() as octopus:
        one, other = await octopus.environment("One"), await octopus.environment("Other")
        project = await octopus.project()
        await octopus.put("sandbox/hidden", {"Ids": [one["Id"], project["VariableSetId"]]})
        page = await octopus.get("environments")
        assert (page["TotalResults"], [item["Id"] for item in page["Items"]]) == (1, [other["Id"]])
        await octopus.refused("GET", f"environments/{one['Id']}", status=404)
        assert await octopus.get(f"variables/all?ids={project['VariableSetId']}") == []
        await octopus.put("sandbox/hidden", {"Ids": []})
        assert len(await octopus.get("environments/all")) == 2


async def test_as_a_process_it_makes_a_large_space_and_keeps_it(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    for sizes in ("projects=2,variables=9,tenants=1", "projects=50"):  # the second one finds a server that is not new
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox", "--port", "0", "--state", str(state), "--generate", sizes,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert b" at http" in await asyncio.wait_for(process.stdout.readline(), 60)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert len(Store.load(state).space("Spaces-1").collection("projects")) == 2


def test_sizes_that_cannot_be_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--generate", "colours=3"])
    assert stopped.value.code == 2
    assert "there is no size colours; there are projects" in capsys.readouterr().err


@needs_samples
@pytest.mark.parametrize("version", ["2019.7.12", "2020.4.0"])
async def test_root_is_that_of_a_real_server(version: str) -> None:
    """Links that the real one had lead where they led, but for the parameters of their query."""
    real = sample("api", "root", f"api-{version}.json")
    async with http(Settings(version=version)) as octopus:
        ours = await octopus.get("/api")
    assert set(real) <= set(ours)
    assert (ours["Application"], ours["ApiVersion"]) == (real["Application"], real["ApiVersion"])
    both = set(real["Links"]) & set(ours["Links"])
    assert {name: ours["Links"][name].split("{?")[0] for name in both} == {
        name: real["Links"][name].split("{?")[0].removeprefix("~") for name in both
    }
    if version == "2020.4.0":  # the older one had no runbooks yet
        assert both == set(ours["Links"])
