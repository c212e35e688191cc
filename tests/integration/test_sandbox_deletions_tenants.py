"""Tenants and their tags: what cannot be deleted, and what goes along.

After the table of deletions in the Octopus API reference of 2026; an issue that shows more is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sandbox_holders import new_release, new_role, new_runbook
from sandbox_http import Http, action, http


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http() as api:
        yield api


async def test_a_tag_stays_while_something_old_or_new_has_it(octopus: Http) -> None:
    """Frozen processes and variable sets count (OctopusDeploy/Issues#3436), runbooks' steps since #6952."""
    ring = await octopus.post("tagsets", {"Name": "Ring", "Tags": [{"Name": "Inner"}]})
    project = await octopus.project()
    runbook = await new_runbook(octopus, project)
    process = await octopus.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
    tagged = {**process, "Steps": [action(TenantTags=["Ring/Inner"])]}
    process = await octopus.put(f"runbookProcesses/{process['Id']}", tagged)
    await octopus.refused("PUT", f"tagsets/{ring['Id']}", {**ring, "Tags": []})
    await octopus.put(f"runbookProcesses/{process['Id']}", {**process, "Steps": []})
    await octopus.save_variables(project, [{"Name": "x", "Value": "1", "Scope": {"TenantTag": ["Ring/Inner"]}}])
    release = await new_release(octopus, project)
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


async def test_a_role_for_one_tenant_never_becomes_one_for_all(octopus: Http) -> None:
    """Without the last id of its list it would be unrestricted, so it goes (OctopusDeploy/Issues#19)."""
    one, other = [await octopus.post("tenants", {"Name": name}) for name in ("A", "B")]
    role = await new_role(octopus, TenantIds=[one["Id"], other["Id"]])
    await octopus.delete(f"tenants/{other['Id']}")
    assert (await octopus.get(f"Spaces-1/scopeduserroles/{role['Id']}"))["TenantIds"] == [one["Id"]]
    await octopus.delete(f"tenants/{one['Id']}")
    await octopus.refused("GET", f"Spaces-1/scopeduserroles/{role['Id']}", status=404)
    told = [one["Category"] for one in (await octopus.get(f"events?regardingAny={role['Id']}"))["Items"]]
    assert told.count("Modified") == 1  # by the first tenant
