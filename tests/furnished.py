"""A space with a document of every kind that crosses, each saying something in as many fields as its release has.

    project = await furnish(both.source)

The server plays the release that it was started with; what it does not know of all this it leaves out (unless it is
strict), so the same space can be furnished on any release.
"""

from __future__ import annotations

from typing import Any

from tests.pair import Document, Server, row, script

SECRET = {"HasValue": True, "NewValue": "s3cret"}
EVERY_KIND = {
    kind: ["*"]
    for kind in (
        "environment",
        "lifecycle",
        "project-group",
        "feed",
        "account",
        "worker-pool",
        "machine-policy",
        "git-credential",
        "script-module",
        "step-template",
        "tag-set",
        "team",
        "tenant",
        "library-variable-set",
        "project",
    )
}


SINCE = {"git-credential": "2023.4"}
"""Kinds that older releases do not have."""


def kinds_of(release: str) -> dict[str, list[str]]:
    """What to include of a server of that release."""
    return {kind: names for kind, names in EVERY_KIND.items() if SINCE.get(kind, "") <= release}


async def furnish(server: Server) -> Document:
    """Returns the project."""
    release = server.sandbox.settings.version
    await server.post(
        "tagsets",
        {"Name": "Region", "Tags": [{"Name": "North", "Color": "#333333"}], "Scopes": ["Tenant", "Project", "Runbook"]},
    )
    environments = await server.environments("Staging", "Production")
    for name in environments:
        await server.edit(f"environments/{environments[name]}", Description=f"{name} of all", UseGuidedFailure=True)
    lifecycle = await server.post("lifecycles", _lifecycle(environments))
    group = await server.post("projectgroups", {"Name": "Web", "Description": "All of the web"})
    feed = await server.post(
        "feeds", {"Name": "NuGet", "FeedType": "NuGet", "FeedUri": "https://feed.example", "Password": SECRET}
    )
    account = await server.post(
        "accounts",
        {
            "Name": "Robot",
            "AccountType": "UsernamePassword",
            "Username": "robot",
            "Password": SECRET,
            "EnvironmentIds": [environments["Staging"]],
        },
    )
    pool = await server.post("workerpools", {"Name": "Big", "WorkerPoolType": "StaticWorkerPool"})
    await server.post("machinepolicies", {"Name": "Careful", "Description": "Looks twice"})
    if "git-credential" in kinds_of(release):
        details = {"Type": "UsernamePassword", "Username": "robot", "Password": SECRET}
        await server.post("Spaces-1/git-credentials", {"Name": "Robot", "Details": details})
    module = await server.post("libraryvariablesets", {"Name": "Tools", "ContentType": "ScriptModule"})
    await server.variables(
        module,
        row("Octopus.Script.Module[Tools]", "function Get-Answer { 42 }"),
        row("Octopus.Script.Module.Language[Tools]", "PowerShell"),
    )
    template = await server.post(
        "actiontemplates",
        {
            "Name": "Say hello",
            "ActionType": "Octopus.Script",
            "Properties": {"Octopus.Action.Script.ScriptBody": "echo hello"},
            "Parameters": [_template("Pool", "WorkerPool", ""), _template("Whom")],
        },
    )
    library = await server.post(
        "libraryvariablesets", {"Name": "Shared", "Description": "For all", "Templates": [_template("Colour")]}
    )
    await server.variables(library, row("Shared.Url", "https://shared.example"))
    project = await server.project(
        "OctoFX",
        LifecycleId=lifecycle["Id"],
        ProjectGroupId=group["Id"],
        IncludedLibraryVariableSetIds=[library["Id"], module["Id"]],
        Templates=[_template("Size"), _template("Pool", "WorkerPool", pool["Id"])],
        Description="Trades",
        TenantedDeploymentMode="TenantedOrUntenanted",
        ProjectTags=["Region/North"],
    )
    channel = await server.post("channels", {"Name": "Hotfix", "ProjectId": project["Id"], "Description": "Now"})
    steps = _steps(environments, channel["Id"], feed["Id"], account["Id"], pool["Id"])
    uses = {"Octopus.Action.Template.Id": template["Id"], "Octopus.Action.Template.Version": "0"}
    await server.steps(project, *steps, script("Hello", Properties={**uses, "Pool": pool["Id"], "Whom": "world"}))
    await server.variables(
        project,
        row("Url", "https://octofx.example", {"Environment": [environments["Production"]]}),
        row("Account", account["Id"], Type="UsernamePasswordAccount"),
        row("Key", "s3cret", Type="Sensitive"),
    )
    rule = {"VersionRange": "[1.0,2.0)", "ActionPackages": [{"DeploymentAction": "Deploy", "PackageReference": ""}]}
    await server.edit(f"channels/{channel['Id']}", Rules=[rule])
    donor = {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}}
    await server.edit(f"deploymentsettings/deploymentsettings-{project['Id']}", VersioningStrategy=donor)
    await server.runbook(
        project,
        "Restart",
        script("Stop", "stop"),
        Description="Turn it off and on",
        EnvironmentScope="Specified",
        Environments=[environments["Staging"]],
        RunbookTags=["Region/North"],
    )
    team = await server.post("Spaces-1/teams", {"Name": "Web", "MemberUserIds": [], "ExternalSecurityGroups": []})
    role = {"TeamId": team["Id"], "UserRoleId": "userroles-projectviewer", "ProjectIds": [project["Id"]]}
    await server.post("Spaces-1/scopeduserroles", role)
    await server.post("projecttriggers", _trigger(project["Id"], environments["Staging"]))
    await server.post(
        "tenants",
        {
            "Name": "Acme",
            "TenantTags": ["Region/North"],
            "ProjectEnvironments": {project["Id"]: [environments["Staging"]]},
        },
    )
    return await server.named("projects", "OctoFX")


