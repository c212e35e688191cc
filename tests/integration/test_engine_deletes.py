"""What was deleted on the source: nothing, a word to a person, disabled or deleted, as the route says; never more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis

from config.settings import Settings
from sandbox.faults import Fault
from tests.pair import ROUTE, Document, Pair, pair, row, script
from tests.tenancy import say, template, tenancy, values
from worker.octopus.errors import OctopusError
from worker.plan.values import Op
from worker.state import state_of
from worker.sync.compare import compare
from worker.sync.run import Outcome, Result, open_route
from worker.sync.servers.vanished import deletions_of

DELETE: dict[str, Any] = {"rules": {"deleted": "delete"}}
RETENTION = {"QuantityToKeep": 1, "ShouldKeepForever": False}


async def gone(both: Pair, collection: str, item: Document) -> str:
    """Deletes it on the source, as the audit log then says. Returns its id."""
    await both.source.call("DELETE", f"{collection}/{item['Id']}")
    await both.ledger.deletions.record("dev", "Default", {item["Id"]: "2026-01-01T00:00:00+00:00"})
    return str(item["Id"])


async def furnished(both: Pair, name: str = "OctoFX") -> Document:
    """A project with a bit of everything, in step on both sides."""
    project = await both.source.project(name)
    await both.source.steps(project, script("Deploy"))
    await both.source.variables(project, row("Url", "https://x"))
    await both.source.runbook(project, "Restart", script("Restart it"))
    await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
    await both.sync("*")
    return project


async def told(both: Pair) -> list[tuple[str, str]]:
    """Of the open entries, the item and what is said of it."""
    return [("/".join(one.entry.item), one.entry.text) for one in await both.clean_ups()]


def ops(outcome: Outcome) -> dict[Op, int]:
    return {op: count for op, count in outcome.plan.counts().items() if count and op is not Op.LEAVE}


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spacecloner("feature-5")
@pytest.mark.parametrize("rule", ["ignore", "report", "disable", "delete"])
async def test_what_becomes_of_a_project_is_a_rule(rule: str) -> None:
    async with pair(rules={"deleted": rule}) as both:
        project = await furnished(both)
        source_id = await gone(both, "projects", project)

        outcome = await both.sync(f"{source_id}/*")

        assert outcome.result in (Result.CHANGED, Result.UNCHANGED)
        names = await both.destination.names("projects")
        assert names == ([] if rule == "delete" else ["OctoFX"])
        if names:
            copy = await both.destination.named("projects", "OctoFX")
            assert copy["IsDisabled"] is (rule == "disable")
        entries = await told(both)
        assert [item for item, _ in entries] == (["project/OctoFX"] if rule in {"report", "disable"} else [])
        if rule == "delete":
            assert await both.ledger.baselines.ids(ROUTE) == frozenset()
            kept = await both.ledger.links.all(ROUTE)
            assert not [one for one in kept if one.startswith(("Projects", "Channels", "Runbooks"))]
        again = await both.sync(f"{source_id}/*")
        assert again.plan.is_empty
        assert await told(both) == entries


@pytest.mark.spacecloner("feature-5")
async def test_without_the_audit_logs_word_nothing_is_deleted() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await both.source.call("DELETE", f"projects/{project['Id']}")

        outcome = await both.sync(f"{project['Id']}/*", "*")

        assert outcome.plan.is_empty
        assert await both.destination.names("projects") == ["OctoFX"]


async def test_rules_differ_by_kind_and_by_project() -> None:
    overrides = [
        {"for": {"channel": ["*"], "runbook": ["*"]}, "deleted": "delete"},
        {"for": {"project": ["Precious"]}, "deleted": "ignore"},
    ]
    async with pair(rules={"overrides": overrides}) as both:
        for name in ("OctoFX", "Precious"):
            await furnished(both, name)
        ids = [await gone(both, kind, one) for kind in ("runbooks",) for one in await both.source.get(f"{kind}/all")]

        await both.sync(*ids)

        runbooks = await both.destination.get("runbooks/all")
        projects = {one["Id"]: one["Name"] for one in await both.destination.get("projects/all")}
        assert [projects[one["ProjectId"]] for one in runbooks] == ["Precious"]
        assert await told(both) == []


async def test_disabled_once_it_stays_as_somebody_then_leaves_it() -> None:
    async with pair(rules={"deleted": "disable"}) as both:
        project = await furnished(both)
        source_id = await gone(both, "projects", project)
        await both.sync(source_id)
        copy = await both.destination.named("projects", "OctoFX")
        assert copy["IsDisabled"]
        await both.destination.edit(f"projects/{copy['Id']}", IsDisabled=False)

        outcome = await both.sync(source_id)

        assert outcome.plan.is_empty
        assert not (await both.destination.named("projects", "OctoFX"))["IsDisabled"]


async def test_what_cannot_be_disabled_is_reported() -> None:
    async with pair(rules={"deleted": "disable"}) as both:
        library = await both.source.post("libraryvariablesets", {"Name": "Shared"})
        await both.sync("*")
        source_id = await gone(both, "libraryvariablesets", library)

        await both.sync(source_id)

        ((item, text),) = await told(both)
        assert item == "library-variable-set/Shared"
        assert "cannot be disabled" in text


# ── what keeps an item from being deleted ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    what: str
    make: Callable[[Pair, Document], Awaitable[object]]
    says: str


async def _step(both: Pair, copy: Document) -> object:
    route = f"deploymentprocesses/deploymentprocess-{copy['Id']}"
    process = await both.destination.get(route)
    return await both.destination.edit(route, Steps=[*process["Steps"], script("Only here")])


async def _value(both: Pair, copy: Document) -> object:
    return await both.destination.variables(copy, row("Url", "https://ours"))


async def _row(both: Pair, copy: Document) -> object:
    found = await both.destination.get(f"variables/variableset-{copy['Id']}")
    return await both.destination.variables(copy, *found["Variables"], row("Own", "1"))


async def _channel(both: Pair, copy: Document) -> object:
    return await both.destination.post("channels", {"Name": "Own", "ProjectId": copy["Id"]})


async def _runbook(both: Pair, copy: Document) -> object:
    return await both.destination.runbook(copy, "Own", script("x"))


async def _description(both: Pair, copy: Document) -> object:
    return await both.destination.edit(f"projects/{copy['Id']}", Description="ours")


async def _release(both: Pair, copy: Document) -> object:
    channel = (await both.destination.get(f"projects/{copy['Id']}/channels"))["Items"][0]
    return await both.destination.post(
        "releases", {"ProjectId": copy["Id"], "ChannelId": channel["Id"], "Version": "1.0", "SelectedPackages": []}
    )


async def _snapshot(both: Pair, copy: Document) -> object:
    runbook = await both.destination.named("runbooks", "Restart")
    snapshot = {"ProjectId": copy["Id"], "RunbookId": runbook["Id"], "Name": "First", "SelectedPackages": []}
    return await both.destination.post("runbookSnapshots", snapshot)


async def _tenant(both: Pair, copy: Document) -> object:
    await both.destination.edit(f"projects/{copy['Id']}", TenantedDeploymentMode="TenantedOrUntenanted")
    return await both.destination.post("tenants", {"Name": "Acme", "ProjectEnvironments": {copy["Id"]: []}})


CASES = [
    Case("a step", _step, "project/OctoFX/deployment-process Steps was edited"),
    Case("a value", _value, "the variable 'Url'"),
    Case("a row", _row, "the variable 'Own' is the destination's own"),
    Case("a channel", _channel, "project/OctoFX/channel/Own is the destination's own"),
    Case("a runbook", _runbook, "project/OctoFX/runbook/Own is the destination's own"),
    Case("a field", _description, "project/OctoFX Description was edited"),
    Case("a release", _release, "project/OctoFX has 1 releases"),
    Case("a snapshot", _snapshot, "project/OctoFX/runbook/Restart has 1 snapshots"),
    Case("a tenant", _tenant, "project/OctoFX has 1 tenants"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
async def test_a_project_with_something_of_the_destinations_own_stays(case: Case) -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await case.make(both, await both.destination.named("projects", "OctoFX"))
        source_id = await gone(both, "projects", project)

        outcome = await both.sync(f"{source_id}/*")

        assert outcome.plan.is_empty
        assert await both.destination.names("projects") == ["OctoFX"]
        ((item, text),) = await told(both)
        assert item == "project/OctoFX"
        assert case.says in text


async def test_a_project_that_was_there_before_it_was_synced_stays() -> None:
    async with pair(first_contact="adopt", **DELETE) as both:
        await both.destination.project("OctoFX")
        project = await furnished(both)
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert "was there before it was synced" in (await told(both))[0][1]
        assert await both.destination.names("projects") == ["OctoFX"]


async def test_a_secret_is_never_deleted() -> None:
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Password", "s", Type="Sensitive"))
        await both.sync("*")
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == ["OctoFX"]
        texts = [text for item, text in await told(both) if item == "project/OctoFX"]
        assert len(texts) == 1
        assert "'Password' holds a secret" in texts[0]


@pytest.mark.parametrize("kind", ["environment", "feed", "worker-pool"])
async def test_what_the_server_would_let_go_too_easily_is_never_deleted(kind: str) -> None:
    collection = {"environment": "environments", "feed": "feeds", "worker-pool": "workerpools"}[kind]
    more: Document = {
        "feed": {"FeedType": "NuGet", "FeedUri": "https://x"},
        "worker-pool": {"WorkerPoolType": "StaticWorkerPool"},
    }.get(kind, {})
    async with pair(include={kind: ["New"]}, **DELETE) as both:
        item = await both.source.post(collection, {"Name": "New", **more})
        await both.sync("*")
        source_id = await gone(both, collection, item)

        await both.sync(source_id)

        assert "New" in await both.destination.names(collection)
        assert "not deleted on the destination:" in (await told(both))[0][1]


async def test_what_the_server_calls_in_use_is_a_finding_with_its_words() -> None:
    async with pair(**DELETE) as both:
        library = await both.source.post("libraryvariablesets", {"Name": "Shared"})
        await both.sync("*")
        copy = await both.destination.named("libraryvariablesets", "Shared")
        own = await both.destination.project("Own", IncludedLibraryVariableSetIds=[copy["Id"]])
        source_id = await gone(both, "libraryvariablesets", library)

        for _ in range(2):
            outcome = await both.sync(source_id)
            assert outcome.result is Result.UNCHANGED
            ((item, text),) = await told(both)
            assert item == "library-variable-set/Shared"
            assert "refuses to delete it" in text

        await both.destination.edit(f"projects/{own['Id']}", IncludedLibraryVariableSetIds=[])
        await both.sync(source_id)
        assert await both.destination.names("libraryvariablesets") == []
        assert await told(both) == []


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_channels_runbooks_and_triggers_go_and_their_project_stays() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        trigger = {
            "Name": "Nightly",
            "ProjectId": project["Id"],
            "Filter": {"FilterType": "OnceDailySchedule", "StartTime": "2026-01-01T03:00:00.000Z"},
            "Action": {"ActionType": "RunRunbook", "RunbookId": (await both.source.get("runbooks/all"))[0]["Id"]},
        }
        made = await both.source.post("projecttriggers", trigger)
        await both.sync("*")
        assert len(await both.destination.get("projecttriggers?take=9")) > 0
        ids = [await gone(both, "projecttriggers", made)]
        ids += [await gone(both, "runbooks", one) for one in await both.source.get("runbooks/all")]
        ids += [
            await gone(both, "channels", one) for one in await both.source.get("channels/all") if not one["IsDefault"]
        ]

        outcome = await both.sync(*ids)
        for _ in range(2):
            outcome = await both.sync(*ids)

        assert await both.destination.names("runbooks") == []
        assert await both.destination.names("channels") == ["Default"]
        assert (await both.destination.get("projecttriggers"))["Items"] == []
        assert await told(both) == []
        assert outcome.plan.is_empty
        assert await both.destination.step_names("OctoFX") == ["Deploy"]


async def test_a_channel_that_something_is_scoped_to_stays_until_nothing_is() -> None:
    """The server would delete the step, and take the scope off the variable: it would then apply everywhere."""
    async with pair(**DELETE) as both:
        project = await furnished(both)
        beta = await both.source.named("channels", "Beta")
        await both.source.variables(project, row("Url", "https://x", {"Channel": [beta["Id"]]}))
        await both.sync("*")
        source_id = await gone(both, "channels", beta)

        await both.sync(source_id)
        assert sorted(await both.destination.names("channels")) == ["Beta", "Default"]
        ((item, text),) = await told(both)
        assert (item, "'Beta' is named by variables" in text) == ("project/OctoFX/channel/Beta", True)

        copy = await both.destination.named("projects", "OctoFX")
        await both.destination.variables(copy, row("Url", "https://x"))
        await both.sync(source_id)
        assert await both.destination.names("channels") == ["Default"]
        assert await told(both) == []


# ── what others still need ────────────────────────────────────────────────────────────────────────────────────────────


def deploys(project: Document) -> Document:
    """A step that deploys the releases of a project."""
    action = {
        "Name": "Deploy it",
        "ActionType": "Octopus.DeployRelease",
        "Properties": {"Octopus.Action.DeployRelease.ProjectId": project["Id"]},
        "Packages": [{"Name": "", "PackageId": project["Id"], "FeedId": "feeds-builtin-releases"}],
    }
    return {"Name": "Deploy it", "Actions": [action]}


@pytest.mark.parametrize("where", ["process", "runbook"])
async def test_a_project_that_a_step_of_another_deploys_stays_until_none_does(where: str) -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        copy = await both.destination.named("projects", "OctoFX")
        train = await both.destination.project("Train")
        if where == "process":
            await both.destination.steps(train, script("First"), deploys(copy))
        else:
            runbook = await both.destination.runbook(train, "All", deploys(copy))
        source_id = await gone(both, "projects", project)

        outcome = await both.sync(f"{source_id}/*")

        assert outcome.plan.is_empty
        assert sorted(await both.destination.names("projects")) == ["OctoFX", "Train"]
        ((item, text),) = await told(both)
        assert item == "project/OctoFX"
        named = "project/Train/deployment-process" if where == "process" else "project/Train/runbook/All/process"
        assert f"{named} deploys its releases" in text

        if where == "process":
            await both.destination.steps(train, script("First"))
        else:
            await both.destination.call("DELETE", f"runbooks/{runbook['Id']}")
        await both.sync(f"{source_id}/*")
        assert await both.destination.names("projects") == ["Train"]
        assert await told(both) == []


async def test_two_projects_of_which_one_deploys_the_other_go_together() -> None:
    async with pair(**DELETE) as both:
        child = await both.source.project("Child")
        parent = await both.source.project("Parent")
        await both.source.steps(parent, deploys(child))
        await both.sync("*")
        ids = [await gone(both, "projects", one) for one in (parent, child)]

        await both.sync(*ids)

        assert await both.destination.names("projects") == []
        assert await told(both) == []


TENANTS: dict[str, Any] = {
    "include": {"project": ["*"], "library-variable-set": ["*"], "tenant": ["*"]},
    "rules": {"deleted": "delete", "removed": "remove-ours"},
}


async def shared_set(both: Pair) -> Document:
    """A library set, of which a tenant has a value on both sides. Returns the source's."""
    await both.destination.environments("Staging", "Production")
    world = await tenancy(both.source, common=(template("Region"), template("Colour")))
    await world.say(common={"Region": "eu"})
    await both.sync("*")
    assert (await values(both.destination))["Shared[Region]"] == "eu"
    return world.library


