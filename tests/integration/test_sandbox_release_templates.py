"""What a release is made of, as the sandbox tells before it is made; and what it finds in a space."""

from __future__ import annotations

from typing import Any

import pytest
from octopus_samples import needs_samples, violations
from sandbox_http import Http, action, http

GIT = {
    "Type": "VersionControlled",
    "Url": "https://git.example/shop.git",
    "DefaultBranch": "main",
    "BasePath": ".octopus",
    "Credentials": {"Type": "Anonymous"},
}


def deploying(name: str, **more: Any) -> dict[str, Any]:
    package = {"Name": "", "PackageId": "Shop.Web", "FeedId": "feeds-builtin", **more.pop("package", {})}
    return action(name, Packages=[package], **more)


async def template_of(api: Http, project: dict[str, Any], query: str = "") -> Any:
    process = await api.get(f"deploymentprocesses/{project['DeploymentProcessId']}")
    link = process["Links"]["Template"].partition("{")[0].removeprefix("/api/Spaces-1/")
    return await api.get(f"{link}{query}")


@needs_samples
async def test_the_template_of_a_process_asks_for_versions_and_says_which_release_is_next() -> None:
    async with http() as api:
        project = await api.project()
        await api.save_steps(project, [deploying("Deploy"), deploying("Other", package={"FeedId": "#{Feed}"})])
        template = await template_of(api, project)
        assert template["NextVersionIncrement"] == "0.0.1"
        assert template["LastReleaseVersion"] is None
        asked = [(one["ActionName"], one["FeedName"], one["IsResolvable"]) for one in template["Packages"]]
        assert asked == [("Deploy", "Octopus Server (built-in)", True), ("Other", None, False)]
        chosen = {"ActionName": "Deploy", "PackageReferenceName": "", "Version": "3.1"}
        release = {"ProjectId": project["Id"], "Version": "1.4.7-beta", "SelectedPackages": [chosen]}
        made = await api.post("releases", release)
        await api.post("releases", {"ProjectId": project["Id"], "Version": "9.0.0"})
        edited = await template_of(api, project, f"?releaseId={made['Id']}")
        assert edited["Packages"][0]["VersionSelectedLastRelease"] == "3.1"
        assert edited["NextVersionIncrement"] == "1.4.8"
        assert (await template_of(api, project))["LastReleaseVersion"] == "9.0.0"
        same = await api.get(f"projects/{project['Id']}/deploymentprocesses/template")
        assert same == await template_of(api, project)
        assert violations("/{spaceId}/deploymentprocesses/{id}/template", same) == set()


async def test_a_channel_has_steps_and_releases_of_its_own() -> None:
    async with http() as api:
        project = await api.project()
        beta = await api.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        await api.save_steps(project, [deploying("Always"), deploying("Early", Channels=[beta["Id"]])])
        default = next(one for one in (await api.get("channels"))["Items"] if one["IsDefault"])
        await api.post("releases", {"ProjectId": project["Id"], "Version": "2.0.0", "ChannelId": beta["Id"]})
        of_default = await template_of(api, project, f"?channel={default['Id']}")
        assert [one["ActionName"] for one in of_default["Packages"]] == ["Always"]
        assert of_default["NextVersionIncrement"] == "0.0.1"
        of_beta = await template_of(api, project, f"?channel={beta['Id']}")
        assert [one["ActionName"] for one in of_beta["Packages"]] == ["Always", "Early"]
        assert of_beta["NextVersionIncrement"] == "2.0.1"
        other = await api.project("Other")
        theirs = await api.get(f"projects/{other['Id']}/channels")
        process = project["DeploymentProcessId"]
        url = f"deploymentprocesses/{process}/template?channel={theirs['Items'][0]['Id']}"
        await api.refused("GET", url, status=404)


async def test_a_package_that_numbers_the_releases_is_named() -> None:
    async with http() as api:
        project = await api.project()
        await api.save_steps(project, [deploying("Deploy")])
        settings = await api.get(f"projects/{project['Id']}/deploymentsettings")
        donor = {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}}
        await api.put(f"projects/{project['Id']}/deploymentsettings", {**settings, "VersioningStrategy": donor})
        template = await template_of(api, project)
        assert template["NextVersionIncrement"] is None
        assert (template["VersioningPackageStepName"], template["VersioningPackageReferenceName"]) == ("Deploy", "")


async def test_a_branch_has_a_template_too() -> None:
    async with http() as api:
        project = await api.project()
        dependency = {"Name": "", "RepositoryUri": "https://git.example/x.git", "DefaultBranch": "main"}
        await api.save_steps(project, [deploying("Deploy", GitDependencies=[dependency])])
        await api.post(
            f"projects/{project['Id']}/git/convert", {"VersionControlSettings": GIT, "ChangeDescription": "c"}
        )
        template = await api.get(f"projects/{project['Id']}/refs%2Fheads%2Fmain/deploymentprocesses/template")
        assert [one["RepositoryUri"] for one in template["GitResources"]] == ["https://git.example/x.git"]
        assert [one["PackageId"] for one in template["Packages"]] == ["Shop.Web"]
        await api.refused("GET", f"projects/{project['Id']}/deploymentprocesses/template")


async def test_the_runbook_processes_of_a_project() -> None:
    async with http() as api:
        project, other = await api.project(), await api.project("Other")
        for owner in (project, project, other):
            retention = {"QuantityToKeep": 100, "ShouldKeepForever": False}
            name = f"Runbook {len((await api.get('runbooks'))['Items'])}"
            await api.post("runbooks", {"Name": name, "ProjectId": owner["Id"], "RunRetentionPolicy": retention})
        found = await api.get(f"projects/{project['Id']}/runbookProcesses")
        assert [one["RunbookId"] for one in found["Items"]] == ["Runbooks-1", "Runbooks-2"]


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("SHO", [("Shop", "Project", None), ("Shopping", "Channel", {"Name": "Shop", "Type": "Project"})]),
        ("nothing", []),
        ("", []),
    ],
)
async def test_a_space_is_searched_by_names(keyword: str, found: list[Any]) -> None:
    async with http() as api:
        project = await api.project("Shop")
        await api.post("channels", {"Name": "Shopping", "ProjectId": project["Id"]})
        answer = await api.get(f"spaces/default/search?keyword={keyword}")
        assert [(one["Name"], one["Type"], one.get("Owner")) for one in answer] == found
