"""Step templates of the sandbox: versions, usages, bringing actions up to date, and those of the community."""

from __future__ import annotations

from typing import Any

from sandbox_http import Http, action, http

from sandbox.store import SYSTEM, Write

BODY = "Octopus.Action.Script.ScriptBody"


def parameter(name: str, default: Any = None) -> dict[str, Any]:
    return {"Name": name, "DefaultValue": default, "DisplaySettings": {"Octopus.ControlType": "SingleLineText"}}


async def template(api: Http, **more: Any) -> Any:
    body = {"Name": "Say", "ActionType": "Octopus.Script", "Properties": {BODY: "echo 1"}, **more}
    return await api.post("actiontemplates", body)


async def use(api: Http, made: Any, name: str = "Shop", **properties: Any) -> Any:
    """A project whose one step was made from the template; its process."""
    project = await api.project(name)
    mine = {
        "Octopus.Action.Template.Id": made["Id"],
        "Octopus.Action.Template.Version": str(made["Version"]),
        **made["Properties"],
        **properties,
    }
    return await api.save_steps(project, [action("Say", Properties=mine)])


def the_action(process: Any) -> Any:
    return process["Steps"][0]["Actions"][0]


def update(made: Any, *processes: Any, **more: Any) -> dict[str, Any]:
    actions = [
        {"ProcessType": "Deployment", "ProcessId": one["Id"], "ActionIds": [the_action(one)["Id"]]} for one in processes
    ]
    return {"Version": made["Version"], "ActionsToUpdate": actions, **more}


async def test_every_save_is_a_version_and_old_ones_stay_readable() -> None:
    async with http() as api:
        first = await template(api)
        second = await api.put(f"actiontemplates/{first['Id']}", {**first, "Properties": {BODY: "echo 2"}})
        assert second["Version"] == first["Version"] + 1
        path = f"actiontemplates/{first['Id']}/versions"
        assert [one["Properties"][BODY] for one in await api.get(path)] == ["echo 1", "echo 2"]
        assert (await api.get(f"{path}/{first['Version']}"))["Properties"] == {BODY: "echo 1"}
        await api.refused("GET", f"{path}/99", status=404)
        await api.delete(f"actiontemplates/{first['Id']}")
        await api.refused("GET", path, status=404)


async def test_a_new_version_changes_no_action_until_it_is_told_to() -> None:
    async with http() as api:
        made = await template(api, Parameters=[parameter("Who", "you")])
        process = await use(api, made, Who="me", Other="stays")
        newer = await api.put(
            f"actiontemplates/{made['Id']}",
            {**made, "Properties": {BODY: "echo 2"}, "Parameters": [*made["Parameters"], parameter("Where", "here")]},
        )
        assert the_action(await api.get(f"deploymentprocesses/{process['Id']}"))["Properties"][BODY] == "echo 1"
        (usage,) = await api.get(f"actiontemplates/{made['Id']}/usage?withUpdates=true")
        assert (usage["ProcessId"], usage["ActionName"], usage["Version"]) == (process["Id"], "Say", "0")

        last = api.sandbox.audit.last_auto_id
        (result,) = await api.post(f"actiontemplates/{made['Id']}/actionsUpdate", update(newer, process))
        assert result["Outcome"] == "Success"
        after = await api.get(f"deploymentprocesses/{process['Id']}")
        assert after["Version"] == process["Version"] + 1
        properties = the_action(after)["Properties"]
        assert [properties[name] for name in (BODY, "Who", "Where", "Other")] == ["echo 2", "me", "here", "stays"]
        assert properties["Octopus.Action.Template.Version"] == str(newer["Version"])
        assert await api.get(f"actiontemplates/{made['Id']}/usage?withUpdates=true") == []
        assert [one.entry.related[0] for one in api.sandbox.audit.after(last)] == [process["Id"]]


async def test_an_action_that_cannot_be_updated_is_left_alone_and_says_why() -> None:
    async with http() as api:
        made = await template(api)
        edited = await use(api, made, "Edited", **{BODY: "echo mine"})
        plain = await use(api, made, "Plain")
        newer = await api.put(f"actiontemplates/{made['Id']}", {**made, "Properties": {BODY: "echo 2"}})
        path = f"actiontemplates/{made['Id']}/actionsUpdate"
        results = {one["Id"]: one for one in await api.post(path, update(newer, edited, plain))}
        mine = results[the_action(edited)["Id"]]
        assert mine["Outcome"] == "ManualMergeRequired"
        assert BODY in mine["ManualMergeRequiredReasonsByPropertyName"]
        assert the_action(await api.get(f"deploymentprocesses/{edited['Id']}"))["Properties"][BODY] == "echo mine"
        assert results[the_action(plain)["Id"]]["Outcome"] == "Success"
        (forced,) = await api.post(path, update(newer, edited, Overrides={BODY: "echo 2"}))
        assert forced["Outcome"] == "Success"

        wanting = await api.put(f"actiontemplates/{made['Id']}", {**newer, "Parameters": [parameter("Needed")]})
        (result,) = await api.post(path, update(wanting, plain))
        assert result["Outcome"] == "DefaultParamterValueMissing"
        assert result["NamesOfNewParametersMissingDefaultValue"] == ["Needed"]
        older = {"Version": wanting["Version"], "ActionIdsByProcessId": {plain["Id"]: [the_action(plain)["Id"]]}}
        (result,) = await api.post(path, {**older, "DefaultPropertyValues": {"Needed": "now"}})
        assert result["Outcome"] == "Success"
        await api.refused("POST", path, {"Version": 99, "ActionsToUpdate": []}, status=404)
        await api.refused("POST", path, {"Version": wanting["Version"]})


