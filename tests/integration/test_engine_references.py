"""References that hide: in the parameters of step templates, in JSON text, in inputs of step packages, in defaults."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pair import Document, Pair, Server, pair, row, script
from worker.sync.run import Result

TEMPLATE = {
    "Name": "Deploy database",
    "ActionType": "Octopus.Script",
    "Properties": {"Octopus.Action.Script.ScriptBody": "echo deploy"},
    "Parameters": [
        {"Name": "Db.Package", "DisplaySettings": {"Octopus.ControlType": "Package"}},
        {"Name": "Db.Account", "DisplaySettings": {"Octopus.ControlType": "UsernamePasswordAccount"}},
        {"Name": "Db.Pool", "DisplaySettings": {"Octopus.ControlType": "WorkerPool"}},
        {"Name": "Db.Name", "DisplaySettings": {"Octopus.ControlType": "SingleLineText"}},
    ],
}
CONTAINERS = "Octopus.Action.KubernetesContainers.Containers"


async def feed(server: Server, name: str) -> str:
    made = await server.post("feeds", {"Name": name, "FeedType": "Docker", "FeedUri": "https://feed.example"})
    return str(made["Id"])


async def account(server: Server, name: str) -> str:
    secret = {"HasValue": True, "NewValue": "x"}
    body = {"Name": name, "AccountType": "UsernamePassword", "Username": "u", "Password": secret}
    return str((await server.post("accounts", body))["Id"])


async def pool(server: Server, name: str) -> str:
    return str((await server.post("workerpools", {"Name": name, "WorkerPoolType": "StaticWorkerPool"}))["Id"])


async def properties_of(server: Server, project: str, step: int = 0) -> Document:
    found = await server.named("projects", project)
    process = await server.get(f"deploymentprocesses/deploymentprocess-{found['Id']}")
    properties: Document = process["Steps"][step]["Actions"][0]["Properties"]
    return properties


async def told(both: Pair) -> list[tuple[str, str]]:
    return sorted(
        (one.entry.where, one.entry.text) for one in await both.clean_ups() if one.entry.reason == "untranslated-id"
    )


@pytest.mark.spacecloner("feature-18", "feature-19")
async def test_the_parameters_of_a_step_mean_what_its_template_said() -> None:
    async with pair() as both:
        here = await both.source.post("actiontemplates", TEMPLATE)
        await both.destination.post("actiontemplates", TEMPLATE)
        values: dict[str, Any] = {
            "Db.Package": f'{{ "PackageId":"Db",  "FeedId":"{await feed(both.source, "Docker Hub")}" }}',
            "Db.Account": await account(both.source, "Admin"),
            "Db.Pool": await pool(both.source, "Big"),
            "Db.Name": "master",
        }
        uses = {"Octopus.Action.Template.Id": here["Id"], "Octopus.Action.Template.Version": "0"}
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Db", Properties={**uses, **values}))
        # The template has gone on: in its new version the account is a text, which the step does not know yet.
        changed = [{**one, "DisplaySettings": {}} for one in here["Parameters"]]
        await both.source.edit(f"actiontemplates/{here['Id']}", Parameters=changed)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        there = {
            one["Name"]: one["Id"]
            for kind in ("feeds", "accounts", "workerpools")
            for one in await both.destination.get(f"{kind}/all")
        }
        found = await properties_of(both.destination, "OctoFX")
        assert found["Db.Package"] == f'{{ "PackageId":"Db",  "FeedId":"{there["Docker Hub"]}" }}'
        assert (found["Db.Account"], found["Db.Pool"], found["Db.Name"]) == (there["Admin"], there["Big"], "master")
        assert await told(both) == []
        assert (await both.sync("*")).result is Result.UNCHANGED


async def one_of_each(server: Server) -> dict[str, str]:
    """What an action may name: name → id."""
    space = server.sandbox.store.default_space()
    assert space is not None
    found = {"hub": await feed(server, "Docker Hub"), "admin": await account(server, "Admin")}
    found["big"] = await pool(server, "Big")
    for name in ("Ops", "Developers"):
        members: Document = {"MemberUserIds": [], "ExternalSecurityGroups": [], "SpaceId": space["Id"]}
        found[name] = (await server.post("teams", {"Name": name, **members}))["Id"]
    found["live"] = (await server.environments("Live"))["Live"]
    found["child"] = (await server.project("Child"))["Id"]
    found["say"] = (await server.post("actiontemplates", {**TEMPLATE, "Name": "Say", "Parameters": []}))["Id"]
    details = {"Type": "UsernamePassword", "Username": "u", "Password": {"HasValue": True, "NewValue": "x"}}
    route = f"{space['Id']}/git-credentials"
    await server.post(route, {"Name": "Git", "Details": details})
    (git,) = (await server.get(route))["Items"]
    found["git"] = git["Id"]
    return found


def naming(ids: dict[str, str]) -> Document:
    """An action that names each of them wherever Octopus' own steps do."""
    teams = f"{ids['Ops']},{ids['Developers']}"
    texts = {"Octopus.Action.Helm.TemplateValuesSources": f'[{{"Type": "Package", "FeedId": "{ids["hub"]}"}}]'}
    return {
        "WorkerPoolId": ids["big"],
        "Container": {"Image": "worker-tools", "FeedId": ids["hub"]},
        "Packages": [{"Name": "Tools", "PackageId": "Acme.Tools", "FeedId": ids["hub"]}],
        "GitDependencies": [
            {
                "Name": "charts",
                "RepositoryUri": "https://git.example/c",
                "DefaultBranch": "main",
                "GitCredentialType": "Library",
                "GitCredentialId": ids["git"],
            }
        ],
        "Inputs": {
            "image": {"imageName": "web", "feedId": ids["hub"]},
            "login": {"accountId": ids["admin"], "gitCredentialId": ids["git"], "other": "accounts"},
        },
        "Properties": {
            "Octopus.Action.Package.NuGetFeedId": ids["hub"],
            "Octopus.Action.Manual.ResponsibleTeamIds": teams,
            "Octopus.Action.Email.ToTeamIds": teams,
            "Octopus.Action.Email.CCTeamIds": ids["Ops"],
            "Octopus.Action.Email.BccTeamIds": ids["Developers"],
            "Octopus.Action.DeployRelease.ProjectId": ids["child"],
            "Octopus.Action.Azure.AccountId": ids["admin"],
            "Octopus.Action.Template.Id": ids["say"],
            "Octopus.Action.Template.Version": "0",
            "Octopus.Action.ArgoCD.Sync.Environments": ids["live"],
            "Octopus.Action.ArgoCD.PullRequest.Environments": ids["live"],
            CONTAINERS: f'[{{"Name": "web", "FeedId": "{ids["hub"]}"}}]',
            **texts,
        },
    }


