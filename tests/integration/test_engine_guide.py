"""The scenarios of the guide "Sync multiple instances" (Octopus documentation), end to end."""

from __future__ import annotations

from typing import Any

import fakeredis
import pytest

from tests.pair import ROUTE, Document, Pair, Server, pair, row, script
from worker.ledger.ledger import Ledger
from worker.plan.values import Op, printed
from worker.sync.run import Result

GUIDE_SOURCE = ("Development", "Test", "Staging", "Production")


async def lifecycle(server: Server, name: str, *phases: list[str]) -> Document:
    """``phases``: the environments of each."""
    return await server.post(
        "lifecycles",
        {
            "Name": name,
            "Phases": [
                {"Name": f"Phase {number}", "OptionalDeploymentTargets": ids, "AutomaticDeploymentTargets": []}
                for number, ids in enumerate(phases, 1)
            ],
        },
    )


async def table(server: Server, project: str) -> list[tuple[str, str | None, Any]]:
    """The variables of a project: name, value and scope."""
    return [(one["Name"], one["Value"], one["Scope"]) for one in await server.rows(project)]


async def open_reasons(both: Pair) -> set[tuple[str, str]]:
    return {(printed(one.entry.item), one.entry.reason) for one in await both.clean_ups() if not one.closed}


async def assert_settled(both: Pair) -> None:
    """A second run plans nothing and writes nothing."""
    before = both.destination.writes
    outcome = await both.sync("*")
    assert outcome.plan.is_empty, [(a.op, a.path, a.changes) for a in outcome.plan.writes]
    assert both.destination.writes == before
    assert both.source.sandbox.url != both.destination.sandbox.url


# ── lifecycles and channels ───────────────────────────────────────────────────────────────────────────────────────────


async def qa_scenario(both: Pair) -> dict[str, Any]:
    """The guide's "Lifecycles and Channels": QA lives in Development and Test, which the destination does not have."""
    here = await both.source.environments(*GUIDE_SOURCE)
    there = await both.destination.environments("Staging", "Production")
    default = await lifecycle(both.source, "Application", *([one] for one in here.values()))
    qa = await lifecycle(both.source, "QA", [here["Development"]], [here["Test"]])
    project = await both.source.project("OctoFX", LifecycleId=default["Id"])
    channel = await both.source.post("channels", {"Name": "QA", "ProjectId": project["Id"], "LifecycleId": qa["Id"]})
    manual = {
        "Name": "Sign off",
        "Actions": [
            {
                "Name": "Sign off",
                "ActionType": "Octopus.Manual",
                "Properties": {"Octopus.Action.Manual.Instructions": "Look at #{Notes}"},
                "Channels": [channel["Id"]],
            }
        ],
    }
    saved = await both.source.steps(project, script("Deploy"), manual, script("Verify"))
    sign_off = saved["Steps"][1]["Actions"][0]["Id"]
    await both.source.variables(
        project,
        row("Notes", "for QA", {"Channel": [channel["Id"]]}),
        row("Title", "all"),
        row("Title", "QA", {"Channel": [channel["Id"]]}),
        row("Checklist", "long", {"Action": [sign_off]}),
    )
    return {"here": here, "there": there, "project": project, "qa": qa, "channel": channel}


@pytest.mark.parametrize("how", ["by itself", "excluded"])
@pytest.mark.guide(
    "channel-excluded",
    "channel-step",
    "channel-variable",
    "environments-channels",
    "scoping-channels",
    "environments-lifecycles",
)
async def test_the_qa_channel_stays_at_home_with_all_that_hangs_on_it(how: str) -> None:
    exclude = {"lifecycle": ["QA"], "channel": ["QA"]} if how == "excluded" else {}
    async with pair(exclude=exclude) as both:
        world = await qa_scenario(both)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.message
        assert "QA" not in await both.destination.names("lifecycles")
        assert await both.destination.names("channels") == ["Default"]
        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["Deploy", "Verify"]
        phases = (await both.destination.named("lifecycles", "Application"))["Phases"]
        assert [phase["OptionalDeploymentTargets"] for phase in phases] == [
            [world["there"]["Staging"]],
            [world["there"]["Production"]],
        ]
        # The names are there, since other steps may use them, but with nothing of QA's in them.
        assert await table(both.destination, "OctoFX") == [
            ("Notes", "REPLACE ME", {}),
            ("Title", "all", {}),
            ("Checklist", "REPLACE ME", {}),
        ]
        assert not outcome.plan.blocked
        await assert_settled(both)