async def dropped(both: Pair, library: Document) -> list[str]:
    """No project of the source has it any more, and it is deleted. Returns what its events mark."""
    project = await both.source.named("projects", "OctoFX")
    await both.source.edit(f"projects/{project['Id']}", IncludedLibraryVariableSetIds=[])
    return [project["Id"], await gone(both, "libraryvariablesets", library)]


async def test_a_library_set_goes_with_the_values_of_tenants_that_are_ours() -> None:
    async with pair(**TENANTS) as both:
        targets = await dropped(both, await shared_set(both))

        await both.sync(*targets)

        assert await both.destination.names("libraryvariablesets") == []
        assert [text for item, text in await told(both) if item == "library-variable-set/Shared"] == []


async def test_a_library_set_for_which_a_tenant_has_a_value_of_its_own_stays() -> None:
    async with pair(**TENANTS) as both:
        library = await shared_set(both)
        await say(both.destination, "Internal", "OctoFX", "Shared", {"Region": "eu", "Colour": "red"}, {})

        await both.sync(*await dropped(both, library))

        assert await both.destination.names("libraryvariablesets") == ["Shared"]
        texts = [text for item, text in await told(both) if item == "library-variable-set/Shared"]
        assert ["tenant/Internal has a value of its own for Colour" in text for text in texts] == [True]


