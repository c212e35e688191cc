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
        """The answer of a request below the space. Fails the test unless it was 2xx."""
        async with self._api.request(method, f"/api/{SPACE}/{path}", json=body) as answer:
            assert answer.status in (200, 201), f"{method} {path}: {answer.status} {await answer.text()}"
            return await answer.json()

    async def create(self, collection: str, body: dict[str, Any]) -> Any:
        document = await self.send("POST", collection, body)
        self.ids[collection] = document["Id"]
        return document


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
    return world


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
