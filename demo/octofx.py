"""OctoFX, the trading site of Octopus' own guide to syncing instances: the project that the demo edits.

Its variables are the guide's: a database name per environment, and a connection string that refers to it. The rest is
what such a project needs: a database with an approval in Test, a web site rolled out one server at a time, a service,
a smoke test.
"""

from __future__ import annotations

from demo.library import environments
from demo.model import DemoProject, DemoRunbook, Document, variable
from demo.references import ref

__all__ = ["OCTOFX"]

_BUILT_IN = "Octopus Server (built-in)"


def _package(package_id: str) -> list[Document]:
    return [
        {
            "Name": "",
            "PackageId": package_id,
            "FeedId": ref("feeds", _BUILT_IN),
            "AcquisitionLocation": "Server",
            "Properties": {"SelectionMode": "immediate"},
        }
    ]


def _action(name: str, action_type: str, properties: Document, **details: object) -> Document:
    return {"Name": name, "ActionType": action_type, "Properties": properties, **details}


def _script(name: str, body: str, **details: object) -> Document:
    properties = {
        "Octopus.Action.Script.ScriptSource": "Inline",
        "Octopus.Action.Script.Syntax": "PowerShell",
        "Octopus.Action.Script.ScriptBody": body,
        "Octopus.Action.RunOnServer": "true" if "WorkerPoolId" in details else "false",
    }
    return _action(name, "Octopus.Script", properties, **details)


def _step(*actions: Document, name: str = "", condition: str = "Success", **properties: str) -> Document:
    return {
        "Name": name or actions[0]["Name"],
        "Condition": condition,
        "StartTrigger": "StartAfterPrevious",
        "PackageRequirement": "LetOctopusDecide",
        "Properties": {f"Octopus.Action.{key}": value for key, value in properties.items()},
        "Actions": list(actions),
    }


_STEPS = [
    _step(
        _action(
            "Deploy database",
            "Octopus.TentaclePackage",
            {"Octopus.Action.EnabledFeatures": "Octopus.Features.CustomScripts"},
            Packages=_package("OctoFX.Database"),
        ),
        TargetRoles="SQL-Server",
    ),
    _step(
        _action(
            "QA sign-off",
            "Octopus.Manual",
            {
                "Octopus.Action.Manual.Instructions": "Look at it before the integration tests start.",
                "Octopus.Action.Manual.ResponsibleTeamIds": ref("teams", "QA"),
                "Octopus.Action.Manual.BlockConcurrentDeployments": "False",
            },
            Environments=environments("Test"),
        )
    ),
    _step(
        _script(
            "Take out of load balancer",
            'Write-Host "Draining #{Octopus.Machine.Name}"',
            ExcludedEnvironments=environments("Development"),
        ),
        _action(
            "Deploy web site",
            "Octopus.IIS",
            {
                "Octopus.Action.IISWebSite.DeploymentType": "webSite",
                "Octopus.Action.IISWebSite.WebSiteName": "OctoFX",
                "Octopus.Action.IISWebSite.ApplicationPoolName": "OctoFX",
                "Octopus.Action.IISWebSite.ApplicationPoolFrameworkVersion": "No Managed Code",
                "Octopus.Action.EnabledFeatures": "Octopus.Features.IISWebSite",
                "Octopus.Action.Package.JsonConfigurationVariablesTargets": "appsettings.json",
            },
            Packages=_package("OctoFX.TradingWebsite"),
        ),
        _script(
            "Put back into load balancer",
            'Write-Host "Back: #{Octopus.Machine.Name}"',
            ExcludedEnvironments=environments("Development"),
        ),
        name="Trading web site",
        TargetRoles="OctoFX-Web",
        MaxParallelism="1",
    ),
    _step(
        _action(
            "Deploy rate service",
            "Octopus.WindowsService",
            {
                "Octopus.Action.WindowsService.ServiceName": "OctoFX Rate Service",
                "Octopus.Action.WindowsService.ExecutablePath": "OctoFX.RateService.exe",
                "Octopus.Action.WindowsService.ServiceAccount": "LocalSystem",
                "Octopus.Action.WindowsService.StartMode": "auto",
                "Octopus.Action.EnabledFeatures": "Octopus.Features.WindowsService",
            },
            Packages=_package("OctoFX.RateService"),
        ),
        TargetRoles="OctoFX-Rate",
    ),
    _step(
        _script(
            "Smoke test",
            "Wait-ForWebSite $OctopusParameters['Web.Url']",
            WorkerPoolId=ref("workerpools", "Hosted Windows"),
        )
    ),
    _step(
        _action(
            "Tell the team",
            "Octopus.Email",
            {
                "Octopus.Action.Email.ToTeamIds": ",".join(ref("teams", team) for team in ("QA", "Release Managers")),
                "Octopus.Action.Email.Subject": "#{Notification.Subject.Text}",
                "Octopus.Action.Email.Body": "#{Notification.Body.Text}",
            },
            Channels=[ref("channels", "Default"), ref("channels", "Hotfix")],
        ),
        condition="Always",
    ),
]

