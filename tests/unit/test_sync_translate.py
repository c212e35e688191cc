"""A source document in the destination's terms: references, objects that cross as one, what does not cross."""

from __future__ import annotations

import pytest

from config.rules import OnMissing
from tests.translating import action, names, process, reasons, step, translated
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import CHANNEL, DEPLOYMENT_SETTINGS, PROJECT
from worker.plan.values import Document
from worker.sync.world.naming import verbatim

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
