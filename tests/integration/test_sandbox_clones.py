"""Clones of projects and runbooks: what comes along, under which ids, and what the audit log says of it."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_http import Http, action, http

from sandbox.settings import Settings

SECRET = "s3cret of the original"
TEMPLATE = {
    "Name": "Key",
    "DisplaySettings": {"Octopus.ControlType": "Sensitive"},
    "DefaultValue": {"NewValue": SECRET},
}


async def _original(api: Http) -> Any:
    """A project with a secret variable for a channel, a donor step, a runbook and a trigger that runs it."""
    test = await api.environment("Test")
    project = await api.project("Shop", Templates=[TEMPLATE], TenantedDeploymentMode="TenantedOrUntenanted")
    await api.save_steps(project, [action("Pack", Environments=[test["Id"]])])
    beta = await api.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "Rules": []})
    row = {"Name": "Key", "Type": "Sensitive", "IsSensitive": True, "Value": SECRET, "Scope": {"Channel": [beta["Id"]]}}
    await api.save_variables(project, [row])
    kept = {"QuantityToKeep": 7, "ShouldKeepForever": False}
    body = {"Name": "Restart", "ProjectId": project["Id"], "RunRetentionPolicy": kept, "MultiTenancyMode": "Tenanted"}
    runbook = await api.post("runbooks", body)
    process = await api.get(f"runbookprocesses/{runbook['RunbookProcessId']}")
    await api.put(f"runbookprocesses/{process['Id']}", {**process, "Steps": [action("Restart")]})
    when = {"FilterType": "OnceDailySchedule", "StartTime": "2026-01-01T09:00:00Z", "Timezone": "UTC"}
    run = {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": [test["Id"]]}
    await api.post("projecttriggers", {"Name": "Daily", "ProjectId": project["Id"], "Filter": when, "Action": run})
    return await api.get(f"projects/{project['Id']}")


async def _clone(api: Http, original: Any, **more: Any) -> Any:
    names = ("LifecycleId", "ProjectGroupId")
    return await api.post(
        "projects", {"Name": "Copy", "Clone": original["Id"], **{n: original[n] for n in names}, **more}
    )


async def test_a_cloned_project_has_what_the_original_has() -> None:
    """With its templates, triggers and runbooks' settings (Issues#3613, #2777, #7602)."""
    async with http() as api:
        original = await _original(api)
        copy = await _clone(api, original)
        assert copy["ClonedFromProjectId"] == original["Id"]
        assert (copy["Name"], copy["Slug"], copy["TenantedDeploymentMode"]) == ("Copy", "copy", "TenantedOrUntenanted")
        assert [one["Name"] for one in copy["Templates"]] == ["Key"]
        assert copy["Templates"][0]["Id"] != original["Templates"][0]["Id"]
        channels = (await api.get(f"projects/{copy['Id']}/channels"))["Items"]
        assert [(one["Name"], one["IsDefault"], one["ProjectId"]) for one in channels] == [
            ("Beta", False, copy["Id"]),
            ("Default", True, copy["Id"]),
        ]
        [runbook] = (await api.get(f"projects/{copy['Id']}/runbooks"))["Items"]
        assert (runbook["Name"], runbook["MultiTenancyMode"]) == ("Restart", "Tenanted")
        [trigger] = (await api.get(f"projects/{copy['Id']}/triggers"))["Items"]
        assert (trigger["ProjectId"], trigger["Action"]["RunbookId"]) == (copy["Id"], runbook["Id"])
        listed = (await api.get(f"projects?clonedFromProjectId={original['Id']}"))["Items"]
        assert [one["Id"] for one in listed] == [copy["Id"]]


async def test_steps_and_variables_keep_their_ids_and_channels_get_new_ones() -> None:
    """So that one id is that of two steps of a server. Scopes name the clone's own channel (Issues#2417)."""
    async with http() as api:
        original = await _original(api)
        copy = await _clone(api, original)
        ids = [one["DeploymentProcessId"] for one in (original, copy)]
        before, after = [await api.get(f"deploymentprocesses/{one}") for one in ids]
        assert after["ProjectId"] == copy["Id"]
        assert after["Steps"] == before["Steps"]
        before, after = [await api.get(f"variables/{one['VariableSetId']}") for one in (original, copy)]
        assert after["OwnerId"] == copy["Id"]
        assert after["Variables"][0]["Id"] == before["Variables"][0]["Id"]
        beta = (await api.get(f"projects/{copy['Id']}/channels"))["Items"][0]
        assert after["Variables"][0]["Scope"] == {"Channel": [beta["Id"]]}


