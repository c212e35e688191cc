"""The demo's content, created on a server through its REST API and read back."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from demo.content import DemoSpace, space
from demo.seed import SeedError, seed
from sandbox.faults import Fault
from sandbox.server import Sandbox, serve


class Server:
    """A seeded sandbox and what a reader of its API sees."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def get(self, path: str) -> Any:
        url = f"{self.sandbox.url}/api/Spaces-1{path}"
        async with self.session.get(url, headers=self.sandbox.headers) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def named(self, kind: str, name: str) -> Any:
        (found,) = [one for one in await self.get(f"/{kind}/all") if one["Name"] == name]
        return found

    async def ids(self, kind: str) -> dict[str, str]:
        return {one["Name"]: one["Id"] for one in await self.get(f"/{kind}/all")}

    async def seed(self, content: DemoSpace) -> None:
        await seed(self.sandbox.url, self.sandbox.api_key, content, self.session)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve() as sandbox, aiohttp.ClientSession() as session:
        yield Server(sandbox, session)


def small(*projects: str) -> DemoSpace:
    """All that is shared, and these projects only."""
    content = space()
    return dataclasses.replace(content, projects=[content.project(name) for name in projects])


async def test_everything_is_created(server: Server) -> None:
    content = space()
    await server.seed(content)
    assert {project.name for project in content.projects} == set(await server.ids("projects"))
    assert {library.name for library in content.library_sets} == set(await server.ids("libraryvariablesets"))
    for kind, documents in {
        "environments": content.environments,
        "lifecycles": content.lifecycles,
        "feeds": content.feeds,
        "accounts": content.accounts,
        "actiontemplates": content.step_templates,
    }.items():
        assert {one["Name"] for one in documents} <= set(await server.ids(kind)), kind
    for project in content.projects:
        created = await server.named("projects", project.name)
        process = await server.get(f"/deploymentprocesses/{created['DeploymentProcessId']}")
        assert [step["Name"] for step in process["Steps"]] == [step["Name"] for step in project.steps]
        variables = await server.get(f"/variables/{created['VariableSetId']}")
        assert len(variables["Variables"]) == len(project.variables)
        runbooks = await server.get(f"/projects/{created['Id']}/runbooks")
        assert {one["Name"] for one in runbooks["Items"]} == {runbook.name for runbook in project.runbooks}
        assert "⟦" not in repr((created, process, variables, runbooks))


async def test_names_become_the_servers_ids(server: Server) -> None:
    await server.seed(small("OctoFX"))
    octofx = await server.named("projects", "OctoFX")
    environments = await server.ids("environments")
    process = await server.get(f"/deploymentprocesses/{octofx['DeploymentProcessId']}")
    actions = {action["Name"]: action for step in process["Steps"] for action in step["Actions"]}
    channels = {one["Name"]: one for one in (await server.get(f"/projects/{octofx['Id']}/channels"))["Items"]}
    runbooks = {one["Name"]: one for one in (await server.get(f"/projects/{octofx['Id']}/runbooks"))["Items"]}

    assert actions["QA sign-off"]["Environments"] == [environments["Test"]]
    assert actions["Tell the team"]["Channels"] == [channels["Default"]["Id"], channels["Hotfix"]["Id"]]
    teams = await server.ids("teams")
    assert (
        actions["Tell the team"]["Properties"]["Octopus.Action.Email.ToTeamIds"]
        == f"{teams['QA']},{teams['Release Managers']}"
    )
    assert channels["Default"]["IsDefault"]
    assert channels["Hotfix"]["LifecycleId"] == (await server.ids("lifecycles"))["Hotfix"]
    assert channels["Hotfix"]["Rules"][0]["VersionRange"] == "[1.0,2.0)"
    rows = (await server.get(f"/variables/{octofx['VariableSetId']}"))["Variables"]
    scopes = {(row["Name"], row["Value"]): row["Scope"] for row in rows}
    assert scopes["Application.Database.Name", "OctoFx-Dev"] == {"Environment": [environments["Development"]]}
    assert scopes["ConnectionString", "Database=#{Application.Database.Name}"] == {}
    assert scopes["Web.Workers", "2"] == {"Action": [actions["Deploy web site"]["Id"]]}
    assert scopes["Release.Label", "hotfix"] == {"Channel": [channels["Hotfix"]["Id"]]}
    assert scopes["Backup.Folder", r"\\backup\octofx"] == {"ProcessOwner": [runbooks["Back up database"]["Id"]]}
    assert scopes["Application.Database.Password", None] == {
        "Environment": [environments["Development"], environments["Test"]]
    }
    settings = await server.get(f"/projects/{octofx['Id']}/deploymentsettings")
    donor = settings["VersioningStrategy"]["DonorPackage"]["DeploymentAction"]
    assert donor in (actions["Deploy web site"]["Name"], actions["Deploy web site"]["Id"])


async def test_a_second_time_changes_nothing(server: Server) -> None:
    content = small("OctoFX", "Home lab")
    await server.seed(content)
    before = server.sandbox.requests.writes
    await server.seed(content)
    assert server.sandbox.requests.writes == before


async def test_a_server_that_limits_the_rate_is_waited_for(server: Server) -> None:
    server.sandbox.faults.add(Fault("status", path="/environments", count=3, status=429, headers={"Retry-After": "0"}))
    await server.seed(small())
    assert "Production" in await server.ids("environments")


async def test_a_refusal_is_told_in_the_servers_words(server: Server) -> None:
    content = dataclasses.replace(small(), environments=[{"Name": "x" * 51}])
    with pytest.raises(SeedError, match=r"POST /api/Spaces-1/environments: 400 .*"):
        await server.seed(content)


async def test_a_wrong_key_is_refused(server: Server) -> None:
    with pytest.raises(SeedError, match="401"):
        await seed(server.sandbox.url, "API-WRONG", small(), server.session)


async def test_an_unknown_space_is_an_error(server: Server) -> None:
    with pytest.raises(SeedError, match="no space called 'Elsewhere'"):
        await seed(server.sandbox.url, server.sandbox.api_key, small(), server.session, space="Elsewhere")


async def test_content_that_names_what_does_not_exist_is_an_error(server: Server) -> None:
    content = dataclasses.replace(small("OctoFX"), lifecycles=())
    with pytest.raises(SeedError, match="no lifecycles called 'Standard'"):
        await server.seed(content)
