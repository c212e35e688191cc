"""What the demo's projects share: environments, lifecycles, feeds, accounts, pools, teams and library variable sets.

All secrets are made up.
"""

from __future__ import annotations

from demo.model import DemoVariableSet, Document, variable
from demo.references import ref

__all__ = [
    "ACCOUNTS", "ENVIRONMENTS", "FEEDS", "LIBRARY_SETS", "LIFECYCLES", "PROJECT_GROUPS", "TEAMS", "WORKER_POOLS",
    "environments",
]  # fmt: skip


def environments(*names: str) -> list[str]:
    """References to environments, for a scope."""
    return [ref("environments", name) for name in names]


def _secret(text: str) -> Document:
    """A SensitiveValue as the API wants it written."""
    return {"HasValue": True, "NewValue": text}


ENVIRONMENTS: list[Document] = [
    {"Name": "Development", "Description": "Deployed to on every commit.", "AllowDynamicInfrastructure": True},
    {"Name": "Test", "Description": "Where QA tests releases."},
    {"Name": "Staging", "Description": "As like production as can be.", "UseGuidedFailure": True},
    {"Name": "Production", "Description": "", "UseGuidedFailure": True},
]


def _phase(name: str, *, optional: bool = False, retention: Document | None = None) -> Document:
    return {
        "Name": name,
        "AutomaticDeploymentTargets": [],
        "OptionalDeploymentTargets": environments(name),
        "MinimumEnvironmentsBeforePromotion": 0,
        "IsOptionalPhase": optional,
        "ReleaseRetentionPolicy": retention,
        "TentacleRetentionPolicy": None,
    }


_KEEP_30 = {"Strategy": "Count", "Unit": "Items", "QuantityToKeep": 30, "ShouldKeepForever": False}
_KEEP_ALL = {"Strategy": "Forever", "Unit": "Items", "QuantityToKeep": 0, "ShouldKeepForever": True}

LIFECYCLES: list[Document] = [
    {
        "Name": "Standard",
        "Description": "From development to production, one after the other.",
        "Phases": [
            _phase("Development", retention=_KEEP_30),
            _phase("Test"),
            _phase("Staging"),
            _phase("Production", retention=_KEEP_ALL),
        ],
        "ReleaseRetentionPolicy": _KEEP_30,
        "TentacleRetentionPolicy": _KEEP_30,
    },
    {
        "Name": "Hotfix",
        "Description": "Straight to production, past development and test.",
        "Phases": [_phase("Staging", optional=True), _phase("Production")],
        "ReleaseRetentionPolicy": _KEEP_ALL,
        "TentacleRetentionPolicy": _KEEP_30,
    },
]

PROJECT_GROUPS: list[Document] = [
    {"Name": "Trading", "Description": "The OctoFX trading platform."},
    {"Name": "Azure applications", "Description": "Container apps on Azure."},
    {"Name": "Imaging", "Description": "AIDE, medical imaging on Kubernetes."},
    {"Name": "Web", "Description": ""},
    {"Name": "Server configuration", "Description": "Desired state of servers, and the home lab."},
]

FEEDS: list[Document] = [
    {"Name": "Docker Hub", "FeedType": "Docker", "FeedUri": "https://index.docker.io", "ApiVersion": "v1"},
    {
        "Name": "GitHub",
        "FeedType": "GitHub",
        "FeedUri": "https://api.github.com",
        "Username": "octosync-demo",
        "Password": _secret("made-up-github-token"),
    },
    {
        "Name": "Onion Architecture .NET 7",
        "FeedType": "NuGet",
        "FeedUri": "https://nuget.example.com/onion-architecture/index.json",
        "EnhancedMode": True,
        "Username": "build",
        "Password": _secret("made-up-feed-password"),
    },
]

ACCOUNTS: list[Document] = [
    {
        "Name": name,
        "AccountType": "AzureServicePrincipal",
        "SubscriptionNumber": "00000000-0000-4000-8000-00000000000" + digit,
        "ClientId": "00000000-0000-4000-8000-0000000000c" + digit,
        "TenantId": "00000000-0000-4000-8000-0000000000d" + digit,
        "Password": _secret(f"made-up-azure-password-{digit}"),
        "EnvironmentIds": [],
        "TenantedDeploymentParticipation": "Untenanted",
    }
    for digit, name in (("1", "Azure Church Bulletin"), ("2", "Azure Onion Containers"))
] + [
    {
        "Name": name,
        "AccountType": "AmazonWebServicesAccount",
        "AccessKey": "MADE-UP-ACCESS-KEY",
        "SecretKey": _secret(f"made-up secret key of {name}"),
        "EnvironmentIds": environments(*names),
        "TenantedDeploymentParticipation": "Untenanted",
    }
    for name, names in (
        ("AWS non-production", ("Development", "Test", "Staging")),
        ("AWS production", ("Production",)),
    )
]

WORKER_POOLS: list[Document] = [
    {"Name": name, "Description": description, "WorkerPoolType": "StaticWorkerPool", "IsDefault": False}
    for name, description in (
        ("Hosted Windows", "Windows Server 2022 with the Azure and SQL tools."),
        ("Home lab Kubernetes", "Workers in the home lab's cluster."),
        ("Home lab Windows", ""),
    )
]

TEAMS: list[Document] = [
    {"Name": name, "Description": description, "MemberUserIds": [], "ExternalSecurityGroups": []}
    for name, description in (
        ("DBAs", "Approve changes to databases."),
        ("QA", "Test releases before they go on."),
        ("Release Managers", "Approve what goes to production."),
        ("Trident Notifications", "Hear of every deployment of Trident."),
    )
]


