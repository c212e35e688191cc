"""Tag sets of the sandbox: types, scopes, and what may not go while it is used."""

from __future__ import annotations

from typing import Any

from sandbox_http import Http, action, http

from sandbox.settings import Settings


async def tag_set(api: Http, name: str = "Region", tags: tuple[str, ...] = ("a", "b"), **more: Any) -> Any:
    return await api.post("tagsets", {"Name": name, "Tags": [{"Name": tag} for tag in tags], **more})


async def test_a_set_has_a_type_and_scopes() -> None:
    async with http() as api:
        plain = await tag_set(api)
        assert (plain["Type"], plain["Scopes"]) == ("MultiSelect", ["Tenant"])
        wide = await tag_set(api, "Kind", Type="singleselect", Scopes=["project", "Runbook"])
        assert (wide["Type"], wide["Scopes"]) == ("SingleSelect", ["Project", "Runbook"])
        await api.refused("POST", "tagsets", {"Name": "X", "Scopes": ["Planet"]})
        await api.refused("POST", "tagsets", {"Name": "X", "Type": "ManySelect"})
        await api.refused("POST", "tagsets", {"Name": "X", "Type": "FreeText", "Tags": [{"Name": "a"}]})
        assert [one["Name"] for one in await api.get("tagsets/all?scopes=Runbook")] == ["Kind"]
        assert [one["Name"] for one in (await api.get("tagsets?types=MultiSelect"))["Items"]] == ["Region"]


async def test_a_tag_is_for_documents_of_its_scopes() -> None:
    async with http() as api:
        await tag_set(api, Scopes=["Project"])
        project = await api.project(ProjectTags=["Region/a"])
        assert project["ProjectTags"] == ["Region/a"]
        await api.refused("POST", "tenants", {"Name": "T", "TenantTags": ["Region/a"]})
        await api.refused("POST", "environments", {"Name": "E", "EnvironmentTags": ["Region/a"]})


async def test_a_single_select_set_gives_each_document_one_tag() -> None:
    async with http() as api:
        await tag_set(api, Type="SingleSelect")
        await api.refused("POST", "tenants", {"Name": "T", "TenantTags": ["Region/a", "Region/b"]})
        tenant = await api.post("tenants", {"Name": "T", "TenantTags": ["Region/a"]})
        assert tenant["TenantTags"] == ["Region/a"]
        account = {
            "Name": "A",
            "AccountType": "Token",
            "Token": {"NewValue": "t"},
            "TenantTags": ["Region/a", "Region/b"],
        }
        await api.post("accounts", account)  # there they are alternatives


async def test_what_is_used_stays() -> None:
    async with http() as api:
        made = await tag_set(api, Scopes=["Tenant", "Project"])
        path = f"tagsets/{made['Id']}"
        tenant = await api.post("tenants", {"Name": "Acme", "TenantTags": ["Region/a"]})
        assert "'Acme'" in await api.refused("PUT", path, {**made, "Tags": made["Tags"][1:]})
        assert "'Acme'" in await api.refused("PUT", path, {**made, "Scopes": ["Project"]})
        await api.refused("PUT", path, {**made, "Type": "SingleSelect"})
        await api.refused("DELETE", path)
        await api.put(path, {**made, "Tags": made["Tags"][:1], "Scopes": ["Tenant"]})  # what nobody uses may go
        await api.delete(f"tenants/{tenant['Id']}")
        await api.delete(path)


async def test_the_type_of_a_set_in_use_may_only_widen() -> None:
    async with http() as api:
        made = await tag_set(api, Type="SingleSelect")
        await api.post("tenants", {"Name": "Acme", "TenantTags": ["Region/a"]})
        wide = await api.put(f"tagsets/{made['Id']}", {**made, "Type": "MultiSelect"})
        assert wide["Type"] == "MultiSelect"


async def test_free_text_is_kept_as_it_is_written_and_holds_its_set() -> None:
    async with http() as api:
        made = await tag_set(api, "Note", (), Type="FreeText")
        tenant = await api.post("tenants", {"Name": "Acme", "TenantTags": ["Note/whatever it is"]})
        assert tenant["TenantTags"] == ["Note/whatever it is"]
        assert "'Acme'" in await api.refused("DELETE", f"tagsets/{made['Id']}")


async def test_steps_and_variables_hold_a_tag_too() -> None:
    async with http() as api:
        made = await tag_set(api, "Region", ("a", "b"))
        project = await api.project()
        await api.save_steps(project, [action("Run", TenantTags=["Region/a"])])
        await api.save_variables(project, [{"Name": "V", "Value": "v", "Scope": {"TenantTag": ["Region/b"]}}])
        for place in (0, 1):
            kept = [tag for number, tag in enumerate(made["Tags"]) if number != place]
            await api.refused("PUT", f"tagsets/{made['Id']}", {**made, "Tags": kept})


async def test_older_servers_know_neither_type_nor_scope() -> None:
    async with http(Settings(version="2023.4.8290")) as api:
        made = await tag_set(api, Type="SingleSelect", Scopes=["Project"])
        assert not {"Type", "Scopes"} & made.keys()
        tenant = await api.post("tenants", {"Name": "T", "TenantTags": ["Region/a", "Region/b"]})
        assert tenant["TenantTags"] == ["Region/a", "Region/b"]
