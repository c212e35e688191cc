"""Projects, their groups, lifecycles, channels, steps and runbooks: what cannot be deleted, and what goes along.

After the table of deletions in the Octopus API reference of 2026; an issue that shows more is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sandbox_holders import new_release, new_runbook
from sandbox_http import Http, action, http

DONOR = {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}, "Template": None}


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http() as api:
        yield api


# -- lifecycles, groups, projects, channels --------------------------------------------------------------------------


async def test_a_lifecycle_of_a_project_or_a_channel_stays(octopus: Http) -> None:
    """OctopusDeploy/Issues#3110."""
    project = await octopus.project()
    await octopus.refused("DELETE", f"lifecycles/{project['LifecycleId']}")
    short = await octopus.post("lifecycles", {"Name": "Short"})
    channel = {"Name": "Beta", "ProjectId": project["Id"], "LifecycleId": short["Id"]}
    await octopus.post("channels", channel)
    await octopus.refused("DELETE", f"lifecycles/{short['Id']}")


async def test_a_project_group_with_projects_stays(octopus: Http) -> None:
    """OctopusDeploy/Issues#19."""
    project = await octopus.project()
    await octopus.refused("DELETE", f"projectgroups/{project['ProjectGroupId']}")


async def test_a_project_takes_everything_along(octopus: Http) -> None:
    test = await octopus.environment("Test")
    project, other = await octopus.project("Gone"), await octopus.project("Stays")
    runbook = await new_runbook(octopus, project)
    snapshot = await octopus.post(
        "runbooksnapshots", {"Name": "S", "ProjectId": project["Id"], "RunbookId": runbook["Id"]}
    )
    release = await new_release(octopus, project)
    trigger = await octopus.post(
        "projecttriggers",
        {
            "Name": "t",
            "ProjectId": project["Id"],
            "Filter": {"FilterType": "MachineFilter"},
            "Action": {"ActionType": "AutoDeploy"},
        },
    )
    channel = (await octopus.get(f"projects/{project['Id']}/channels"))["Items"][0]
    links = {project["Id"]: [test["Id"]], other["Id"]: [test["Id"]]}
    tenant = await octopus.post("tenants", {"Name": "T", "ProjectEnvironments": links})
    await octopus.delete(f"projects/{project['Id']}")
    for path in (
        f"deploymentprocesses/{project['DeploymentProcessId']}",
        f"variables/{project['VariableSetId']}",
        f"channels/{channel['Id']}",
        f"runbooks/{runbook['Id']}",
        f"runbookProcesses/{runbook['RunbookProcessId']}",
        f"runbooksnapshots/{snapshot['Id']}",
        f"projecttriggers/{trigger['Id']}",
        f"releases/{release['Id']}",
        f"variables/{release['ProjectVariableSetSnapshotId']}",
        f"deploymentprocesses/{release['ProjectDeploymentProcessSnapshotId']}",
    ):
        await octopus.refused("GET", path, status=404)
    assert (await octopus.get(f"tenants/{tenant['Id']}"))["ProjectEnvironments"] == {other["Id"]: [test["Id"]]}


async def test_the_default_and_the_last_channel_stay(octopus: Http) -> None:
    project = await octopus.project()
    default = (await octopus.get(f"projects/{project['Id']}/channels"))["Items"][0]
    assert "only remaining channel" in await octopus.refused("DELETE", f"channels/{default['Id']}")
    await octopus.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
    assert "You cannot delete the default channel." in await octopus.refused("DELETE", f"channels/{default['Id']}")


async def test_a_channel_with_releases_or_automatic_ones_stays(octopus: Http) -> None:
    project = await octopus.project()
    beta = await octopus.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
    release = await octopus.post("releases", {"ProjectId": project["Id"], "Version": "1.0.0", "ChannelId": beta["Id"]})
    await octopus.refused("DELETE", f"channels/{beta['Id']}")
    await octopus.delete(f"releases/{release['Id']}")
    package = {"Name": "", "PackageId": "Shop.Web", "FeedId": "feeds-builtin"}
    await octopus.save_steps(project, [action("Deploy", ActionType="Octopus.TentaclePackage", Packages=[package])])
    creation = {"ChannelId": beta["Id"], "ReleaseCreationPackage": DONOR["DonorPackage"]}
    automatic = {**project, "AutoCreateRelease": True, "ReleaseCreationStrategy": creation}
    await octopus.put(f"projects/{project['Id']}", automatic)
    text = await octopus.refused("DELETE", f"channels/{beta['Id']}")
    assert "The channel you are about to remove is used by 'Deploy' step." in text


