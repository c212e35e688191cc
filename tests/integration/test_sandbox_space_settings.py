"""Parent and ephemeral environments of the sandbox, default retention, and who uses what."""

from __future__ import annotations

from typing import Any

from sandbox_http import Http, action, http

from sandbox.settings import Settings

SPACE = "Spaces-1"


async def parent(api: Http, name: str = "Previews", **more: Any) -> str:
    made = await api.post(f"{SPACE}/parentenvironments", {"Name": name, **more})
    assert made.keys() == {"Id"}
    return str(made["Id"])


async def names(api: Http, query: str = "") -> list[tuple[str, str]]:
    answer = await api.get(f"{SPACE}/environments/v2{query}")
    assert not {"Links", "Id"} & answer.keys()
    return [(one["Name"], one["Type"]) for one in answer["Items"]]


async def preview_channel(api: Http, project: Any, parent_id: str) -> Any:
    body = {"Name": "Previews", "ProjectId": project["Id"], "Type": "EphemeralEnvironment"}
    return await api.post("channels", {**body, "ParentEnvironmentId": parent_id})


async def test_the_new_list_has_all_types_and_the_old_one_static_ones() -> None:
    async with http() as api:
        dev = await api.environment("Dev")
        previews = await parent(api, AutomaticDeprovisioningRule={"ExpiryDays": 3})
        project = await api.project()
        await preview_channel(api, project, previews)
        path = f"{SPACE}/projects/{project['Id']}/environments"
        made = await api.post(f"{path}/ephemeral", {"EnvironmentName": "pr-1"})
        assert await names(api) == [("Dev", "Static"), ("Previews", "Parent"), ("pr-1", "Ephemeral")]
        assert await names(api, "?type=Parent") == [("Previews", "Parent")]
        assert await names(api, "?partialName=PR&type=Ephemeral") == [("pr-1", "Ephemeral")]
        assert [one["Name"] for one in (await api.get("environments"))["Items"]] == ["Dev"]
        assert [one["Name"] for one in await api.get("environments/all")] == ["Dev"]
        await api.refused("GET", f"environments/{previews}", status=404)
        shown = await api.get(f"{SPACE}/environments/{made['Id']}/v2")
        assert (shown["ParentEnvironmentId"], shown["SortOrder"]) == (previews, 2147483647)
        assert [one["Name"] for one in (await api.get(path))["Items"]] == ["Dev", "pr-1"]
        assert (await api.get(f"{path}/ephemeral/{made['Id']}/status"))["Status"]
        assert (await api.environment("Prod"))["SortOrder"] == 2
        await api.ok("PUT", "environments/sortorder", ["Environments-4", dev["Id"]])

        await api.refused("DELETE", f"{SPACE}/parentenvironments/{previews}")
        await api.ok("POST", f"{path}/ephemeral/{made['Id']}/deprovision")
        assert await names(api, "?type=Ephemeral") == []


async def test_a_parent_environment_is_read_changed_and_referred_to() -> None:
    async with http() as api:
        previews = await parent(api)
        path = f"{SPACE}/parentenvironments/{previews}"
        shown = await api.get(path)
        assert (shown["Name"], shown["Slug"], shown["AutomaticDeprovisioningRule"]) == ("Previews", "previews", None)
        changed = await api.put(path, {**shown, "AutomaticDeprovisioningRule": {"ExpiryHours": 5}})
        assert changed["AutomaticDeprovisioningRule"] == {"ExpiryDays": 0, "ExpiryHours": 5}
        project = await api.project()
        scoped = [{"Name": "V", "Value": "v", "Scope": {"Environment": [previews]}}]
        variables = await api.save_variables(project, scoped)
        assert variables["Variables"][0]["Scope"] == {"Environment": [previews]}
        await api.refused("POST", "environments", {"Name": "previews"})
        await api.delete(path)
        assert (await api.get(f"variables/{project['VariableSetId']}"))["Variables"] == []
        dev = await api.environment()
        await api.refused("GET", f"{SPACE}/parentenvironments/{dev['Id']}", status=404)


async def test_ephemeral_environments_need_a_channel_and_that_a_parent() -> None:
    async with http() as api:
        project = await api.project()
        path = f"{SPACE}/projects/{project['Id']}/environments/ephemeral"
        await api.refused("POST", path, {"EnvironmentName": "pr-1"})
        await api.refused("POST", path, {})
        body = {"Name": "P", "ProjectId": project["Id"], "Type": "EphemeralEnvironment"}
        await api.refused("POST", "channels", body)
        dev = await api.environment()
        await api.refused("POST", "channels", {**body, "ParentEnvironmentId": dev["Id"]})
        with_lifecycle = {**body, "ParentEnvironmentId": await parent(api), "LifecycleId": project["LifecycleId"]}
        await api.refused("POST", "channels", with_lifecycle)


