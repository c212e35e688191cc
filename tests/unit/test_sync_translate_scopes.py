"""The scopes of a source document in the destination's terms: by every option, and pinned."""

from __future__ import annotations

import pytest

from config.rules import ScopeOption
from tests.translating import action, names, process, reasons, step, translated
from worker.kinds.infrastructure import ACCOUNT
from worker.kinds.library import LIFECYCLE
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import CHANNEL, RUNBOOK
from worker.plan.values import Document
from worker.sync.translating.crossing import verdict_on

# ── scopes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

FIELDS = {
    "environment": ("Environments", "Environments-Production", "Environments-Test", "Environments-92"),
    "channel": ("Channels", "Channels-Default", "Channels-QA", "Channels-91"),
    "tenant_tag": ("TenantTags", "Region/North", "Region/South", "Region/North"),
}


@pytest.mark.parametrize("dimension", FIELDS)
@pytest.mark.parametrize(
    ("option", "partly", "not_at_all"),
    [
        (ScopeOption.ERROR_UNLESS_EXACT, "error", "error"),
        (ScopeOption.SKIP_UNLESS_EXACT, "skip", "skip"),
        (ScopeOption.ERROR_UNLESS_PARTIAL, "keep", "error"),
        (ScopeOption.SKIP_UNLESS_PARTIAL, "keep", "skip"),
        (ScopeOption.IGNORE_MISMATCH, "keep", "widen"),
        (ScopeOption.IGNORE_MISMATCH_ON_NEW, "keep", "widen"),
    ],
)
@pytest.mark.guide("environments-steps", "channel-step")
def test_the_options_for_a_step(dimension: str, option: ScopeOption, partly: str, not_at_all: str) -> None:
    field, fits, lost, there = FIELDS[dimension]
    where = f"Steps[B]/Actions[B]/{field}"
    for scope, expected in (([fits], "fits"), ([fits, lost], partly), ([lost], not_at_all)):
        out = translated(
            DEPLOYMENT_PROCESS, process(step("A"), step("B", **{field: scope})), options={dimension: option}
        )
        if expected == "error":
            assert out.document is None
            assert out.blocked is not None
            assert out.blocked.rule == f"scope:{dimension}={option}"
            continue
        assert out.blocked is None
        assert names(out) == (["A"] if expected == "skip" else ["A", "B"])
        if expected == "skip":
            # What fits in part is kept away by a rule; what fits nowhere has left the destination's world.
            assert ("s-B" in out.skipped) == (scope == [fits, lost])
        else:
            assert action(out, 1)[field] == ([] if expected == "widen" else [there])
        assert reasons(out) == ([(where, "scope-widened")] if expected == "widen" else [])
        on_new = option is ScopeOption.IGNORE_MISMATCH_ON_NEW and expected != "fits"
        assert out.leave == ({where} if on_new else set())


@pytest.mark.parametrize("option", ScopeOption)
@pytest.mark.spacecloner("bug-5", "feature-15")
def test_an_exclusion_of_what_is_not_there_is_satisfied(option: ScopeOption) -> None:
    excluded = step("A", ExcludedEnvironments=["Environments-Test", "Environments-Production"])
    out = translated(DEPLOYMENT_PROCESS, process(excluded), options={"excluded_environment": option})

    if option is ScopeOption.ERROR_UNLESS_EXACT:
        assert out.blocked is not None
        return
    assert action(out)["ExcludedEnvironments"] == ["Environments-92"]
    assert reasons(out) == []


@pytest.mark.spacecloner("bug-7")
def test_one_dimension_that_does_not_fit_is_enough() -> None:
    scoped = step("B", Environments=["Environments-Production"], Channels=["Channels-QA"])

    assert names(translated(DEPLOYMENT_PROCESS, process(step("A"), scoped))) == ["A"]


@pytest.mark.guide("environments-steps", "match-required")
@pytest.mark.parametrize("option", [ScopeOption.SKIP_UNLESS_PARTIAL, ScopeOption.IGNORE_MISMATCH])
def test_what_the_source_does_not_show_is_not_left_out_of_a_scope(option: ScopeOption) -> None:
    """Lists leave out what the key may not see. Nobody knows that it is gone, so no list becomes shorter for it."""
    for lost in (["Unseen-1"], ["Environments-Production", "Unseen-1"]):
        out = translated(
            DEPLOYMENT_PROCESS, process(step("A"), step("B", Environments=lost)), options={"environment": option}
        )
        assert out.document is None
        assert out.blocked is not None
        assert (out.blocked.rule, out.blocked.where) == ("not-visible", "Steps[B]/Actions[B]/Environments")


