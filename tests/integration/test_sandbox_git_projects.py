"""Version-controlled projects of the sandbox: one branch in memory, what stays in the database, what nobody audits."""

from __future__ import annotations

from typing import Any

import pytest
from octopus_samples import needs_samples, sample
from sandbox_http import Http, action, http

SPACE = "Spaces-1"
MAIN = "refs%2Fheads%2Fmain"


def settings(**more: Any) -> dict[str, Any]:
    secret = {"HasValue": True, "NewValue": "t0ken"}
    return {
        "Type": "VersionControlled",
        "Url": "https://git.example/shop.git",
        "DefaultBranch": "main",
        "BasePath": ".octopus",
        "Credentials": {"Type": "UsernamePassword", "Username": "robot", "Password": secret},
        **more,
    }


NO_REF = "Received a request for a version-controlled resource on a non-version control route."


async def convert(api: Http, project: Any, **more: Any) -> Any:
    body = {"VersionControlSettings": settings(**more), "ChangeDescription": "Convert"}
    assert await api.post(f"projects/{project['Id']}/git/convert", body) == {}
    return await api.get(f"projects/{project['Id']}")


async def test_conversion_takes_the_process_out_of_the_database() -> None:
    async with http() as api:
        project = await api.project()
        process = await api.save_steps(project, [action("Run")])
        after = await convert(api, project)
        kept = after["PersistenceSettings"]
        assert (after["IsVersionControlled"], kept["Type"], kept["Url"]) == (
            True,
            "VersionControlled",
            settings()["Url"],
        )
        assert kept["Credentials"]["Password"] == {"HasValue": True, "NewValue": None, "Hint": None}
        assert kept["ConversionState"] == {"VariablesAreInGit": False, "RunbooksAreInGit": False}
        assert api.sandbox.store.secret(project["Id"], "PersistenceSettings.Credentials.Password") == "t0ken"
        on_main = await api.get(f"projects/{project['Id']}/{MAIN}/deploymentprocesses")
        assert on_main["Steps"] == process["Steps"]
        for path in (f"deploymentprocesses/{process['Id']}", f"projects/{project['Id']}/deploymentprocesses"):
            assert NO_REF in await api.refused("GET", path)
            assert NO_REF in await api.refused("PUT", path, process)
        assert NO_REF in await api.refused("GET", f"projects/{project['Id']}/deploymentsettings")
        listed = await api.get(f"projects/{project['Id']}/git/branches")
        assert [one["CanonicalName"] for one in listed["Items"]] == ["refs/heads/main"]
        body = {"VersionControlSettings": settings(), "ChangeDescription": "Again"}
        await api.refused("POST", f"projects/{project['Id']}/git/convert", body)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"VersionControlSettings": settings(), "ChangeDescription": None}, 400),
        ({"VersionControlSettings": settings(Url=None), "ChangeDescription": "c"}, 400),
        ({"VersionControlSettings": settings(Credentials={"Type": "Key"}), "ChangeDescription": "c"}, 400),
        (
            {
                "VersionControlSettings": settings(Credentials={"Type": "Reference", "Id": "x"}),
                "ChangeDescription": "c",
            },
            404,
        ),
        ({"ChangeDescription": "c"}, 400),
    ],
)
async def test_bad_conversions_are_refused(wrong: dict[str, Any], status: int) -> None:
    async with http() as api:
        project = await api.project()
        await api.refused("POST", f"projects/{project['Id']}/git/convert", wrong, status=status)
        await api.refused("GET", f"projects/{project['Id']}/main/deploymentprocesses")


async def test_a_save_on_a_branch_is_audited_and_a_push_is_not() -> None:
    async with http() as api:
        project = await api.project()
        await api.save_steps(project, [action("Run")])
        await convert(api, project)
        path = f"projects/{project['Id']}/main/deploymentprocesses"
        process = await api.get(path)
        last = api.sandbox.audit.last_auto_id
        saved = await api.put(path, {**process, "Steps": [action("Saved")], "ChangeDescription": "Change"})
        assert saved["Version"] == process["Version"] + 1
        (event,) = api.sandbox.audit.after(last)
        assert (event.entry.category, event.entry.related) == ("Modified", (process["Id"], project["Id"]))
        await api.refused("PUT", path, process)

        last = api.sandbox.audit.last_auto_id
        await api.post(f"/api/sandbox/push/{project['Id']}", {"Branch": "main", "Steps": [action("Pushed")]})
        assert [step["Name"] for step in (await api.get(path))["Steps"]] == ["Pushed"]
        assert api.sandbox.audit.after(last) == []