@pytest.mark.guide("step-elsewhere", "channel-step")
async def test_a_step_of_the_qa_channel_can_be_pinned_to_run_in_staging() -> None:
    """ "QA runs integration tests in Staging. It should be cloned but scoped to run in Staging." """
    pins = [{"project": "OctoFX", "step": "Sign off", "environments": ["Staging"], "channels": ["Default"]}]
    async with pair(rules={"steps": {"pins": pins}}) as both:
        world = await qa_scenario(both)

        await both.sync("*")

        steps = await both.destination.process("OctoFX")
        assert [step["Name"] for step in steps] == ["Deploy", "Sign off", "Verify"]
        action = steps[1]["Actions"][0]
        assert action["Environments"] == [world["there"]["Staging"]]
        assert action["Channels"] == [(await both.destination.named("channels", "Default"))["Id"]]
        # The step is there now, so what is scoped to it crosses.
        assert ("Checklist", "long", {"Action": [action["Id"]]}) in await table(both.destination, "OctoFX")
        await assert_settled(both)


async def test_a_channel_whose_lifecycle_lost_its_phases_later_is_left_alone() -> None:
    async with pair() as both:
        here = await both.source.environments("Test", "Production")
        await both.destination.environments("Production")
        fast = await lifecycle(both.source, "Fast", [here["Production"]])
        project = await both.source.project("OctoFX")
        await both.source.post("channels", {"Name": "Hotfix", "ProjectId": project["Id"], "LifecycleId": fast["Id"]})
        await both.sync("*")
        phases = (await both.source.get(f"lifecycles/{fast['Id']}"))["Phases"]
        await both.source.edit(
            f"lifecycles/{fast['Id']}", Phases=[{**phases[0], "OptionalDeploymentTargets": [here["Test"]]}]
        )

        await both.sync("*")

        # The details of a lifecycle are each instance's own: it stays, and so does the channel.
        assert sorted(await both.destination.names("channels")) == ["Default", "Hotfix"]
        there = await both.destination.named("lifecycles", "Fast")
        assert len(there["Phases"]) == 1


# ── environments ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.guide(
    "scenario-subset", "environments-steps", "environments-variables", "scoping-environments", "scoping-partial"
)
async def test_a_subset_of_the_environments() -> None:
    async with pair() as both:
        here = await both.source.environments(*GUIDE_SOURCE)
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(
            project,
            script("Everywhere"),
            script("Only in Test", Environments=[here["Test"]]),
            script("Test and Staging", Environments=[here["Test"], here["Staging"]]),
            script("Not in Development", ExcludedEnvironments=[here["Development"]]),
            script("Not in Production", ExcludedEnvironments=[here["Production"], here["Test"]]),
        )
        await both.source.variables(
            project,
            row("Url", "https://test", {"Environment": [here["Test"]]}),
            row("Url", "https://live", {"Environment": [here["Staging"], here["Production"]]}),
        )

        await both.sync("*")

        steps = {one["Name"]: one["Actions"][0] for one in await both.destination.process("OctoFX")}
        assert list(steps) == ["Everywhere", "Test and Staging", "Not in Development", "Not in Production"]
        assert steps["Test and Staging"]["Environments"] == [there["Staging"]]
        assert steps["Not in Development"]["ExcludedEnvironments"] == []
        assert steps["Not in Production"]["ExcludedEnvironments"] == [there["Production"]]
        assert await table(both.destination, "OctoFX") == [
            ("Url", "https://live", {"Environment": [there["Staging"], there["Production"]]})
        ]
        assert sorted(await both.destination.names("environments")) == ["Production", "Staging"]
        await assert_settled(both)