@pytest.mark.guide("match-references")
@pytest.mark.spacecloner("feature-18")
async def test_each_id_of_an_action_becomes_the_destinations() -> None:
    """It knew about ten places. Which there are: Octopus API reference 2026, "Action details"."""
    async with pair() as both:
        here, there = await one_of_each(both.source), await one_of_each(both.destination)
        assert not set(here.values()) & set(there.values())
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("All", **naming(here)))

        outcome = await both.sync("*")

        assert outcome.result is Result.HELD  # the child is there already
        assert (await both.sync("*", approved_hash=outcome.plan.hash)).result is Result.CHANGED
        (found,) = await both.destination.process("OctoFX")
        action, expected = found["Actions"][0], naming(there)
        for name in ("WorkerPoolId", "Inputs"):
            assert action[name] == expected[name]
        assert action["Container"]["FeedId"] == there["hub"]
        assert {one["Name"]: one["FeedId"] for one in action["Packages"]} == {"Tools": there["hub"]}
        assert [one["GitCredentialId"] for one in action["GitDependencies"]] == [there["git"]]
        assert {name: action["Properties"].get(name) for name in expected["Properties"]} == expected["Properties"]
        assert await told(both) == []
        assert (await both.sync("*")).result is Result.UNCHANGED


SECRET = {"HasValue": True, "NewValue": "x"}
CERTIFICATE = {"SubjectCommonName": "x.example", "SelfSignedCertificateCurve": "P256"}
NAMED_BY_VALUES: dict[str, tuple[str, Document]] = {
    "AmazonWebServicesAccount": (
        "accounts",
        {"AccountType": "AmazonWebServicesAccount", "AccessKey": "k", "SecretKey": SECRET},
    ),
    "AzureAccount": ("accounts", {"AccountType": "AzureOidc", "SubscriptionNumber": "n"}),
    "GoogleCloudAccount": ("accounts", {"AccountType": "GoogleCloudAccount", "JsonKey": SECRET}),
    "GenericOidcAccount": ("accounts", {"AccountType": "GenericOidcAccount", "Audience": "a"}),
    "UsernamePasswordAccount": ("accounts", {"AccountType": "UsernamePassword", "Username": "u"}),
    "WorkerPool": ("workerpools", {"WorkerPoolType": "StaticWorkerPool"}),
    "Certificate": ("certificates/generate", CERTIFICATE),
}
"""Types of variables, and control types of parameters, whose values are ids: what one names, and how it is made."""