async def test_branches_go_their_own_ways() -> None:
    async with http() as api:
        project = await api.project()
        await api.save_steps(project, [action("Run")])
        await convert(api, project)
        path = f"projects/{project['Id']}"
        body = {"BaseGitRef": "refs/heads/main", "NewBranchName": "feature/x"}
        made = await api.post(f"{path}/git/branches", body)
        assert made["CanonicalName"] == "refs/heads/feature/x"
        await api.refused("POST", f"{path}/git/branches", body)
        await api.refused("POST", f"{path}/git/branches", {"BaseGitRef": "nothing", "NewBranchName": "y"}, status=404)
        theirs = f"{path}/refs%2Fheads%2Ffeature%2Fx/deploymentprocesses"
        await api.put(theirs, {**await api.get(theirs), "Steps": []})
        assert len((await api.get(f"{path}/main/deploymentprocesses"))["Steps"]) == 1
        ours = await api.get(f"{path}/main/deploymentsettings")
        await api.put(f"{path}/main/deploymentsettings", {**ours, "ReleaseNotesTemplate": "n"})
        other = await api.get(f"{path}/refs%2Fheads%2Ffeature%2Fx/deploymentsettings")
        assert other["ReleaseNotesTemplate"] is None
        await api.refused("GET", f"{path}/gone/deploymentprocesses", status=404)
        assert (await api.post(f"{path}/git/validate", {"GitRef": "main"}))["ValidatedGitRef"]
        assert (await api.post(f"{path}/git/validate", {"GitRef": "gone"}))["Error"]


async def test_plain_variables_move_to_git_and_sensitive_ones_stay() -> None:
    async with http() as api:
        project = await api.project()
        secret = {"Name": "Key", "Value": "s3cret", "Type": "Sensitive", "IsSensitive": True}
        await api.save_variables(project, [{"Name": "Plain", "Value": "1"}, secret])
        await convert(api, project)
        path = f"{SPACE}/projects/{project['Id']}"
        await api.refused("GET", f"{path}/main/variables")
        summary = await api.get(f"{path}/git/migrate-variables")
        assert summary == {"TextVariableCount": 1, "SensitiveVariableCount": 1}
        await api.post(f"{path}/git/migrate-variables", {"Branch": "main", "CommitMessage": "Move"})
        in_database = await api.get(f"variables/{project['VariableSetId']}")
        assert [one["Name"] for one in in_database["Variables"]] == ["Key"]
        both = await api.get(f"{path}/main/variables")
        assert [one["Name"] for one in both["Variables"]] == ["Plain", "Key"]

        rows = [{**both["Variables"][0], "Value": "2"}, both["Variables"][1]]
        assert await api.put(f"{path}/main/variables", {**both, "Variables": rows}) == {}
        after = await api.get(f"{path}/main/variables")
        assert [one["Value"] for one in after["Variables"]] == ["2", None]
        place = f"Variables/{both['Variables'][1]['Id']}"
        assert api.sandbox.store.secret(project["VariableSetId"], place) == "s3cret"
        state = (await api.get(f"projects/{project['Id']}"))["PersistenceSettings"]["ConversionState"]
        assert state["VariablesAreInGit"] is True


async def test_what_stays_in_the_database_works_on() -> None:
    async with http() as api:
        package = {"Name": "web", "PackageId": "Web", "FeedId": "feeds-builtin"}
        project = await api.project()
        process = await api.save_steps(project, [action("Run", Packages=[package])])
        await convert(api, project)
        rule = {"ActionPackages": [{"DeploymentAction": "Run", "PackageReference": "web"}]}
        await api.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "Rules": [rule]})
        scoped = {"Name": "V", "Value": "v", "Scope": {"Action": [process["Steps"][0]["Actions"][0]["Id"]]}}
        await api.save_variables(project, [scoped])
        await api.post("releases", {"ProjectId": project["Id"], "Version": "1.0"})
        renamed = await api.put(
            f"projects/{project['Id']}", {**await api.get(f"projects/{project['Id']}"), "Name": "New"}
        )
        assert renamed["PersistenceSettings"]["Credentials"]["Password"]["HasValue"]
        await api.delete(f"projects/{project['Id']}")
        leftover = [
            name for name, kept in api.sandbox.store.space(SPACE).collections.items() if "git/" in name and kept
        ]
        assert leftover == []