@pytest.mark.guide("scenario-separate")
async def test_separate_environments_that_a_map_joins() -> None:
    async with pair(maps={"environment": {"Development": "Staging", "Test": "Production"}}) as both:
        here = await both.source.environments("Development", "Test")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Review", Environments=[here["Test"]]))
        await both.source.variables(project, row("Url", "x", {"Environment": [here["Development"]]}))

        await both.sync("*")

        assert (await both.destination.process("OctoFX"))[0]["Actions"][0]["Environments"] == [there["Production"]]
        assert await table(both.destination, "OctoFX") == [("Url", "x", {"Environment": [there["Staging"]]})]
        await assert_settled(both)


async def test_an_environment_that_appears_later_takes_effect_by_itself() -> None:
    async with pair() as both:
        here = await both.source.environments("Test", "Production")
        await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"), script("Try", Environments=[here["Test"]]))
        await both.sync("*")
        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["Deploy"]

        new = await both.destination.environments("Test")
        await both.sync("*")

        steps = await both.destination.process("OctoFX")
        assert [step["Name"] for step in steps] == ["Deploy", "Try"]
        assert steps[1]["Actions"][0]["Environments"] == [new["Test"]]


async def test_a_step_rescoped_out_of_the_destinations_world_stays_unless_the_route_removes() -> None:
    for removed, expected in (("keep", ["Deploy", "Migrate"]), ("remove-ours", ["Deploy"])):
        async with pair(rules={"removed": removed}) as both:
            here = await both.source.environments("Development", "Production")
            await both.destination.environments("Production")
            project = await both.source.project("OctoFX")
            saved = await both.source.steps(
                project, script("Deploy"), script("Migrate", Environments=[here["Production"]])
            )
            await both.sync("*")
            deploy, migrate = saved["Steps"]
            migrate["Actions"][0]["Environments"] = [here["Development"]]
            await both.source.steps(project, deploy, migrate)

            await both.sync("*")

            assert [step["Name"] for step in await both.destination.process("OctoFX")] == expected
            await assert_settled(both)


# ── matching by name, required and optional ───────────────────────────────────────────────────────────────────────────


@pytest.mark.guide("match-names", "match-references")
async def test_names_match_in_any_case_and_ids_do_not_matter() -> None:
    async with pair() as both:
        here = await both.source.environments("Production")
        there = await both.destination.environments("PRODUCTION ")
        group = await both.source.post("projectgroups", {"Name": "Web Apps"})
        theirs = await both.destination.post("projectgroups", {"Name": "web apps"})
        project = await both.source.project("OctoFX", ProjectGroupId=group["Id"])
        await both.source.steps(project, script("Deploy", Environments=[here["Production"]]))

        await both.sync("*")

        copy = await both.destination.named("projects", "OctoFX")
        assert copy["ProjectGroupId"] == theirs["Id"]
        found = (await both.destination.process("OctoFX"))[0]["Actions"][0]["Environments"]
        assert found == list(there.values())


@pytest.mark.guide("match-required")
async def test_what_is_required_blocks_and_what_is_optional_is_left_out() -> None:
    """A project's lifecycle is required, a step's scope is not."""
    async with pair(exclude={"lifecycle": ["Application"]}) as both:
        here = await both.source.environments("Test")
        default = await lifecycle(both.source, "Application", [here["Test"]])
        await both.source.project("OctoFX", LifecycleId=default["Id"])
        await both.source.project(
            "Other", LifecycleId=(await both.source.named("lifecycles", "Default Lifecycle"))["Id"]
        )

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        assert "OctoFX" not in await both.destination.names("projects")
        assert "Other" in await both.destination.names("projects")  # a blocked one blocks no other
        blocked = {printed(action.path): action for action in outcome.plan.blocked}
        assert ("lifecycle", "Application") in blocked["project/OctoFX"].waits_for
        assert "lifecycle/Application" in blocked["project/OctoFX"].decisions[-1].text

        # A person makes one of that name: that is what was waited for.
        await both.destination.environments("Test")
        await lifecycle(both.destination, "Application", [])
        assert (await both.sync("*")).result is Result.CHANGED
        assert "OctoFX" in await both.destination.names("projects")