@pytest.mark.guide("match-references", "data-variables", "accounts-same-name")
@pytest.mark.spacecloner("feature-18", "feature-19")
@pytest.mark.parametrize("value_type", NAMED_BY_VALUES)
async def test_values_that_are_ids_become_the_destinations(value_type: str) -> None:
    """Of variables, of the parameters of a step template, and of the defaults of variable templates."""
    collection, fields = NAMED_BY_VALUES[value_type]
    async with pair() as both:
        here, there = [
            (await server.post(collection, {"Name": "Mine", **fields}))["Id"]
            for server in (both.source, both.destination)
        ]
        parameter = {"Name": "Uses", "DisplaySettings": {"Octopus.ControlType": value_type}}
        made = await both.source.post("actiontemplates", {**TEMPLATE, "Parameters": [parameter]})
        project = await both.source.project("OctoFX", Templates=[{**parameter, "DefaultValue": here}])
        uses = {"Octopus.Action.Template.Id": made["Id"], "Octopus.Action.Template.Version": "0", "Uses": here}
        await both.source.steps(project, script("Say", Properties=uses))
        await both.source.variables(project, row("Uses", here, Type=value_type))

        await both.sync("*")

        copy = await both.destination.named("projects", "OctoFX")
        assert [one["Value"] for one in await both.destination.rows("OctoFX")] == [there]
        assert (await properties_of(both.destination, "OctoFX"))["Uses"] == there
        assert [one["DefaultValue"] for one in copy["Templates"]] == [there]
        assert await both.clean_ups() == []


async def test_what_a_version_of_a_template_means_is_asked_once() -> None:
    async with pair() as both:
        here = await both.source.post("actiontemplates", TEMPLATE)
        await both.destination.post("actiontemplates", TEMPLATE)
        await both.source.edit(f"actiontemplates/{here['Id']}", Description="of version 1")
        uses = {"Octopus.Action.Template.Id": here["Id"], "Octopus.Action.Template.Version": "0"}
        project = await both.source.project("OctoFX")
        for account in ("Accounts-1", "Accounts-2"):
            await both.source.steps(project, script("Db", Properties={**uses, "Db.Account": account}))
            await both.ledger.directories.invalidate("prod", "Default")
            await both.plan(f"deploymentprocess-{project['Id']}")

        asked = both.source.sandbox.requests.counts
        assert asked["GET actiontemplates/{id}/versions/{version}"] == 1


