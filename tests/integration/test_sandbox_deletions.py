"""What cannot be deleted, what a deletion takes along, and what it leaves dangling: kind by kind.

The order is that of the table of deletions in the Octopus API reference of 2026; an issue that shows more is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sandbox_http import Http, action, http

SECRET = {"NewValue": "s3cret"}
FEED = {"Name": "f", "FeedType": "NuGet", "FeedUri": "https://feed.example"}
DONOR = {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}, "Template": None}


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http() as api:
        yield api


async def _runbook(octopus: Http, project: Any, name: str = "Restart") -> Any:
    retention = {"QuantityToKeep": 100, "Unit": "Items"}
    body = {"Name": name, "ProjectId": project["Id"], "RunRetentionPolicy": retention}
    return await octopus.post("runbooks", body)


async def _release(octopus: Http, project: Any, version: str = "1.0.0") -> Any:
    return await octopus.post("releases", {"ProjectId": project["Id"], "Version": version})


async def _scoped_role(octopus: Http, **scope: Any) -> Any:
    team = await octopus.post("teams", {"Name": "Shop team", "MemberUserIds": [], "ExternalSecurityGroups": []})
    return await octopus.post(
        "/api/Spaces-1/scopeduserroles", {"TeamId": team["Id"], "UserRoleId": "userroles-projectviewer", **scope}
    )


# -- environments ----------------------------------------------------------------------------------------------------


async def test_an_environment_in_a_phase_stays(octopus: Http) -> None:
    test = await octopus.environment("Test")
    phase = {"Name": "A", "OptionalDeploymentTargets": [test["Id"]]}
    await octopus.post("lifecycles", {"Name": "Short", "Phases": [phase]})
    text = await octopus.refused("DELETE", f"environments/{test['Id']}")
    assert "This environment cannot be deleted because it is being used by the following lifecycles: 'Short'" in text


@pytest.mark.parametrize("name", ["Environments", "ExcludedEnvironments"])
async def test_an_environment_of_a_step_stays(octopus: Http, name: str) -> None:
    """OctopusDeploy/Issues#2604; a runbook's step as well."""
    test, project = await octopus.environment("Test"), await octopus.project()
    await octopus.save_steps(project, [action(**{name: [test["Id"]]})])
    await octopus.refused("DELETE", f"environments/{test['Id']}")
    await octopus.save_steps(project, [action()])
    runbook = await _runbook(octopus, project)
    process = await octopus.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
    await octopus.put(f"runbookProcesses/{process['Id']}", {**process, "Steps": [action(**{name: [test["Id"]]})]})
    await octopus.refused("DELETE", f"environments/{test['Id']}")


async def test_an_environment_of_a_team_an_account_a_certificate_or_a_target_stays(octopus: Http) -> None:
    """OctopusDeploy/Issues#3136; #2067 and #7370; #6976; #19 and #611."""
    test = await octopus.environment("Test")
    scoped = {"EnvironmentIds": [test["Id"]]}
    target = {"Name": "m", "Roles": ["web"], "Endpoint": {"CommunicationStyle": "None"}, **scoped}
    account = {"Name": "a", "AccountType": "Token", "Token": SECRET, **scoped}
    for path, holder in (
        ("scopeduserroles", await _scoped_role(octopus, **scoped)),
        ("accounts", await octopus.post("accounts", account)),
        ("certificates", await octopus.post("certificates", {"Name": "c", "CertificateData": SECRET, **scoped})),
        ("machines", await octopus.post("machines", target)),
    ):
        await octopus.refused("DELETE", f"environments/{test['Id']}")
        await octopus.delete(f"Spaces-1/{path}/{holder['Id']}")
    await octopus.delete(f"environments/{test['Id']}")


