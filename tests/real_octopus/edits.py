"""What people do in a space of Octopus, and what they find there."""

from __future__ import annotations

from typing import Any

from demo.api import Api

Document = dict[str, Any]


async def new_project(api: Api, name: str, *steps: Document) -> Document:
    lifecycle = (await api.get("lifecycles/all"))[0]["Id"]
    group = (await api.get("projectgroups/all"))[0]["Id"]
    project = await api.post("projects", {"Name": name, "LifecycleId": lifecycle, "ProjectGroupId": group})
    if steps:
        await api.edit(f"deploymentprocesses/{project['DeploymentProcessId']}", Steps=list(steps))
    return project


async def new_runbook(api: Api, project: Document, name: str, *steps: Document) -> None:
    retention = {"QuantityToKeep": 100, "ShouldKeepForever": False}
    body = {"Name": name, "ProjectId": project["Id"], "RunRetentionPolicy": retention}
    runbook = await api.post("runbooks", body)
    await api.edit(f"runbookProcesses/{runbook['RunbookProcessId']}", Steps=list(steps))


async def set_variables(api: Api, project: Document, *rows: Document) -> None:
    await api.edit(f"variables/{project['VariableSetId']}", Variables=list(rows))


async def look(api: Api) -> dict[str, Document]:
    """Of each project, by name: what its process does, its variables, and what its runbooks do."""
    return {one["Name"]: await _look_at(api, one) for one in await api.get("projects/all")}


async def _look_at(api: Api, project: Document) -> Document:
    process = await api.get(f"deploymentprocesses/{project['DeploymentProcessId']}")
    rows = (await api.get(f"variables/{project['VariableSetId']}"))["Variables"]
    runbooks = (await api.get(f"projects/{project['Id']}/runbooks"))["Items"]
    return {
        "steps": _scripts(process),
        "variables": sorted((row["Name"], row["Value"]) for row in rows),
        "runbooks": {
            one["Name"]: _scripts(await api.get(f"runbookProcesses/{one['RunbookProcessId']}")) for one in runbooks
        },
    }


def _scripts(process: Document) -> list[tuple[str, str]]:
    return [
        (action["Name"], action["Properties"]["Octopus.Action.Script.ScriptBody"])
        for step in process["Steps"]
        for action in step["Actions"]
    ]
