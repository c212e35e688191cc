"""Tenants of the sandbox: links, values in both forms, and what a lost link takes along."""

from __future__ import annotations

from typing import Any

from sandbox_http import Http, http

from sandbox.settings import Settings


def template(name: str, control: str = "SingleLineText", default: Any = None) -> dict[str, Any]:
    return {"Name": name, "DefaultValue": default, "DisplaySettings": {"Octopus.ControlType": control}}


class House:
    """Two environments, a library set and a project with templates, and a tenant that is linked to both of them."""

    def __init__(self, api: Http) -> None:
        self.api = api

    async def build(self) -> House:
        api = self.api
        self.dev = (await api.environment("Dev"))["Id"]
        self.prod = (await api.environment("Prod"))["Id"]
        body = {
            "Name": "Common",
            "Templates": [template("Url"), template("Key", "Sensitive"), template("x", default="d")],
        }
        self.common = await api.post("libraryvariablesets", body)
        self.url, self.key, _ = [one["Id"] for one in self.common["Templates"]]
        self.shop = await api.project(
            "Shop",
            TenantedDeploymentMode="Tenanted",
            IncludedLibraryVariableSetIds=[self.common["Id"]],
            Templates=[template("Colour"), template("Login", "Sensitive")],
        )
        self.colour, self.login = [one["Id"] for one in self.shop["Templates"]]
        links = {self.shop["Id"]: [self.dev, self.prod]}
        self.tenant = await api.post("tenants", {"Name": "Acme", "ProjectEnvironments": links})
        self.path = f"tenants/{self.tenant['Id']}"
        return self

    async def variables(self) -> Any:
        return await self.api.get(f"{self.path}/variables")

    async def say(self, in_dev: dict[str, Any], common: dict[str, Any] | None = None, **more: Any) -> Any:
        """Save values in the old form: for Dev, and common ones."""
        document = await self.variables()
        document["ProjectVariables"][self.shop["Id"]]["Variables"] = {self.dev: in_dev, self.prod: {}}
        document["LibraryVariables"][self.common["Id"]]["Variables"] = common or {}
        return await self.api.put(f"{self.path}/variables", {**document, **more})


async def test_values_are_shown_by_environment_and_template() -> None:
    async with http() as api:
        house = await House(api).build()
        empty = await house.variables()
        assert empty["ProjectVariables"][house.shop["Id"]]["Variables"] == {house.dev: {}, house.prod: {}}
        assert [one["Name"] for one in empty["ProjectVariables"][house.shop["Id"]]["Templates"]] == ["Colour", "Login"]
        said = await house.say({house.colour: "red"}, {house.url: "https://acme"})
        project, common = said["ProjectVariables"][house.shop["Id"]], said["LibraryVariables"][house.common["Id"]]
        assert (project["ProjectName"], common["LibraryVariableSetName"]) == ("Shop", "Common")
        assert project["Variables"] == {house.dev: {house.colour: "red"}, house.prod: {}}
        assert common["Variables"] == {house.url: "https://acme"}
        assert await house.variables() == said
        assert [one["TenantId"] for one in await api.get(f"tenantvariables/all?projectId={house.shop['Id']}")] == [
            house.tenant["Id"]
        ]


async def test_a_save_replaces_and_a_secret_is_kept_changed_or_cleared() -> None:
    async with http() as api:
        house = await House(api).build()
        first = await house.say({house.colour: "red", house.login: {"HasValue": True, "NewValue": "one"}})
        shown = first["ProjectVariables"][house.shop["Id"]]["Variables"][house.dev]
        assert shown == {house.colour: "red", house.login: {"HasValue": True, "NewValue": None, "Hint": None}}
        store = api.sandbox.store
        row = next(row for row, kept in store.secrets.items() if kept.get("Value") == "one")
        second = await house.say({house.login: {"HasValue": True, "NewValue": None}})
        assert second["ProjectVariables"][house.shop["Id"]]["Variables"][house.dev].keys() == {house.login}
        assert store.secret(row, "Value") == "one"
        await house.say({house.login: "two"})  # plain text for a sensitive template
        assert store.secret(row, "Value") == "two"
        await house.say({})
        assert store.secret(row, "Value") is None


async def test_the_old_form_takes_a_token_and_refuses_a_stale_one() -> None:
    async with http() as api:
        house = await House(api).build()
        token = (await house.variables())["ConcurrencyToken"]
        await house.say({house.colour: "red"})
        assert "out of date" in await api.refused(
            "PUT", f"{house.path}/variables", {**await house.variables(), "ConcurrencyToken": token}
        )
        await house.say({house.colour: "blue"}, ConcurrencyToken=None)  # without one the last writer wins