async def test_a_library_set_of_which_no_value_shows_stays_where_there_may_be_some() -> None:
    async with pair(**TENANTS) as both:
        library = await shared_set(both)
        copy = await both.destination.named("projects", "OctoFX")
        await both.destination.edit(f"projects/{copy['Id']}", IncludedLibraryVariableSetIds=[])

        await both.sync(*await dropped(both, library))

        assert await both.destination.names("libraryvariablesets") == ["Shared"]
        texts = [text for item, text in await told(both) if item == "library-variable-set/Shared"]
        assert ["tenants may have values for Colour, Region" in text for text in texts] == [True]


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_deleted_and_made_anew_it_is_the_same_item_with_all_its_parts() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        copy = await both.destination.named("projects", "OctoFX")
        runbook = await both.destination.named("runbooks", "Restart")
        source_id = await gone(both, "projects", project)
        new = await both.source.project("OctoFX")
        await both.source.runbook(new, "Restart", script("Restart it"))

        outcome = await both.sync(f"{source_id}/*", f"{new['Id']}/*")
        if outcome.result is Result.HELD:
            outcome = await both.sync(f"{source_id}/*", f"{new['Id']}/*", approved_hash=outcome.plan.hash)

        assert (await both.destination.named("projects", "OctoFX"))["Id"] == copy["Id"]
        assert (await both.destination.named("runbooks", "Restart"))["Id"] == runbook["Id"]
        assert Op.DELETE not in ops(outcome)
        assert source_id not in await both.ledger.links.all(ROUTE)
        assert source_id not in await both.ledger.baselines.ids(ROUTE)
        assert (await both.sync("*")).plan.is_empty