async def test_a_deleted_environment_leaves_no_trace(octopus: Http) -> None:
    """Variables scoped to it alone go (OctopusDeploy/Issues#2695), scopes and links lose it (#3029)."""
    test, prod = await octopus.environment("Test"), await octopus.environment("Prod")
    template = {"Name": "Colour", "DisplaySettings": {"Octopus.ControlType": "SingleLineText"}}
    project = await octopus.project(Templates=[template], TenantedDeploymentMode="Tenanted")
    await octopus.save_variables(
        project,
        [
            {"Name": "only", "Type": "Sensitive", "Value": "s", "Scope": {"Environment": [test["Id"]]}},
            {"Name": "both", "Value": "2", "Scope": {"Environment": [test["Id"], prod["Id"]]}},
            {"Name": "free", "Value": "3"},
        ],
    )
    links = {project["Id"]: [test["Id"], prod["Id"]]}
    tenant = await octopus.post("tenants", {"Name": "T", "ProjectEnvironments": links})
    said = await octopus.get(f"tenants/{tenant['Id']}/variables")
    for bag in said["ProjectVariables"][project["Id"]]["Variables"].values():
        bag[project["Templates"][0]["Id"]] = "red"
    await octopus.put(f"tenants/{tenant['Id']}/variables", said)
    runbook = await _runbook(octopus, project)
    specified = {**runbook, "EnvironmentScope": "Specified", "Environments": [test["Id"], prod["Id"]]}
    await octopus.put(f"runbooks/{runbook['Id']}", specified)
    when = {"FilterType": "MachineFilter", "EnvironmentIds": [test["Id"], prod["Id"]]}
    trigger = await octopus.post(
        "projecttriggers",
        {"Name": "t", "ProjectId": project["Id"], "Filter": when, "Action": {"ActionType": "AutoDeploy"}},
    )
    details = await octopus.get(f"environments/{test['Id']}/singlyScopedVariableDetails")
    assert details["VariableMap"] == {project["Id"]: {"only": 1}}

    await octopus.delete(f"environments/{test['Id']}")

    variables = await octopus.get(f"variables/{project['VariableSetId']}")
    assert [(row["Name"], row["Scope"]) for row in variables["Variables"]] == [
        ("both", {"Environment": [prod["Id"]]}),
        ("free", {}),
    ]
    assert variables["Version"] == 2
    assert not octopus.sandbox.store.secrets_of(project["VariableSetId"])
    assert (await octopus.get(f"tenants/{tenant['Id']}"))["ProjectEnvironments"] == {project["Id"]: [prod["Id"]]}
    after = (await octopus.get(f"tenants/{tenant['Id']}/variables"))["ProjectVariables"][project["Id"]]
    assert set(after["Variables"]) == {prod["Id"]}
    assert (await octopus.get(f"runbooks/{runbook['Id']}"))["Environments"] == [prod["Id"]]
    assert (await octopus.get(f"projecttriggers/{trigger['Id']}"))["Filter"]["EnvironmentIds"] == [prod["Id"]]


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
    runbook = await _runbook(octopus, project)
    snapshot = await octopus.post(
        "runbooksnapshots", {"Name": "S", "ProjectId": project["Id"], "RunbookId": runbook["Id"]}
    )
    release = await _release(octopus, project)
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


@pytest.mark.parametrize("name", ["ProjectIds", "ProjectGroupIds", "EnvironmentIds"])
async def test_what_a_team_is_restricted_to_stays_and_the_team_is_named(octopus: Http, name: str) -> None:
    """OctopusDeploy/Issues#5343, #3087 and #3136."""
    if name == "ProjectIds":
        path = f"projects/{(await octopus.project())['Id']}"
    elif name == "EnvironmentIds":
        path = f"environments/{(await octopus.environment())['Id']}"
    else:
        path = f"projectgroups/{(await octopus.post('projectgroups', {'Name': 'G'}))['Id']}"
    role = await _scoped_role(octopus, **{name: [path.split("/")[1]]})
    assert "by the following teams: 'Shop team'" in await octopus.refused("DELETE", path)
    await octopus.delete(f"Spaces-1/scopeduserroles/{role['Id']}")
    await octopus.delete(path)