def _library(name: str, description: str, *rows: Document) -> DemoVariableSet:
    return DemoVariableSet(
        document={"Name": name, "Description": description, "ContentType": "Variables", "Templates": []}, variables=rows
    )


def _script_module(name: str, description: str, body: str) -> DemoVariableSet:
    """A script module is a library set of another content type with two variables of fixed names."""
    return DemoVariableSet(
        document={"Name": name, "Description": description, "ContentType": "ScriptModule", "Templates": []},
        variables=(
            variable(f"Octopus.Script.Module[{name}]", body),
            variable(f"Octopus.Script.Module.Language[{name}]", "PowerShell"),
        ),
    )


_STATUS = "#{unless Octopus.Deployment.Error}succeeded#{/unless}#{if Octopus.Deployment.Error}failed#{/if}"

LIBRARY_SETS: list[DemoVariableSet] = [
    _library(
        "Notifications",
        "Who hears of deployments, and in which words.",
        variable("Notification.Subject.Text", "#{Octopus.Project.Name} #{Octopus.Release.Number} " + _STATUS),
        variable("Notification.RunbookStatus.Subject.Text", "#{Octopus.Runbook.Name} in #{Octopus.Environment.Name}"),
        variable("Notification.Body.Text", "#{Octopus.Web.ServerUri}#{Octopus.Web.DeploymentLink}"),
        variable(
            "Notification.Slack.Channel.Name", "#deployments-test", Environment=environments("Development", "Test")
        ),
        variable("Notification.Slack.Channel.Name", "#deployments", Environment=environments("Staging", "Production")),
        variable("Notification.Slack.Webhook.Url", "https://hooks.example.com/made-up-webhook", kind="Sensitive"),
    ),
    _library(
        "Azure",
        "The subscription's accounts, vault and tools.",
        variable("Azure.Account", ref("accounts", "Azure Onion Containers"), kind="AzureAccount"),
        variable("Azure.ExecutionContainer.Name", "octopusdeploy/worker-tools:6.4-ubuntu.22.04"),
        variable(
            "KeyVault.Azure.Name", "demo-vault-nonprod", Environment=environments("Development", "Test", "Staging")
        ),
        variable("KeyVault.Azure.Name", "demo-vault", Environment=environments("Production")),
        variable("KeyVault.Azure.Secrets.List", "SlackWebhook | KeyVault.Slack.Webhook.Url"),
    ),
    _library(
        "AWS",
        "Region, network and credentials.",
        variable(
            "AWS.Account",
            ref("accounts", "AWS non-production"),
            kind="AmazonWebServicesAccount",
            Environment=environments("Development", "Test", "Staging"),
        ),
        variable(
            "AWS.Account",
            ref("accounts", "AWS production"),
            kind="AmazonWebServicesAccount",
            Environment=environments("Production"),
        ),
        variable("AWS.US.Primary.Region", "us-east-2"),
        variable("AWS.VPC.Name", "demo-vpc"),
        variable("AWS.SecurityGroup.Name", "demo-security-group"),
        variable("AWS.ExecutionContainer.Name", "octopusdeploy/worker-tools:6.4-ubuntu.22.04"),
        variable("AWS_ACCOUNT", "000000000000"),
        variable("AWS_REGION", "#{AWS.US.Primary.Region}"),
        variable("AWS_ACCESS_KEY_ID", "#{AWS.Account.AccessKey}"),
        variable("AWS_SECRET_ACCESS_KEY", "#{AWS.Account.SecretKey}"),
    ),
    _library(
        "AIDE platform",
        "Addresses and credentials of the imaging platform.",
        variable("WorkerPoolName", ref("workerpools", "Home lab Kubernetes"), kind="WorkerPool"),
        variable("Hostname", "aide-#{Octopus.Environment.Name | ToLower}.example.com"),
        variable("Hostname", "aide.example.com", Environment=environments("Production")),
        variable("RealmUrl", "https://#{Hostname}"),
        variable("GlobalStoragePath", "/data/aide/"),
        variable("keycloakUrlBackend", "http://keycloak.aide.svc.cluster.local:8080"),
        variable(
            "KeycloakSecret",
            "made-up-keycloak-secret",
            kind="Sensitive",
            Environment=environments("Development", "Test"),
        ),
        variable(
            "KeycloakSecret",
            "made-up-keycloak-secret-2",
            kind="Sensitive",
            Environment=environments("Staging", "Production"),
        ),
    ),
    _library(
        "SQL Server",
        "Servers, and what a person must look at before it is run.",
        variable("SQL.Verification.Command.List", "Drop Table,Drop Column,Alter Table,Create Table,Drop User"),
        variable("SQL.Deployment.User", "octopus-deploy"),
        variable(
            "SQL.Deployment.Password",
            "made-up-dev-password",
            kind="Sensitive",
            Environment=environments("Development", "Test"),
        ),
        variable(
            "SQL.Deployment.Password",
            "made-up-production-password",
            kind="Sensitive",
            Environment=environments("Production"),
        ),
    ),
    _script_module(
        "Wait for web site",
        "A function that waits until a page answers.",
        "function Wait-ForWebSite($Url, $Seconds = 60) {\n"
        "    $until = (Get-Date).AddSeconds($Seconds)\n"
        "    do {\n"
        "        try { return (Invoke-WebRequest $Url -UseBasicParsing).StatusCode }\n"
        "        catch { Start-Sleep 2 }\n"
        "    } while ((Get-Date) -lt $until)\n"
        '    throw "$Url did not answer within $Seconds seconds"\n'
        "}\n",
    ),
]