async def test_a_name_that_a_deletion_frees_is_given_in_the_same_run() -> None:
    async with pair(**DELETE) as both:
        old, other = await furnished(both, "Old"), await furnished(both, "Other")
        source_id = await gone(both, "projects", old)
        await both.source.edit(f"projects/{other['Id']}", Name="Old")

        await both.sync(f"{source_id}/*", other["Id"])

        assert await both.destination.names("projects") == ["Old"]
        assert (await both.destination.named("runbooks", "Restart"))["ProjectId"] == (
            await both.destination.named("projects", "Old")
        )["Id"]
        assert await told(both) == []


# ── limits, order, stops ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_deletes_count_with_all_that_goes_along_and_past_the_limit_a_person_is_asked() -> None:
    async with pair(**DELETE, limits={"deletes_percent": 20, "minimum_population": 1}) as both:
        project = await furnished(both)
        source_id = await gone(both, "projects", project)

        outcome = await both.sync(f"{source_id}/*")

        assert outcome.result is Result.HELD
        assert "Too many deletes" in outcome.message
        (action,) = (one for one in outcome.plan if one.op is Op.DELETE)
        assert sorted(action.destroys) == [
            "project/OctoFX/channel/Beta",
            "project/OctoFX/channel/Default",
            "project/OctoFX/runbook/Restart",
        ]
        assert await both.destination.names("projects") == ["OctoFX"]
        outcome = await both.sync(f"{source_id}/*", approved_hash=outcome.plan.hash)
        assert outcome.result is Result.CHANGED
        assert await both.destination.names("projects") == []