async def test_many_actions_are_updated_by_one_request_that_sums_up() -> None:
    async with http() as api:
        made = await template(api)
        edited = await use(api, made, "Edited", **{BODY: "echo mine"})
        plain = await use(api, made, "Plain")
        newer = await api.put(f"actiontemplates/{made['Id']}", {**made, "Properties": {BODY: "echo 2"}})
        path = f"actiontemplates/{made['Id']}/actionsUpdate/bulk"
        told = await api.post(path, update(newer, edited, plain))
        assert {one["Outcome"] for one in told["Results"]} == {"Success", "ManualMergeRequired"}
        assert (told["Outcome"], told["ValidationFailures"]) == ("Failure", [])
        assert the_action(await api.get(f"deploymentprocesses/{plain['Id']}"))["Properties"][BODY] == "echo 2"
        told = await api.post(path, update(newer, edited, Overrides={BODY: "echo 2"}))
        assert told["Outcome"] == "Success"


async def test_a_removed_package_that_a_channel_names_holds_the_update_back() -> None:
    async with http() as api:
        package = {"Name": "web", "PackageId": "Web", "FeedId": "feeds-builtin"}
        made = await template(api, Packages=[package])
        project = await api.project()
        properties = {"Octopus.Action.Template.Id": made["Id"], "Octopus.Action.Template.Version": "0"}
        step = action("Say", Properties=properties, Packages=[package])
        process = await api.save_steps(project, [step])
        rule = {"ActionPackages": [{"DeploymentAction": "Say", "PackageReference": "web"}]}
        channel = await api.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "Rules": [rule]})
        newer = await api.put(f"actiontemplates/{made['Id']}", {**made, "Packages": []})
        (result,) = await api.post(f"actiontemplates/{made['Id']}/actionsUpdate", update(newer, process))
        assert result["Outcome"] == "RemovedPackageInUse"
        (usage,) = result["RemovedPackageUsages"]
        assert (usage["UsedBy"], usage["UsedById"]) == ("ChannelRule", channel["Id"])


async def test_secrets_of_a_template_reach_the_action_and_nobody_else() -> None:
    async with http() as api:
        made = await template(api)
        process = await use(api, made)
        secret = {"HasValue": True, "NewValue": "s3cret"}
        newer = await api.put(f"actiontemplates/{made['Id']}", {**made, "Properties": {BODY: "echo 1", "Key": secret}})
        await api.post(f"actiontemplates/{made['Id']}/actionsUpdate", update(newer, process))
        shown = the_action(await api.get(f"deploymentprocesses/{process['Id']}"))["Properties"]["Key"]
        assert shown == {"HasValue": True, "NewValue": None, "Hint": None}
        place = f"Actions/{the_action(process)['Id']}/Properties.Key"
        assert api.sandbox.store.secret(process["Id"], place) == "s3cret"


async def test_packages_of_a_template_must_come_from_a_feed() -> None:
    async with http() as api:
        body = {"Name": "P", "ActionType": "Octopus.Script"}
        nowhere = {**body, "Packages": [{"Name": "", "PackageId": "Web"}]}
        assert "No Feed Id was specified." in await api.refused("POST", "actiontemplates", nowhere)
        unknown = {**body, "Packages": [{"Name": "", "PackageId": "Web", "FeedId": "Feeds-99"}]}
        message = await api.refused("POST", "actiontemplates", unknown)
        assert "The following Feed Ids cannot be found: Feeds-99" in message


async def test_a_community_template_is_installed_once_and_read_only() -> None:
    async with http() as api:
        catalogue = (await api.get("communityactiontemplates"))["Items"]
        original = catalogue[0]
        path = f"communityactiontemplates/{original['Id']}"
        missing = await api.refused("PUT", f"{path}/installation/Spaces-1")
        assert "Action template not yet installed." in missing
        copy = await api.post(f"{path}/installation/Spaces-1", {})
        assert (copy["Name"], copy["CommunityActionTemplateId"]) == (original["Name"], original["Id"])
        assert copy["Parameters"] == original["Parameters"]
        assert (await api.get(f"{path}/actiontemplate/Spaces-1"))["Id"] == copy["Id"]
        assert "Action Template already installed." in await api.refused("POST", f"{path}/installation")
        refused = await api.refused("PUT", f"actiontemplates/{copy['Id']}", copy)
        assert "Only custom templates can be directly updated" in refused

        store = api.sandbox.store
        before = store.system.collection("communityactiontemplates")[original["Id"]]
        after = {**before, "Version": 2, "Properties": {BODY: "echo newer"}}
        store.commit(None, [Write("communityactiontemplates", before, after)], SYSTEM)
        found = {one["Name"]: one for one in await api.get("actiontemplates/search")}
        assert found[copy["Name"]]["HasUpdate"]
        assert found[copy["Name"]]["IsInstalled"]
        assert not found[catalogue[1]["Name"]]["IsInstalled"]
        newer = await api.put(f"{path}/installation/Spaces-1", {})
        assert (newer["Id"], newer["Version"], newer["Properties"]) == (copy["Id"], 2, {BODY: "echo newer"})
        assert [one["Version"] for one in await api.get(f"actiontemplates/{copy['Id']}/versions")] == [1, 2]
        assert (await api.get("actiontemplates?isCommunityActionTemplate=false"))["Items"] == []