async def test_a_role_for_one_tenant_never_becomes_one_for_all(octopus: Http) -> None:
    """Without the last id of its list it would be unrestricted, so it goes (OctopusDeploy/Issues#19)."""
    one, other = [await octopus.post("tenants", {"Name": name}) for name in ("A", "B")]
    role = await _scoped_role(octopus, TenantIds=[one["Id"], other["Id"]])
    await octopus.delete(f"tenants/{other['Id']}")
    assert (await octopus.get(f"Spaces-1/scopeduserroles/{role['Id']}"))["TenantIds"] == [one["Id"]]
    await octopus.delete(f"tenants/{one['Id']}")
    await octopus.refused("GET", f"Spaces-1/scopeduserroles/{role['Id']}", status=404)
    told = [one["Category"] for one in (await octopus.get(f"events?regardingAny={role['Id']}"))["Items"]]
    assert told.count("Modified") == 1  # by the first tenant


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


# -- the library -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["Variables", "ScriptModule"])
async def test_an_included_or_released_library_set_stays(octopus: Http, content: str) -> None:
    """OctopusDeploy/Issues#7819, #9618."""
    library = await octopus.post("libraryvariablesets", {"Name": "Shared", "ContentType": content})
    project = await octopus.project(IncludedLibraryVariableSetIds=[library["Id"]])
    path = f"libraryvariablesets/{library['Id']}"
    await octopus.refused("DELETE", path)
    release = await _release(octopus, project)
    now = await octopus.get(f"projects/{project['Id']}")
    await octopus.put(f"projects/{project['Id']}", {**now, "IncludedLibraryVariableSetIds": []})
    text = await octopus.refused("DELETE", path)
    assert "can't be deleted because it's currently being referenced in a release or runbook snapshot." in text
    await octopus.delete(f"releases/{release['Id']}")
    await octopus.delete(path)
    await octopus.refused("GET", f"variables/{library['VariableSetId']}", status=404)


async def test_a_library_set_of_a_runbook_snapshot_stays(octopus: Http) -> None:
    library = await octopus.post("libraryvariablesets", {"Name": "Shared"})
    project = await octopus.project(IncludedLibraryVariableSetIds=[library["Id"]])
    runbook = await _runbook(octopus, project)
    body = {"Name": "S", "ProjectId": project["Id"], "RunbookId": runbook["Id"]}
    await octopus.post("runbooksnapshots", body)
    await octopus.put(f"projects/{project['Id']}", {**project, "IncludedLibraryVariableSetIds": []})
    await octopus.refused("DELETE", f"libraryvariablesets/{library['Id']}")


async def test_an_account_in_use_stays(octopus: Http) -> None:
    """By a variable, by one that a release froze (terraform-provider-octopusdeploy#205), by a step, by a target."""
    test, project = await octopus.environment("Test"), await octopus.project()
    account = await octopus.post("accounts", {"Name": "a", "AccountType": "UsernamePassword", "Username": "u"})
    path = f"accounts/{account['Id']}"
    rows = [{"Name": "x", "Type": "UsernamePasswordAccount", "Value": account["Id"]}]
    await octopus.save_variables(project, rows)
    by_variable = "This account cannot be deleted as it is currently referenced by a variable."
    assert by_variable in await octopus.refused("DELETE", path)
    release = await _release(octopus, project)
    await octopus.save_variables(project, [])
    assert by_variable in await octopus.refused("DELETE", path)
    await octopus.delete(f"releases/{release['Id']}")
    properties = {"Octopus.Action.Azure.AccountId": account["Id"]}
    await octopus.save_steps(project, [action(Properties=properties)])
    assert "steps: 'Run'" in await octopus.refused("DELETE", path)
    await octopus.save_steps(project, [])
    endpoint = {"CommunicationStyle": "Ssh", "AccountId": account["Id"], "Host": "h", "Port": 22}
    target = {"Name": "m", "Roles": ["web"], "EnvironmentIds": [test["Id"]], "Endpoint": endpoint}
    machine = await octopus.post("machines", target)
    assert "machines: 'm'" in await octopus.refused("DELETE", path)
    await octopus.delete(f"machines/{machine['Id']}")
    await octopus.delete(path)