async def test_what_depends_on_others_goes_first() -> None:
    include = {"project": ["*"], "library-variable-set": ["*"], "lifecycle": ["*"], "project-group": ["*"]}
    async with pair(include=include, first_contact="adopt", **DELETE) as both:
        library = await both.source.post("libraryvariablesets", {"Name": "Shared"})
        lifecycle = await both.source.post("lifecycles", {"Name": "Own"})
        group = await both.source.post("projectgroups", {"Name": "Group"})
        project = await both.source.project(
            "OctoFX",
            LifecycleId=lifecycle["Id"],
            ProjectGroupId=group["Id"],
            IncludedLibraryVariableSetIds=[library["Id"]],
        )
        await both.sync("*")
        ids = [await gone(both, "projects", project)]
        ids += [await gone(both, "libraryvariablesets", library), await gone(both, "lifecycles", lifecycle)]
        ids += [await gone(both, "projectgroups", group)]

        outcome = await both.sync(*ids)

        deleted = [action.kind for action in outcome.plan if action.op is Op.DELETE]
        assert deleted[0] == "project"
        assert set(deleted[1:]) == {"library-variable-set", "lifecycle", "project-group"}
        assert await both.destination.names("projects") == []
        assert await told(both) == []


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
async def test_stopped_in_the_middle_and_run_again(kind: Any) -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        source_id = await gone(both, "projects", project)
        both.destination.sandbox.faults.add(Fault(kind, method="DELETE", count=9))
        with pytest.raises(OctopusError):
            await both.sync(f"{source_id}/*")
        both.destination.sandbox.faults.clear()

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == []
        assert await both.ledger.baselines.ids(ROUTE) == frozenset()
        assert source_id not in await both.ledger.links.all(ROUTE)
        assert await told(both) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/projects"),
        ("POST", "/channels"),
        ("PUT", "/deploymentprocesses/"),
        ("POST", "/runbooks"),
        ("PUT", "/runbookProcesses/"),
        ("PUT", "/variables/"),
    ],
)
async def test_what_was_made_and_nobody_heard_of_goes_when_the_source_has_deleted_it(method: str, path: str) -> None:
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        await both.source.steps(project, script("Deploy"))
        await both.source.variables(project, row("Url", "https://x"))
        await both.source.runbook(project, "Restart", script("Restart it"))
        await both.source.post("channels", {"Name": "Beta", "ProjectId": project["Id"]})
        both.destination.sandbox.faults.add(Fault("reset-after", method=method, path=path, count=9))
        with pytest.raises(OctopusError):
            await both.sync("*")
        both.destination.sandbox.faults.clear()
        assert await both.destination.names("projects") == ["OctoFX"]
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == []
        assert source_id not in await both.ledger.links.all(ROUTE)
        assert await told(both) == []