async def test_a_deleted_channel_takes_its_steps_and_scopes(octopus: Http) -> None:
    """OctopusDeploy/Issues#4222."""
    project = await octopus.project()
    beta = await octopus.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
    default = (await octopus.get(f"projects/{project['Id']}/channels?partialName=def"))["Items"][0]
    await octopus.save_steps(
        project,
        [
            action("Only"),
            action("Both", Channels=[default["Id"], beta["Id"]]),
            action("Beta", Channels=[beta["Id"]]),
        ],
    )
    scoped = [
        {"Name": "b", "Value": "1", "Scope": {"Channel": [beta["Id"]]}},
        {"Name": "c", "Value": "2", "Scope": {"Channel": [beta["Id"], default["Id"]]}},
    ]
    await octopus.save_variables(project, scoped)
    await octopus.delete(f"channels/{beta['Id']}")
    process = await octopus.get(f"deploymentprocesses/{project['DeploymentProcessId']}")
    assert [(step["Name"], step["Actions"][0]["Channels"]) for step in process["Steps"]] == [
        ("Only", []),
        ("Both", [default["Id"]]),
    ]
    rows = (await octopus.get(f"variables/{project['VariableSetId']}"))["Variables"]
    assert [(row["Name"], row["Scope"]) for row in rows] == [("c", {"Channel": [default["Id"]]})]


# -- steps -----------------------------------------------------------------------------------------------------------


async def _with_donor(octopus: Http) -> tuple[Any, Any]:
    """A project whose versioning and a channel's rule name the step Deploy; and the process."""
    project = await octopus.project()
    process = await octopus.save_steps(project, [action("Deploy"), action("Other")])
    path = f"projects/{project['Id']}/deploymentsettings"
    await octopus.put(path, {**await octopus.get(path), "VersioningStrategy": DONOR})
    rule = {"VersionRange": "[1,2)", "ActionPackages": [DONOR["DonorPackage"]]}
    await octopus.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "Rules": [rule]})
    return project, process


async def test_a_step_that_versioning_names_stays(octopus: Http) -> None:
    """OctopusDeploy/Issues#5296, #5837."""
    project, process = await _with_donor(octopus)
    path = f"deploymentprocesses/{process['Id']}"
    without = {**process, "Steps": process["Steps"][1:]}
    assert "'Deploy'" in await octopus.refused("PUT", path, without)
    settings = f"projects/{project['Id']}/deploymentsettings"
    plain = {**await octopus.get(settings), "VersioningStrategy": {"Template": "1.0.#{Octopus.Version.NextPatch}"}}
    await octopus.put(settings, plain)
    await octopus.put(path, without)


async def test_a_renamed_step_is_still_the_one_that_is_named(octopus: Http) -> None:
    project, process = await _with_donor(octopus)
    deploy = process["Steps"][0]
    renamed = {**deploy, "Name": "Ship", "Slug": "ship"}
    renamed["Actions"] = [{**deploy["Actions"][0], "Name": "Ship", "Slug": "ship"}]
    await octopus.put(f"deploymentprocesses/{process['Id']}", {**process, "Steps": [renamed, *process["Steps"][1:]]})
    settings = await octopus.get(f"projects/{project['Id']}/deploymentsettings")
    assert settings["VersioningStrategy"]["DonorPackage"]["DeploymentAction"] == "Ship"
    beta = (await octopus.get(f"projects/{project['Id']}/channels?partialName=beta"))["Items"][0]
    assert beta["Rules"][0]["ActionPackages"][0]["DeploymentAction"] == "Ship"
    assert [one["Name"] for one in await octopus.get("projects/all")] == ["Shop"]


# -- runbooks ------------------------------------------------------------------------------------------------------


async def test_a_runbook_takes_its_process_snapshots_triggers_and_scopes_along(octopus: Http) -> None:
    test, project = await octopus.environment("Test"), await octopus.project()
    runbook = await new_runbook(octopus, project)
    snapshot = await octopus.post(
        "runbooksnapshots", {"Name": "S", "ProjectId": project["Id"], "RunbookId": runbook["Id"]}
    )
    run = {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": [test["Id"]]}
    when = {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * *"}
    body = {"Name": "t", "ProjectId": project["Id"], "Filter": when, "Action": run}
    trigger = await octopus.post("projecttriggers", body)
    rows = [{"Name": "x", "Value": "1", "Scope": {"ProcessOwner": [runbook["Id"]]}}]
    await octopus.save_variables(project, rows)
    await octopus.delete(f"runbooks/{runbook['Id']}")
    for path in (
        f"runbookProcesses/{runbook['RunbookProcessId']}",
        f"runbooksnapshots/{snapshot['Id']}",
        f"projecttriggers/{trigger['Id']}",
    ):
        await octopus.refused("GET", path, status=404)
    assert (await octopus.get(f"variables/{project['VariableSetId']}"))["Variables"] == []