async def test_a_certificate_of_a_variable_stays_and_one_of_a_release_does_not(octopus: Http) -> None:
    """Octopus' documentation of certificates says both."""
    project = await octopus.project()
    certificate = await octopus.post("certificates", {"Name": "c", "CertificateData": SECRET})
    await octopus.save_variables(project, [{"Name": "x", "Type": "Certificate", "Value": certificate["Id"]}])
    await _release(octopus, project)
    await octopus.refused("DELETE", f"certificates/{certificate['Id']}")
    await octopus.save_variables(project, [])
    await octopus.delete(f"certificates/{certificate['Id']}")


async def test_a_feed_goes_and_leaves_its_id_behind(octopus: Http) -> None:
    """OctopusDeploy/Issues#669."""
    project, feed = await octopus.project(), await octopus.post("feeds", FEED)
    await octopus.save_steps(project, [action(Packages=[{"Name": "p", "PackageId": "x", "FeedId": feed["Id"]}])])
    await octopus.delete(f"feeds/{feed['Id']}")
    process = await octopus.get(f"deploymentprocesses/{project['DeploymentProcessId']}")
    assert process["Steps"][0]["Actions"][0]["Packages"][0]["FeedId"] == feed["Id"]
    for built_in in ("feeds-builtin", "feeds-builtin-releases"):
        assert "read-only and cannot be deleted" in await octopus.refused("DELETE", f"feeds/{built_in}")


async def test_a_step_template_of_a_step_stays_and_one_of_a_release_does_not(octopus: Http) -> None:
    """OctopusDeploy/Issues#5126, #5681."""
    project = await octopus.project()
    template = await octopus.post("actiontemplates", {"Name": "T", "ActionType": "Octopus.Script"})
    made_from_it = {"Octopus.Action.Template.Id": template["Id"], "Octopus.Action.Template.Version": "0"}
    await octopus.save_steps(project, [action(Properties=made_from_it)])
    await _release(octopus, project)
    text = await octopus.refused("DELETE", f"actiontemplates/{template['Id']}")
    assert "The step template is currently used in one or more deployment processes" in text
    await octopus.save_steps(project, [])
    await octopus.delete(f"actiontemplates/{template['Id']}")


async def test_a_git_credential_of_a_step_stays(octopus: Http) -> None:
    project = await octopus.project()
    details = {"Type": "UsernamePassword", "Username": "u", "Password": SECRET}
    credential = await octopus.post("Spaces-1/git-credentials", {"Name": "g", "Details": details})
    dependency = {"Name": "", "RepositoryUri": "https://git.example", "GitCredentialId": credential["Id"]}
    await octopus.save_steps(project, [action(GitDependencies=[dependency])])
    await octopus.refused("DELETE", f"Spaces-1/git-credentials/{credential['Id']}")


# -- machines --------------------------------------------------------------------------------------------------------