@pytest.mark.parametrize("edit", [{}, {"Description": "by hand"}, {"Name": "Main"}])
async def test_a_default_channel_without_a_link_goes_with_a_project_of_ours_if_it_is_as_it_was_made(edit: Any) -> None:
    """It has none where the source's project was deleted before its channels were looked at."""
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        [channel] = (await both.source.get(f"projects/{project['Id']}/channels"))["Items"]
        await both.ledger.links.remove(ROUTE, [channel["Id"]])
        await both.ledger.baselines.delete(ROUTE, [channel["Id"]])
        copy = await both.destination.named("projects", "OctoFX")
        [there] = (await both.destination.get(f"projects/{copy['Id']}/channels"))["Items"]
        await both.destination.call("PUT", f"channels/{there['Id']}", {**there, **edit})
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == (["OctoFX"] if edit else [])


async def test_what_somebody_else_made_under_the_name_of_a_lost_creation_stays() -> None:
    async with pair(**DELETE) as both:
        project = await both.source.project("OctoFX")
        both.destination.sandbox.faults.add(Fault("reset-before", method="POST", path="/projects", count=9))
        with pytest.raises(OctopusError):
            await both.sync("*")
        both.destination.sandbox.faults.clear()
        await both.destination.project("OctoFX", Description="made by hand")
        source_id = await gone(both, "projects", project)

        await both.sync(f"{source_id}/*")

        assert await both.destination.names("projects") == ["OctoFX"]