# ── the same name, other details ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.guide("details-accounts", "details-worker-pools", "details-feeds")
async def test_what_is_shared_by_name_keeps_its_own_details() -> None:
    async with pair() as both:
        password = {"HasValue": True, "NewValue": "dev-secret"}
        for server, user, uri in ((both.source, "dev", "https://dev"), (both.destination, "prod", "https://prod")):
            await server.post(
                "accounts",
                {"Name": "Deployer", "AccountType": "UsernamePassword", "Username": user, "Password": password},
            )
            await server.post("feeds", {"Name": "Packages", "FeedType": "NuGet", "FeedUri": uri})
            await server.post(
                "workerpools", {"Name": "Ubuntu", "WorkerPoolType": "StaticWorkerPool", "Description": user}
            )
        account = await both.source.named("accounts", "Deployer")
        feed = await both.source.named("feeds", "Packages")
        pool = await both.source.named("workerpools", "Ubuntu")
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "OctoFX.Web", "FeedId": feed["Id"], "AcquisitionLocation": "Server"}
        await both.source.steps(project, script("Deploy", WorkerPoolId=pool["Id"], Packages=[package]))
        await both.source.variables(project, row("Deploy.Account", account["Id"], Type="UsernamePasswordAccount"))

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.message
        there = {
            "account": await both.destination.named("accounts", "Deployer"),
            "feed": await both.destination.named("feeds", "Packages"),
            "pool": await both.destination.named("workerpools", "Ubuntu"),
        }
        assert there["account"]["Username"] == "prod"
        assert there["feed"]["FeedUri"] == "https://prod"
        assert there["pool"]["Description"] == "prod"
        action = (await both.destination.process("OctoFX"))[0]["Actions"][0]
        assert action["WorkerPoolId"] == there["pool"]["Id"]
        assert action["Packages"][0]["FeedId"] == there["feed"]["Id"]
        assert await table(both.destination, "OctoFX") == [("Deploy.Account", there["account"]["Id"], {})]
        await assert_settled(both)


@pytest.mark.guide("details-variables")
async def test_the_same_variable_may_name_another_account_on_each_instance() -> None:
    async with pair() as both:
        account = await both.source.post(
            "accounts",
            {"Name": "Dev/Test Account", "AccountType": "Token", "Token": {"HasValue": True, "NewValue": "x"}},
        )
        theirs = await both.destination.post(
            "accounts",
            {"Name": "Staging/Prod Account", "AccountType": "Token", "Token": {"HasValue": True, "NewValue": "y"}},
        )
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Project.Account", account["Id"], Type="UsernamePasswordAccount"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        await both.destination.variables(copy, {**rows[0], "Value": theirs["Id"]})

        await both.source.variables(
            project, row("Project.Account", account["Id"], Type="UsernamePasswordAccount", Description="changed")
        )
        await both.sync("*")

        assert [value for _, value, _ in await table(both.destination, "OctoFX")] == [theirs["Id"]]


@pytest.mark.guide("data-variable-sets")
async def test_three_projects_use_one_library_set_which_crosses_once() -> None:
    async with pair(include={"project": ["*"]}) as both:
        shared = await both.source.post("libraryvariablesets", {"Name": "Shared", "ContentType": "Variables"})
        await both.source.variables(shared, row("Proxy", "http://proxy"))
        for name in ("A", "B", "C"):
            await both.source.project(name, IncludedLibraryVariableSetIds=[shared["Id"]])

        await both.sync("*")

        assert await both.destination.names("libraryvariablesets") == ["Shared"]
        there = await both.destination.named("libraryvariablesets", "Shared")
        for name in ("A", "B", "C"):
            assert (await both.destination.named("projects", name))["IncludedLibraryVariableSetIds"] == [there["Id"]]
        rows = (await both.destination.get(f"variables/variableset-{there['Id']}"))["Variables"]
        assert [(one["Name"], one["Value"]) for one in rows] == [("Proxy", "http://proxy")]
        await assert_settled(both)


