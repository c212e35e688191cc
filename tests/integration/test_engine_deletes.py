"""What was deleted on the source: nothing, a word to a person, disabled or deleted, as the route says; never more."""

from __future__ import annotations

import pytest

from tests.deletions import DELETE, furnished, gone, told
from tests.pair import ROUTE, pair, script
from worker.plan.values import Op
from worker.sync.run import Outcome, Result

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


# ── limits and order ──────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ops(outcome: Outcome) -> dict[Op, int]:
    return {op: count for op, count in outcome.plan.counts().items() if count and op is not Op.LEAVE}


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