async def test_an_edit_made_while_the_deletion_was_planned_saves_the_project() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        copy = await both.destination.named("projects", "OctoFX")
        source_id = await gone(both, "projects", project)
        edits = 0

        async def guard() -> None:
            nonlocal edits
            edits += 1

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            planned = await route.plan([source_id])
            assert [action.op for action in planned.plan] == [Op.DELETE]
            await _step(both, copy)
            outcome = await route.sync([source_id], guard=guard)

        assert outcome.result is Result.UNCHANGED
        assert await both.destination.names("projects") == ["OctoFX"]
        assert edits == 0, "nothing was even about to be written"


async def test_the_night_finds_what_nobody_deleted_yet(fake_redis: FakeAsyncRedis) -> None:
    """The event was dealt with under another rule, or its run was given up: the comparison does not forget it."""
    async with pair(redis=fake_redis) as both:
        project = await furnished(both)
        source_id = await gone(both, "projects", project)
        await both.sync(f"{source_id}/*")
        assert await both.destination.names("projects") == ["OctoFX"]
        later = both.with_route(**DELETE)
        state = state_of(fake_redis, Settings())

        async with open_route(later.routes, ROUTE, ledger=both.ledger) as route:
            found = await compare(route, state.queue, state.comparisons)

        assert source_id in [one.removesuffix("/*") for one in found.differing]


# ── where nobody has read the audit log yet ───────────────────────────────────────────────────────────────────────────


async def test_who_looks_at_everything_asks_the_audit_log_for_what_is_listed_no_more() -> None:
    """Without workers, as in the first days, and after a longer absence nobody has read the event."""
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await both.source.project("Other")
        await both.sync("*")
        await both.source.call("DELETE", f"projects/{project['Id']}")

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            await route.source.freshen(force=True)
            outcome = await route.sync(await route.everything())

        assert outcome.result is Result.CHANGED
        assert await both.destination.names("projects") == ["Other"]


async def test_what_was_deleted_of_a_project_does_not_count_as_its_own_deletion() -> None:
    """An event regards the project, too, to which its subject belongs."""
    async with pair() as both:
        project = await furnished(both)
        (runbook,) = await both.source.get("runbooks/all")
        await both.source.call("DELETE", f"runbooks/{runbook['Id']}")

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            found = await deletions_of(route.source.client, [project["Id"], runbook["Id"]])

        assert list(found) == [runbook["Id"]]


async def test_without_the_right_to_read_the_audit_log_nothing_counts_as_deleted() -> None:
    async with pair(**DELETE) as both:
        project = await furnished(both)
        await both.source.call("DELETE", f"projects/{project['Id']}")

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            both.source.sandbox.faults.add(Fault("status", path="regardingAny", status=403, count=0))
            await route.source.freshen(force=True)
            outcome = await route.sync(await route.everything())

        assert outcome.plan.is_empty
        assert await both.destination.names("projects") == ["OctoFX"]


async def test_the_night_finds_a_deletion_of_which_nobody_has_told(fake_redis: FakeAsyncRedis) -> None:
    async with pair(redis=fake_redis, **DELETE) as both:
        project = await furnished(both)
        await both.source.call("DELETE", f"projects/{project['Id']}")
        state = state_of(fake_redis, Settings())

        async with open_route(both.routes, ROUTE, ledger=both.ledger) as route:
            found = await compare(route, state.queue, state.comparisons)

        assert project["Id"] in [one.removesuffix("/*") for one in found.differing]