# ── projects that need each other ─────────────────────────────────────────────────────────────────────────────────────


def deploy_release(name: str, project: Document) -> Document:
    properties = {
        "Octopus.Action.DeployRelease.ProjectId": project["Id"],
        "Octopus.Action.DeployRelease.DeploymentCondition": "Always",
    }
    package = {"Name": "", "PackageId": project["Id"], "FeedId": "feeds-builtin-releases"}
    return {
        "Name": name,
        "Actions": [
            {"Name": name, "ActionType": "Octopus.DeployRelease", "Properties": properties, "Packages": [package]}
        ],
    }


async def test_a_project_that_deploys_another_brings_it_along() -> None:
    async with pair(include={"project": ["Parent"]}) as both:
        child = await both.source.project("Child")
        await both.source.steps(child, script("Work"))
        parent = await both.source.project("Parent")
        await both.source.steps(parent, deploy_release("Deploy the child", child))

        outcome = await both.sync(f"{parent['Id']}/*")

        assert outcome.result is Result.CHANGED, [a.decisions for a in outcome.plan.blocked]
        there = await both.destination.named("projects", "Child")
        action = (await both.destination.process("Parent"))[0]["Actions"][0]
        assert action["Properties"]["Octopus.Action.DeployRelease.ProjectId"] == there["Id"]
        assert action["Packages"][0]["PackageId"] == there["Id"]
        assert [step["Name"] for step in await both.destination.process("Child")] == ["Work"]
        await assert_settled(both)


@pytest.mark.spacecloner("feature-26")
async def test_two_projects_that_deploy_each_other() -> None:
    async with pair() as both:
        one = await both.source.project("One")
        two = await both.source.project("Two")
        await both.source.steps(one, deploy_release("Deploy two", two))
        await both.source.steps(two, deploy_release("Deploy one", one))

        outcome = await both.sync(f"{one['Id']}/*")

        assert outcome.result is Result.CHANGED, [a.decisions for a in outcome.plan.blocked]
        ids = {name: (await both.destination.named("projects", name))["Id"] for name in ("One", "Two")}
        for name, other in (("One", "Two"), ("Two", "One")):
            action = (await both.destination.process(name))[0]["Actions"][0]
            assert action["Properties"]["Octopus.Action.DeployRelease.ProjectId"] == ids[other]
        await assert_settled(both)


async def test_a_project_that_makes_releases_for_its_own_channel() -> None:
    """The project names a channel, the channel's rules name a step, the step's process belongs to the project."""
    async with pair() as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        await both.source.steps(project, script("Deploy", Packages=[package]), script("Api", Packages=[package]))
        channel = await both.source.post(
            "channels",
            {
                "Name": "Beta",
                "ProjectId": project["Id"],
                "Rules": [
                    {
                        "VersionRange": "[1.0,2.0)",
                        "Tag": "^beta$",
                        "ActionPackages": [{"DeploymentAction": "Deploy", "PackageReference": ""}],
                    }
                ],
            },
        )
        await both.source.edit(
            f"projects/{project['Id']}",
            AutoCreateRelease=True,
            ReleaseCreationStrategy={
                "ChannelId": channel["Id"],
                "ReleaseCreationPackage": {"DeploymentAction": "Deploy", "PackageReference": ""},
            },
        )
        settings = f"projects/{project['Id']}/deploymentsettings"
        donor = {"DeploymentAction": "Api", "PackageReference": ""}
        await both.source.edit(settings, VersioningStrategy={"Template": None, "DonorPackage": donor})

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, outcome.message
        copy = await both.destination.named("projects", "OctoFX")
        beta = await both.destination.named("channels", "Beta")
        assert copy["AutoCreateRelease"] is True
        assert copy["ReleaseCreationStrategy"]["ChannelId"] == beta["Id"]
        assert beta["Rules"][0]["ActionPackages"] == [{"DeploymentAction": "Deploy", "PackageReference": ""}]
        there = await both.destination.get(f"projects/{copy['Id']}/deploymentsettings")
        assert there["VersioningStrategy"]["DonorPackage"] == donor
        await assert_settled(both)


# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.guide("clean-up-dummy", "clean-up-listed", "clean-up-existing", "secret-variables")
async def test_a_new_secret_gets_a_dummy_is_listed_and_is_never_touched_again() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Db.Password", "dev-secret", Type="Sensitive"))

        await both.sync("*")

        assert ("project/OctoFX/variables", "placeholder-secret") in await open_reasons(both)
        copy = await both.destination.named("projects", "OctoFX")
        store = both.destination.sandbox.store
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        assert rows[0]["Type"] == "Sensitive"
        await both.destination.variables(copy, {**rows[0], "Value": "prod-secret"})
        assert "prod-secret" in repr(store.state)

        await both.source.variables(project, row("Db.Password", "dev-secret 2", Type="Sensitive"), row("New", "1"))
        await both.sync("*")

        assert "prod-secret" in repr(store.state)
        assert "dev-secret" not in repr(store.state)


# ── the variable tables ───────────────────────────────────────────────────────────────────────────────────────────────

NAME, CONNECTION = "Application.Database.Name", "ConnectionString"
SQL, ORACLE = "Database=#{Application.Database.Name}", "Data Source=#{Application.Database.Name}"
DESIRED = [(CONNECTION, SQL, {"Role": ["SQL-Server"]}), (CONNECTION, ORACLE, {"Role": ["Oracle"]})]


async def first_table(both: Pair) -> Document:
    here = await both.source.environments("Development", "Test")
    await both.destination.environments("Staging", "Production")
    project = await both.source.project("OctoFX")
    await both.source.variables(
        project,
        row(NAME, "OctoFx-Dev", {"Environment": [here["Development"]]}),
        row(NAME, "OctoFX-Test", {"Environment": [here["Test"]]}),
        row(CONNECTION, SQL),
    )
    return project


async def second_table(both: Pair, project: Document, ids: str) -> None:
    rows = (await both.source.get(f"variables/variableset-{project['Id']}"))["Variables"]
    kept = {one["Name"]: one["Id"] for one in rows} if ids == "kept" else {}

    def known(name: str) -> dict[str, str]:
        return {"Id": kept[name]} if name in kept else {}

    await both.source.variables(
        project,
        row(NAME, "OctoFx-#{Octopus.Environment.Name}", **known(NAME)),
        row(CONNECTION, SQL, {"Role": ["SQL-Server"]}, **known(CONNECTION)),
        row(CONNECTION, ORACLE, {"Role": ["Oracle"]}),
    )


async def forget_everything(both: Pair) -> None:
    """The ledger is lost."""
    both.ledger = Ledger(fakeredis.FakeAsyncRedis())


IGNORE = {"variables": {"scopes": {"environment": "ignore-mismatch"}}}
FIRST = {
    "by default": [(NAME, "REPLACE ME", {}), (CONNECTION, SQL, {})],
    "ignoring": [(NAME, "OctoFx-Dev", {}), (NAME, "OctoFX-Test", {}), (CONNECTION, SQL, {})],
}