async def test_the_new_form_is_one_half_each_with_scopes_and_what_is_missing() -> None:
    async with http() as api:
        house = await House(api).build()
        await house.say({house.colour: "red"}, {house.url: "u"})
        project = await api.get(f"{house.path}/projectvariables?includeMissingVariables=true")
        (row,) = project["Variables"]
        assert (row["ProjectId"], row["TemplateId"], row["Value"]) == (house.shop["Id"], house.colour, "red")
        assert row["Scope"] == {"EnvironmentIds": [house.dev]}
        missing = {(one["TemplateId"], *one["Scope"]["EnvironmentIds"]) for one in project["MissingVariables"]}
        assert missing == {(house.login, house.dev), (house.login, house.prod), (house.colour, house.prod)}

        wide = {"OwnerId": house.shop["Id"], "TemplateId": house.colour, "Id": row["Id"], "Value": "green"}
        body = {
            "TenantId": house.tenant["Id"],
            "Variables": [{**wide, "Scope": {"EnvironmentIds": [house.dev, house.prod]}}],
        }
        after = await api.put(f"{house.path}/projectvariables", body)
        assert [one["Id"] for one in after["Variables"]] == [row["Id"]]
        old = (await house.variables())["ProjectVariables"][house.shop["Id"]]["Variables"]
        assert old == {house.dev: {house.colour: "green"}, house.prod: {house.colour: "green"}}
        common = await api.get(f"{house.path}/commonvariables")
        assert [one["Value"] for one in common["Variables"]] == ["u"]  # the other half was left alone


async def test_common_values_may_have_environments() -> None:
    async with http() as api:
        house = await House(api).build()
        owner = {"OwnerId": house.common["Id"], "TemplateId": house.url}
        rows = [
            {**owner, "Value": "everywhere", "Scope": {"EnvironmentIds": []}},
            {**owner, "Value": "prod", "Scope": {"EnvironmentIds": [house.prod]}},
        ]
        body = {"TenantId": house.tenant["Id"], "Variables": rows}
        after = await api.put(f"{house.path}/commonvariables", body)
        assert [one["Value"] for one in after["Variables"]] == ["everywhere", "prod"]
        assert (await house.variables())["LibraryVariables"][house.common["Id"]]["Variables"] == {
            house.url: "everywhere"
        }
        await house.say({}, {house.url: "changed"})
        kept = await api.get(f"{house.path}/commonvariables")
        assert {one["Value"] for one in kept["Variables"]} == {"changed", "prod"}
        body["Variables"] = [rows[0], rows[0]]
        assert "more than one value" in await api.refused("PUT", f"{house.path}/commonvariables", body)


async def test_what_a_tenant_says_must_be_of_something_it_is_linked_to() -> None:
    async with http() as api:
        house = await House(api).build()
        other = await api.project("Other", Templates=[template("T")])
        row = {"OwnerId": other["Id"], "TemplateId": other["Templates"][0]["Id"], "Value": "v"}
        scope = {"Scope": {"EnvironmentIds": [house.dev]}}
        path = f"{house.path}/projectvariables"
        await api.refused("PUT", path, {"Variables": [{**row, **scope}]}, status=404)
        mine = {"OwnerId": house.shop["Id"], "TemplateId": house.colour, "Value": "v"}
        await api.refused("PUT", path, {"Variables": [{**mine, **scope, "TemplateId": "nothing"}]}, status=404)
        await api.refused(
            "PUT", path, {"Variables": [{**mine, "Scope": {"EnvironmentIds": ["Environments-99"]}}]}, status=404
        )
        await api.refused("PUT", path, {"Variables": [{**mine, "Scope": {}}]})
        await api.refused("PUT", path, {"Variables": [{**mine, **scope, "Value": 7}]})
        await api.refused("PUT", path, {})
        await api.refused("PUT", f"{house.path}/variables", {"ProjectVariables": []})


async def test_a_lost_link_takes_its_values_along() -> None:
    async with http() as api:
        house = await House(api).build()
        document = await house.say({house.colour: "red"})
        document["ProjectVariables"][house.shop["Id"]]["Variables"][house.prod] = {house.colour: "blue"}
        await api.put(f"{house.path}/variables", document)
        tenant = {**house.tenant, "ProjectEnvironments": {house.shop["Id"]: [house.prod]}}
        await api.put(house.path, tenant)
        await api.put(house.path, house.tenant)  # linked again: what was said for Dev is gone
        said = (await house.variables())["ProjectVariables"][house.shop["Id"]]["Variables"]
        assert said == {house.dev: {}, house.prod: {house.colour: "blue"}}
        await api.put(house.path, {**house.tenant, "ProjectEnvironments": {}})
        assert (await house.variables())["ProjectVariables"] == {}
        await api.put(house.path, house.tenant)
        said = (await house.variables())["ProjectVariables"][house.shop["Id"]]["Variables"]
        assert said == {house.dev: {}, house.prod: {}}


