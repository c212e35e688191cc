"""Variable sets and secrets of the sandbox: what goes in, what comes out, what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_http import action, http


async def test_a_sensitive_variable_is_kept_replaced_and_forgotten() -> None:
    async with http() as octopus:
        store = octopus.sandbox.store
        project = await octopus.project()
        saved = await octopus.save_variables(
            project,
            [{"Name": "pw", "Type": "Sensitive", "IsSensitive": True, "Value": "first"}, {"Name": "n", "Value": "1"}],
        )
        row = saved["Variables"][0]
        place = f"Variables/{row['Id']}"
        assert (row["Value"], row["Type"], row["IsSensitive"]) == (None, "Sensitive", True)
        assert store.secret(saved["Id"], place) == "first"
        saved = await octopus.save_variables(project, [{**row, "Description": "kept"}])
        assert store.secret(saved["Id"], place) == "first"
        saved = await octopus.save_variables(project, [{**row, "Value": "second"}])
        assert store.secret(saved["Id"], place) == "second"
        saved = await octopus.save_variables(project, [{**row, "Id": None}])
        assert store.secrets_of(saved["Id"]) == {}, "a new row has no secret to keep"
        saved = await octopus.save_variables(project, [{**row, "Value": "third"}])
        saved = await octopus.save_variables(project, [{**row, "Type": "String", "IsSensitive": False}])
        assert saved["Variables"][0]["Value"] is None
        assert store.secrets_of(saved["Id"]) == {}


async def test_variable_versions_are_tokens() -> None:
    async with http() as octopus:
        project = await octopus.project()
        path = f"variables/{project['VariableSetId']}"
        first = await octopus.put(path, {"Version": 0, "Variables": [{"Name": "a", "Value": "1"}]})
        assert first["Version"] == 1
        stale = await octopus.refused("PUT", path, {"Version": 0, "Variables": []})
        assert "Changes to these variables could not be saved, because another user" in stale
        assert (await octopus.get(path)) == first
        by_project = await octopus.put(f"Spaces-1/projects/{project['Id']}/variables", {**first, "Variables": []})
        assert by_project == {}
        assert (await octopus.get(path))["Version"] == 2
        await octopus.refused("PUT", f"Spaces-1/projects/{project['Id']}/variables", {"Version": 2})


async def test_ids_are_kept_or_given_and_unique() -> None:
    async with http() as octopus:
        project = await octopus.project()
        sent = "aaaaaaaa-1111-2222-3333-444444444444"
        saved = await octopus.save_variables(
            project, [{"Id": sent, "Name": "a"}, {"Id": "", "Name": "a"}, {"Name": "a"}]
        )
        ids = [row["Id"] for row in saved["Variables"]]
        assert ids[0] == sent
        assert len(set(ids)) == 3
        body = {
            "Version": saved["Version"],
            "Variables": [{"Id": sent, "Name": "a"}, {"Id": sent.upper(), "Name": "b"}],
        }
        assert "Variable ids must be unique." in await octopus.refused("PUT", f"variables/{saved['Id']}", body)


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"Name": "x", "Scope": {"Environment": ["Environments-99"]}}, 400),
        ({"Name": "x", "Scope": {"Channel": ["Channels-99"]}}, 400),
        ({"Name": "x", "Scope": {"Action": ["Run"]}}, 400),
        ({"Name": "x", "Scope": {"ProcessOwner": ["Projects-99"]}}, 400),
        ({"Name": "x", "Scope": {"TenantTag": ["Ring/Inner"]}}, 400),
        ({"Name": "x", "Scope": {"Colour": ["red"]}}, 400),
        ({"Name": "x", "Scope": {"Role": "web"}}, 400),
        ({"Name": "x", "Scope": []}, 400),
        ({"Name": "  "}, 400),
        ({"Name": "x", "Value": 7}, 400),
        ({"Name": "x", "Type": "Number"}, 400),
        ({"Name": "x", "Type": "WorkerPool", "Value": "WorkerPools-99"}, 404),
        ({"Name": "x", "Scope": {"Role": ["web"]}, "Prompt": {"Label": "?"}}, 400),
    ],
)
async def test_bad_variables_are_refused_whole(row: dict[str, Any], status: int) -> None:
    async with http() as octopus:
        project = await octopus.project()
        body = {"Version": 0, "Variables": [{"Name": "good"}, row]}
        await octopus.refused("PUT", f"variables/{project['VariableSetId']}", body, status=status)
        assert (await octopus.get(f"variables/{project['VariableSetId']}"))["Version"] == 0


async def test_scope_values_list_what_a_project_and_a_library_set_can_use() -> None:
    async with http() as octopus:
        test = await octopus.environment("Test")
        project, other = await octopus.project("Mine"), await octopus.project("Other")
        retention = {"QuantityToKeep": 1}
        runbook = await octopus.post(
            "runbooks", {"Name": "R", "ProjectId": project["Id"], "RunRetentionPolicy": retention}
        )
        await octopus.save_steps(other, [action("Theirs")])
        step = (await octopus.save_steps(project, [action("Mine")]))["Steps"][0]["Actions"][0]
        variables = await octopus.get(f"variables/{project['VariableSetId']}")
        values = variables["ScopeValues"]
        assert values["Environments"] == [{"Id": test["Id"], "Name": "Test"}]
        assert values["Actions"] == [{"Id": step["Id"], "Name": "Mine"}]
        assert [one["Name"] for one in values["Channels"]] == ["Default"]
        assert [(one["Id"], one["ProcessType"]) for one in values["Processes"]] == [
            (project["Id"], "Deployment"),
            (runbook["Id"], "Runbook"),
        ]
        scope = {
            "Environment": [test["Id"]],
            "Action": [step["Id"]],
            "Channel": [values["Channels"][0]["Id"]],
            "ProcessOwner": [runbook["Id"], project["Id"]],
            "Role": [],
        }
        saved = await octopus.save_variables(project, [{"Name": "x", "Scope": scope}])
        assert saved["Variables"][0]["Scope"] == {key: value for key, value in scope.items() if value}
        library = await octopus.post("libraryvariablesets", {"Name": "L"})
        values = (await octopus.get(f"variables/{library['VariableSetId']}"))["ScopeValues"]
        assert (values["Channels"], values["Actions"], values["Processes"]) == ([], [], [])
        body = {"Variables": [{"Name": "x", "Scope": {"Channel": scope["Channel"]}}]}
        await octopus.refused("PUT", f"variables/{library['VariableSetId']}", body)


async def test_sensitive_values_are_kept_replaced_and_cleared() -> None:
    async with http() as octopus:
        store = octopus.sandbox.store
        account = {"Name": "a", "AccountType": "UsernamePassword", "Username": "u"}
        made = await octopus.post(
            "accounts", {**account, "Password": {"HasValue": True, "NewValue": "one", "Hint": None}}
        )
        assert made["Password"] == {"HasValue": True, "NewValue": None, "Hint": None}
        path = f"accounts/{made['Id']}"
        await octopus.put(path, {**made, "Name": "renamed"})
        assert store.secret(made["Id"], "Password") == "one"
        await octopus.put(path, {**made, "Password": {"NewValue": "two"}})
        assert store.secret(made["Id"], "Password") == "two"
        cleared = await octopus.put(path, {**made, "Password": {"HasValue": False, "NewValue": None}})
        assert cleared["Password"]["HasValue"] is False
        assert store.secret(made["Id"], "Password") is None
        kept = await octopus.put(path, {**made, "Password": {"HasValue": True, "NewValue": None}})
        assert kept["Password"]["HasValue"] is False, "there is nothing to keep any more"
        await octopus.put(path, {**made, "Password": {"NewValue": "three"}})
        await octopus.put(path, account)
        assert store.secret(made["Id"], "Password") is None, "a PUT that leaves it out clears it"
        nested = await octopus.post("accounts", {"Name": "d", "Details": {**account, "Password": {"NewValue": "four"}}})
        assert (nested["AccountType"], store.secret(nested["Id"], "Password")) == ("UsernamePassword", "four")
        assert "four" not in await octopus.refused("POST", "accounts", {**account, "Name": "e", "Password": "four"})


async def test_a_secret_property_follows_its_action() -> None:
    async with http() as octopus:
        store = octopus.sandbox.store
        project = await octopus.project()
        secret = {"HasValue": True, "NewValue": "deep", "Hint": None}
        saved = await octopus.save_steps(project, [action("A", Properties={"pw": secret}), action("B")])
        one, two = saved["Steps"]
        place = f"Actions/{one['Actions'][0]['Id']}/Properties.pw"
        assert one["Actions"][0]["Properties"]["pw"] == {"HasValue": True, "NewValue": None, "Hint": None}
        assert store.secret(saved["Id"], place) == "deep"
        merged = {**two, "Actions": [*two["Actions"], *one["Actions"]]}
        await octopus.save_steps(project, [merged])
        assert store.secret(saved["Id"], place) == "deep"
        await octopus.save_steps(project, [two])
        assert store.secrets_of(saved["Id"]) == {}


async def test_templates_keep_their_ids_and_hide_sensitive_defaults() -> None:
    async with http() as octopus:
        store = octopus.sandbox.store
        sensitive = {"Octopus.ControlType": "Sensitive"}
        project = await octopus.project(
            Templates=[{"Name": "pw", "DisplaySettings": sensitive, "DefaultValue": "quiet"}, {"Name": "plain"}]
        )
        pw, plain = project["Templates"]
        assert pw["DefaultValue"]["HasValue"] is True
        assert store.secret(project["Id"], f"Templates/{pw['Id']}/DefaultValue") == "quiet"
        again = await octopus.put(f"projects/{project['Id']}", {**project, "Templates": [plain, pw]})
        assert [one["Id"] for one in again["Templates"]] == [plain["Id"], pw["Id"]]
        assert store.secret(project["Id"], f"Templates/{pw['Id']}/DefaultValue") == "quiet"
        select = {"Name": "s", "DisplaySettings": {"Octopus.ControlType": "Select"}}
        text = await octopus.refused("PUT", f"projects/{project['Id']}", {**project, "Templates": [select]})
        assert "Variable template 's' does not have drop down options set." in text
