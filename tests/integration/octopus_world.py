"""A space with at least one document of every kind, made over REST alone, for tests that look at answers."""

from typing import Any

import aiohttp

SPACE = "Spaces-1"


class World:
    """`ids` holds the id of one document per collection."""

    def __init__(self, api: aiohttp.ClientSession) -> None:
        self._api = api
        self.ids: dict[str, str] = {}

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of a request below the space or, with a slash in front, the system. Fails unless it was 2xx."""
        target = f"/api{path}" if path.startswith("/") else f"/api/{SPACE}/{path}"
        async with self._api.request(method, target, json=body) as answer:
            assert answer.status in (200, 201), f"{method} {path}: {answer.status} {await answer.text()}"
            return await answer.json()

    async def create(self, collection: str, body: dict[str, Any]) -> Any:
        document = await self.send("POST", collection, body)
        self.ids[collection.removeprefix("/")] = document["Id"]
        return document

    async def upload(self, path: str, name: str) -> Any:
        """The answer to a file of this name."""
        form = aiohttp.FormData()
        form.add_field("file", b"content", filename=name)
        async with self._api.post(f"/api/{SPACE}/{path}", data=form) as answer:
            assert answer.status == 201, await answer.text()
            return await answer.json()


async def furnish(api: aiohttp.ClientSession) -> World:
    """Fill the default space of a new sandbox."""
    world = World(api)
    environment = await world.create("environments", {"Name": "Development", "Description": "First stop"})
    await world.create("tagsets", {"Name": "Region", "Tags": [{"Name": "North", "Color": "#333333"}]})
    phase = {
        "Name": "First",
        "OptionalDeploymentTargets": [environment["Id"]],
        "ReleaseRetentionPolicy": {"Unit": "Days", "QuantityToKeep": 3},
    }
    lifecycle = await world.create("lifecycles", {"Name": "Short", "Phases": [phase]})
    group = await world.create("projectgroups", {"Name": "Shop"})
    await world.create(
        "feeds", {"Name": "NuGet", "FeedType": "NuGet", "FeedUri": "https://feed.example", "Password": _secret()}
    )
    await world.create(
        "accounts",
        {"Name": "Robot", "AccountType": "UsernamePassword", "Username": "robot", "Password": _secret()},
    )
    await world.create("workerpools", {"Name": "Big", "WorkerPoolType": "StaticWorkerPool"})
    library = await world.create("libraryvariablesets", {"Name": "Shared", "Templates": [_template()]})
    project = await world.create(
        "projects",
        {
            "Name": "Web Shop",
            "ProjectGroupId": group["Id"],
            "LifecycleId": lifecycle["Id"],
            "IncludedLibraryVariableSetIds": [library["Id"]],
            "Templates": [_template()],
        },
    )
    await _processes(world, project, environment["Id"])
    await _variables(world, project, environment["Id"])
    await world.create("channels", {"Name": "QA", "ProjectId": project["Id"], "Rules": []})
    await world.create(
        "tenants",
        {
            "Name": "Acme",
            "TenantTags": ["Region/North"],
            "ProjectEnvironments": {project["Id"]: [environment["Id"]]},
        },
    )
    await world.create("projecttriggers", _trigger(project["Id"], environment["Id"]))
    await world.create(
        "actiontemplates",
        {
            "Name": "Say hello",
            "ActionType": "Octopus.Script",
            "Properties": {"Octopus.Action.Script.ScriptBody": "echo hello"},
            "Parameters": [_template()],
        },
    )
    await world.create(
        "subscriptions",
        {"Name": "Hook", "EventNotificationSubscription": {"WebhookURI": "http://127.0.0.1:9/"}},
    )
    await _infrastructure(world, environment["Id"])
    await _library(world)
    await _history(world, project)
    await _people(world)
    return world


async def _infrastructure(world: World, environment_id: str) -> None:
    endpoint = {"CommunicationStyle": "TentaclePassive", "Uri": "https://m.example:10933/", "Thumbprint": "AB"}
    pool, policy = world.ids["workerpools"], await world.create("machinepolicies", {"Name": "Strict"})
    await world.create("proxies", {"Name": "Out", "Host": "p.example", "Port": 80, "Password": _secret()})
    machine = {"Name": "web", "MachinePolicyId": policy["Id"], "Endpoint": endpoint, "IsDisabled": False}
    await world.create("machines", {**machine, "Roles": ["web"], "EnvironmentIds": [environment_id]})
    await world.create("workers", {**machine, "WorkerPoolIds": [pool]})
    world.ids["deploymenttargettags"] = "web"
    world.ids["parentenvironments"] = (await world.send("POST", "parentenvironments", {"Name": "Previews"}))["Id"]


async def _library(world: World) -> None:
    await world.create("certificates", {"Name": "Web", "CertificateData": _secret()})
    details = {"Type": "UsernamePassword", "Username": "robot", "Password": _secret()}
    await world.create("git-credentials", {"Name": "Robot", "Details": details})
    said = {"BuildNumber": "7", "Commits": [{"Id": "abc", "Comment": "Fix"}]}
    body = {"PackageId": "Shop.Web", "Version": "1.0.0", "OctopusBuildInformation": said}
    await world.create("build-information", body)
    world.ids["packages"] = (await world.upload("packages/raw", "Shop.Web.1.0.0.zip"))["Id"]


async def _history(world: World, project: Any) -> None:
    """What was made of the project: a release and a snapshot; and what the tenant says for it."""
    await world.create("releases", {"ProjectId": project["Id"], "Version": "1.0.0"})
    body = {"ProjectId": project["Id"], "RunbookId": world.ids["runbooks"], "Name": "First", "Publish": "First"}
    await world.create("runbooksnapshots", body)
    path = f"tenants/{world.ids['tenants']}/variables"
    document = await world.send("GET", path)
    template = project["Templates"][0]["Id"]
    document["ProjectVariables"][project["Id"]]["Variables"] = {world.ids["environments"]: {template: "red"}}
    await world.send("PUT", path, document)


async def _people(world: World) -> None:
    team = await world.create("teams", {"Name": "Shop", "MemberUserIds": ["Users-1"], "ExternalSecurityGroups": []})
    body = {"TeamId": team["Id"], "UserRoleId": "userroles-projectviewer"}
    await world.create("scopeduserroles", body)
    role = {"Name": "Reader", "GrantedSpacePermissions": ["ProjectView"], "GrantedSystemPermissions": []}
    await world.create("/userroles", role)
    await world.create("/users", {"Username": "ann", "DisplayName": "Ann"})
    times = {"Start": "2999-12-24T00:00:00+00:00", "End": "2999-12-26T00:00:00+00:00"}
    scope = {world.ids["projects"]: [world.ids["environments"]]}
    await world.create("/deploymentfreezes", {"Name": "Holidays", **times, "ProjectEnvironmentScope": scope})


async def _processes(world: World, project: Any, environment_id: str) -> None:
    retention = {"QuantityToKeep": 100, "ShouldKeepForever": False}
    runbook = await world.create(
        "runbooks", {"Name": "Restart", "ProjectId": project["Id"], "RunRetentionPolicy": retention}
    )
    for collection, process_id in (
        ("deploymentprocesses", project["DeploymentProcessId"]),
        ("runbookprocesses", runbook["RunbookProcessId"]),
    ):
        world.ids[collection] = process_id
        process = await world.send("GET", f"{collection}/{process_id}")
        action = {
            "Name": "Say",
            "ActionType": "Octopus.Script",
            "Environments": [environment_id],
            "Properties": {"Octopus.Action.Script.ScriptBody": "echo", "Secret": _secret()},
        }
        process["Steps"] = [{"Name": "Say", "Properties": {}, "Actions": [action]}]
        await world.send("PUT", f"{collection}/{process_id}", process)
    world.ids["deploymentsettings"] = f"deploymentsettings-{project['Id']}"


async def _variables(world: World, project: Any, environment_id: str) -> None:
    world.ids["variables"] = project["VariableSetId"]
    variables = await world.send("GET", f"variables/{project['VariableSetId']}")
    variables["Variables"] = [
        {"Name": "Url", "Value": "https://x", "Type": "String", "Scope": {"Environment": [environment_id]}},
        {"Name": "Key", "Value": "s3cret", "Type": "Sensitive", "IsSensitive": True, "Scope": {}},
    ]
    await world.send("PUT", f"variables/{project['VariableSetId']}", variables)


def _trigger(project_id: str, environment_id: str) -> dict[str, Any]:
    return {
        "Name": "On new target",
        "ProjectId": project_id,
        "Filter": {"FilterType": "MachineFilter", "EnvironmentIds": [environment_id], "EventCategories": []},
        "Action": {"ActionType": "AutoDeploy", "ShouldRedeployWhenMachineHasBeenDeployedTo": False},
    }


def _template() -> dict[str, Any]:
    return {"Name": "Colour", "Label": "Colour", "DisplaySettings": {"Octopus.ControlType": "SingleLineText"}}


def _secret() -> dict[str, Any]:
    return {"HasValue": True, "NewValue": "s3cret"}
