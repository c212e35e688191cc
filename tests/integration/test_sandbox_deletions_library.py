"""Library sets, accounts, certificates, feeds, step templates, git credentials: what cannot be deleted.

After the table of deletions in the Octopus API reference of 2026; an issue that shows more is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sandbox_holders import SECRET, new_release, new_runbook
from sandbox_http import Http, action, http

FEED = {"Name": "f", "FeedType": "NuGet", "FeedUri": "https://feed.example"}


@pytest.fixture
async def octopus() -> AsyncIterator[Http]:
    async with http() as api:
        yield api


@pytest.mark.parametrize("content", ["Variables", "ScriptModule"])
async def test_an_included_or_released_library_set_stays(octopus: Http, content: str) -> None:
    """OctopusDeploy/Issues#7819, #9618."""
    library = await octopus.post("libraryvariablesets", {"Name": "Shared", "ContentType": content})
    project = await octopus.project(IncludedLibraryVariableSetIds=[library["Id"]])
    path = f"libraryvariablesets/{library['Id']}"
    await octopus.refused("DELETE", path)
    release = await new_release(octopus, project)
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
    runbook = await new_runbook(octopus, project)
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
    release = await new_release(octopus, project)
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
    await new_release(octopus, project)
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
    await new_release(octopus, project)
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