@pytest.mark.parametrize("rules", ["by default", "ignoring"])
@pytest.mark.parametrize("ids", ["kept", "regenerated", "ledger lost"])
@pytest.mark.guide(
    "scoping-recurring", "scoping-rescoped", "scoping-replace", "scoping-copy", "scoping-unscoped", "scoping-roles"
)
async def test_the_variable_tables(rules: str, ids: str) -> None:
    async with pair(rules=IGNORE if rules == "ignoring" else {}, first_contact="adopt") as both:
        project = await first_table(both)
        await both.sync("*")
        assert await table(both.destination, "OctoFX") == FIRST[rules]
        await assert_settled(both)
        if ids == "ledger lost":
            await forget_everything(both)

        await second_table(both, project, "kept" if ids == "kept" else "regenerated")
        outcome = await both.sync("*")
        if outcome.result is Result.HELD:  # without a memory it cannot tell which of two equal rows is meant, and asks
            assert (rules, ids) == ("ignoring", "ledger lost")
            await both.sync("*", approved_hash=outcome.plan.hash)

        # Application.Database.Name is left alone, and ConnectionString gets its role and a second row.
        left_alone = [one for one in FIRST[rules] if one[0] == NAME]
        assert await table(both.destination, "OctoFX") == left_alone + DESIRED
        await assert_settled(both)


@pytest.mark.guide("scoping-overwrite", "truth-differences")
async def test_values_filled_in_on_the_destination_stay() -> None:
    async with pair() as both:
        project = await first_table(both)
        await both.sync("*")
        there = await both.destination.get("environments/all")
        ids = {one["Name"]: one["Id"] for one in there}
        copy = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        filled = {**rows[0], "Value": "OctoFx-Staging", "Scope": {"Environment": [ids["Staging"]]}}
        second = row(NAME, "OctoFx", {"Environment": [ids["Production"]]})
        await both.destination.variables(copy, filled, second, rows[1])

        await second_table(both, project, "kept")
        await both.sync("*")

        assert await table(both.destination, "OctoFX") == [
            (NAME, "OctoFx-Staging", {"Environment": [ids["Staging"]]}),
            (NAME, "OctoFx", {"Environment": [ids["Production"]]}),
            *DESIRED,
        ]


@pytest.mark.guide("truth-one-way")
async def test_nothing_is_ever_written_to_the_source() -> None:
    async with pair() as both:
        await qa_scenario(both)
        before = both.source.writes

        await both.sync("*")

        assert both.source.writes == before