async def test_a_worker_pool_stays_while_it_is_the_default_has_workers_or_is_named_by_a_step(octopus: Http) -> None:
    default = next(one for one in await octopus.get("workerpools/all") if one["IsDefault"])
    assert "default worker pool" in await octopus.refused("DELETE", f"workerpools/{default['Id']}")
    pool = await octopus.post("workerpools", {"Name": "p", "WorkerPoolType": "StaticWorkerPool"})
    endpoint = {"CommunicationStyle": "None"}
    body = {"Name": "w", "WorkerPoolIds": [pool["Id"]], "Endpoint": endpoint, "IsDisabled": False}
    worker = await octopus.post("workers", body)
    await octopus.refused("DELETE", f"workerpools/{pool['Id']}")
    await octopus.delete(f"workers/{worker['Id']}")
    project = await octopus.project()
    await octopus.save_steps(project, [action(WorkerPoolId=pool["Id"])])
    await octopus.refused("DELETE", f"workerpools/{pool['Id']}")
    await _release(octopus, project)
    await octopus.save_steps(project, [])
    await octopus.save_variables(project, [{"Name": "x", "Type": "WorkerPool", "Value": pool["Id"]}])
    # Neither a release (OctopusDeploy/Issues#9213) nor a variable (#8649) holds it.
    await octopus.delete(f"workerpools/{pool['Id']}")


async def test_the_default_machine_policy_stays_and_gets_the_machines_of_others(octopus: Http) -> None:
    test = await octopus.environment("Test")
    default = (await octopus.get("machinepolicies/all"))[0]
    assert "your default machine policy." in await octopus.refused("DELETE", f"machinepolicies/{default['Id']}")
    policy = await octopus.post("machinepolicies", {"Name": "Strict"})
    target = {"Name": "m", "Roles": ["web"], "EnvironmentIds": [test["Id"]], "Endpoint": {"CommunicationStyle": "None"}}
    machine = await octopus.post("machines", {**target, "MachinePolicyId": policy["Id"]})
    await octopus.delete(f"machinepolicies/{policy['Id']}")
    assert (await octopus.get(f"machines/{machine['Id']}"))["MachinePolicyId"] == default["Id"]


async def test_a_deleted_target_leaves_the_scopes(octopus: Http) -> None:
    test, project = await octopus.environment("Test"), await octopus.project()
    target = {"Name": "m", "Roles": ["web"], "EnvironmentIds": [test["Id"]], "Endpoint": {"CommunicationStyle": "None"}}
    machine = await octopus.post("machines", target)
    rows = [{"Name": "x", "Value": "1", "Scope": {"Machine": [machine["Id"]]}}, {"Name": "y", "Value": "2"}]
    await octopus.save_variables(project, rows)
    await octopus.delete(f"machines/{machine['Id']}")
    left = (await octopus.get(f"variables/{project['VariableSetId']}"))["Variables"]
    assert [row["Name"] for row in left] == ["y"]


# -- tags and tenants ------------------------------------------------------------------------------------------------


async def test_a_tag_stays_while_something_old_or_new_has_it(octopus: Http) -> None:
    """Frozen processes and variable sets count (OctopusDeploy/Issues#3436), runbooks' steps since #6952."""
    ring = await octopus.post("tagsets", {"Name": "Ring", "Tags": [{"Name": "Inner"}]})
    project = await octopus.project()
    runbook = await _runbook(octopus, project)
    process = await octopus.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
    tagged = {**process, "Steps": [action(TenantTags=["Ring/Inner"])]}
    process = await octopus.put(f"runbookProcesses/{process['Id']}", tagged)
    await octopus.refused("PUT", f"tagsets/{ring['Id']}", {**ring, "Tags": []})
    await octopus.put(f"runbookProcesses/{process['Id']}", {**process, "Steps": []})
    await octopus.save_variables(project, [{"Name": "x", "Value": "1", "Scope": {"TenantTag": ["Ring/Inner"]}}])
    release = await _release(octopus, project)
    await octopus.save_variables(project, [])
    await octopus.refused("DELETE", f"tagsets/{ring['Id']}")
    await octopus.delete(f"releases/{release['Id']}")
    await octopus.delete(f"tagsets/{ring['Id']}")


