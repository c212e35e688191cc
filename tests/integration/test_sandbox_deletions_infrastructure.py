"""Environments, worker pools, machine policies and targets: what cannot be deleted, and what is left of them.

After the table of deletions in the Octopus API reference of 2026; an issue that shows more is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sandbox_holders import SECRET, new_release, new_role, new_runbook
from sandbox_http import Http, action, http


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http() as api:
        yield api


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
    runbook = await new_runbook(octopus, project)
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
        ("scopeduserroles", await new_role(octopus, **scoped)),
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
    runbook = await new_runbook(octopus, project)
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
    await new_release(octopus, project)
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