@pytest.mark.guide("order-project")
async def test_the_order_of_writing_is_the_guides() -> None:
    """Settings, channels without rules, process, runbooks, variables, then channel rules and release creation."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        runbook = await both.source.runbook(project, "Restart")
        await both.source.edit(f"runbookProcesses/RunbookProcess-{runbook['Id']}", Steps=[script("Restart")])
        await both.source.variables(project, row("A", "1"))

        outcome = await both.sync("*")

        written = [action.kind for action in outcome.plan.actions if action.op is Op.CREATE]
        order = ["project", "channel", "deployment-process", "runbook", "runbook-process", "variable-set"]
        assert [kind for kind in written if kind in order] == sorted(
            [kind for kind in written if kind in order], key=order.index
        )
        assert outcome.plan.route == ROUTE


# ── what is removed, and what is made again ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", ["the process", "the project"])
async def test_a_step_that_versioning_names_goes_only_when_nothing_names_it(target: str) -> None:
    """Removed too early it leaves a project that the server cannot list."""
    async with pair(rules={"removed": "remove-ours"}) as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        saved = await both.source.steps(project, script("A", Packages=[package]), script("B", Packages=[package]))
        settings = f"projects/{project['Id']}/deploymentsettings"

        async def donor(step: str) -> None:
            named = {"DeploymentAction": step, "PackageReference": ""}
            await both.source.edit(settings, VersioningStrategy={"Template": None, "DonorPackage": named})

        await donor("A")
        await both.sync("*")
        await donor("B")
        await both.source.steps(project, saved["Steps"][1])

        target_id = f"deploymentprocess-{project['Id']}" if target == "the process" else f"{project['Id']}/*"
        outcome = await both.sync(target_id)

        assert outcome.result is Result.CHANGED, outcome.message
        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["B"]
        copy = await both.destination.named("projects", "OctoFX")
        found = await both.destination.get(f"projects/{copy['Id']}/deploymentsettings")
        assert found["VersioningStrategy"]["DonorPackage"]["DeploymentAction"] == "B"
        assert await open_reasons(both) == set()
        await assert_settled(both)


async def test_a_step_that_the_destinations_own_versioning_names_stays() -> None:
    async with pair(rules={"removed": "remove-ours"}) as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        saved = await both.source.steps(project, script("A", Packages=[package]), script("B"))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        named = {"DeploymentAction": "A", "PackageReference": ""}
        await both.destination.edit(
            f"projects/{copy['Id']}/deploymentsettings", VersioningStrategy={"Template": None, "DonorPackage": named}
        )

        await both.source.steps(project, saved["Steps"][1])
        await both.sync("*")

        assert [step["Name"] for step in await both.destination.process("OctoFX")] == ["A", "B"]
        assert await open_reasons(both) == {("project/OctoFX/deployment-process", "still-in-use")}
        await assert_settled(both)


async def test_deleted_and_made_again_under_the_same_name_is_the_same_item() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        await both.source.call("DELETE", f"projects/{project['Id']}")
        await both.ledger.deletions.record("dev", "Default", {project["Id"]: "2026-11-23T00:00:00+00:00"})
        again = await both.source.project("OctoFX")
        # As the audit log tells, and catch-up remembers.
        await both.ledger.deletions.record("dev", "Default", {project["Id"]: "2026-11-23T00:00:00Z"})
        await both.sync("*")

        await both.source.edit(f"projects/{again['Id']}", Name="OctoFX 2")
        await both.sync("*")

        assert [(one["Id"], one["Name"]) for one in await both.destination.get("projects/all")] == [
            (copy["Id"], "OctoFX 2")
        ]


async def test_two_environments_that_are_one_on_the_destination() -> None:
    """Many to one: of two rows that would be alike, the first crosses and the other is listed."""
    async with pair(maps={"environment": {"Development": "Staging", "Test": "Staging"}}) as both:
        here = await both.source.environments("Development", "Test")
        there = await both.destination.environments("Staging")
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Url", "dev", {"Environment": [here["Development"]]}),
            row("Url", "test", {"Environment": [here["Test"]]}),
        )
        await both.source.steps(project, script("A", Environments=list(here.values())))

        await both.sync("*")

        assert await table(both.destination, "OctoFX") == [("Url", "dev", {"Environment": [there["Staging"]]})]
        assert (await both.destination.process("OctoFX"))[0]["Actions"][0]["Environments"] == [there["Staging"]]
        assert await open_reasons(both) == {("project/OctoFX/variables", "duplicate-scope")}
        await assert_settled(both)


async def test_an_excluded_channel_takes_release_creation_with_it_and_not_the_project() -> None:
    async with pair(exclude={"channel": ["Beta"]}) as both:
        feed = (await both.source.get("feeds/all"))[0]
        project = await both.source.project("OctoFX")
        package = {"Name": "", "PackageId": "Web", "FeedId": feed["Id"]}
        await both.source.steps(project, script("Deploy", Packages=[package]))
        channel = await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        await both.source.edit(
            f"projects/{project['Id']}",
            AutoCreateRelease=True,
            ReleaseCreationStrategy={
                "ChannelId": channel["Id"],
                "ReleaseCreationPackage": {"DeploymentAction": "Deploy", "PackageReference": ""},
            },
        )

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED, [action.decisions for action in outcome.plan.blocked]
        assert (await both.destination.named("projects", "OctoFX"))["AutoCreateRelease"] is False
        await assert_settled(both)


async def test_another_channel_becomes_the_default_one() -> None:
    """The server takes the mark from the old one by itself, while we write."""
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.post("channels", {"Name": "Next", "ProjectId": project["Id"], "IsDefault": True})

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert outcome.writes > 0
        channels = await both.destination.get("channels/all")
        assert {one["Name"]: one["IsDefault"] for one in channels} == {"Default": False, "Next": True}
        await assert_settled(both)
