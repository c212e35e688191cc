"""Rules of the guide that no other file is about: each seen on two servers."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from config.load import loads
from config.names import INCLUDABLE_KINDS
from config.problems import ConfigError
from tests.furnished import EVERY_KIND, furnish
from tests.pair import Document, pair, row, script
from worker.kinds import registry
from worker.kinds.kind import Mode
from worker.ledger.runs import Cause
from worker.sync.run import Result

PROJECTS = {"project": ["*"]}


@pytest.mark.guide("truth-new")
async def test_what_is_new_on_either_side_stays_and_only_the_sources_crosses() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.sync("*")
        there = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{there['Id']}")
        await both.destination.steps(there, *process["Steps"], script("Theirs"))
        here = await both.source.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        await both.source.steps(project, *here["Steps"], script("Ours"))

        await both.sync("*")

        assert sorted(await both.destination.step_names("OctoFX")) == ["Deploy", "Ours", "Theirs"]
        assert await both.source.step_names("OctoFX") == ["Deploy", "Ours"]


@pytest.mark.guide("truth-differences", "clean-up-existing")
@pytest.mark.spacecloner("feature-22")
async def test_what_was_edited_on_the_destination_stays_whatever_else_changes_on_the_source() -> None:
    async with pair(include={"project": ["*"], "tenant": ["*"]}) as both:
        project = await both.source.project("OctoFX", Description="of the source")
        await both.source.steps(project, script("Deploy"), script("Clean up"), script("Verify"))
        channel = await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"], "Description": "b"})
        tenant = await both.source.post("tenants", {"Name": "Acme", "Description": "of the source"})
        await both.sync("*")
        copy, beta = (
            await both.destination.named("projects", "OctoFX"),
            await both.destination.named("channels", "Beta"),
        )
        acme = await both.destination.named("tenants", "Acme")
        for route in (f"projects/{copy['Id']}", f"channels/{beta['Id']}", f"tenants/{acme['Id']}"):
            await both.destination.edit(route, Description="theirs")
        deploy, _, verify = await both.destination.process("OctoFX")
        deploy["Actions"][0]["Notes"] = "theirs"
        await both.destination.steps(copy, deploy, verify)

        for number in range(2):
            await both.source.edit(f"projects/{project['Id']}", DiscreteChannelRelease=not number)
            await both.source.edit(f"channels/{channel['Id']}", IsDefault=not number)
            await both.source.edit(f"tenants/{tenant['Id']}", Name=f"Acme {number}")
            here = await both.source.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
            here["Steps"][0]["Actions"][0]["IsRequired"] = not number
            await both.source.steps(project, *here["Steps"])

            outcome = await both.sync("*")

            assert outcome.result is Result.CHANGED
            for route in (f"projects/{copy['Id']}", f"channels/{beta['Id']}", f"tenants/{acme['Id']}"):
                assert (await both.destination.get(route))["Description"] == "theirs"
            assert (await both.destination.get(f"projects/{copy['Id']}"))["DiscreteChannelRelease"] is (not number)
            steps = await both.destination.process("OctoFX")
            # A step that was taken out there does not come back.
            assert [step["Name"] for step in steps] == ["Deploy", "Verify"]
            assert (steps[0]["Actions"][0]["Notes"], steps[0]["Actions"][0]["IsRequired"]) == ("theirs", not number)
            assert await both.clean_ups() == []


@pytest.mark.guide("scoping-process-owners")
@pytest.mark.parametrize(("option", "expected"), [("skip-unless-partial", ["b"]), ("ignore-mismatch", ["a", "b"])])
async def test_a_row_of_a_runbook_that_does_not_cross(option: str, expected: list[str]) -> None:
    rules = {"variables": {"scopes": {"process_owner": option}}}
    async with pair(exclude={"runbook": ["Secret one"]}, rules=rules) as both:
        project = await both.source.project("OctoFX")
        runbook = await both.source.runbook(project, "Secret one", script("Run"))
        other = await both.source.runbook(project, "Restart", script("Run"))
        await both.source.variables(
            project,
            row("Url", "a", {"ProcessOwner": [runbook["Id"]]}),
            row("Url", "b", {"ProcessOwner": [other["Id"], project["Id"]]}),
        )
        await both.sync("*")
        rows = await both.destination.rows("OctoFX")
        assert sorted(one["Value"] for one in rows) == expected
        there = await both.destination.named("projects", "OctoFX")
        [runs] = await both.destination.get("runbooks/all")
        owners = {tuple(sorted(one["Scope"].get("ProcessOwner", []))) for one in rows if one["Value"] == "b"}
        assert owners == {tuple(sorted([runs["Id"], there["Id"]]))}


@pytest.mark.guide("scoping-steps")
async def test_a_row_of_a_step_that_does_not_cross_stays_at_home() -> None:
    rules = {"steps": {"ignore": [{"project": "*", "step": "Load"}]}}
    async with pair(rules=rules) as both:
        project = await both.source.project("OctoFX")
        process = await both.source.steps(project, script("Deploy"), script("Load"))
        deploy, load = (step["Actions"][0]["Id"] for step in process["Steps"])
        await both.source.variables(
            project, row("Url", "a", {"Action": [load]}), row("Url", "b", {"Action": [deploy]}), row("Url", "c")
        )
        await both.sync("*")
        assert sorted(one["Value"] for one in await both.destination.rows("OctoFX")) == ["b", "c"]


@pytest.mark.guide("scoping-targets", "targets-variables")
@pytest.mark.spacecloner("bug-7")
async def test_a_row_of_targets_crosses_where_one_of_them_is_there() -> None:
    async with pair() as both:
        for server, names in ((both.source, ("Machine1", "Machine2", "Machine3")), (both.destination, ("Machine2",))):
            ids = await server.environments("Production")
            for name in names:
                await server.post("machines", _target(name, ids["Production"]))
        machines = {one["Name"]: one["Id"] for one in await both.source.get("machines/all")}
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Db", "of two", {"Machine": [machines["Machine1"], machines["Machine2"]]}),
            row("Db", "of one", {"Machine": [machines["Machine3"]]}),
        )
        await both.sync("*")
        [only] = await both.destination.rows("OctoFX")
        there = await both.destination.named("machines", "Machine2")
        assert (only["Value"], only["Scope"]) == ("of two", {"Machine": [there["Id"]]})


@pytest.mark.guide("targets-roles")
async def test_a_step_for_a_role_that_no_target_has_crosses() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        step = script("Deploy") | {"Properties": {"Octopus.Action.TargetRoles": "OctoFX-Web,Db"}}
        await both.source.steps(project, step)
        await both.source.variables(project, row("Url", "x", {"Role": ["OctoFX-Web"]}))
        await both.sync("*")
        there = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{there['Id']}")
        assert process["Steps"][0]["Properties"] == {"Octopus.Action.TargetRoles": "OctoFX-Web,Db"}
        assert [one["Scope"] for one in await both.destination.rows("OctoFX")] == [{"Role": ["OctoFX-Web"]}]


@pytest.mark.guide("environments-library", "data-variable-sets")
async def test_rows_of_a_library_set_for_environments_that_are_not_there() -> None:
    async with pair() as both:
        ids = await both.source.environments("Test", "Production")
        await both.destination.environments("Production")
        shared = await both.source.post("libraryvariablesets", {"Name": "Shared", "ContentType": "Variables"})
        await both.source.variables(
            shared,
            row("Url", "test", {"Environment": [ids["Test"]]}),
            row("Url", "both", {"Environment": [ids["Test"], ids["Production"]]}),
        )
        await both.sync("*")
        there = await both.destination.named("libraryvariablesets", "Shared")
        rows = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        production = (await both.destination.named("environments", "Production"))["Id"]
        assert [(one["Value"], one["Scope"]) for one in rows] == [("both", {"Environment": [production]})]


@pytest.mark.guide("environments-runbook-steps")
async def test_steps_of_runbooks_for_environments_that_are_not_there() -> None:
    async with pair() as both:
        ids = await both.source.environments("Test", "Production")
        await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.runbook(
            project,
            "Restart",
            script("Stop"),
            script("Only test", Environments=[ids["Test"]]),
            script("Both", Environments=[ids["Test"], ids["Production"]]),
        )
        await both.sync("*")
        [runbook] = await both.destination.get("runbooks/all")
        process = await both.destination.get(f"runbookProcesses/{runbook['RunbookProcessId']}")
        assert [step["Name"] for step in process["Steps"]] == ["Stop", "Both"]


@pytest.mark.guide("details-project-groups")
async def test_a_group_need_not_have_all_its_projects_there() -> None:
    async with pair(include={"project": ["OctoFX"]}) as both:
        group = await both.source.post("projectgroups", {"Name": "Web"})
        for name in ("OctoFX", "Other"):
            await both.source.project(name, ProjectGroupId=group["Id"])
        await both.sync("*")
        assert await both.destination.names("projects") == ["OctoFX"]
        there = await both.destination.named("projectgroups", "Web")
        assert (await both.destination.named("projects", "OctoFX"))["ProjectGroupId"] == there["Id"]


@pytest.mark.guide("scenario-spaces")
async def test_two_spaces_of_one_instance() -> None:
    async with pair() as apart:
        me = await apart.source.get("users/me")
        space = await apart.source.post(
            "spaces", {"Name": "Production", "SpaceManagersTeams": [], "SpaceManagersTeamMembers": [me["Id"]]}
        )
        both = apart.with_route(destination={"instance": "dev", "space": "Production"})
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.sync("*")
        [there] = await both.source.get(f"{space['Id']}/projects/all")
        process = await both.source.get(f"{space['Id']}/deploymentprocesses/deploymentprocess-{there['Id']}")
        assert [step["Name"] for step in process["Steps"]] == ["Deploy"]
        assert there["Id"] != project["Id"]
        assert (await both.plan("*")).plan.is_empty


NEVER = (
    "machines", "workers", "proxies", "users", "subscriptions", "releases", "deployments", "runbooksnapshots",
    "runbookruns", "tasks", "configuration", "smtpconfiguration", "serverconfiguration", "jiraintegration",
)  # fmt: skip


@pytest.mark.guide("never-infrastructure", "never-system", "never-history")
async def test_what_never_crosses_never_does() -> None:
    """A target, a worker, a proxy, a user, a system team, a subscription, a release and a snapshot, and everything
    included that can be."""
    kinds = [kind for kind in registry.writable() if not kind.owner_kinds and kind.mode is not Mode.ON_REQUEST]
    include = {kind.name: ["*"] for kind in kinds if kind.name in INCLUDABLE_KINDS}
    async with pair(include=include) as both:
        ids = await both.source.environments("Production")
        machine = await both.source.post("machines", _target("Web 1", ids["Production"]))
        await both.source.post("proxies", {"Name": "Proxy", "Host": "proxy", "Port": 80, "ProxyType": "HTTP"})
        pool = await both.source.post("workerpools", {"Name": "Ubuntu", "WorkerPoolType": "StaticWorkerPool"})
        worker = {"Name": "Worker 1", "WorkerPoolIds": [pool["Id"]], "Endpoint": {"CommunicationStyle": "None"}}
        await both.source.post("workers", {**worker, "IsDisabled": False})
        user = {"Username": "ada", "DisplayName": "Ada", "EmailAddress": "ada@example.com", "IsActive": True}
        await both.source.post("users", {**user, "Password": "s3cret-of-ada"})
        await both.source.post("teams", {"Name": "Auditors", "MemberUserIds": [], "ExternalSecurityGroups": []})
        webhook = {"WebhookURI": "https://hook.example", "Filter": {}, "WebhookTimeout": "00:00:10"}
        await both.source.post(
            "subscriptions", {"Name": "Hook", "Type": "Event", "EventNotificationSubscription": webhook}
        )
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        # Not even because something names it.
        await both.source.variables(project, row("Url", "x", {"Machine": [machine["Id"]]}))
        channel = await both.source.named("channels", "Default")
        made = {"ProjectId": project["Id"], "ChannelId": channel["Id"], "Version": "1.0.0"}
        await both.source.post("releases", made)
        runbook = await both.source.runbook(project, "Restart", script("Stop"))
        await both.source.post(
            "runbookSnapshots", {"ProjectId": project["Id"], "RunbookId": runbook["Id"], "Name": "Snapshot 1"}
        )
        both.destination.sandbox.requests.clear()
        await both.sync("*")
        wrote = {one.path for one in both.destination.sandbox.requests if one.method != "GET"}
        assert any("/projects" in path for path in wrote)
        assert [path for path in wrote if any(f"/{never}" in path.lower() for never in NEVER)] == []
        for collection in ("machines", "proxies", "workers"):
            assert await both.destination.names(collection) == []
        there = await both.destination.get("teams/all") + await both.destination.get("users/all")
        assert not {"Auditors", "ada"} & {one.get("Name") or one.get("Username") for one in there}


@pytest.mark.guide("never-infrastructure", "never-system", "never-history")
@pytest.mark.parametrize("kind", ["machine", "worker", "proxy", "user", "subscription", "release", "issue-tracker"])
def test_no_route_can_ask_for_what_never_crosses(kind: str) -> None:
    text = f"""