async def test_a_password_is_asked_for_again_when_the_repository_changes() -> None:
    async with http() as api:
        project = await convert(api, await api.project())
        moved = {**project["PersistenceSettings"], "Url": "https://elsewhere.example/x.git"}
        path = f"projects/{project['Id']}"
        message = await api.refused("PUT", path, {**project, "PersistenceSettings": moved})
        assert "Please re-enter the password when changing the repository URL or username." in message
        password = {"HasValue": True, "NewValue": "new"}
        given = {**moved, "Credentials": {**moved["Credentials"], "Password": password}}
        after = await api.put(path, {**project, "PersistenceSettings": given})
        assert after["PersistenceSettings"]["Url"] == moved["Url"]
        database = await api.put(path, {**after, "PersistenceSettings": None})
        assert database["PersistenceSettings"]["Type"] == "VersionControlled"  # there is no way back


async def test_a_git_credential_in_use_stays_and_says_by_whom() -> None:
    async with http() as api:
        details = {"Type": "UsernamePassword", "Username": "u", "Password": {"NewValue": "p"}}
        made = await api.post(f"{SPACE}/git-credentials", {"Name": "Robot", "Details": details})
        project = await convert(api, await api.project(), Credentials={"Type": "Reference", "Id": made["Id"]})
        usage = await api.get(f"{SPACE}/git-credentials/{made['Id']}/usage")
        assert [one["ProjectId"] for one in usage["Projects"]] == [project["Id"]]
        await api.refused("DELETE", f"{SPACE}/git-credentials/{made['Id']}")
        await api.delete(f"projects/{project['Id']}")
        await api.delete(f"{SPACE}/git-credentials/{made['Id']}")


@needs_samples
async def test_branches_are_shown_as_real_ones_are() -> None:
    real = sample("api", "projects", "git-branches-page.json")
    async with http() as api:
        project = await convert(api, await api.project())
        body = {"BaseGitRef": "main", "NewBranchName": "develop"}
        await api.post(f"projects/{project['Id']}/git/branches/v2", body)
        ours = await api.get(f"projects/{project['Id']}/git/branches")
    assert set(real) <= set(ours)
    for theirs, mine in zip(real["Items"], ours["Items"], strict=True):
        assert {key: mine[key] for key in theirs} == theirs


async def test_snapshots_of_runbooks_that_moved_can_be_seen_and_deleted() -> None:
    """OctopusDeploy/Issues#9292, as it is since 2025.2."""
    async with http() as api:
        project = await api.project()
        kept = {"QuantityToKeep": 100, "ShouldKeepForever": False}
        body = {"Name": "Restart", "ProjectId": project["Id"], "RunRetentionPolicy": kept}
        runbook = await api.post("runbooks", body)
        body = {"Name": "First", "ProjectId": project["Id"], "RunbookId": runbook["Id"], "Publish": "First"}
        snapshot = await api.post("runbooksnapshots", body)
        path = f"Spaces-1/projects/{(await convert(api, project))['Id']}"
        await api.post(f"{path}/git/migrate-runbooks", {"Branch": "main", "CommitMessage": "Move"})
        assert (await api.get(f"{path}/runbookSnapshots"))["TotalResults"] == 1
        assert (await api.get(f"runbooksnapshots/{snapshot['Id']}"))["RunbookId"] == runbook["Id"]
        await api.delete(f"runbooksnapshots/{snapshot['Id']}")
        assert (await api.get(f"{path}/runbookSnapshots"))["TotalResults"] == 0