async def test_a_changed_lifecycle_forgets_values_of_environments_that_it_does_not_cover() -> None:
    """OctopusDeploy/Issues#7860."""
    async with http() as api:
        house = await House(api).build()
        document = await house.say({house.colour: "red"})
        document["ProjectVariables"][house.shop["Id"]]["Variables"][house.prod] = {house.colour: "blue"}
        await api.put(f"{house.path}/variables", document)
        phases = [{"Name": "P", "OptionalDeploymentTargets": [house.prod]}]
        lifecycle = await api.post("lifecycles", {"Name": "Prod only", "Phases": phases})
        project = await api.get(f"projects/{house.shop['Id']}")
        await api.put(f"projects/{project['Id']}", {**project, "LifecycleId": lifecycle["Id"]})
        said = (await house.variables())["ProjectVariables"][house.shop["Id"]]["Variables"]
        assert said == {house.dev: {}, house.prod: {house.colour: "blue"}}


async def test_values_go_with_their_tenant_project_environment_and_library_set() -> None:
    async with http() as api:
        house = await House(api).build()
        await house.say({house.colour: "red"}, {house.url: "u"})
        rows = api.sandbox.store.space("Spaces-1").collection("tenantvariables")
        assert len(rows) == 2
        await api.delete(f"environments/{house.dev}")
        assert [row["Value"] for row in rows.values()] == ["u"]
        await api.put(f"projects/{house.shop['Id']}", {**house.shop, "IncludedLibraryVariableSetIds": []})
        await api.delete(f"libraryvariablesets/{house.common['Id']}")
        assert not rows
        clone = await api.post("tenants", {"Name": "Copy", "Clone": house.tenant["Id"]})
        assert clone["ClonedFromTenantId"] == house.tenant["Id"]
        assert clone["ProjectEnvironments"] == {house.shop["Id"]: [house.prod]}
        await api.delete(house.path)
        await api.delete(f"projects/{house.shop['Id']}")
        assert (await api.get(f"tenants/{clone['Id']}"))["ProjectEnvironments"] == {}


async def test_each_changed_value_is_audited_once() -> None:
    async with http() as api:
        house = await House(api).build()
        last = api.sandbox.audit.last_auto_id
        await house.say({house.colour: "red", house.login: "pw"})
        document = await house.variables()
        await api.put(f"{house.path}/variables", document)  # nothing changed
        await house.say({house.colour: "blue"})
        told = [(one.entry.category, one.entry.related) for one in api.sandbox.audit.after(last)]
        tenant = house.tenant["Id"]
        assert told == [
            ("Created", ("TenantVariables-1", tenant)),
            ("Created", ("TenantVariables-2", tenant)),
            ("Deleted", ("TenantVariables-2", tenant)),
            ("Modified", ("TenantVariables-1", tenant)),
        ]


async def test_tags_choose_tenants() -> None:
    async with http() as api:
        for name in ("Region", "Ring"):
            await api.post("tagsets", {"Name": name, "Tags": [{"Name": "a"}, {"Name": "b"}]})
        acme = await api.post("tenants", {"Name": "Acme", "TenantTags": ["Region/a", "Ring/b"]})
        other = await api.post("tenants", {"Name": "Other", "TenantTags": ["Region/b"]})
        found = await api.get("tenants?tags=Region/a,Region/b")
        assert [one["Name"] for one in found["Items"]] == ["Acme", "Other"]
        assert [one["Name"] for one in await api.get("tenants/all?tags=Region/a,Ring/b")] == ["Acme"]
        result = await api.get(f"tenants/tag-test?tenantIds={acme['Id']},{other['Id']}&tags=Region/b,Ring/b")
        assert [result[one["Id"]]["IsMatched"] for one in (acme, other)] == [False, False]
        assert result[other["Id"]]["MissingTags"] == ["Ring/b"]


async def test_servers_before_2026_know_the_old_form_alone() -> None:
    async with http(Settings(version="2023.4.8290")) as api:
        tenant = await api.post("tenants", {"Name": "Acme"})
        assert "ConcurrencyToken" in await api.get(f"tenants/{tenant['Id']}/variables")
        status, _ = await api.raw("GET", f"tenants/{tenant['Id']}/commonvariables")
        assert status == 404
