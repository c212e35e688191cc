"""A source document in the destination's terms: references, scopes by every option, pins, and what does not cross."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from config.rules import OnMissing, ScopeOption, StepRules
from worker.kinds.infrastructure import ACCOUNT
from worker.kinds.kind import Kind
from worker.kinds.library import LIFECYCLE
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import CHANNEL, DEPLOYMENT_SETTINGS, PROJECT, RUNBOOK
from worker.plan.values import Document
from worker.sync.translating.crossing import Translated, verdict_on
from worker.sync.translating.translate import translate
from worker.sync.world.naming import verbatim
from worker.sync.world.resolved import Resolved

PATH = ("project", "OctoFX", "deployment-process")

THERE = {
    "Environments-Staging": "Environments-91",
    "Environments-Production": "Environments-92",
    "Channels-Default": "Channels-91",
    "Region/North": "Region/North",
    "WorkerPools-Ubuntu": "WorkerPools-91",
    "Feeds-Packages": "Feeds-91",
    "Teams-Admins": "Teams-91",
    "Projects-Child": "Projects-91",
    "Deploy": "Deploy",
    "Lifecycles-Default": "Lifecycles-91",
    "LibraryVariableSets-Shared": "LibraryVariableSets-91",
    "ProjectGroups-Web": "ProjectGroups-91",
}
HOME = {"Feeds-Excluded", "Lifecycles-Excluded"}
"""What the source has and the destination lacks, and no closure makes."""


VERSIONS = {
    ("ActionTemplates-Mine", "3", "ActionTemplates-91"): ("7", True),
    ("ActionTemplates-Mine", "1", "ActionTemplates-91"): ("5", False),
}
"""Of step templates. The second is only the nearest that the destination has."""


def resolve(kind: str, source_id: str) -> Resolved:
    if source_id == "Environments-Split":
        return Resolved(("Environments-91", "Environments-92"), "Split")
    if source_id == "ActionTemplates-Mine":
        return Resolved(("ActionTemplates-91",), "Mine")
    if source_id == "Lifecycles-Empty":
        return Resolved(name="Empty", item=("lifecycle", "Empty"), why="does not cross: none of its phases crosses")
    if source_id in THERE:
        return Resolved((THERE[source_id],), source_id)
    if kind == "step" or source_id == "Channels-QA":
        why = "does not cross: the route does not include it"
        return Resolved(name=source_id, item=(kind, source_id), why=why, may_come=kind != "step")
    name = source_id.partition("-")[2] or source_id
    if source_id in HOME:
        why = "does not cross: the route excludes it"
        return Resolved(name=name, item=(kind, name), why=why, may_come=True)
    known = ("Environments", "Channels", "Teams", "LibraryVariableSets", "Projects-")
    alone = kind != "tag" and not source_id.startswith(known)
    return Resolved(name=name, item=() if alone else (kind, name), alone=alone)


def translated(
    kind: Kind,
    document: Document,
    *,
    options: Mapping[str, ScopeOption] | None = None,
    on_missing: OnMissing = OnMissing.BLOCK,
    pins: Mapping[str, Mapping[str, list[str]]] | None = None,
) -> Translated:
    def option(dimension: str) -> ScopeOption:
        default: ScopeOption = getattr(StepRules(), dimension, ScopeOption.SKIP_UNLESS_PARTIAL)
        return (options or {}).get(dimension, default)

    return translate(
        kind,
        PATH,
        document,
        resolve,
        scope_option=lambda dimension, _step: option(dimension),
        on_missing=on_missing,
        pinned=lambda step: (pins or {}).get(step, {}),
        version=lambda template, version, there: VERSIONS[template, version, there],
    )


def step(name: str, **action: Any) -> Document:
    return {"Id": f"s-{name}", "Name": name, "Actions": [{"Id": f"a-{name}", "Name": name, **action}]}


def process(*steps: Document) -> Document:
    return {"Id": "deploymentprocess-Projects-1", "Steps": list(steps)}


def names(out: Translated) -> list[str]:
    assert out.document is not None, out.blocked or out.decisions
    return [one["Name"] for one in out.document["Steps"]]


def action(out: Translated, index: int = 0) -> Document:
    assert out.document is not None, out.blocked or out.decisions
    found: Document = out.document["Steps"][index]["Actions"][0]
    return found


def reasons(out: Translated) -> list[tuple[str, str]]:
    return [(entry.where, entry.reason) for entry in out.clean_ups]


# ── what crosses at all ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_only_the_source_server_knows_does_not_cross() -> None:
    document = {"Id": "Projects-1", "Slug": "x", "Links": {}, "SpaceId": "Spaces-1", "Version": 3, "Name": "OctoFX"}

    assert translated(PROJECT, document).document == {"Name": "OctoFX"}


def test_elements_keep_the_sources_id() -> None:
    out = translated(DEPLOYMENT_PROCESS, process(step("A", LastModifiedBy="x")))

    assert out.document == {"Steps": [{"Id": "s-A", "Name": "A", "Actions": [{"Id": "a-A", "Name": "A"}]}]}


def test_the_source_document_is_not_changed() -> None:
    document = process(step("A", Environments=["Environments-Production"], Properties={"x": "1"}))
    before = repr(document)

    translated(DEPLOYMENT_PROCESS, document, pins={"A": {"Environments": ["Environments-91"]}})

    assert repr(document) == before


# ── references ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ids_in_every_form() -> None:
    out = translated(
        DEPLOYMENT_PROCESS,
        process(
            step(
                "A",
                Environments=["Environments-Staging", "Environments-Production"],
                Channels=["Channels-Default"],
                TenantTags=["Region/North"],
                WorkerPoolId="WorkerPools-Ubuntu",
                Packages=[{"Name": "", "PackageId": "Web", "FeedId": "Feeds-Packages"}],
                Container={"Image": "x", "FeedId": "Feeds-Packages"},
                Properties={
                    "Octopus.Action.Package.FeedId": "Feeds-Packages",
                    "Octopus.Action.DeployRelease.ProjectId": "Projects-Child",
                    "Octopus.Action.Manual.ResponsibleTeamIds": "Teams-Admins, Teams-Admins",
                },
            )
        ),
    )

    found = action(out)
    assert found["Environments"] == ["Environments-91", "Environments-92"]
    assert (found["Channels"], found["TenantTags"], found["WorkerPoolId"]) == (
        ["Channels-91"],
        ["Region/North"],
        "WorkerPools-91",
    )
    assert found["Packages"] == [{"Name": "", "PackageId": "Web", "FeedId": "Feeds-91"}]
    assert found["Container"]["FeedId"] == "Feeds-91"
    assert found["Properties"] == {
        "Octopus.Action.Package.FeedId": "Feeds-91",
        "Octopus.Action.DeployRelease.ProjectId": "Projects-91",
        "Octopus.Action.Manual.ResponsibleTeamIds": "Teams-91",
    }
    assert (out.decisions, out.clean_ups) == ([], [])


@pytest.mark.parametrize("value", ["#{Feed}", "Feeds-#{Number}", "#{if X}Feeds-1#{/if}"])
def test_expressions_are_left_alone(value: str) -> None:
    properties = {
        "Octopus.Action.Package.FeedId": value,
        "Octopus.Action.Manual.ResponsibleTeamIds": f"{value},Teams-Admins",
    }
    out = translated(DEPLOYMENT_PROCESS, process(step("A", WorkerPoolId=value, Properties=properties)))

    found = action(out)
    assert found["WorkerPoolId"] == value
    assert found["Properties"]["Octopus.Action.Package.FeedId"] == value
    assert found["Properties"]["Octopus.Action.Manual.ResponsibleTeamIds"] == f"{value},Teams-91"


@pytest.mark.parametrize(("version", "there", "same"), [("3", "7", True), ("1", "5", False)])
def test_the_version_of_a_step_template_is_the_destinations(version: str, there: str, same: bool) -> None:
    properties = {"Octopus.Action.Template.Id": "ActionTemplates-Mine", "Octopus.Action.Template.Version": version}
    out = translated(DEPLOYMENT_PROCESS, process(step("A", Properties=properties)))

    assert action(out)["Properties"] == {
        "Octopus.Action.Template.Id": "ActionTemplates-91",
        "Octopus.Action.Template.Version": there,
    }
    assert [one.reason for one in out.clean_ups] == ([] if same else ["template-version"])


def test_one_name_mapped_to_many_fills_a_scope_once() -> None:
    out = translated(
        DEPLOYMENT_PROCESS, process(step("A", Environments=["Environments-Split", "Environments-Staging"]))
    )

    assert action(out)["Environments"] == ["Environments-91", "Environments-92"]


def test_what_is_optional_is_left_out_and_listed() -> None:
    out = translated(
        PROJECT, {"IncludedLibraryVariableSetIds": ["LibraryVariableSets-Shared", "LibraryVariableSets-No"]}
    )

    assert out.document == {"IncludedLibraryVariableSetIds": ["LibraryVariableSets-91"]}
    assert reasons(out) == [("IncludedLibraryVariableSetIds=No", "reference-dropped")]


def test_what_is_required_blocks_the_document_and_says_for_what_it_waits() -> None:
    out = translated(PROJECT, {"Name": "OctoFX", "LifecycleId": "Lifecycles-Excluded"})

    assert out.document is None
    assert out.blocked is not None
    assert "lifecycle/Excluded" in out.blocked.text
    assert out.waits_for == (("lifecycle", "Excluded"),)


def test_what_requires_something_that_stays_at_home_on_purpose_stays_too_and_nobody_waits() -> None:
    out = translated(CHANNEL, {"Name": "QA", "LifecycleId": "Lifecycles-Empty"})

    assert (out.document, out.blocked, out.waits_for) == (None, None, ())


def test_on_missing_skip_element_leaves_out_the_step() -> None:
    needs = [{"Name": "", "PackageId": "Web", "FeedId": "Feeds-Excluded"}]
    document = process(step("A"), step("B", Packages=needs))

    assert translated(DEPLOYMENT_PROCESS, document).blocked is not None
    out = translated(DEPLOYMENT_PROCESS, document, on_missing=OnMissing.SKIP_ELEMENT)
    assert names(out) == ["A"]
    assert out.skipped == {"s-B", "a-B", "Steps[B]", "Steps[B]/Actions[B]"}


def test_skip_element_cannot_help_a_document_that_itself_requires_something() -> None:
    out = translated(PROJECT, {"LifecycleId": "Lifecycles-Excluded"}, on_missing=OnMissing.SKIP_ELEMENT)

    assert out.blocked is not None


def test_a_manual_step_is_not_opened_to_everybody() -> None:
    """A list that was not empty is never emptied where empty means more."""
    properties = {"Octopus.Action.Manual.ResponsibleTeamIds": "Teams-Nobody"}

    assert translated(DEPLOYMENT_PROCESS, process(step("A", Properties=properties))).blocked is not None
    properties = {"Octopus.Action.Manual.ResponsibleTeamIds": "Teams-Nobody,Teams-Admins"}
    out = translated(DEPLOYMENT_PROCESS, process(step("A", Properties=properties)))
    assert action(out)["Properties"] == {"Octopus.Action.Manual.ResponsibleTeamIds": "Teams-91"}
    assert [reason for _, reason in reasons(out)] == ["reference-dropped"]


def test_a_mail_that_nobody_would_get_is_sent_to_nobody() -> None:
    out = translated(
        DEPLOYMENT_PROCESS, process(step("A", Properties={"Octopus.Action.Email.CCTeamIds": "Teams-Nobody"}))
    )

    assert action(out)["Properties"] == {"Octopus.Action.Email.CCTeamIds": ""}
    assert [reason for _, reason in reasons(out)] == ["reference-dropped"]


@pytest.mark.parametrize("key", ["Octopus.Action.Script.ScriptBody", "Custom.Json"])
def test_ids_that_hide_in_text_are_found(key: str) -> None:
    out = translated(
        DEPLOYMENT_PROCESS, process(step("A", Properties={key: 'use "Feeds-12" and Accounts-3, not Feeds-1x'}))
    )

    assert action(out)["Properties"][key].startswith("use")
    where = f"Steps[A]/Actions[A]/Properties/{key}"
    assert reasons(out) == [
        (f"{where}={verbatim('Accounts-3')}", "untranslated-id"),
        (f"{where}={verbatim('Feeds-12')}", "untranslated-id"),
    ]


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
def test_an_exclusion_of_what_is_not_there_is_satisfied(option: ScopeOption) -> None:
    excluded = step("A", ExcludedEnvironments=["Environments-Test", "Environments-Production"])
    out = translated(DEPLOYMENT_PROCESS, process(excluded), options={"excluded_environment": option})

    if option is ScopeOption.ERROR_UNLESS_EXACT:
        assert out.blocked is not None
        return
    assert action(out)["ExcludedEnvironments"] == ["Environments-92"]
    assert reasons(out) == []


def test_one_dimension_that_does_not_fit_is_enough() -> None:
    scoped = step("B", Environments=["Environments-Production"], Channels=["Channels-QA"])

    assert names(translated(DEPLOYMENT_PROCESS, process(step("A"), scoped))) == ["A"]


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


def test_a_runbook_for_environments_that_are_not_there_does_not_cross() -> None:
    assert translated(RUNBOOK, {"Name": "Restart", "Environments": ["Environments-Test"]}).document is None


def test_an_account_for_environments_that_are_not_there_does_not_cross() -> None:
    assert translated(ACCOUNT, {"Name": "A", "EnvironmentIds": ["Environments-Test"]}).document is None


# ── pins ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pin_takes_the_place_of_the_scope() -> None:
    scoped = step("A", Environments=["Environments-Test"], Channels=["Channels-Default"])
    out = translated(DEPLOYMENT_PROCESS, process(scoped), pins={"A": {"Environments": ["Environments-91"]}})

    assert action(out)["Environments"] == ["Environments-91"]
    assert action(out)["Channels"] == ["Channels-91"]
    assert [decision.rule for decision in out.decisions] == ["steps.pins"]


def test_a_pin_to_what_is_not_there_does_not_widen() -> None:
    out = translated(DEPLOYMENT_PROCESS, process(step("A"), step("B")), pins={"B": {"Environments": []}})

    assert names(out) == ["A"]
    assert "s-B" in out.skipped


def test_a_pin_is_for_the_step_that_has_just_this_name() -> None:
    odd = "Deploy [web]/Actions[1]"
    pins = {odd: {"Environments": ["Environments-91"]}}

    assert action(translated(DEPLOYMENT_PROCESS, process(step(odd)), pins=pins))["Environments"] == ["Environments-91"]


# ── objects that cross as one ─────────────────────────────────────────────────────────────────────────────────────────


def test_versioning_by_a_step_that_does_not_cross_is_left_as_it_is() -> None:
    strategy = {"Template": None, "DonorPackage": {"DeploymentAction": "QA only", "PackageReference": ""}}
    out = translated(DEPLOYMENT_SETTINGS, {"VersioningStrategy": strategy, "ForcePackageDownload": True})

    assert out.document == {"ForcePackageDownload": True}
    assert reasons(out) == [("VersioningStrategy", "left-out")]


def test_versioning_by_a_step_that_crosses() -> None:
    strategy = {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}, "DonorPackageStepId": "x"}
    out = translated(DEPLOYMENT_SETTINGS, {"VersioningStrategy": strategy})

    assert out.document == {
        "VersioningStrategy": {"DonorPackage": {"DeploymentAction": "Deploy", "PackageReference": ""}}
    }


def test_releases_are_not_made_by_themselves_where_their_strategy_does_not_cross() -> None:
    strategy = {"ChannelId": "Channels-QA", "ReleaseCreationPackage": None}
    out = translated(PROJECT, {"AutoCreateRelease": True, "ReleaseCreationStrategy": strategy, "Name": "OctoFX"})

    assert out.document == {"Name": "OctoFX"}


def test_a_channel_rule_without_its_packages_does_not_cross() -> None:
    def rule(*steps: str) -> Document:
        packages = [{"DeploymentAction": one, "PackageReference": ""} for one in steps]
        return {"Id": "-".join(steps), "VersionRange": "[1,2)", "Tag": "", "ActionPackages": packages}

    rules = [rule("QA only"), rule("Deploy", "QA only")]
    out = translated(CHANNEL, {"Name": "Beta", "Rules": rules})

    assert out.document is not None
    assert [[one["DeploymentAction"] for one in found["ActionPackages"]] for found in out.document["Rules"]] == [
        ["Deploy"]
    ]


@pytest.mark.parametrize("partly", [True, False])
@pytest.mark.parametrize("option", ScopeOption)
def test_only_ignore_may_keep_what_fits_nowhere(option: ScopeOption, partly: bool) -> None:
    if verdict_on(option, partly) == "keep" and not partly:
        assert option in {ScopeOption.IGNORE_MISMATCH, ScopeOption.IGNORE_MISMATCH_ON_NEW}