instances:
  - {{ name: dev, url: "https://dev.example.com", api_key: {{ env: A }} }}
  - {{ name: prod, url: "https://prod.example.com", api_key: {{ env: B }} }}
routes:
  - {{ name: r, source: {{ instance: dev }}, destination: {{ instance: prod }}, include: {{ {kind}: ["*"] }} }}
"""
    with pytest.raises(ConfigError, match="can be neither included nor excluded"):
        loads(text, "routes.yaml")


@pytest.mark.guide("packages-not-by-default")
async def test_packages_do_not_cross_by_themselves() -> None:
    everything = {"project": ["*"], "library-variable-set": ["*"], "feed": ["*"]}
    async with pair(include=everything) as both:
        project = await both.source.project("OctoFX")
        package = {"PackageId": "Web", "FeedId": "feeds-builtin", "Name": ""}
        await both.source.steps(project, script("Deploy", Packages=[package]))
        await both.sync("*")
        assert not [one.path for one in both.source.sandbox.requests if "/packages" in one.path.lower()]


@pytest.mark.guide("log-requests")
@pytest.mark.spacecloner("bug-24", "feature-29")
async def test_every_request_lookup_decision_and_write_is_a_line_of_the_log() -> None:
    async with pair() as both:
        here = await both.source.environments("Test")
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Password", "very secret", Type="Sensitive"),
            row("Url", "a value", {"Environment": [here["Test"]]}),
            row("Port", "a value that crosses"),
        )
        with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
            await both.sync("*", cause=Cause("webhook-1"))
        wrote = both.destination.writes
    of_run = [line for line in lines if "run" in line]
    events = [line["event"] for line in of_run]
    assert events.count("write") == wrote > 0
    assert events.count("octopus request") > wrote
    assert {(line["side"], line["kind"]) for line in of_run if line["event"] == "lookup"} >= {
        ("source", "variable-set"), ("destination", "environment"),
    }  # fmt: skip
    decisions = [(line["item"], line["rule"], line["where"]) for line in of_run if line["event"] == "decision"]
    rows = [(rule, where) for item, rule, where in decisions if item == "project/OctoFX/variables"]
    assert ("scope:environment=skip-unless-partial", "Variables[Url]") in rows
    # From the webhook to the last write, by one name.
    assert {(line["run"], line["correlation_id"]) for line in of_run} == {(of_run[0]["run"], "webhook-1")}
    assert "very secret" not in str(lines)
    assert "a value" not in str(lines)


@pytest.mark.guide("order-precedence", "order-tenants", "order-teams")
async def test_what_a_whole_space_needs_is_written_in_the_guides_order() -> None:
    async with pair(include=EVERY_KIND) as both:
        await furnish(both.source)
        both.destination.sandbox.requests.clear()
        assert (await both.sync("*")).result is Result.CHANGED
        stages = [_stage(one) for one in both.destination.sandbox.requests if one.method in ("POST", "PUT")]
    first = {name: stages.index(name) for name in set(stages)}
    last = {name: len(stages) - 1 - stages[::-1].index(name) for name in set(stages)}
    depend_on_nothing = {"environments", "projectgroups", "tagsets", "feeds", "machinepolicies", "workerpools", "teams"}
    need_those = {"accounts", "actiontemplates", "libraryvariablesets", "lifecycles"}
    assert depend_on_nothing | need_those <= first.keys()
    for early, late in (
        ("environments", "accounts"),
        ("environments", "lifecycles"),
        ("tagsets", "tenants"),
        ("feeds", "deploymentprocesses"),
        ("teams", "scopeduserroles"),
        ("accounts", "deploymentprocesses"),
        ("workerpools", "actiontemplates"),
        ("actiontemplates", "deploymentprocesses"),
        ("libraryvariablesets", "projects"),
        ("lifecycles", "projects"),
        ("projectgroups", "projects"),
        ("projects", "scopeduserroles"),
        ("projects", "projecttriggers"),
    ):
        assert first[early] < first[late], (early, late, stages)
    # A tenant is there before its projects are; connected to them it is afterwards.
    assert first["tenants"] < last["projects"] < last["tenants"], stages


@pytest.mark.guide("order-project")
async def test_a_new_project_is_written_in_the_guides_order() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        process = await both.source.steps(
            project, script("Deploy", Packages=[{"Name": "", "PackageId": "Web", "FeedId": "feeds-builtin"}])
        )
        action = process["Steps"][0]["Actions"][0]
        package = {"DeploymentAction": action["Name"], "PackageReference": ""}
        await both.source.edit(
            f"projects/{project['Id']}/deploymentsettings", VersioningStrategy={"DonorPackage": package}
        )
        await both.source.runbook(project, "Restart", script("Stop"))
        await both.source.variables(project, row("Url", "x", {"Action": [action["Id"]]}))
        channel = await both.source.named("channels", "Default")
        rule = {"VersionRange": "[1.0]", "Tag": "", "ActionPackages": [package]}
        await both.source.edit(f"channels/{channel['Id']}", Rules=[rule])
        await both.source.edit(
            f"projects/{project['Id']}",
            AutoCreateRelease=True,
            ReleaseCreationStrategy={"ChannelId": channel["Id"], "ReleaseCreationPackage": package},
        )
        icon = {"IconId": "rocket", "IconColor": "#227647"}
        await both.source.call("POST", f"{project['SpaceId']}/projects/{project['Id']}/logo/icon", icon)
        both.destination.sandbox.requests.clear()
        await both.sync("*")
        order = [_stage(one) for one in both.destination.sandbox.requests if one.method in ("POST", "PUT")]
    firsts = list(dict.fromkeys(order))
    wanted = ["projects", "deploymentprocesses", "deploymentsettings", "runbooks", "runbookprocesses", "variables"]
    assert [one for one in firsts if one in wanted] == wanted, order
    # Rules of channels, release creation and logo are the last, in this order.
    late = order[order.index("variables") + 1 :]
    assert [one for one in late if one in ("channels", "projects", "logo")] == ["channels", "projects", "logo"], order


PARTS = ("logo", "deploymentsettings", "runbookprocesses", "deploymentprocesses", "variables", "runbooks", "channels")


def _stage(request: Any) -> str:
    """The collection that a request is for, or the part of a project: both are named without the space."""
    parts = [part for part in request.path.lower().split("/") if part and part != "api"]
    collection = parts[1] if parts[0].startswith("spaces-") else parts[0]
    return next((part for part in PARTS if part in parts), collection)


def _target(name: str, environment: str) -> Document:
    return {
        "Name": name,
        "EnvironmentIds": [environment],
        "Roles": ["web"],
        "Endpoint": {"CommunicationStyle": "None"},
        "TenantedDeploymentParticipation": "Untenanted",
    }
