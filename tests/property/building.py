"""Puts a drawn space on a server, through its REST API, as a person would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.pair import Document, Server, row
from tests.property.library import Library
from tests.property.values import Project, Row, Space, Step, Team, Template, Tenant, Trigger

SECRET: Document = {"HasValue": True, "NewValue": "of the source"}
ACCOUNT_FIELDS: dict[str, Document] = {
    "UsernamePassword": {"Username": "me", "Password": SECRET},
    "Token": {"Token": SECRET},
    "SshKeyPair": {"Username": "me", "PrivateKeyFile": SECRET},
    "AmazonWebServicesAccount": {"AccessKey": "k", "SecretKey": SECRET},
}
NAMED_BY = {"UsernamePasswordAccount": "accounts", "Certificate": "certificates/generate"}
"""Of variables whose values are ids: how what they name was made."""
FOREVER = {"Unit": "Items", "QuantityToKeep": 0, "Strategy": "Forever"}


class Builder:
    """``ids``: (collection, name…) → id of what was made."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ids: dict[tuple[str, ...], str] = {}

    async def build(self, space: Space) -> None:
        for name in space.environments:
            await self.make("environments", name)
        await self.find_what_is_there()
        for lifecycle in space.lifecycles:
            phases = [
                {
                    "Name": phase.name,
                    "AutomaticDeploymentTargets": self.all("environments", phase.automatic),
                    "OptionalDeploymentTargets": self.all("environments", phase.optional),
                }
                for phase in lifecycle.phases
            ]
            await self.make("lifecycles", lifecycle.name, Phases=phases)
        for name in space.groups:
            await self.make("projectgroups", name)
        for feed in space.feeds:
            fields = {"FeedUri": "https://feed.example"} if feed.kind != "S3" else {"Region": "r", "AccessKey": "k"}
            secret = (
                {"SecretKey": secret_value()} if feed.kind == "S3" else {"Password": secret_value(), "Username": "me"}
            )
            await self.make("feeds", feed.name, FeedType=feed.kind, **fields, **(secret if feed.password else {}))
        await build_library(self, space.library)
        for account in space.accounts:
            scope = {
                "EnvironmentIds": self.all("environments", account.environments),
                "TenantTags": list(account.tags),
            }
            await self.make("accounts", account.name, AccountType=account.kind, **scope, **ACCOUNT_FIELDS[account.kind])
        for name in space.pools:
            await self.make("workerpools", name, WorkerPoolType="StaticWorkerPool")
        for name in space.certificates:
            await self.make("certificates/generate", name, SubjectCommonName="x", SelfSignedCertificateCurve="P256")
        for team in space.teams:
            await self.make_team(team)
        for one in space.sets:
            await self.make("libraryvariablesets", one.name, Templates=[template(item) for item in one.templates])
            await self.write_rows(self.ids["libraryvariablesets", one.name], one.rows, {})
        for project in space.projects:
            await self.make_project(project)
        for project in space.projects:
            await self.fill_project(project)
        for tenant in space.tenants:
            await self.make_tenant(tenant)

    async def find_what_is_there(self) -> None:
        """What every new space has."""
        self.ids["lifecycles", ""] = (await self.server.get("lifecycles/all"))[0]["Id"]
        self.ids["projectgroups", ""] = (await self.server.get("projectgroups/all"))[0]["Id"]
        self.ids["workerpools", ""] = (await self.server.get("workerpools/all"))[0]["Id"]
        for feed in await self.server.get("feeds/all"):
            if feed["FeedType"] == "BuiltIn":
                self.ids["feeds", ""] = feed["Id"]
            if feed["FeedType"] == "OctopusProject":
                self.ids["feeds", "projects"] = feed["Id"]

    async def make(self, collection: str, name: str, *owner: str, **fields: Any) -> Document:
        made = await self.server.post(collection, {"Name": name, **fields})
        self.ids[(collection, *owner, name)] = made["Id"]
        return made

    def all(self, collection: str, names: Iterable[str], *owner: str) -> list[str]:
        return [self.ids[(collection, *owner, name)] for name in names]

    # ── teams ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def make_team(self, team: Team) -> None:
        space, me = default_space(self.server), (await self.server.get("users/me"))["Id"]
        body = {"Name": team.name, "SpaceId": space, "MemberUserIds": [me], "ExternalSecurityGroups": []}
        made = await self.server.post(f"{space}/teams", body)
        self.ids["teams", team.name] = made["Id"]
        for role in team.roles:
            scope = {
                "EnvironmentIds": self.all("environments", role.environments),
                "ProjectGroupIds": self.all("projectgroups", role.groups),
            }
            given = {"TeamId": made["Id"], "UserRoleId": role.role, "SpaceId": space, **scope}
            await self.server.post(f"{space}/scopeduserroles", given)

    # ── tenants ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def make_tenant(self, tenant: Tenant) -> None:
        links = {self.ids["projects", project]: self.all("environments", names) for project, names in tenant.links}
        made = await self.make("tenants", tenant.name, ProjectEnvironments=links, TenantTags=list(tenant.tags))
        route = f"tenants/{made['Id']}/variables"
        if not tenant.values:
            return
        document = await self.server.get(route)
        for one in tenant.values:
            half = "ProjectVariables" if one.owner[0] == "projects" else "LibraryVariables"
            owner = document[half][self.ids[one.owner]]
            of_template = next(found for found in owner["Templates"] if found["Name"] == one.template)
            said = owner["Variables"]
            if one.environment:
                said = said.setdefault(self.ids["environments", one.environment], {})
            said[of_template["Id"]] = said_value(of_template, one.text)
        await self.server.call("PUT", route, document)

    # ── projects ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def make_project(self, project: Project) -> None:
        made = await self.make(
            "projects",
            project.name,
            ProjectGroupId=self.ids["projectgroups", project.group],
            LifecycleId=self.ids["lifecycles", project.lifecycle],
            IncludedLibraryVariableSetIds=[
                *self.all("libraryvariablesets", project.sets),
                *self.all("modules", project.modules),
            ],
            ProjectTags=list(project.tags),
            Templates=[template(one) for one in project.templates],
        )
        default = (await self.server.get(f"projects/{made['Id']}/channels"))["Items"][0]
        for number, channel in enumerate(project.channels):
            lifecycle = self.ids["lifecycles", channel.lifecycle] if channel.lifecycle is not None else None
            fields = {
                "LifecycleId": lifecycle,
                "TenantTags": list(channel.tags),
                "GitReferenceRules": list(channel.branches),
            }
            if number == 0:
                await self.server.edit(f"channels/{default['Id']}", Name=channel.name, **fields)
                self.ids["channels", project.name, channel.name] = default["Id"]
            else:
                await self.make("channels", channel.name, project.name, ProjectId=made["Id"], **fields)

    async def fill_project(self, project: Project) -> None:
        project_id = self.ids["projects", project.name]
        actions: dict[str, str] = {}
        if project.steps:
            process = await self.server.edit(
                f"deploymentprocesses/deploymentprocess-{project_id}",
                Steps=[self.step(project.name, one) for one in project.steps],
            )
            actions = {action["Name"]: action["Id"] for step in process["Steps"] for action in step["Actions"]}
        for runbook in project.runbooks:
            scope = {"EnvironmentScope": "Specified"} if runbook.environments else {}
            made = await self.make(
                "runbooks",
                runbook.name,
                project.name,
                ProjectId=project_id,
                Environments=self.all("environments", runbook.environments),
                RunRetentionPolicy=FOREVER,
                **scope,
            )
            if runbook.steps:
                await self.server.edit(
                    f"runbookProcesses/RunbookProcess-{made['Id']}",
                    Steps=[self.step(project.name, one) for one in runbook.steps],
                )
        await self.git_rules(project)
        await self.versioning(project)
        for trigger in project.triggers:
            await self.make_trigger(project.name, trigger)
        if project.logo is not None:
            await give_logo(self.server, project_id, project.logo)
        await self.write_rows(project_id, project.rows, actions, project.name)

    async def git_rules(self, project: Project) -> None:
        taking = next((number for number, step in enumerate(project.steps) if step.credential is not None), None)
        if taking is None or not any(channel.of_step for channel in project.channels):
            return
        project_id = self.ids["projects", project.name]
        process = await self.server.get(f"deploymentprocesses/deploymentprocess-{project_id}")
        slug = process["Steps"][taking]["Actions"][0]["Slug"]
        for channel in project.channels:
            named = [{"DeploymentActionSlug": slug, "GitDependencyName": ""}]
            rules = [{"GitDependencyActions": named, "Rules": list(channel.of_step)}] if channel.of_step else []
            channel_id = self.ids["channels", project.name, channel.name]
            await self.server.edit(f"channels/{channel_id}", GitResourceRules=rules)

    async def versioning(self, project: Project) -> None:
        project_id = self.ids["projects", project.name]
        donor = next((step.name for step in project.steps if step.feed is not None and not step.deploys), None)
        if donor is None:
            return
        package = {"DeploymentAction": donor, "PackageReference": ""}
        for channel in project.channels:
            if channel.ranges:
                channel_id = self.ids["channels", project.name, channel.name]
                rules = [{"VersionRange": one, "Tag": "^$", "ActionPackages": [package]} for one in channel.ranges]
                await self.server.edit(f"channels/{channel_id}", Rules=rules)
        if project.by_package:
            await self.server.edit(
                f"projects/{project_id}/deploymentsettings",
                VersioningStrategy={"DonorPackage": package},
                ConnectivityPolicy={"TargetRoles": list(project.roles)},
            )
            channel_id = self.ids["channels", project.name, project.channels[0].name]
            await self.server.edit(
                f"projects/{project_id}",
                AutoCreateRelease=True,
                ReleaseCreationStrategy={"ChannelId": channel_id, "ReleaseCreationPackage": package},
            )

    async def make_trigger(self, project: str, trigger: Trigger) -> None:
        process = await self.server.get(f"deploymentprocesses/deploymentprocess-{self.ids['projects', project]}")
        slugs = {action["Name"]: action["Slug"] for step in process["Steps"] for action in step["Actions"]}
        environment = self.ids["environments", trigger.environment]
        channel = self.ids["channels", project, trigger.channel] if trigger.channel is not None else None
        filters: dict[str, Document] = {
            "schedule": {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * *", "Timezone": "UTC"},
            "machines": {
                "FilterType": "MachineFilter",
                "EnvironmentIds": self.all("environments", trigger.environments),
                "Roles": ["web"],
                "EventGroups": ["Machine"],
            },
            "package": {
                "FilterType": "FeedFilter",
                "Packages": [{"DeploymentActionSlug": slugs.get(trigger.step), "PackageReference": ""}],
            },
        }
        actions: dict[str, Document] = {
            "auto": {"ActionType": "AutoDeploy"},
            "deploy": {"ActionType": "DeployNewRelease", "EnvironmentId": environment, "ChannelId": channel},
            "release": {"ActionType": "CreateRelease", "ChannelId": channel},
            "run": {
                "ActionType": "RunRunbook",
                "RunbookId": self.ids.get(("runbooks", project, trigger.runbook)),
                "EnvironmentIds": [environment],
            },
        }
        await self.make(
            "projecttriggers",
            trigger.name,
            project,
            ProjectId=self.ids["projects", project],
            Filter=filters[trigger.when],
            Action=actions[trigger.what],
            IsDisabled=trigger.off,
        )

    def step(self, project: str, step: Step) -> Document:
        properties: Document = {"Octopus.Action.Script.ScriptBody": step.script}
        if step.secret:
            properties["Octopus.Action.Secret"] = secret_value()
        action: Document = {
            "Name": step.name,
            "ActionType": "Octopus.Script",
            "Environments": self.all("environments", step.environments),
            "ExcludedEnvironments": self.all("environments", step.excluded),
            "Channels": self.all("channels", step.channels, project),
            "TenantTags": list(step.tags),
            "WorkerPoolId": self.ids["workerpools", step.pool] if step.pool is not None else None,
            "Properties": properties,
        }
        if step.use is not None:
            properties |= {
                "Octopus.Action.Script.ScriptBody": step.use.script,
                "Octopus.Action.Template.Id": self.ids["actiontemplates", step.use.template],
                "Octopus.Action.Template.Version": str(step.use.version),
            }
        if step.credential is not None:
            action["GitDependencies"] = [
                {
                    "Name": "",
                    "RepositoryUri": "https://git.example/a.git",
                    "DefaultBranch": "main",
                    "GitCredentialType": "Library",
                    "GitCredentialId": self.ids["git-credentials", step.credential],
                }
            ]
        if step.feed is not None:
            action["Packages"] = [{"Name": "", "PackageId": "Acme.Web", "FeedId": self.ids["feeds", step.feed]}]
        if step.deploys is not None:
            other = self.ids["projects", step.deploys]
            action["ActionType"] = "Octopus.DeployRelease"
            properties["Octopus.Action.DeployRelease.ProjectId"] = other
            action["Packages"] = [{"Name": "", "PackageId": other, "FeedId": self.ids["feeds", "projects"]}]
        actions = [action]
        if step.child is not None:
            asked = {"Octopus.Action.Manual.ResponsibleTeamIds": self.ids["teams", step.asks]} if step.asks else {}
            actions.append({"Name": step.child, "ActionType": "Octopus.Manual", "Properties": asked})
        return {"Name": step.name, "Actions": actions, "Properties": {"Octopus.Action.TargetRoles": "web"}}

    async def write_rows(self, owner_id: str, rows: Sequence[Row], actions: dict[str, str], project: str = "") -> None:
        if rows:
            written = [self.row(one, actions, project) for one in rows]
            await self.server.edit(f"variables/variableset-{owner_id}", Variables=written)

    def row(self, row: Row, actions: dict[str, str], project: str) -> Document:
        value = self.ids[NAMED_BY[row.kind], row.value] if row.kind in NAMED_BY and row.value else row.value
        return {
            "Name": row.name,
            "Value": value,
            "Type": row.kind,
            "IsSensitive": row.kind == "Sensitive",
            "Scope": {key: self.scope(key, names, actions, project) for key, names in row.scope},
            "Prompt": {"Label": "which?", "Required": True} if row.prompt else None,
        }

    def scope(self, dimension: str, names: Iterable[str], actions: dict[str, str], project: str) -> list[str]:
        match dimension:
            case "Environment":
                return self.all("environments", names)
            case "Channel":
                return self.all("channels", names, project)
            case "Action":
                return [actions[name] for name in names]
            case "ProcessOwner":
                return [
                    self.ids["runbooks", project, name] if name else self.ids["projects", project] for name in names
                ]
        return list(names)


def template(one: Template) -> Document:
    control = "Sensitive" if one.secret else "SingleLineText"
    default: Any = secret_value() if one.secret and one.default else one.default
    return {"Name": one.name, "DefaultValue": default, "DisplaySettings": {"Octopus.ControlType": control}}


PICTURES = {"one": b"\x89PNG one", "two": b"\xff\xd8\xff two"}


async def give_logo(server: Server, project_id: str, logo: str) -> None:
    """``icon``, or a picture."""
    if logo == "icon":
        project = await server.get(f"projects/{project_id}")
        icon = {"IconId": "rocket", "IconColor": "#227647"}
        await server.call("POST", f"{project['SpaceId']}/projects/{project_id}/logo/icon", icon)
    else:
        await server.upload(f"projects/{project_id}/logo", PICTURES[logo])


def said_value(template: Document, text: str) -> Any:
    """What a tenant says for a template."""
    return secret_value(text) if template["DisplaySettings"].get("Octopus.ControlType") == "Sensitive" else text


def secret_value(text: str = "of the source") -> Document:
    return {"HasValue": True, "NewValue": text}


async def build_library(builder: Builder, library: Library) -> None:
    server = builder.server
    for one in library.tag_sets:
        tags = [{"Name": tag, "Color": "#227647"} for tag in one.tags]
        await builder.make("tagsets", one.name, Tags=tags, Scopes=["Tenant", "Project"])
    for module in library.modules:
        made = await server.post("libraryvariablesets", {"Name": module.name, "ContentType": "ScriptModule"})
        builder.ids["modules", module.name] = made["Id"]
        await server.variables(made, *module_rows(module.name, module.script, module.syntax))
    for template in library.templates:
        parameters = [parameter(name, secret=secret) for name, secret in template.parameters]
        packages = []
        if template.feed is not None:
            packages = [{"Name": "", "PackageId": "Acme.Web", "FeedId": builder.ids["feeds", template.feed]}]
        first, *later = [{SCRIPT: body} for body in template.scripts]
        fields = {"ActionType": "Octopus.Script", "Parameters": parameters, "Packages": packages}
        made = await builder.make("actiontemplates", template.name, Properties=first, **fields)
        for properties in later:
            await server.edit(f"actiontemplates/{made['Id']}", Properties=properties)
    for name in library.policies:
        await builder.make("machinepolicies", name, ConnectionRetryCountLimit=7)
    space = default_space(server)
    for name in library.credentials:
        details = {"Type": "UsernamePassword", "Username": "me", "Password": SECRET}
        made = await server.post(f"{space}/git-credentials", {"Name": name, "Details": details})
        builder.ids["git-credentials", name] = made["Id"]
    for name in library.parents:
        made = await server.post(f"{space}/parentenvironments", {"Name": name})
        builder.ids["environments", name] = made["Id"]


def default_space(server: Server) -> str:
    """Its id."""
    space = server.sandbox.store.default_space()
    assert space is not None
    return str(space["Id"])


SCRIPT = "Octopus.Action.Script.ScriptBody"


def parameter(name: str, *, secret: bool) -> Document:
    control = {"Octopus.ControlType": "Sensitive"} if secret else {}
    return {"Name": name, "DefaultValue": SECRET if secret else "x", "DisplaySettings": control}


def module_rows(name: str, body: str, syntax: str) -> list[Document]:
    rows = {f"Octopus.Script.Module[{name}]": body, f"Octopus.Script.Module.Language[{name}]": syntax}
    return [row(called, value) for called, value in rows.items()]


async def build(server: Server, space: Space) -> Builder:
    builder = Builder(server)
    await builder.build(space)
    return builder
