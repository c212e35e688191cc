"""The sandbox' documents: full replace, versions, names, references, side effects, cascades."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_http import Http, action, http

from sandbox.settings import Settings


async def test_a_put_replaces_everything_that_can_be_written() -> None:
    async with http() as octopus:
        environment = await octopus.environment("Test", Description="one", UseGuidedFailure=True, SortOrder=5)
        bare = {"Name": " Renamed ", "IsMadeUp": 1, "Links": {"Self": "x"}}
        after = await octopus.put(f"environments/{environment['Id']}", bare)
        assert (after["Name"], after["Description"], after["UseGuidedFailure"]) == ("Renamed", None, False)
        assert (after["Id"], after["Slug"]) == (environment["Id"], "test")
        assert "IsMadeUp" not in after
        assert await octopus.get(f"environments/{environment['Id']}") == after
        assert await octopus.get("environments/test") == after
        wrong = {"Name": "x", "Id": "Environments-99"}
        await octopus.refused("PUT", f"environments/{environment['Id']}", wrong)
        await octopus.refused("PUT", "environments/Environments-99", {"Name": "x"}, status=404)


async def test_property_names_match_in_any_case() -> None:
    async with http() as octopus:
        environment = await octopus.post("environments", {"name": "Test", "useGuidedFailure": True})
        assert (environment["Name"], environment["UseGuidedFailure"]) == ("Test", True)


async def test_a_project_brings_its_parts_and_takes_them_along() -> None:
    async with http() as octopus:
        project = await octopus.project("Web Shop", Slug="")
        number = project["Id"]
        assert project["Slug"] == "web-shop"
        assert project["VariableSetId"] == f"variableset-{number}"
        assert project["DeploymentProcessId"] == f"deploymentprocess-{number}"
        variables = await octopus.get(project["Links"]["Variables"])
        assert (variables["Version"], variables["Variables"], variables["OwnerId"]) == (0, [], number)
        process = await octopus.get(project["Links"]["DeploymentProcess"])
        assert (process["Version"], process["Steps"]) == (0, [])
        channels = (await octopus.get(f"projects/{number}/channels"))["Items"]
        assert [(one["Name"], one["IsDefault"], one["LifecycleId"]) for one in channels] == [("Default", True, None)]
        settings = await octopus.get(f"projects/{number}/deploymentsettings")
        assert settings["Id"] == f"deploymentsettings-{number}"
        assert settings["VersioningStrategy"] == project["VersioningStrategy"]
        runbook = await _runbook(octopus, project)
        await octopus.delete(f"projects/{number}")
        for gone in (
            f"projects/{number}",
            f"variables/variableset-{number}",
            f"deploymentprocesses/deploymentprocess-{number}",
            f"channels/{channels[0]['Id']}",
            f"runbooks/{runbook['Id']}",
            f"runbookProcesses/{runbook['RunbookProcessId']}",
            f"projects/{number}/deploymentsettings",
        ):
            await octopus.refused("GET", gone, status=404)


async def _runbook(octopus: Http, project: Any, name: str = "Restart", **more: Any) -> Any:
    body = {"Name": name, "ProjectId": project["Id"], "RunRetentionPolicy": {"QuantityToKeep": 100, "Unit": "Items"}}
    return await octopus.post("runbooks", {**body, **more})


async def test_settings_show_on_the_project_and_can_be_written_on_either() -> None:
    async with http() as octopus:
        project = await octopus.project()
        path = f"projects/{project['Id']}/deploymentsettings"
        settings = await octopus.get(path)
        await octopus.put(path, {**settings, "ReleaseNotesTemplate": "by settings", "FailTargetDiscovery": True})
        project = await octopus.get(f"projects/{project['Id']}")
        assert project["ReleaseNotesTemplate"] == "by settings"
        await octopus.put(f"projects/{project['Id']}", {**project, "ReleaseNotesTemplate": "by project"})
        settings = await octopus.get(path)
        assert (settings["ReleaseNotesTemplate"], settings["FailTargetDiscovery"]) == ("by project", True)


async def test_a_library_set_and_a_runbook_bring_their_parts() -> None:
    async with http() as octopus:
        library = await octopus.post("libraryvariablesets", {"Name": "Shared"})
        module = await octopus.post("libraryvariablesets", {"Name": "Shared", "ContentType": "ScriptModule"})
        assert (await octopus.get(library["Links"]["Variables"]))["OwnerId"] == library["Id"]
        assert [one["Id"] for one in await octopus.get("libraryvariablesets/all")] == [library["Id"], module["Id"]]
        only = await octopus.get("libraryvariablesets/all?contentType=ScriptModule")
        assert [one["Id"] for one in only] == [module["Id"]]
        changed = await octopus.put(f"libraryvariablesets/{module['Id']}", {**module, "ContentType": "Variables"})
        assert changed["ContentType"] == "ScriptModule"
        project = await octopus.project(IncludedLibraryVariableSetIds=[module["Id"], library["Id"]])
        assert project["IncludedLibraryVariableSetIds"] == [module["Id"], library["Id"]]
        await octopus.refused("DELETE", f"libraryvariablesets/{library['Id']}")
        runbook = await _runbook(octopus, project)
        process = await octopus.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
        assert (process["RunbookId"], process["ProjectId"]) == (runbook["Id"], project["Id"])
        assert [one["Id"] for one in await octopus.get("runbooks/all")] == [runbook["Id"]]
        await octopus.refused("POST", "runbooks", {"Name": "No retention", "ProjectId": project["Id"]})


async def test_a_space_is_furnished_and_deleted_only_when_stopped() -> None:
    async with http() as octopus:
        managers = {"SpaceManagersTeams": ["teams-administrators"], "SpaceManagersTeamMembers": []}
        space = await octopus.post("spaces", {"Name": "Second", **managers})
        for kind, names in {
            "lifecycles": ["Default Lifecycle"],
            "projectgroups": ["Default Project Group"],
            "machinepolicies": ["Default Machine Policy"],
            "workerpools": ["Default Worker Pool"],
        }.items():
            assert [one["Name"] for one in await octopus.get(f"{space['Id']}/{kind}/all")] == names
        feeds = {one["FeedType"] for one in await octopus.get(f"{space['Id']}/feeds/all")}
        assert feeds == {"BuiltIn", "OctopusProject"}
        assert f"teams-spacemanagers-{space['Id']}" in space["SpaceManagersTeams"]
        await octopus.refused("DELETE", f"spaces/{space['Id']}")
        await octopus.put(f"spaces/{space['Id']}", {**space, "TaskQueueStopped": True})
        await octopus.delete(f"spaces/{space['Id']}")
        await octopus.refused("GET", f"{space['Id']}/lifecycles", status=404)
        await octopus.refused("DELETE", "spaces/Spaces-1")
        await octopus.refused("POST", "spaces", {"Name": "Nobody's", "SpaceManagersTeams": []})


async def test_names_are_unique_without_regard_to_case() -> None:
    async with http() as octopus:
        await octopus.environment("Test")
        assert "An environment with this name already exists." in await octopus.refused(
            "POST", "environments", {"Name": "TEST"}
        )
        one, other = await octopus.project("One"), await octopus.project("Two")
        await octopus.refused("PUT", f"projects/{other['Id']}", {**other, "Name": "ONE"})
        await octopus.post("channels", {"Name": "Beta", "ProjectId": one["Id"]})
        await octopus.post("channels", {"Name": "Beta", "ProjectId": other["Id"]})
        await octopus.refused("POST", "channels", {"Name": "beta", "ProjectId": one["Id"]})
        await octopus.refused("POST", "environments", {"Name": "x" * 51})
        await octopus.refused("POST", "projects", {**one, "Name": "All"})
        again = await octopus.environment("Test!")
        assert again["Slug"] == "test-2"
        assert "must not be called 'all'" in await octopus.refused("POST", "environments", {"Name": "y", "Slug": "all"})
        await octopus.refused("POST", "environments", {"Name": "y", "Slug": "test"})


async def test_references_must_lead_somewhere() -> None:
    async with http() as octopus:
        nowhere = {"Name": "L", "Phases": [{"Name": "P", "OptionalDeploymentTargets": ["Environments-99"]}]}
        refusal = await octopus.refused("POST", "lifecycles", nowhere)
        assert '"Environments-99" provided for OptionalDeploymentTargets' in refusal
        project = await octopus.project()
        # A list of ids is answered by 400 (OctopusDeploy/Issues#2067), a single one by 404.
        for change, status in (
            ({"LifecycleId": "Lifecycles-99"}, 404),
            ({"ProjectGroupId": "ProjectGroups-99"}, 404),
            ({"IncludedLibraryVariableSetIds": ["LibraryVariableSets-99"]}, 400),
        ):
            await octopus.refused("PUT", f"projects/{project['Id']}", {**project, **change}, status=status)
        await octopus.refused("POST", "channels", {"Name": "x", "ProjectId": "Projects-99"}, status=404)
        for properties, status in (
            ({"WorkerPoolId": "WorkerPools-99"}, 404),
            ({"Environments": ["Environments-99"]}, 400),
            ({"Channels": ["Channels-99"]}, 400),
            ({"Packages": [{"Name": "", "PackageId": "p", "FeedId": "Feeds-99"}]}, 404),
            ({"Properties": {"Octopus.Action.Template.Id": "ActionTemplates-99"}}, 404),
            ({"Properties": {"Octopus.Action.Manual.ResponsibleTeamIds": "teams-everyone,Teams-99"}}, 404),
            ({"TenantTags": ["Ring/Inner"]}, 404),
        ):
            body = {"Version": 0, "Steps": [action(**properties)]}
            path = f"deploymentprocesses/{project['DeploymentProcessId']}"
            await octopus.refused("PUT", path, body, status=status)
        saved = await octopus.save_steps(
            project,
            [action(Packages=[{"Name": "", "PackageId": "p", "FeedId": "#{Feed}"}], Channels=[], WorkerPoolId=None)],
        )
        assert saved["Steps"][0]["Actions"][0]["Packages"][0]["FeedId"] == "#{Feed}"


async def test_lifecycle_phases_keep_the_rules() -> None:
    async with http() as octopus:
        test = await octopus.environment("Test")
        phase = {"Name": "A", "OptionalDeploymentTargets": [test["Id"]]}
        lifecycle = await octopus.post("lifecycles", {"Name": "L", "Phases": [phase, {"Name": "B"}]})
        first, second = lifecycle["Phases"]
        assert first["Id"] != second["Id"]
        assert second["ReleaseRetentionPolicy"] is None
        kept = await octopus.put(f"lifecycles/{lifecycle['Id']}", {**lifecycle, "Phases": [second, first]})
        assert [one["Id"] for one in kept["Phases"]] == [second["Id"], first["Id"]]
        for phases in (
            [phase, {**phase, "Name": "C"}],
            [{"Name": "B"}, {"Name": "C"}],
            [{**phase, "IsOptionalPhase": True}],
        ):
            await octopus.refused("POST", "lifecycles", {"Name": "M", "Phases": phases})


async def test_process_versions_are_tokens() -> None:
    async with http() as octopus:
        project = await octopus.project()
        path = f"deploymentprocesses/{project['DeploymentProcessId']}"
        first = await octopus.put(path, {"Version": 0, "Steps": [action()]})
        assert first["Version"] == 1
        stale = await octopus.refused("PUT", path, {"Version": 0, "Steps": []})
        assert stale.startswith("There was a problem with your request. Changes to this deployment process could not")
        await octopus.refused("PUT", path, {"Steps": []})
        assert (await octopus.get(path)) == first
        by_project = await octopus.put(f"projects/{project['Slug']}/deploymentprocesses", {**first, "Steps": []})
        assert (by_project["Version"], by_project["Steps"]) == (2, [])


async def test_step_ids_are_kept_or_given_and_names_are_unique() -> None:
    async with http() as octopus:
        project = await octopus.project()
        sent = "11111111-2222-3333-4444-555555555555"
        saved = await octopus.save_steps(project, [action("One", Id=sent), action("Two words")])
        one, two = saved["Steps"]
        assert one["Actions"][0]["Id"] == sent
        assert len({one["Id"], two["Id"], sent, two["Actions"][0]["Id"]}) == 4
        assert (two["Slug"], two["Actions"][0]["Slug"]) == ("two-words", "two-words")
        again = await octopus.save_steps(project, [two, one])
        assert [step["Id"] for step in again["Steps"]] == [two["Id"], one["Id"]]
        for steps, text in (
            ([action("A"), action("a")], "is already in use by another"),
            ([{**action("A"), "Slug": "s"}, {**action("B"), "Slug": "s"}], "Step slugs must be unique."),
            (
                [action("A", Packages=[{"Name": ""}, {"Name": ""}])],
                "A package reference with the name '' already exists",
            ),
            ([{"Name": "empty", "Actions": []}], "at least one action"),
            ([{**action("A"), "Condition": "Sometimes"}], "Path 'Steps.Condition'"),
            ("no list", "Path 'Steps'"),
        ):
            body = {"Version": again["Version"], "Steps": steps}
            assert text in await octopus.refused("PUT", f"deploymentprocesses/{project['DeploymentProcessId']}", body)


async def test_the_server_rewrites_some_properties() -> None:
    async with http() as octopus:
        project = await octopus.project()
        manual = action(
            "Approve", ActionType="Octopus.Manual", Properties={"Octopus.Action.Manual.Instructions": "", "a": "b"}
        )
        package = {
            "Name": "",
            "PackageId": "Shop.Web",
            "FeedId": "feeds-builtin",
            "AcquisitionLocation": "ExecutionTarget",
        }
        deploy = action("Deploy", ActionType="Octopus.TentaclePackage", Packages=[package], Properties={})
        saved = await octopus.save_steps(project, [manual, deploy])
        approve, deploy = (step["Actions"][0] for step in saved["Steps"])
        assert approve["Properties"] == {"a": "b", "Octopus.Action.RunOnServer": "true"}
        assert deploy["Properties"]["Octopus.Action.Package.PackageId"] == "Shop.Web"
        assert deploy["Properties"]["Octopus.Action.Package.DownloadOnTentacle"] == "True"
        saved = await octopus.save_steps(project, [{**saved["Steps"][1], "Actions": [{**deploy, "Packages": []}]}])
        assert saved["Steps"][0]["Actions"][0]["Properties"] == {}


async def test_one_channel_is_the_default() -> None:
    async with http() as octopus:
        project = await octopus.project()
        default = (await octopus.get(f"projects/{project['Id']}/channels"))["Items"][0]
        beta = await octopus.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "IsDefault": True})
        assert (await octopus.get(f"channels/{default['Id']}"))["IsDefault"] is False
        assert "the default channel" in await octopus.refused("DELETE", f"channels/{beta['Id']}")
        await octopus.delete(f"channels/{default['Id']}")
        assert "only remaining channel" in await octopus.refused("DELETE", f"channels/{beta['Id']}")


async def test_channel_rules_name_steps_that_exist() -> None:
    async with http() as octopus:
        project = await octopus.project()
        rule = {"VersionRange": "[1,2)", "ActionPackages": [{"DeploymentAction": "Deploy", "PackageReference": ""}]}
        body = {"Name": "Beta", "ProjectId": project["Id"], "Rules": [rule]}
        await octopus.refused("POST", "channels", body, status=404)
        await octopus.save_steps(project, [action("Deploy")])
        channel = await octopus.post("channels", body)
        again = await octopus.put(f"channels/{channel['Id']}", channel)
        assert channel["Rules"][0]["Id"]
        assert again["Rules"] == channel["Rules"]


async def test_bulk_lists_for_a_comparison() -> None:
    async with http() as octopus:
        projects = [await octopus.project(f"P{number:02}") for number in range(33)]
        runbook = await _runbook(octopus, projects[0])
        ids = ",".join(project["VariableSetId"] for project in projects[:31])
        sets = await octopus.get(f"Spaces-1/variables/all?ids={ids},variableset-Projects-99")
        assert [one["OwnerId"] for one in sets] == [project["Id"] for project in projects[:31]]
        page = await octopus.get("deploymentprocesses?skip=30")
        assert (page["TotalResults"], len(page["Items"])) == (33, 3)
        chosen = await octopus.get(f"deploymentprocesses?ids={projects[32]['DeploymentProcessId']}")
        assert [one["ProjectId"] for one in chosen["Items"]] == [projects[32]["Id"]]
        assert (await octopus.get("runbookProcesses?take=1"))["Items"][0]["RunbookId"] == runbook["Id"]
        assert len(await octopus.get("channels/all")) == 33
        assert len(await octopus.get(f"runbooks/all?projectIds={projects[0]['Id']}")) == 1
        assert (await octopus.get(f"projects/{projects[1]['Id']}/runbooks"))["Items"] == []


@pytest.mark.parametrize(("version", "known"), [("2021.2.1290", False), ("2023.4.8290", True), ("2026.1.9674", True)])
async def test_an_older_release_knows_less(version: str, known: bool) -> None:
    async with http(Settings(version=version)) as octopus:
        environment = await octopus.environment()
        assert ("Slug" in environment) is known
        assert ("EnvironmentTags" in environment) is version.startswith("2026")
        phase = {"Name": "A", "IsPriorityPhase": True, "OptionalDeploymentTargets": [environment["Id"]]}
        lifecycle = await octopus.post("lifecycles", {"Name": "L", "Phases": [phase]})
        assert lifecycle["Phases"][0].get("IsPriorityPhase") == (True if version.startswith("2026") else None)
        project = await octopus.project()
        saved = await octopus.save_steps(project, [action()])
        assert ("Slug" in saved["Steps"][0]) is known
        status, _ = await octopus.raw("GET", f"Spaces-1/projects/{project['Id']}/variables")
        assert status == (200 if known else 404)


async def test_sort_order_names_every_document_once() -> None:
    async with http() as octopus:
        ids = [(await octopus.environment(name))["Id"] for name in ("A", "B", "C")]
        await octopus.put("environments/sortorder", [ids[2], ids[0], ids[1]])
        assert [one["Name"] for one in await octopus.get("environments/all")] == ["C", "A", "B"]
        await octopus.refused("PUT", "environments/sortorder", ids[:2])
        await octopus.refused("PUT", "environments/sortorder", {"Ids": ids})


async def test_the_other_kinds_can_be_made_and_referred_to() -> None:
    async with http() as octopus:
        test = await octopus.environment()
        tags = await octopus.post("tagsets", {"Name": "Ring", "Tags": [{"Name": "Inner"}, {"Name": "Outer"}]})
        assert [tag["CanonicalTagName"] for tag in tags["Tags"]] == ["Ring/Inner", "Ring/Outer"]
        tenant = await octopus.post("tenants", {"Name": "T", "TenantTags": ["Ring/Inner"]})
        machine = await octopus.post(
            "machines",
            {
                "Name": "m",
                "EnvironmentIds": [test["Id"]],
                "Roles": ["web"],
                "TenantIds": [tenant["Id"]],
                "Endpoint": {},
            },
        )
        await octopus.refused("POST", "machines", {"Name": "n", "EnvironmentIds": [], "Roles": ["web"]})
        template = await octopus.post("actiontemplates", {"Name": "S", "ActionType": "Octopus.Script"})
        assert (await octopus.put(f"actiontemplates/{template['Id']}", template))["Version"] == template["Version"] + 1
        details = {"Type": "UsernamePassword", "Username": "u", "Password": {"NewValue": "git secret"}}
        git = await octopus.post("Spaces-1/git-credentials", {"Name": "g", "Details": details})
        assert set(git) == {"Id", "Links"}
        assert await octopus.put(f"Spaces-1/git-credentials/{git['Id']}", {"Name": "g", "Details": details}) == {}
        project = await octopus.project()
        runbook = await _runbook(octopus, project)
        trigger = await octopus.post(
            "projecttriggers",
            {
                "Name": "nightly",
                "ProjectId": project["Id"],
                "Filter": {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * *"},
                "Action": {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": [test["Id"]]},
            },
        )
        assert (await octopus.get(f"projects/{project['Id']}/triggers"))["Items"][0]["Id"] == trigger["Id"]
        await octopus.delete(f"runbooks/{runbook['Id']}")
        await octopus.refused("GET", f"projecttriggers/{trigger['Id']}", status=404)
        variables = await octopus.save_variables(
            project,
            [{"Name": "x", "Scope": {"Machine": [machine["Id"]], "TenantTag": ["Ring/Outer"], "Role": ["web"]}}],
        )
        values = variables["ScopeValues"]
        assert values["Machines"] == [{"Id": machine["Id"], "Name": "m"}]
        assert [one["Id"] for one in values["Roles"]] == ["web"]
        assert [one["Name"] for one in values["TenantTags"]] == ["Ring/Inner", "Ring/Outer"]
        await octopus.delete(f"machines/{machine['Id']}")
        assert (await octopus.get(f"variables/{project['VariableSetId']}"))["Variables"] == []


async def test_a_renamed_tag_is_renamed_everywhere_and_a_used_one_stays() -> None:
    async with http() as octopus:
        ring = await octopus.post("tagsets", {"Name": "Ring", "Tags": [{"Name": "Inner"}, {"Name": "Outer"}]})
        tenant = await octopus.post("tenants", {"Name": "T", "TenantTags": ["ring/inner"]})
        assert tenant["TenantTags"] == ["Ring/Inner"]
        project = await octopus.project()
        await octopus.save_steps(project, [action(TenantTags=["Ring/Inner"])])
        await octopus.save_variables(project, [{"Name": "x", "Scope": {"TenantTag": ["Ring/Inner"]}}])
        inner, outer = ring["Tags"]
        renamed = {**ring, "Name": "Wave", "Tags": [{**inner, "Name": "First"}, outer]}
        changed = await octopus.put(f"tagsets/{ring['Id']}", renamed)
        assert [tag["CanonicalTagName"] for tag in changed["Tags"]] == ["Wave/First", "Wave/Outer"]
        assert (await octopus.get(f"tenants/{tenant['Id']}"))["TenantTags"] == ["Wave/First"]
        process = await octopus.get(f"deploymentprocesses/{project['DeploymentProcessId']}")
        assert process["Steps"][0]["Actions"][0]["TenantTags"] == ["Wave/First"]
        variables = await octopus.get(f"variables/{project['VariableSetId']}")
        assert variables["Variables"][0]["Scope"] == {"TenantTag": ["Wave/First"]}
        await octopus.put(f"deploymentprocesses/{process['Id']}", process)
        await octopus.refused("PUT", f"tagsets/{ring['Id']}", {**changed, "Tags": [outer]})
        await octopus.refused("DELETE", f"tagsets/{ring['Id']}")
        left = await octopus.put(f"tagsets/{ring['Id']}", {**changed, "Tags": [changed["Tags"][0]]})
        assert [tag["Name"] for tag in left["Tags"]] == ["First"]


async def test_free_text_tags_are_taken_as_they_are() -> None:
    async with http() as octopus:
        await octopus.post("tagsets", {"Name": "Note", "Type": "FreeText"})
        tenant = await octopus.post("tenants", {"Name": "T", "TenantTags": ["Note/anything"]})
        assert tenant["TenantTags"] == ["Note/anything"]
        await octopus.refused("POST", "tagsets", {"Name": "Bad", "Type": "FreeText", "Tags": [{"Name": "x"}]})
        await octopus.refused("POST", "tenants", {"Name": "U", "TenantTags": ["Nothing/here"]}, status=404)