def _lifecycle(environments: dict[str, str]) -> Document:
    phases = [
        {"Name": name, "OptionalDeploymentTargets": [environments[name]], "MinimumEnvironmentsBeforePromotion": 1}
        for name in environments
    ]
    return {"Name": "All the way", "Description": "From staging on", "Phases": phases}


def _template(name: str, control: str = "SingleLineText", default: str = "some") -> Document:
    return {"Name": name, "Label": name, "DefaultValue": default, "DisplaySettings": {"Octopus.ControlType": control}}


def _steps(environments: dict[str, str], channel: str, feed: str, account: str, pool: str) -> list[Document]:
    package = {"Name": "", "PackageId": "OctoFX.Web", "FeedId": feed, "AcquisitionLocation": "Server"}
    dependency = {"Name": "charts", "RepositoryUri": "https://git.example/charts", "GitCredentialType": "Anonymous"}
    container = {"Image": "octopusdeploy/worker-tools", "FeedId": feed}
    return [
        {
            **script("Deploy", Packages=[package], Notes="Puts it there", Channels=[channel], Container=container),
            "Properties": {"Octopus.Action.TargetRoles": "web"},
        },
        script("Charts", GitDependencies=[dependency], WorkerPoolId=pool, Environments=[environments["Staging"]]),
        script(
            "Login",
            Properties={"Octopus.Action.Azure.AccountId": account},
            ExcludedEnvironments=[environments["Staging"]],
        ),
        script("Tell", IsDisabled=True, Condition="Variable", TenantTags=["Region/North"]),
    ]


def _trigger(project_id: str, environment_id: str) -> dict[str, Any]:
    return {
        "Name": "On new target",
        "ProjectId": project_id,
        "Filter": {"FilterType": "MachineFilter", "EnvironmentIds": [environment_id], "EventCategories": []},
        "Action": {"ActionType": "AutoDeploy", "ShouldRedeployWhenMachineHasBeenDeployedTo": False},
    }