async def _with_runbook(api: Http) -> tuple[Any, str]:
    """A version-controlled project whose runbook is on the branch, and the path of the branch."""
    project = await api.project()
    retention = {"QuantityToKeep": 100, "Unit": "Items"}
    body = {"Name": "Restart it", "ProjectId": project["Id"], "RunRetentionPolicy": retention}
    runbook = await api.post("runbooks", body)
    process = await api.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
    await api.put(f"runbookProcesses/{process['Id']}", {**process, "Steps": [action("Stop")]})
    project = await convert(api, project)
    path = f"Spaces-1/projects/{project['Id']}"
    summary = await api.get(f"{path}/git/migrate-runbooks")
    assert summary == {
        "DraftRunbooks": [{"RunbookId": runbook["Id"], "RunbookName": "Restart it"}],
        "PublishedRunbooks": [],
    }
    await api.refused("GET", f"{path}/{MAIN}/runbooks")
    moved = await api.post(f"{path}/git/migrate-runbooks", {"Branch": "main", "CommitMessage": "Move"})
    assert moved["DraftRunbooks"] == summary["DraftRunbooks"]
    await api.refused("GET", f"runbooks/{runbook['Id']}", status=404)
    return await api.get(f"projects/{project['Id']}"), f"{path}/{MAIN}"


async def test_runbooks_move_to_the_branch_and_are_named_by_slug() -> None:
    async with http() as api:
        project, branch = await _with_runbook(api)
        assert project["PersistenceSettings"]["ConversionState"]["RunbooksAreInGit"] is True
        assert NO_REF in await api.refused("GET", f"projects/{project['Id']}/runbooks/all")
        runbook = (await api.get(f"{branch}/runbooks"))["Items"][0]
        assert (runbook["Id"], runbook["Slug"]) == ("restart-it", "restart-it")
        process = await api.get(f"{branch}/runbookProcesses/restart-it")
        assert process == await api.get(f"{branch}/runbookProcesses/{runbook['RunbookProcessId']}")
        assert [step["Name"] for step in process["Steps"]] == ["Stop"]
        saved = await api.put(f"{branch}/runbookProcesses/restart-it", {**process, "Steps": [action("Go")]})
        assert saved["Version"] == process["Version"] + 1
        changed = await api.put(f"{branch}/runbooks/restart-it", {**runbook, "Description": "Both"})
        assert changed["Description"] == "Both"
        newest = (await api.get("events"))["Items"][0]
        assert (newest["Category"], set(newest["RelatedDocumentIds"])) == ("Modified", {"restart-it", project["Id"]})
        await api.environment("Dev")
        assert [one["Name"] for one in await api.get(f"{branch}/runbooks/restart-it/environments")] == ["Dev"]
        newer = await api.get(f"{branch}/runbooks/restart-it/environments/v2")
        assert [(one["Name"], one["Type"]) for one in newer["Environments"]] == [("Dev", "Static")]
        template = await api.get(f"{branch}/runbooks/restart-it/runbookSnapshotTemplate")
        assert (template["RunbookId"], template["NextNameIncrement"]) == ("restart-it", "Snapshot 1")


async def test_runbooks_of_a_branch_are_made_and_deleted_there() -> None:
    async with http() as api:
        _, branch = await _with_runbook(api)
        made = await api.post(f"{branch}/runbooks/v2", {"Name": "Back up"})
        assert (made["Id"], made["GitRef"]) == ("back-up", "refs/heads/main")
        await api.refused("POST", f"{branch}/runbooks/v2", {"Name": "Another", "Slug": "back-up"})
        await api.refused("POST", f"{branch}/runbooks/v2", {"Name": "x", "Environments": ["Environments-99"],
                                                            "EnvironmentScope": "Specified"})  # fmt: skip
        body = {"NewBranchName": "next", "BaseGitRef": "main"}
        await api.post(f"{branch.rpartition('/')[0]}/git/branches/v2", body)
        await api.delete(f"{branch}/runbooks/back-up")
        assert [one["Id"] for one in (await api.get(f"{branch}/runbooks"))["Items"]] == ["restart-it"]
        other = f"{branch.rpartition('/')[0]}/refs%2Fheads%2Fnext"
        assert [one["Id"] for one in (await api.get(f"{other}/runbooks?partialName=BACK"))["Items"]] == ["back-up"]