async def test_a_deleted_tenant_leaves_its_values_and_every_list(octopus: Http) -> None:
    test = await octopus.environment("Test")
    library = await octopus.post(
        "libraryvariablesets",
        {"Name": "L", "Templates": [{"Name": "x", "DisplaySettings": {"Octopus.ControlType": "Sensitive"}}]},
    )
    project = await octopus.project(IncludedLibraryVariableSetIds=[library["Id"]], TenantedDeploymentMode="Tenanted")
    tenant = await octopus.post("tenants", {"Name": "T", "ProjectEnvironments": {project["Id"]: [test["Id"]]}})
    said = await octopus.get(f"tenants/{tenant['Id']}/variables")
    said["LibraryVariables"][library["Id"]]["Variables"] = {library["Templates"][0]["Id"]: {"NewValue": "s3cret"}}
    await octopus.put(f"tenants/{tenant['Id']}/variables", said)
    target = {"Name": "m", "Roles": ["web"], "EnvironmentIds": [test["Id"]], "Endpoint": {"CommunicationStyle": "None"}}
    machine = await octopus.post(
        "machines", {**target, "TenantIds": [tenant["Id"]], "TenantedDeploymentParticipation": "Tenanted"}
    )
    await octopus.delete(f"tenants/{tenant['Id']}")
    assert (await octopus.get(f"machines/{machine['Id']}"))["TenantIds"] == []
    assert not octopus.sandbox.store.space("Spaces-1").collection("tenantvariables")
    assert "s3cret" not in str(octopus.sandbox.store.secrets)


# -- people ----------------------------------------------------------------------------------------------------------


async def test_a_team_takes_its_roles_along_and_stays_while_a_step_waits_for_it(octopus: Http) -> None:
    """OctopusDeploy/Issues#1961."""
    assert "read-only" in await octopus.refused("DELETE", "/api/teams/teams-everyone")
    role = await _scoped_role(octopus)
    team = role["TeamId"]
    project = await octopus.project()
    responsible = {"Octopus.Action.Manual.ResponsibleTeamIds": f"teams-administrators,{team}"}
    await octopus.save_steps(project, [action("Approve", ActionType="Octopus.Manual", Properties=responsible)])
    assert "steps: 'Approve'" in await octopus.refused("DELETE", f"/api/teams/{team}")
    await octopus.save_steps(project, [])
    await octopus.delete(f"/api/teams/{team}")
    await octopus.refused("GET", f"Spaces-1/scopeduserroles/{role['Id']}", status=404)


async def test_a_built_in_user_role_stays_and_another_takes_its_uses_along(octopus: Http) -> None:
    assert "read-only" in await octopus.refused("DELETE", "/api/userroles/userroles-projectviewer")
    body = {"Name": "Reader", "GrantedSpacePermissions": ["ProjectView"], "GrantedSystemPermissions": []}
    role = await octopus.post("/api/userroles", body)
    scoped = await _scoped_role(octopus, UserRoleId=role["Id"])
    await octopus.delete(f"/api/userroles/{role['Id']}")
    await octopus.refused("GET", f"Spaces-1/scopeduserroles/{scoped['Id']}", status=404)


# -- runbooks and spaces ---------------------------------------------------------------------------------------------


async def test_a_runbook_takes_its_process_snapshots_triggers_and_scopes_along(octopus: Http) -> None:
    test, project = await octopus.environment("Test"), await octopus.project()
    runbook = await _runbook(octopus, project)
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


async def test_a_space_goes_only_when_its_tasks_are_stopped_and_then_with_everything(octopus: Http) -> None:
    managers = {"SpaceManagersTeams": ["teams-administrators"], "SpaceManagersTeamMembers": []}
    space = await octopus.post("/api/spaces", {"Name": "Second", **managers})
    await octopus.post(f"{space['Id']}/environments", {"Name": "Test"})
    await octopus.refused("DELETE", f"/api/spaces/{space['Id']}")
    await octopus.put(f"/api/spaces/{space['Id']}", {**space, "TaskQueueStopped": True})
    await octopus.delete(f"/api/spaces/{space['Id']}")
    await octopus.refused("GET", f"{space['Id']}/environments", status=404)
    await octopus.refused("DELETE", "/api/spaces/Spaces-1")