_VARIABLES = [
    variable("Application.Database.Name", "OctoFx-Dev", Environment=environments("Development")),
    variable("Application.Database.Name", "OctoFX-Test", Environment=environments("Test")),
    variable("ConnectionString", "Database=#{Application.Database.Name}"),
    variable(
        "Application.Database.Password",
        "made-up-dev-secret",
        kind="Sensitive",
        Environment=environments("Development", "Test"),
    ),
    variable("Web.Url", "https://octofx-#{Octopus.Environment.Name | ToLower}.example.com"),
    variable("Web.Url", "https://octofx.example.com", Environment=environments("Production")),
    variable("Logging:Level", "Debug", Role=["OctoFX-Rate"], Environment=environments("Development")),
    variable("Logging:Level", "Warning"),
    variable("Web.Workers", "2", Action=[ref("actions", "Deploy web site")]),
    variable("Release.Label", "hotfix", Channel=[ref("channels", "Hotfix")]),
    variable("Backup.Folder", r"\\backup\octofx", ProcessOwner=[ref("runbooks", "Back up database")]),
    variable("Azure.Account.ForReports", ref("accounts", "Azure Church Bulletin"), kind="AzureAccount"),
    {
        **variable(
            "Reason",
            "",
            description="Asked for at each deployment to production.",
            Environment=environments("Production"),
        ),
        "Prompt": {
            "Label": "Reason",
            "Description": "Why now?",
            "Required": True,
            "DisplaySettings": {"Octopus.ControlType": "MultiLineText"},
        },
    },
]

_NO_TARGETS = {
    "SkipMachineBehavior": "None",
    "TargetRoles": [],
    "AllowDeploymentsToNoTargets": True,
    "ExcludeUnhealthyTargets": False,
}


def _runbook(name: str, description: str, *steps: Document, **details: object) -> DemoRunbook:
    document = {
        "Name": name,
        "Description": description,
        "MultiTenancyMode": "Untenanted",
        "EnvironmentScope": "All",
        "DefaultGuidedFailureMode": "Off",
        "ConnectivityPolicy": _NO_TARGETS,
        "RunRetentionPolicy": {"Strategy": "Count", "QuantityToKeep": 100, "Unit": "Items", "ShouldKeepForever": False},
        **details,
    }
    return DemoRunbook(document=document, steps=steps)


OCTOFX = DemoProject(
    document={
        "Name": "OctoFX",
        "Description": "The trading web site, its database and its rate service.",
        "ProjectGroupId": ref("projectgroups", "Trading"),
        "LifecycleId": ref("lifecycles", "Standard"),
        "IncludedLibraryVariableSetIds": [
            ref("libraryvariablesets", name) for name in ("Notifications", "SQL Server", "Wait for web site")
        ],
        "TenantedDeploymentMode": "Untenanted",
    },
    channels=[
        {"Name": "Default", "Description": "What is released every day.", "IsDefault": True},
        {
            "Name": "Hotfix",
            "Description": "Fixes that cannot wait.",
            "LifecycleId": ref("lifecycles", "Hotfix"),
            "Rules": [
                {
                    "VersionRange": "[1.0,2.0)",
                    "Tag": "^hotfix",
                    "ActionPackages": [{"DeploymentAction": "Deploy web site", "PackageReference": ""}],
                }
            ],
        },
    ],
    steps=_STEPS,
    settings={
        "ConnectivityPolicy": {**_NO_TARGETS, "SkipMachineBehavior": "SkipUnavailableMachines"},
        "DefaultGuidedFailureMode": "EnvironmentDefault",
        "VersioningStrategy": {
            "DonorPackage": {"DeploymentAction": "Deploy web site", "PackageReference": ""},
            "Template": None,
        },
        "ReleaseNotesTemplate": "#{each package in Octopus.Release.Package}\n- #{package.PackageId}\n#{/each}",
    },
    variables=_VARIABLES,
    runbooks=[
        _runbook(
            "Restart web site",
            "Recycles the application pool, one server at a time.",
            _step(
                _script("Recycle application pool", "Restart-WebAppPool OctoFX"),
                TargetRoles="OctoFX-Web",
                MaxParallelism="1",
            ),
        ),
        _runbook(
            "Back up database",
            "Before anything risky.",
            _step(
                _script(
                    "Back up",
                    'Backup-SqlDatabase "#{Application.Database.Name}" -BackupFile "#{Backup.Folder}\\octofx.bak"',
                    WorkerPoolId=ref("workerpools", "Hosted Windows"),
                )
            ),
            EnvironmentScope="Specified",
            Environments=environments("Test", "Production"),
        ),
    ],
)