async def test_what_an_environment_would_take_along() -> None:
    async with http() as api:
        dev, prod = await api.environment("Dev"), await api.environment("Prod")
        project = await api.project()
        rows = [
            {"Name": "A", "Value": "1", "Scope": {"Environment": [dev["Id"]]}},
            {"Name": "A", "Value": "2", "Scope": {"Environment": [dev["Id"], prod["Id"]]}},
        ]
        await api.save_variables(project, rows)
        details = await api.get(f"environments/{dev['Id']}/singlyScopedVariableDetails")
        assert details["VariableMap"] == {project["Id"]: {"A": 1}}


async def test_a_space_has_a_default_retention_of_each_type() -> None:
    async with http() as api:
        path = "retentionpolicies?RetentionType="
        policy = await api.get(f"{path}LifecycleRelease")
        assert (policy["RetentionType"], policy["Strategy"]) == ("LifecycleRelease", "Forever")
        body = {**policy, "Strategy": "Count", "QuantityToKeep": 30, "Unit": "Days"}
        last = api.sandbox.audit.last_auto_id
        after = await api.put(f"retentionpolicies/{policy['Id']}", body)
        assert (after["QuantityToKeep"], after["Unit"]) == (30, "Days")
        assert await api.get(f"{path}lifecyclerelease") == after
        assert [one.entry.related for one in api.sandbox.audit.after(last)] == [(policy["Id"],)]
        for wrong in (
            {"Strategy": "Default"},
            {"QuantityToKeep": 0},
            {"Unit": "Weeks"},
            {"RetentionType": "RunbookRetention"},
        ):
            await api.refused("PUT", f"retentionpolicies/{policy['Id']}", {**body, **wrong})
        await api.refused("GET", "retentionpolicies")
        await api.refused("GET", f"{path}Moon")
    async with http(Settings(version="2023.4.8290")) as api:
        assert (await api.raw("GET", f"{path}LifecycleRelease"))[0] == 404


async def test_who_uses_an_account() -> None:
    async with http() as api:
        account = await api.post("accounts", {"Name": "A", "AccountType": "Token", "Token": {"NewValue": "t"}})
        template = {"Name": "T", "DisplaySettings": {"Octopus.ControlType": "AzureAccount"}}
        environment = await api.environment()
        project = await api.project(Templates=[template])
        await api.save_steps(project, [action("Run", Properties={"Octopus.Action.Azure.AccountId": account["Id"]})])
        await api.save_variables(project, [{"Name": "V", "Type": "AzureAccount", "Value": account["Id"]}])
        links = {project["Id"]: [environment["Id"]]}
        tenant = await api.post("tenants", {"Name": "Acme", "ProjectEnvironments": links})
        said = {environment["Id"]: {project["Templates"][0]["Id"]: account["Id"]}}
        body = {"ProjectVariables": {project["Id"]: {"ProjectId": project["Id"], "Variables": said}}}
        await api.put(f"tenants/{tenant['Id']}/variables", body)
        usages = await api.get(f"accounts/{account['Id']}/usages")
        assert usages["DeploymentProcesses"][0]["Steps"][0]["StepName"] == "Run"
        assert usages["ProjectVariableSets"][0]["ProjectName"] == "Shop"
        assert usages["ProjectTenantVariables"][0]["TenantId"] == tenant["Id"]
        await api.save_variables(project, [])
        assert "tenant variable" in await api.refused("DELETE", f"accounts/{account['Id']}")


async def test_who_uses_a_library_set() -> None:
    async with http() as api:
        common = await api.post("libraryvariablesets", {"Name": "Common"})
        project = await api.project(IncludedLibraryVariableSetIds=[common["Id"]])
        release = await api.post("releases", {"ProjectId": project["Id"], "Version": "1.0"})
        (usage,) = (await api.get(f"libraryvariablesets/{common['Id']}/usages"))["Projects"]
        assert (usage["ProjectName"], usage["IsCurrentlyBeingUsedInProject"]) == ("Shop", True)
        assert usage["Releases"] == [{"ReleaseId": release["Id"], "ReleaseVersion": "1.0"}]
