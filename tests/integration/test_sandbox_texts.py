"""The sentences with which Octopus refuses, each by the request that it answers (API reference 2026, 1.6 and 1.8).

They come from public issues and from the server's own Swagger of 2020. What is not said here is listed at the end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from sandbox_http import Http, action, http

SECRET = {"NewValue": "s3cret"}
PACKAGE = {"Name": "", "PackageId": "Shop.Web", "FeedId": "feeds-builtin"}
Refusal = Callable[[Http], Awaitable[tuple[str, str, Any]]]


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http() as api:
        yield api


async def _nothing(method: str, path: str, body: Any = None) -> tuple[str, str, Any]:
    return method, path, body


async def _settings(octopus: Http, strategy: Any) -> tuple[str, str, Any]:
    project = await octopus.project()
    await octopus.save_steps(project, [action("Deploy")])
    path = f"projects/{project['Id']}/deploymentsettings"
    return "PUT", path, {**await octopus.get(path), "VersioningStrategy": strategy}


async def _automatic(octopus: Http, strategy: Any) -> tuple[str, str, Any]:
    project = await octopus.project()
    channel = (await octopus.get(f"projects/{project['Id']}/channels"))["Items"][0]["Id"]
    strategy = {name: channel if value == "channel" else value for name, value in strategy.items()}
    return "PUT", f"projects/{project['Id']}", {
        **project, "AutoCreateRelease": True, "ReleaseCreationStrategy": strategy
    }  # fmt: skip


async def _steps(octopus: Http, steps: list[Any]) -> tuple[str, str, Any]:
    project = await octopus.project()
    return "PUT", f"deploymentprocesses/{project['DeploymentProcessId']}", {"Version": 0, "Steps": steps}


async def _stale_process(octopus: Http) -> tuple[str, str, Any]:
    project = await octopus.project()
    await octopus.save_steps(project, [])
    return "PUT", f"deploymentprocesses/{project['DeploymentProcessId']}", {"Version": 0, "Steps": []}


async def _stale_variables(octopus: Http) -> tuple[str, str, Any]:
    project = await octopus.project()
    await octopus.save_variables(project, [])
    return "PUT", f"variables/{project['VariableSetId']}", {"Version": 0, "Variables": []}


async def _frozen(octopus: Http, name: str) -> tuple[str, str, Any]:
    project = await octopus.project()
    release = await octopus.post("releases", {"ProjectId": project["Id"], "Version": "1.0.0"})
    path = f"deploymentprocesses/{release[name]}" if "Process" in name else f"variables/{release[name]}"
    return "PUT", path, await octopus.get(path)


async def _everyone(octopus: Http) -> tuple[str, str, Any]:
    team = await octopus.get("/api/teams/teams-everyone")
    return "PUT", "/api/teams/teams-everyone", {**team, "MemberUserIds": []}


async def _managers(octopus: Http) -> tuple[str, str, Any]:
    roles = (await octopus.get("Spaces-1/teams/teams-spacemanagers-Spaces-1/scopeduserroles"))["Items"]
    return "DELETE", f"Spaces-1/scopeduserroles/{roles[0]['Id']}", None


async def _community(octopus: Http, method: str, *, installed: bool) -> tuple[str, str, Any]:
    template = (await octopus.get("/api/communityactiontemplates"))["Items"][0]
    path = f"/api/communityactiontemplates/{template['Id']}/installation"
    if installed:
        await octopus.post(path, None)
    return method, path, None


async def _installed(octopus: Http) -> tuple[str, str, Any]:
    _, path, _ = await _community(octopus, "POST", installed=False)
    template = await octopus.post(path, None)
    return "PUT", f"actiontemplates/{template['Id']}", template


async def _replaced(octopus: Http) -> tuple[str, str, Any]:
    made = await octopus.post("certificates", {"Name": "c", "CertificateData": SECRET})
    await octopus.post(f"certificates/{made['Id']}/replace", {"CertificateData": "bmV3"})
    old = (await octopus.get("certificates?archived=true"))["Items"][0]
    return "POST", f"certificates/{old['Id']}/unarchive", None


async def _moved_repository(octopus: Http) -> tuple[str, str, Any]:
    credentials = {"Type": "UsernamePassword", "Username": "u", "Password": SECRET}
    settings = {"Url": "https://a.example", "DefaultBranch": "main", "BasePath": ".octopus", "Credentials": credentials}
    project = await octopus.project()
    body = {"VersionControlSettings": settings, "ChangeDescription": "c"}
    await octopus.post(f"projects/{project['Id']}/git/convert", body)
    project = await octopus.get(f"projects/{project['Id']}")
    project["PersistenceSettings"]["Url"] = "https://b.example"
    return "PUT", f"projects/{project['Id']}", project


async def _user(octopus: Http, **more: Any) -> tuple[str, str, Any]:
    return "POST", "/api/users", {"Username": "ann", "DisplayName": "Ann", **more}


async def _account_in(octopus: Http) -> tuple[str, str, Any]:
    body = {"Name": "a", "AccountType": "Token", "Token": SECRET, "EnvironmentIds": ["Environments-3"]}
    return "POST", "accounts", body


async def _same_ids(octopus: Http) -> tuple[str, str, Any]:
    project = await octopus.project()
    rows = [{"Id": "one", "Name": "a", "Value": "1"}, {"Id": "one", "Name": "b", "Value": "2"}]
    return "PUT", f"variables/{project['VariableSetId']}", {"Version": 0, "Variables": rows}


SELECT = {"Name": "Size", "DisplaySettings": {"Octopus.ControlType": "Select"}}
TWO_SLUGS = [{**action("A"), "Slug": "s"}, {**action("B"), "Slug": "s"}]
TWO_ACTIONS = {
    "Name": "Rolling",
    "Actions": [{"Name": name, "Slug": "s", "ActionType": "Octopus.Script"} for name in ("A", "B")],
}
TEXTS: list[tuple[int, str, Refusal]] = [
    (404, "The resource 'Environments-99' was not found.", lambda o: _nothing("GET", "environments/Environments-99")),
    (
        404,
        "Resource is not found or it doesn't exist in the current space context. Please contact your administrator for "
        "more information.",
        lambda o: _nothing("GET", "/api/Spaces-99/projects"),
    ),
    (400, "This resource is read-only and cannot be modified.", _everyone),
    (400, "This resource is read-only and cannot be deleted.", lambda o: _nothing("DELETE", "feeds/feeds-builtin")),
    (400, "A project cannot be named 'All'", lambda o: _project_named(o, "All")),
    (
        400,
        "Only one of either a donor package step or a version template may be provided.",
        lambda o: _settings(o, {"Template": "1.0", "DonorPackage": {"DeploymentAction": "Deploy"}}),
    ),
    (
        400,
        "A channel ID must be provided to enable Automatic Release Creation.",
        lambda o: _automatic(o, {"ReleaseCreationPackage": {"DeploymentAction": "Deploy"}}),
    ),
    (
        400,
        "A package step must be provided to enable Automatic Release Creation.",
        lambda o: _automatic(o, {"ChannelId": "channel"}),
    ),
    (
        400,
        "Variable template 'Size' does not have drop down options set.",
        lambda o: _nothing("POST", "libraryvariablesets", {"Name": "L", "Templates": [SELECT]}),
    ),
    (400, "Please re-enter the password when changing the repository URL or username.", _moved_repository),
    (400, "No Feed Id was specified.", lambda o: _template_with(o, {**PACKAGE, "FeedId": None})),
    (
        400,
        "The following Feed Ids cannot be found: Feeds-99",
        lambda o: _template_with(o, {**PACKAGE, "FeedId": "Feeds-99"}),
    ),
    (400, "Only custom templates can be directly updated", _installed),
    (400, "Action Template already installed.", lambda o: _community(o, "POST", installed=True)),
    (400, "Action template not yet installed.", lambda o: _community(o, "PUT", installed=False)),
    (400, "You cannot unarchive a certificate that has been replaced.", _replaced),
    (400, "Passwords cannot be set for service user accounts.", lambda o: _user(o, IsService=True, Password="x")),
    (400, "Username is reserved and can't be used to create new users.", lambda o: _user(o, Username="System")),
    (
        400,
        "Action name 'a' is already in use by another action in this deployment process. Action names must be unique.",
        lambda o: _steps(o, [{**action("One"), "Actions": action("A")["Actions"]}, action("a")]),
    ),
    (
        400,
        "Step slug 's' is already used by another step in this deployment process. Step slugs must be unique.",
        lambda o: _steps(o, TWO_SLUGS),
    ),
    (
        400,
        "Action slug 's' is already used by another action in this deployment process. Action slugs must be unique.",
        lambda o: _steps(o, [TWO_ACTIONS]),
    ),
    (400, "slug must not be called 'all'.", lambda o: _nothing("POST", "environments", {"Name": "x", "Slug": "all"})),
    (
        400,
        "A package reference with the name '' already exists",
        lambda o: _steps(o, [action(Packages=[PACKAGE, PACKAGE])]),
    ),
    (400, "Changes to this deployment process could not be saved, because another user has made", _stale_process),
    (400, "Changes to these variables could not be saved, because another user has made", _stale_variables),
    (400, "because it is frozen", lambda o: _frozen(o, "ProjectDeploymentProcessSnapshotId")),
    (400, "because it is frozen", lambda o: _frozen(o, "ProjectVariableSetSnapshotId")),
    (400, "Variable ids must be unique.", _same_ids),
    (
        400,
        'One or more referenced resources do not exist: "Environments-3" provided for EnvironmentIds',
        _account_in,
    ),
    (400, "The Space Manager Team must have a Space Manager User Role", _managers),
    (
        400,
        "Error converting value \"\" to type 'TenantedDeploymentMode'. Path 'TenantedDeploymentMode'",
        lambda o: _project_named(o, "Shop", TenantedDeploymentMode=""),
    ),
]


async def _project_named(octopus: Http, name: str, **more: Any) -> tuple[str, str, Any]:
    lifecycle = (await octopus.get("lifecycles/all"))[0]["Id"]
    group = (await octopus.get("projectgroups/all"))[0]["Id"]
    return "POST", "projects", {"Name": name, "LifecycleId": lifecycle, "ProjectGroupId": group, **more}


async def _template_with(octopus: Http, package: Any) -> tuple[str, str, Any]:
    return "POST", "actiontemplates", {"Name": "T", "ActionType": "Octopus.Script", "Packages": [package]}


@pytest.mark.parametrize(("status", "text", "refusal"), TEXTS, ids=[text[:60] for _, text, _ in TEXTS])
async def test_octopus_says_so(octopus: Http, status: int, text: str, refusal: Refusal) -> None:
    method, path, body = await refusal(octopus)
    said = await octopus.refused(method, path, body, status=status)
    assert text in said
    if status == 400:
        assert said.startswith("There was a problem with your request. ")


async def test_who_is_nobody_is_told_so(octopus: Http) -> None:
    async with (
        aiohttp.ClientSession(headers={"X-Octopus-ApiKey": "API-NOBODY"}) as nobody,
        nobody.get(f"{octopus.sandbox.url}/api/users/me") as answer,
    ):
        assert answer.status == 401
        assert (await answer.json())["ErrorMessage"] == (
            "Either your API key is invalid, or your account has been disabled. Please contact your Octopus "
            "administrator."
        )


async def test_who_may_not_is_told_which_permission_is_missing(octopus: Http) -> None:
    reader = {"ApiKey": "API-READER", "Username": "reader", "ReadOnly": True}
    await octopus.post("/api/sandbox/keys", reader)
    url = f"{octopus.sandbox.url}/api/environments"
    async with (
        aiohttp.ClientSession(headers={"X-Octopus-ApiKey": "API-READER"}) as session,
        session.post(url, json={"Name": "x"}) as answer,
    ):
        assert answer.status == 403
        assert (await answer.json())["ErrorMessage"] == (
            "You do not have permission to perform this action. Please contact your Octopus administrator. "
            "Missing permission: EnvironmentCreate"
        )


@pytest.mark.parametrize("path", ["projects/Projects-1/logo", "actiontemplates/ActionTemplates-1/logo"])
async def test_a_picture_that_is_none_is_told_so(octopus: Http, path: str) -> None:
    await octopus.project()
    await octopus.post("actiontemplates", {"Name": "T", "ActionType": "Octopus.Script"})
    form = aiohttp.FormData()
    form.add_field("file", b"no picture", filename="logo.png")
    async with octopus.session.put(f"{octopus.sandbox.url}/api/{path}", data=form) as answer:
        assert (answer.status, (await answer.json())["Errors"]) == (400, ["Invalid image provided."])


async def test_a_version_that_is_there_is_told_so(octopus: Http) -> None:
    said = []
    for _ in range(2):
        form = aiohttp.FormData()
        form.add_field("file", b"zip", filename="Shop.Web.1.0.0.zip")
        async with octopus.session.post(f"{octopus.sandbox.url}/api/packages/raw", data=form) as answer:
            said.append((answer.status, (await answer.json()).get("ErrorMessage")))
    assert said == [
        (201, None),
        (
            409,
            "A package with the same ID and version already exists. To proceed anyway, specify an overwriteMode of "
            "OverwriteExisting or IgnoreIfExists.",
        ),
    ]


# The documented sentences that are said elsewhere, or by nothing here.
ELSEWHERE = {
    "You cannot delete the default channel.": "test_sandbox_deletions_projects.py",
    "You cannot delete the only remaining channel": "test_sandbox_deletions_projects.py",
    "The channel you are about to remove is used by": "test_sandbox_deletions_projects.py",
    "You cannot delete your default machine policy.": "test_sandbox_deletions_infrastructure.py",
    "This environment cannot be deleted because it is being used by": "test_sandbox_deletions_infrastructure.py",
    "This account cannot be deleted as it is currently referenced by a variable.": "test_sandbox_deletions_library.py",
    "can't be deleted because it's currently being referenced in a release": "test_sandbox_deletions_library.py",
    "because submitted data was out of date": "test_sandbox_faults.py, for any write",
    "You cannot create another space.": "there are no licences here; a fault of kind `status` says it",
    "Runbook has no published snapshot.": "nothing is run here; a fault of kind `status` says it",
    "because your available environment scopes changed": "keys do not change while somebody edits; a fault says it",
}


@pytest.mark.parametrize("text", [text for text, where in ELSEWHERE.items() if "a fault" in where])
async def test_a_fault_says_the_rest(octopus: Http, text: str) -> None:
    await octopus.post("/api/sandbox/faults", {"Kind": "status", "Status": 400, "Errors": [text], "Method": "POST"})
    assert text in await octopus.refused("POST", "environments", {"Name": "x"})
