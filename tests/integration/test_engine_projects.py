"""Projects: every setting that they have, and what an update of one must not take along."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Fault
from sandbox.settings import Settings
from tests.pair import ROUTE, Document, Pair, pair, script
from worker.sync.run import Result

RELEASES = ["2021.2.7580", "2023.4.8290", "2026.1.9674"]


def at(release: str) -> dict[str, Any]:
    return {
        "source": Settings(version=release, first_id=1),
        "destination": Settings(version=release, first_id=5001, seed=7),
    }


async def copy_of(both: Pair, name: str = "OctoFX") -> Document:
    return await both.destination.named("projects", name)


SETTINGS: dict[str, Any] = {
    "Description": "What it does",
    "TenantedDeploymentMode": "TenantedOrUntenanted",
    "DiscreteChannelRelease": True,
    "AllowIgnoreChannelRules": False,
    "ExecuteDeploymentsOnResilientPipeline": True,
    "CombineHealthAndSyncStatusInDashboardLiveStatus": True,
    "DefaultPowerShellEdition": "Core",
}
DEPLOYMENT_SETTINGS: dict[str, Any] = {
    "ConnectivityPolicy": {
        "SkipMachineBehavior": "SkipUnavailableMachines",
        "TargetRoles": ["web", "db"],
        "AllowDeploymentsToNoTargets": True,
        "ExcludeUnhealthyTargets": True,
    },
    "DefaultGuidedFailureMode": "On",
    "ReleaseNotesTemplate": "#{each package in Octopus.Release.Package}#{package.Version}#{/each}",
    "DeploymentChangesTemplate": "## Changes",
    "DefaultToSkipIfAlreadyInstalled": True,
    "ForcePackageDownload": True,
    "FailTargetDiscovery": True,
}
RUNBOOK: dict[str, Any] = {
    "Description": "Restarts it",
    "MultiTenancyMode": "TenantedOrUntenanted",
    "DefaultGuidedFailureMode": "On",
    "EnvironmentScope": "FromProjectLifecycles",
    "ConnectivityPolicy": {
        "SkipMachineBehavior": "SkipUnavailableMachines",
        "TargetRoles": ["web"],
        "AllowDeploymentsToNoTargets": False,
        "ExcludeUnhealthyTargets": True,
    },
    "ForcePackageDownload": True,
    "FailTargetDiscovery": True,
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.guide("data-settings", "targets-roles")
@pytest.mark.spacecloner("feature-22")
async def test_all_settings_of_a_new_project_cross_and_every_change_of_one(release: str) -> None:
    async with pair(**at(release)) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Web", Packages=[{"Name": "", "PackageId": "Web"}]))
        await both.source.edit(f"projects/{project['Id']}", **SETTINGS)
        package = {"DeploymentAction": "Web", "PackageReference": ""}
        versions = {"VersioningStrategy": {"DonorPackage": package, "Template": None}}
        await both.source.edit(f"deploymentsettings/{project['Id']}", **DEPLOYMENT_SETTINGS, **versions)
        runbook = await both.source.runbook(project, "Restart", script("Restart"))
        await both.source.edit(f"runbooks/{runbook['Id']}", **RUNBOOK)

        assert (await both.sync("*")).result is Result.CHANGED

        async def same() -> None:
            copy = await copy_of(both)
            for route, theirs, fields in (
                ("projects/{}", project["Id"], SETTINGS),
                ("deploymentsettings/{}", project["Id"], {**DEPLOYMENT_SETTINGS, **versions}),
                ("runbooks/{}", runbook["Id"], RUNBOOK),
            ):
                here = await both.source.get(route.format(theirs))
                ours = (await both.destination.named("runbooks", "Restart"))["Id"] if "runbook" in route else copy["Id"]
                there = await both.destination.get(route.format(ours))
                for field in fields:
                    assert there.get(field) == here.get(field), field

        await same()
        before = both.destination.writes
        assert (await both.sync("*")).result is Result.UNCHANGED
        assert both.destination.writes == before

        await both.source.edit(f"projects/{project['Id']}", TenantedDeploymentMode="Tenanted", Description="")
        plain = {"DonorPackage": None, "Template": "#{Octopus.Date.Year}.#{Octopus.Version.NextPatch}"}
        await both.source.edit(
            f"deploymentsettings/{project['Id']}", VersioningStrategy=plain, DefaultGuidedFailureMode="Off"
        )
        await both.source.edit(f"runbooks/{runbook['Id']}", EnvironmentScope="All", DefaultGuidedFailureMode="Off")
        await both.sync("*")
        await same()
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_a_rule_of_a_new_channel_that_does_not_cross_is_told_with_the_first_plan() -> None:
    """The step that it names stays at home, so the rule does; the channel is as open there as it is without it."""
    rules = {"steps": {"ignore": [{"project": "*", "step": "Load"}]}}
    async with pair(rules=rules) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Load", Packages=[{"Name": "", "PackageId": "Web"}]), script("Run"))
        package = {"DeploymentAction": "Load", "PackageReference": ""}
        rule = {"VersionRange": "[1.0,2.0)", "Tag": "", "ActionPackages": [package]}
        await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "Rules": [rule]})
        outcome = await both.sync("*")
        told = [one.text for action in outcome.plan if action.path[-1] == "Beta" for one in action.decisions]
        assert any("Load" in text for text in told), told
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.guide("data-channels")
@pytest.mark.spacecloner("feature-22")
async def test_the_settings_of_channels_follow() -> None:
    async with pair() as both:
        here = await both.source.environments("Test")
        await both.destination.environments("Test")
        phase = {"Name": "Test", "OptionalDeploymentTargets": [here["Test"]]}
        fast = await both.source.post("lifecycles", {"Name": "Fast", "Phases": [phase]})
        tags = [{"Name": "North", "Color": "#333333"}]
        await both.source.post("tagsets", {"Name": "Region", "Tags": tags})
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Web", Packages=[{"Name": "", "PackageId": "Web"}]))
        beta = await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "Description": "first"})
        await both.sync("*")
        package = {"DeploymentAction": "Web", "PackageReference": ""}
        rule = {"VersionRange": "[1.0,2.0)", "Tag": "^beta$", "ActionPackages": [package]}
        said = {"Description": "second", "TenantTags": ["Region/North"], "IsDefault": True}
        await both.source.edit(f"channels/{beta['Id']}", **said, LifecycleId=fast["Id"], Rules=[rule])

        await both.sync("*")

        there = await both.destination.named("channels", "Beta")
        assert {name: there[name] for name in said} == said
        assert there["LifecycleId"] == (await both.destination.named("lifecycles", "Fast"))["Id"]
        assert [{name: one[name] for name in rule} for one in there["Rules"]] == [rule]
        assert (await both.sync("*")).result is Result.UNCHANGED


STEP: Document = {
    "Condition": "Always",
    "StartTrigger": "StartWithPrevious",
    "PackageRequirement": "AfterPackageAcquisition",
}
ACTION: Document = {"Notes": "why", "Condition": "Variable", "IsRequired": True, "IsDisabled": True}


@pytest.mark.guide("data-processes", "data-runbooks")
@pytest.mark.spacecloner("feature-16")
@pytest.mark.parametrize("when", ["new", "changed"])
async def test_all_that_a_step_says_crosses(when: str) -> None:
    async with pair() as both:
        hub = {"Name": "Docker Hub", "FeedType": "Docker", "FeedUri": "https://feed.example"}
        hub = await both.source.post("feeds", hub)
        pool = await both.source.post("workerpools", {"Name": "Ubuntu", "WorkerPoolType": "StaticWorkerPool"})
        container = {"Image": "worker-tools", "FeedId": hub["Id"]}
        package = {"Name": "", "PackageId": "Web", "FeedId": hub["Id"], "AcquisitionLocation": "ExecutionTarget"}
        tools = {"Name": "Tools", "PackageId": "Acme.Tools", "FeedId": hub["Id"], "Properties": {"Extract": "True"}}
        full = {"Container": container, "WorkerPoolId": pool["Id"], "Packages": [package, tools]}
        project = await both.source.project("OctoFX")
        runbook = await both.source.runbook(project, "Restart", script("Web"))
        processes = (f"deploymentprocesses/deploymentprocess-{project['Id']}", runbook["RunbookProcessId"])
        routes = (processes[0], f"runbookProcesses/{processes[1]}")
        await both.source.steps(project, script("Web"))
        if when == "changed":
            await both.sync("*")
        for route in routes:
            (step,) = (await both.source.get(route))["Steps"]
            step |= {**STEP, "Properties": {"Octopus.Action.TargetRoles": "web", "Octopus.Action.MaxParallelism": "2"}}
            step["Actions"][0] |= {**ACTION, **full}
            step["Actions"][0]["Properties"]["Octopus.Action.Script.ScriptBody"] = "echo new"
            await both.source.edit(route, Steps=[step])

        await both.sync("*")

        copy = await both.destination.named("projects", "OctoFX")
        theirs = await both.destination.named("runbooks", "Restart")
        for ours, route in zip(
            routes,
            (f"deploymentprocesses/deploymentprocess-{copy['Id']}", f"runbookProcesses/{theirs['RunbookProcessId']}"),
            strict=True,
        ):
            (here,), (there,) = (await both.source.get(ours))["Steps"], (await both.destination.get(route))["Steps"]
            assert {name: there[name] for name in STEP} == {name: here[name] for name in STEP}
            assert there["Properties"] == here["Properties"]
            action = there["Actions"][0]
            assert {name: action[name] for name in ACTION} == ACTION
            assert action["Properties"]["Octopus.Action.Script.ScriptBody"] == "echo new"
            feed = (await both.destination.named("feeds", "Docker Hub"))["Id"]
            assert action["Container"] == {**here["Actions"][0]["Container"], "FeedId": feed}
            assert action["WorkerPoolId"] == (await both.destination.named("workerpools", "Ubuntu"))["Id"]
            packages = [
                (one["Name"], one["PackageId"], one["FeedId"], one["AcquisitionLocation"]) for one in action["Packages"]
            ]
            assert sorted(packages) == sorted(
                (one["Name"], one["PackageId"], feed, one["AcquisitionLocation"])
                for one in here["Actions"][0]["Packages"]
            )
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_runbooks_that_provision_are_named_once_they_exist() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        up = await both.source.runbook(project, "Up", script("Up"))
        down = await both.source.runbook(project, "Down", script("Down"))
        await both.source.edit(
            f"projects/{project['Id']}", ProvisioningRunbookId=up["Id"], DeprovisioningRunbookId=down["Id"]
        )

        await both.sync("*")

        copy = await copy_of(both)
        ids = {name: (await both.destination.named("runbooks", name))["Id"] for name in ("Up", "Down")}
        assert (copy["ProvisioningRunbookId"], copy["DeprovisioningRunbookId"]) == (ids["Up"], ids["Down"])
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_whether_a_project_is_switched_off_is_the_destination_s() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        copy = await copy_of(both)
        await both.destination.edit(f"projects/{copy['Id']}", IsDisabled=True)
        await both.source.edit(f"projects/{project['Id']}", Description="changed")
        await both.sync("*")
        copy = await copy_of(both)
        assert (copy["IsDisabled"], copy["Description"]) == (True, "changed")

        await both.source.edit(f"projects/{project['Id']}", IsDisabled=True)
        await both.destination.edit(f"projects/{copy['Id']}", IsDisabled=False)
        await both.sync("*")
        assert not (await copy_of(both))["IsDisabled"]


async def test_a_project_moves_to_another_group_that_is_made_for_it() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        first = await copy_of(both)
        group = await both.source.post("projectgroups", {"Name": "Web"})
        await both.source.edit(f"projects/{project['Id']}", ProjectGroupId=group["Id"])

        await both.sync(project["Id"])

        copy = await copy_of(both)
        assert copy["Id"] == first["Id"]
        assert copy["ProjectGroupId"] == (await both.destination.named("projectgroups", "Web"))["Id"]


@pytest.mark.guide("data-settings")
async def test_included_sets_keep_their_order_and_what_the_destination_included() -> None:
    async with pair() as both:
        ids = {}
        for name in ("A", "B", "C"):
            ids[name] = (await both.source.post("libraryvariablesets", {"Name": name}))["Id"]
        project = await both.source.project("OctoFX", IncludedLibraryVariableSetIds=[ids["B"], ids["A"]])
        await both.sync("*")

        async def included() -> list[str]:
            names = {one["Id"]: one["Name"] for one in await both.destination.get("libraryvariablesets/all")}
            return [names[one] for one in (await copy_of(both))["IncludedLibraryVariableSetIds"]]

        assert await included() == ["B", "A"]
        mine = await both.destination.post("libraryvariablesets", {"Name": "Only here"})
        copy = await copy_of(both)
        more = [copy["IncludedLibraryVariableSetIds"][0], mine["Id"], *copy["IncludedLibraryVariableSetIds"][1:]]
        await both.destination.edit(f"projects/{copy['Id']}", IncludedLibraryVariableSetIds=more)
        changed = [ids["A"], ids["C"], ids["B"]]
        await both.source.edit(f"projects/{project['Id']}", IncludedLibraryVariableSetIds=changed)
        await both.sync("*")
        assert await included() == ["A", "C", "B", "Only here"], "it follows what it followed before"


async def test_templates_keep_the_ids_to_which_values_of_tenants_point() -> None:
    def template(name: str, **more: Any) -> Document:
        return {"Name": name, "DisplaySettings": {"Octopus.ControlType": "SingleLineText"}, **more}

    async with pair() as both:
        select = {"Octopus.ControlType": "Select", "Octopus.SelectOptions": "a|A\nb|B"}
        secret = {"Octopus.ControlType": "Sensitive"}
        templates = [
            template("Url", Label="Address", HelpText="Where", DefaultValue="https://x"),
            {"Name": "Colour", "DisplaySettings": select, "DefaultValue": "b"},
            {"Name": "Key", "DisplaySettings": secret, "DefaultValue": {"HasValue": True, "NewValue": "s"}},
        ]
        project = await both.source.project("OctoFX", Templates=templates)
        await both.sync("*")
        first = (await copy_of(both))["Templates"]
        assert [one["Name"] for one in first] == ["Url", "Colour", "Key"]
        assert first[1]["DisplaySettings"] == select
        assert {one["Id"] for one in first}.isdisjoint(one["Id"] for one in project["Templates"])

        theirs = (await both.source.get(f"projects/{project['Id']}"))["Templates"]
        changed = [{**theirs[1], "Name": "Hue"}, theirs[0], theirs[2], template("New")]
        await both.source.edit(f"projects/{project['Id']}", Templates=changed)
        await both.sync("*")

        now = {one["Name"]: one["Id"] for one in (await copy_of(both))["Templates"]}
        assert list(now) == ["Hue", "Url", "Key", "New"]
        assert (now["Url"], now["Hue"], now["Key"]) == tuple(one["Id"] for one in first)
        assert (await both.sync("*")).result is Result.UNCHANGED


async def tenanted(both: Pair) -> tuple[Document, str]:
    """A project with a template on both sides, and a tenant of the destination who has entered something for it; the
    source then gives it a lifecycle without that environment. The id of the tenant."""
    for side in (both.source, both.destination):
        environments = await side.environments("Staging", "Production")
        for name in environments:
            phase = {"Name": name, "OptionalDeploymentTargets": [environments[name]]}
            await side.post("lifecycles", {"Name": f"Only {name}", "Phases": [phase]})
    settings = {"Octopus.ControlType": "SingleLineText"}
    project = await both.source.project(
        "OctoFX",
        LifecycleId=(await both.source.named("lifecycles", "Only Production"))["Id"],
        TenantedDeploymentMode="TenantedOrUntenanted",
        Templates=[{"Name": "Url", "DisplaySettings": settings}],
    )
    await both.sync("*")
    copy = await copy_of(both)
    production = (await both.destination.named("environments", "Production"))["Id"]
    links = {copy["Id"]: [production]}
    tenant = await both.destination.post("tenants", {"Name": "Acme", "ProjectEnvironments": links})
    values = await both.destination.get(f"tenants/{tenant['Id']}/variables")
    values["ProjectVariables"][copy["Id"]]["Variables"] = {production: {copy["Templates"][0]["Id"]: "entered"}}
    await both.destination.call("PUT", f"tenants/{tenant['Id']}/variables", values)
    other = await both.source.named("lifecycles", "Only Staging")
    await both.source.edit(f"projects/{project['Id']}", LifecycleId=other["Id"], Description="changed")
    return project, tenant["Id"]


async def entered(both: Pair, tenant_id: str) -> bool:
    return "entered" in str((await both.destination.get(f"tenants/{tenant_id}/variables"))["ProjectVariables"])


async def test_another_lifecycle_that_would_purge_values_of_tenants_is_held_back_until_a_person_changes_it() -> None:
    async with pair() as both:
        project, tenant = await tenanted(both)

        await both.sync(project["Id"])

        copy = await copy_of(both)
        assert copy["Description"] == "changed", "the rest of the change crosses"
        assert await entered(both, tenant)
        assert "would-destroy" in {one.entry.reason for one in await both.clean_ups()}
        assert (await both.sync(project["Id"])).result is Result.UNCHANGED

        by_hand = (await both.destination.named("lifecycles", "Only Staging"))["Id"]
        await both.destination.edit(f"projects/{copy['Id']}", LifecycleId=by_hand)
        await both.sync(project["Id"])
        assert "would-destroy" not in {one.entry.reason for one in await both.clean_ups()}


async def test_a_write_that_purges_values_counts_as_a_delete() -> None:
    async with pair(rules={"destructive_updates": "allow"}) as both:
        project, tenant = await tenanted(both)
        assert (await both.sync(project["Id"])).result is Result.CHANGED
        assert not await entered(both, tenant)
        assert (await both.ledger.windows.count(ROUTE, 24 * 3600)).deletes == 1


async def test_a_change_that_was_held_back_is_made_once_the_route_allows_it() -> None:
    async with pair() as both:
        project, tenant = await tenanted(both)
        await both.sync(project["Id"])
        allowing = both.with_route(rules={"destructive_updates": "allow"})

        held = await allowing.sync(project["Id"])
        assert held.result is Result.HELD, "the rules of the route have changed"
        planned = next(action for action in held.plan.writes if action.kind == "project")
        assert [what for what in planned.destroys if "tenants' values" in what]

        outcome = await allowing.sync(project["Id"], approved_hash=held.plan.hash)
        assert outcome.result is Result.CHANGED
        other = (await both.destination.named("lifecycles", "Only Staging"))["Id"]
        assert (await copy_of(both))["LifecycleId"] == other
        assert not await entered(both, tenant)
        assert (await allowing.sync(project["Id"])).result is Result.UNCHANGED
        assert "would-destroy" not in {one.entry.reason for one in await both.clean_ups()}


# ── one project that makes every list answer 404 ──────────────────────────────────────────────────────────────────────


async def test_a_broken_project_of_the_destination_keeps_only_itself_from_being_synced() -> None:
    """A channel was deleted there by hand, and with it the step that versions came from: no list shows any project any
    more (OctopusDeploy/Issues#7521)."""
    async with pair() as both:
        for name in ("Broken", "Whole", "Third"):
            await both.source.project(name)
        await both.sync("*")
        broken, whole = await copy_of(both, "Broken"), await copy_of(both, "Whole")
        beta = await both.destination.post("channels", {"Name": "Beta", "ProjectId": broken["Id"]})
        web = script("Web", Packages=[{"Name": "", "PackageId": "Web"}], Channels=[beta["Id"]])
        await both.destination.steps(broken, web)
        package = {"DeploymentAction": "Web", "PackageReference": ""}
        await both.destination.edit(
            f"deploymentsettings/{broken['Id']}", VersioningStrategy={"DonorPackage": package, "Template": None}
        )
        await both.destination.call("DELETE", f"channels/{beta['Id']}")
        await both.destination.call("GET", "projects/all", expect=404)

        await both.source.edit(f"projects/{(await both.source.named('projects', 'Whole'))['Id']}", Description="new")
        await both.source.project("Another")
        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        why = {action.path: action.decisions[-1].text for action in outcome.plan.blocked}
        assert ("project", "Broken") in why
        assert "every list answer 404" in why["project", "Another"], "it may be the one that nobody can see"
        assert (await both.destination.get(f"projects/{whole['Id']}"))["Description"] == "new"

        await both.destination.edit(
            f"deploymentsettings/{broken['Id']}", VersioningStrategy={"Template": "#{Octopus.Date.Year}"}
        )
        assert (await both.sync("*")).result is Result.CHANGED
        assert sorted(await both.destination.names("projects")) == ["Another", "Broken", "Third", "Whole"]


async def test_a_broken_project_of_the_source_is_not_taken_for_a_deleted_one() -> None:
    async with pair() as both:
        ids = {name: (await both.source.project(name))["Id"] for name in ("Broken", "Whole")}
        await both.sync("*")
        both.source.sandbox.faults.add(Fault("broken", document=ids["Broken"], count=0))
        await both.source.edit(f"projects/{ids['Whole']}", Description="new")

        await both.sync("*")
        await both.sync(ids["Broken"])

        assert (await copy_of(both, "Whole"))["Description"] == "new"
        assert sorted(await both.destination.names("projects")) == ["Broken", "Whole"]
        assert await both.clean_ups() == []