def test_of_a_step_with_several_actions_those_cross_that_fit() -> None:
    rolling = step("Rolling")
    rolling["Actions"] += [{"Id": "a-2", "Name": "Second", "Environments": ["Environments-Test"]}]
    out = translated(DEPLOYMENT_PROCESS, process(rolling))

    assert out.document is not None
    assert [one["Name"] for one in out.document["Steps"][0]["Actions"]] == ["Rolling"]


def phase(name: str, automatic: list[str], optional: list[str]) -> Document:
    return {
        "Id": name,
        "Name": name,
        "AutomaticDeploymentTargets": [f"Environments-{one}" for one in automatic],
        "OptionalDeploymentTargets": [f"Environments-{one}" for one in optional],
    }


def test_a_phase_lives_as_long_as_one_of_its_environments() -> None:
    document = {
        "Name": "Default",
        "Phases": [
            phase("gone", ["Test"], ["Dev"]),
            phase("automatic", ["Staging", "Test"], ["Dev"]),
            phase("optional", ["Test"], ["Production"]),
            phase("open", [], []),
        ],
    }
    out = translated(LIFECYCLE, document)

    assert out.document is not None
    assert [
        (one["Name"], one["AutomaticDeploymentTargets"], one["OptionalDeploymentTargets"])
        for one in out.document["Phases"]
    ] == [
        ("automatic", ["Environments-91"], []),
        ("optional", [], ["Environments-92"]),
        ("open", [], []),
    ]


def test_a_lifecycle_without_phases_left_does_not_cross() -> None:
    out = translated(LIFECYCLE, {"Name": "QA", "Phases": [phase("Dev", ["Dev"], []), phase("Test", [], ["Test"])]})

    assert (out.document, out.blocked) == (None, None)
    assert "phases" in out.decisions[-1].text


def test_a_lifecycle_that_never_had_phases_crosses() -> None:
    assert translated(LIFECYCLE, {"Name": "Default", "Phases": []}).document == {"Name": "Default", "Phases": []}


def test_a_channel_for_tenants_that_are_not_there_does_not_become_one_for_all() -> None:
    assert translated(CHANNEL, {"Name": "VIP", "TenantTags": ["Region/South"]}).document is None
    out = translated(CHANNEL, {"Name": "VIP", "TenantTags": ["Region/South", "Region/North"]})
    assert out.document == {"Name": "VIP", "TenantTags": ["Region/North"]}


@pytest.mark.guide("data-runbooks")
def test_a_runbook_for_environments_that_are_not_there_does_not_cross() -> None:
    assert translated(RUNBOOK, {"Name": "Restart", "Environments": ["Environments-Test"]}).document is None


def test_an_account_for_environments_that_are_not_there_does_not_cross() -> None:
    assert translated(ACCOUNT, {"Name": "A", "EnvironmentIds": ["Environments-Test"]}).document is None


@pytest.mark.parametrize("partly", [True, False])
@pytest.mark.parametrize("option", ScopeOption)
def test_only_ignore_may_keep_what_fits_nowhere(option: ScopeOption, partly: bool) -> None:
    if verdict_on(option, partly) == "keep" and not partly:
        assert option in {ScopeOption.IGNORE_MISMATCH, ScopeOption.IGNORE_MISMATCH_ON_NEW}


# ── pins ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pin_takes_the_place_of_the_scope() -> None:
    scoped = step("A", Environments=["Environments-Test"], Channels=["Channels-Default"])
    out = translated(DEPLOYMENT_PROCESS, process(scoped), pins={"A": {"Environments": ["Environments-91"]}})

    assert action(out)["Environments"] == ["Environments-91"]
    assert action(out)["Channels"] == ["Channels-91"]
    assert [decision.rule for decision in out.decisions] == ["steps.pins"]


@pytest.mark.guide("step-elsewhere")
def test_a_pin_to_what_is_not_there_does_not_widen() -> None:
    out = translated(DEPLOYMENT_PROCESS, process(step("A"), step("B")), pins={"B": {"Environments": []}})

    assert names(out) == ["A"]
    assert "s-B" in out.skipped


def test_a_pin_is_for_the_step_that_has_just_this_name() -> None:
    odd = "Deploy [web]/Actions[1]"
    pins = {odd: {"Environments": ["Environments-91"]}}

    assert action(translated(DEPLOYMENT_PROCESS, process(step(odd)), pins=pins))["Environments"] == ["Environments-91"]