async def test_json_text_crosses_byte_by_byte_but_for_its_ids() -> None:
    """Also with a feed that comes to exist in the same run."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        hub = await feed(both.source, "Docker Hub")
        text = f'[{{"Name" : "web","FeedId":"{hub}"}} ,\\n {{"FeedId":"{hub}"}}]'.replace("\\n", "\n")
        inputs = {"containers": [{"containerImageReference": {"imageName": "web", "feedId": hub}}]}
        step = script("Deploy", Properties={CONTAINERS: text}, Inputs=inputs)
        await both.source.steps(project, step)

        await both.sync("*")

        there = (await both.destination.named("feeds", "Docker Hub"))["Id"]
        assert (await properties_of(both.destination, "OctoFX"))[CONTAINERS] == text.replace(hub, there)
        found = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{found['Id']}")
        image = process["Steps"][0]["Actions"][0]["Inputs"]["containers"][0]["containerImageReference"]
        assert image == {"imageName": "web", "feedId": there}
        assert (await both.sync("*")).result is Result.UNCHANGED
        assert await told(both) == []


@pytest.mark.spacecloner("feature-18")
async def test_ids_in_scripts_and_variables_are_told_with_what_they_are() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        hub = await feed(both.source, "Docker Hub")
        await both.source.steps(project, script("A", f"pull {hub} and feeds-builtin and Machines-9"))
        await both.source.variables(project, row("Feed", hub), row("Text", "no feeds-here, no 8a7c-1b2d"))

        await both.sync("*")

        found = dict(await told(both))
        script_body = "Steps[A]/Actions[A]/Properties/Octopus.Action.Script.ScriptBody"
        assert set(found) == {f"{script_body}={one}" for one in (hub, "Machines-9", "feeds-builtin")} | {
            "Variables[Feed]"
        }
        assert f"holds {hub}, the source's id of feed 'Docker Hub'" in found["Variables[Feed]"]
        assert "looks like an id of the source" in found[f"{script_body}=Machines-9"]
        # For as long as it stands there.
        await both.sync("*")
        assert dict(await told(both)) == found
        # Put right on the destination, it is settled.
        there = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        await both.destination.variables(
            there, *({**one, "Value": "Feeds-77"} if one["Name"] == "Feed" else one for one in rows)
        )
        await both.sync("*")
        assert len(await told(both)) == 3


async def test_the_default_of_a_template_names_the_destinations_pool() -> None:
    async with pair() as both:
        control = {"Octopus.ControlType": "WorkerPool"}
        template = {"Name": "Pool", "DisplaySettings": control, "DefaultValue": await pool(both.source, "Big")}
        await both.source.project("OctoFX", Templates=[template])
        await both.source.post("libraryvariablesets", {"Name": "Shared", "Templates": [template]})

        await both.sync("*")

        there = (await both.destination.named("workerpools", "Big"))["Id"]
        for kind, name in (("projects", "OctoFX"), ("libraryvariablesets", "Shared")):
            assert (await both.destination.named(kind, name))["Templates"][0]["DefaultValue"] == there
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_ids_are_the_same_in_any_case() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        hub = await feed(both.source, "Docker Hub")
        package = {"Name": "", "PackageId": "web", "FeedId": hub.lower()}
        await both.source.steps(project, script("A", Packages=[package]))

        await both.sync("*")

        there = (await both.destination.named("feeds", "Docker Hub"))["Id"]
        assert (await properties_of(both.destination, "OctoFX"))["Octopus.Action.Package.FeedId"] == there


async def test_a_rule_for_git_resources_names_the_destinations_step() -> None:
    """By its slug, which each server makes for itself: the step was called otherwise when the source made it."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        dependency = {"Name": "charts", "RepositoryUri": "https://git.example/c", "GitCredentialType": "Anonymous"}
        saved = await both.source.steps(project, script("Old name", GitDependencies=[dependency]))
        (step,) = saved["Steps"]
        step["Name"] = step["Actions"][0]["Name"] = "Charts"
        saved = await both.source.steps(project, step)
        slug = saved["Steps"][0]["Actions"][0]["Slug"]
        assert slug == "old-name"
        named = {"DeploymentActionSlug": slug, "GitDependencyName": "charts"}
        rule = {"GitDependencyActions": [named], "Rules": ["refs/heads/main"]}
        (channel,) = await both.source.get("channels/all")
        await both.source.edit(f"channels/{channel['Id']}", GitResourceRules=[rule])

        await both.sync("*")

        (there,) = await both.destination.get("channels/all")
        assert there["GitResourceRules"] == [
            {"GitDependencyActions": [{**named, "DeploymentActionSlug": "charts"}], "Rules": ["refs/heads/main"]}
        ]
        assert (await both.sync("*")).result is Result.UNCHANGED


@pytest.mark.spacecloner("feature-18")
async def test_a_step_that_names_others_of_its_process_by_their_ids() -> None:
    """Ids are assigned when the process is written: a second write puts them in, of the same run."""
    key = "Octopus.Action.Docker.RemoveSteps"
    async with pair() as both:
        project = await both.source.project("OctoFX")
        saved = await both.source.steps(project, script("Run"), script("Stop"))
        run, stop = saved["Steps"]
        stop["Actions"][0]["Properties"][key] = run["Actions"][0]["Id"]
        await both.source.steps(project, run, stop)

        await both.sync("*")

        found = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{found['Id']}")
        run, stop = (step["Actions"][0] for step in process["Steps"])
        assert stop["Properties"][key] == run["Id"]
        assert await told(both) == []
        assert (await both.sync("*")).result is Result.UNCHANGED


async def test_ids_that_do_not_look_like_ids() -> None:
    """Of what every server has, and of what was made before ids were numbers."""
    async with pair() as both:
        (built_in,) = [one["Id"] for one in await both.source.get("feeds/all") if one["FeedType"] == "BuiltIn"]
        (there,) = [one["Id"] for one in await both.destination.get("feeds/all") if one["FeedType"] == "BuiltIn"]
        project = await both.source.project("OctoFX")
        teams = {"Octopus.Action.Manual.ResponsibleTeamIds": "teams-everyone,teams-spacemanagers-Spaces-1"}
        package = {"Name": "", "PackageId": "web", "FeedId": built_in}
        await both.source.steps(project, script("A", Packages=[package], Properties=teams))

        await both.sync("*")

        found = await properties_of(both.destination, "OctoFX")
        assert found["Octopus.Action.Manual.ResponsibleTeamIds"] == "teams-everyone,teams-spacemanagers-Spaces-5001"
        assert found["Octopus.Action.Package.FeedId"] == there
        assert await told(both) == []
        assert (await both.sync("*")).result is Result.UNCHANGED
