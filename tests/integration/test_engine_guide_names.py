"""The guide's matching by name: what is required, what is shared, and the details that each instance keeps."""

from __future__ import annotations

import pytest

from tests.guide import assert_settled, lifecycle, open_reasons, table
from tests.pair import Document, pair, row, script
from worker.plan.values import printed
from worker.sync.run import Result

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
    """A project's lifecycle is required; a step's scope is not, nor is each of the library sets."""
    async with pair(
        exclude={"lifecycle": ["Application"], "library-variable-set": ["Secret"], "account": ["*"]}
    ) as both:
        here = await both.source.environments("Test", "Live")
        live = await both.destination.environments("Live")
        default = await lifecycle(both.source, "Application", [here["Test"]])
        await both.source.project("OctoFX", LifecycleId=default["Id"])
        sets = [await both.source.post("libraryvariablesets", {"Name": name}) for name in ("Secret", "Shared")]
        other = await both.source.project(
            "Other",
            LifecycleId=(await both.source.named("lifecycles", "Default Lifecycle"))["Id"],
            IncludedLibraryVariableSetIds=[one["Id"] for one in sets],
        )
        robot = {"Name": "Robot", "AccountType": "UsernamePassword", "Username": "robot"}
        account = await both.source.post("accounts", robot)
        login = {"Octopus.Action.Azure.AccountId": account["Id"]}
        await both.source.steps(other, script("Deploy", Environments=list(here.values()), Properties=login))

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        assert "OctoFX" not in await both.destination.names("projects")
        assert "Other" in await both.destination.names("projects")  # a blocked one blocks no other
        copy = await both.destination.named("projects", "Other")
        shared = await both.destination.named("libraryvariablesets", "Shared")
        assert copy["IncludedLibraryVariableSetIds"] == [shared["Id"]]
        (action,) = (await both.destination.process("Other"))[0]["Actions"]
        assert action["Environments"] == [live["Live"]]
        assert not action["Properties"].get("Octopus.Action.Azure.AccountId")
        dropped = {item for item, reason in await open_reasons(both) if reason == "reference-dropped"}
        assert dropped == {"project/Other", "project/Other/deployment-process"}
        blocked = {printed(action.path): action for action in outcome.plan.blocked}
        assert ("lifecycle", "Application") in blocked["project/OctoFX"].waits_for
        assert "lifecycle/Application" in blocked["project/OctoFX"].decisions[-1].text

        # A person makes one of that name: that is what was waited for.
        await both.destination.environments("Test")
        await lifecycle(both.destination, "Application", [])
        assert (await both.sync("*")).result is Result.CHANGED
        assert "OctoFX" in await both.destination.names("projects")


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


# ── the same name, other details ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.guide("details-accounts", "details-worker-pools", "details-feeds", "accounts-same-name")
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


NAMED_BY_VARIABLES: dict[str, tuple[str, Document]] = {
    "UsernamePasswordAccount": ("accounts", {"AccountType": "UsernamePassword", "Username": "u"}),
    "WorkerPool": ("workerpools", {"WorkerPoolType": "StaticWorkerPool"}),
    "Certificate": (
        "certificates/generate",
        {"SubjectCommonName": "x.example", "SelfSignedCertificateCurve": "P256"},
    ),
}


@pytest.mark.guide("details-variables")
@pytest.mark.parametrize("row_type", NAMED_BY_VARIABLES)
async def test_the_same_variable_may_name_another_item_on_each_instance(row_type: str) -> None:
    """ "That same variable can refer to the Staging/Prod Account on the destination instance." """
    collection, fields = NAMED_BY_VARIABLES[row_type]
    async with pair() as both:
        here = [
            (await both.source.post(collection, {"Name": name, **fields}))["Id"] for name in ("Dev/Test", "Dev/Test 2")
        ]
        theirs = await both.destination.post(collection, {"Name": "Staging/Prod", **fields})
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Project.Uses", here[0], Type=row_type))
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        await both.destination.variables(copy, {**rows[0], "Value": theirs["Id"]})

        for item in here:
            await both.source.variables(project, row("Project.Uses", item, Type=row_type, Description=item))
            await both.sync("*")

            [found] = await both.destination.rows("OctoFX")
            assert (found["Value"], found["Description"]) == (theirs["Id"], item)


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