async def test_the_secrets_come_along() -> None:
    async with http() as api:
        original = await _original(api)
        copy = await _clone(api, original)
        store = api.sandbox.store
        assert list(store.secrets_of(copy["VariableSetId"]).values()) == [SECRET]
        assert list(store.secrets_of(copy["Id"]).values()) == [SECRET]
        assert copy["Templates"][0]["DefaultValue"] == {"HasValue": True, "NewValue": None, "Hint": None}


async def test_a_donor_step_and_automatic_releases_name_the_clones_own_channel() -> None:
    async with http() as api:
        original = await _original(api)
        package = {"DeploymentAction": "Pack", "PackageReference": ""}
        channel = (await api.get(f"projects/{original['Id']}/channels"))["Items"][1]["Id"]
        creation = {"ChannelId": channel, "ReleaseCreationPackage": package}
        automatic = {"AutoCreateRelease": True, "ReleaseCreationStrategy": creation}
        donor = {"VersioningStrategy": {"DonorPackage": package, "Template": None}}
        original = await api.put(f"projects/{original['Id']}", {**original, **automatic, **donor})
        copy = await _clone(api, original)
        own = (await api.get(f"projects/{copy['Id']}/channels"))["Items"][1]["Id"]
        assert copy["AutoCreateRelease"]
        assert copy["ReleaseCreationStrategy"]["ChannelId"] == own != channel
        assert copy["ReleaseCreationStrategy"]["ReleaseCreationPackage"] == package
        assert copy["VersioningStrategy"]["DonorPackage"] == package


@pytest.mark.parametrize("retain", [False, True])
async def test_tenants_follow_when_they_are_to(retain: bool) -> None:
    async with http() as api:
        original = await _original(api)
        test = (await api.get("environments/all"))[0]["Id"]
        tenant = await api.post("tenants", {"Name": "Acme", "ProjectEnvironments": {original["Id"]: [test]}})
        copy = await _clone(api, original, RetainTenantConnections=retain)
        linked = (await api.get(f"tenants/{tenant['Id']}"))["ProjectEnvironments"]
        assert linked == {original["Id"]: [test], **({copy["Id"]: [test]} if retain else {})}


async def test_a_clone_is_one_creation_in_the_audit_log() -> None:
    async with http() as api:
        original = await _original(api)
        last = api.sandbox.audit.last_auto_id
        copy = await _clone(api, original)
        told = {(one.entry.category, one.entry.related[0]) for one in api.sandbox.audit.after(last)}
        assert told == {("Created", copy["Id"])}


async def test_a_query_asks_for_a_clone_on_older_servers() -> None:
    async with http(Settings(version="2021.2.7697")) as api:
        project = await api.project("Shop")
        await api.save_steps(project, [action("Pack")])
        copy = await api.post(f"projects?clone={project['Id']}", {**project, "Id": None, "Name": "Copy", "Slug": None})
        process = await api.get(f"deploymentprocesses/{copy['DeploymentProcessId']}")
        assert [one["Name"] for one in process["Steps"]] == ["Pack"]


async def test_a_clone_of_nothing_is_refused() -> None:
    async with http() as api:
        original = await api.project()
        body = {**original, "Name": "Copy", "Slug": None, "Clone": "Projects-999"}
        await api.refused("POST", "projects", body, status=404)


async def test_a_cloned_runbook_runs_on_the_same_triggers() -> None:
    """Intended, says Issues#7691."""
    async with http() as api:
        original = await _original(api)
        path = f"projects/{original['Id']}"
        [runbook] = (await api.get(f"{path}/runbooks"))["Items"]
        copy = await api.post(
            f"{path}/runbooks", {"Name": "Again", "Clone": runbook["Id"], "ProjectId": original["Id"]}
        )
        assert (copy["MultiTenancyMode"], copy["RunRetentionPolicy"]["QuantityToKeep"]) == ("Tenanted", 7)
        assert copy["RunbookProcessId"] != runbook["RunbookProcessId"]
        process = await api.get(f"runbookprocesses/{copy['RunbookProcessId']}")
        assert (process["RunbookId"], [one["Name"] for one in process["Steps"]]) == (copy["Id"], ["Restart"])
        triggers = (await api.get(f"{path}/triggers"))["Items"]
        assert {one["Action"]["RunbookId"] for one in triggers} == {runbook["Id"], copy["Id"]}
