"""What becomes of the fields of a document that the destination has: whose they are, and what is said of them."""

from __future__ import annotations

from config.rules import Rules, ValueRule, VariableRules
from tests.merging import SECRET, edits, links, merged, process, reasons, step, synced
from worker.kinds.infrastructure import ACCOUNT, WORKER_POOL
from worker.kinds.projects import DEPLOYMENT_SETTINGS, PROJECT
from worker.plan.values import BothSides, Change, Document, Edit
from worker.sync.world.baseline import Baseline


def test_only_what_the_source_changed_is_laid_over_what_the_destination_has() -> None:
    there = {"Id": "d", "Name": "OctoFX", "Description": "ours", "OnlyHere": 7, "Links": {"Self": "x"}}
    baseline = synced({"Name": "OctoFX", "Description": "theirs"}, {**there, "Description": "theirs"})

    found = merged({"Name": "OctoFX 2", "Description": "theirs"}, there, baseline, PROJECT)

    assert found.document == {**there, "Name": "OctoFX 2"}
    assert edits(found) == [("change", "Name")]
    assert [decision.rule for decision in found.decisions] == ["merge:destination-edit"]
    assert found.drift == [Change(Edit.CHANGE, "Description", "theirs", "ours")]


def test_what_was_edited_to_what_the_source_wants_now_has_not_drifted() -> None:
    baseline = synced({"Description": "old"}, {"Description": "old", "OnlyHere": 1})

    found = merged({"Description": "new"}, {"Description": "new", "OnlyHere": 2}, baseline, PROJECT)

    assert (found.drift, found.changes) == ([], [])


def test_a_scope_that_was_edited_on_the_destination_has_drifted_whatever_its_order() -> None:
    scoped = {"Environments": ["E-1", "E-2"]}
    want, wrote = process(step("s", "A", **scoped)), process(step("d", "A", **scoped))
    baseline = Baseline(want=want, wrote=wrote, elements=links("A"))

    turned = merged(want, process(step("d", "A", Environments=["E-2", "E-1"])), baseline)
    edited = merged(want, process(step("d", "A", Environments=["E-1"])), baseline)

    assert turned.drift == []
    assert [(change.where, change.before, change.after) for change in edited.drift] == [
        ("Steps[A]/Actions[A]/Environments", ["E-1", "E-2"], ["E-1"])
    ]


def test_a_step_that_was_removed_on_the_destination_has_drifted_if_we_had_written_it() -> None:
    want = process(step("s", "A"), step("s", "B"))
    wrote = process(step("d", "A"), step("d", "B"))
    baseline = Baseline(want=want, wrote=wrote, elements=links("A", "B"))

    found = merged(want, process(step("d", "A")), baseline)
    adopted = merged(want, process(step("d", "A")), Baseline(want=want, elements=links("A", "B")))

    assert [(change.edit, change.where) for change in found.drift] == [(Edit.REMOVE, "Steps[B]")]
    assert adopted.drift == []


def test_a_conflict_over_structure_is_the_sources_and_a_person_hears_of_it() -> None:
    baseline = synced({"Description": "old"}, {"Description": "old"})

    found = merged({"Description": "source"}, {"Description": "destination"}, baseline, PROJECT)

    assert found.document["Description"] == "source"
    assert reasons(found) == [("Description", "conflict")]
    assert found.clean_ups[0].both == BothSides("old", "source", "old", "destination")
    assert found.decisions[0].both == found.clean_ups[0].both
    assert found.drift == [], "it is pending, not left as it is"


def test_both_sides_of_a_conflict_show_no_secret_and_of_a_long_text_what_differs() -> None:
    script = [f"echo {number}" for number in range(1_000)]
    before = {"Text": "\n".join(script), "Keys": {"Key": SECRET, "Note": "a"}}
    here = {"Text": "\n".join([*script, "here"]), "Keys": {"Key": SECRET, "Note": "b"}}
    there = {"Text": "\n".join(["there", *script]), "Keys": {"Key": {"HasValue": True, "NewValue": "x"}, "Note": "c"}}

    found = merged(here, there, synced(before, before), PROJECT)

    text, note = (entry.both for entry in found.clean_ups)
    assert text == BothSides(
        "…\necho 998\necho 999\n…",
        "…\necho 998\necho 999\nhere\n…",
        "…\necho 0\necho 1\n…",
        "…\nthere\necho 0\necho 1\n…",
    )
    assert note == BothSides("a", "b", "a", "c")
    assert [entry.where for entry in found.clean_ups] == ["Text", "Keys/Note"]


def test_a_conflict_over_a_value_is_the_destinations() -> None:
    def template(value: str) -> Document:
        return {"Templates": [{"Id": "t", "Name": "Url", "DefaultValue": value}]}

    baseline = synced(template("old"), template("old"), {"t": "t"})

    found = merged(template("source"), template("destination"), baseline, PROJECT)

    assert found.document == template("destination")
    assert reasons(found) == [("Templates[Url]/DefaultValue", "conflict")]
    assert found.clean_ups[0].both == BothSides(hidden=True), "by the rules, values are the destination's own"
    assert found.changes == []

    follow = Rules(variables=VariableRules(value=ValueRule.FOLLOW))
    found = merged(template("source"), template("destination"), baseline, PROJECT, follow)
    assert found.clean_ups[0].both == BothSides("old", "source", "old", "destination")


def test_an_element_that_the_source_edits_and_the_destination_removed_shows_both_sides() -> None:
    before, after = process(step("s", "A", Notes="old")), process(step("s", "A", Notes="new"))
    baseline = Baseline(want=before, wrote=process(step("d", "A", Notes="old")), elements=links("A"))

    found = merged(after, process(), baseline)

    both = found.clean_ups[0].both
    assert both is not None
    assert both.source_was["Actions"][0]["Notes"] == "old"
    assert both.source_is["Actions"][0]["Notes"] == "new"
    assert both.destination_was["Actions"][0]["Notes"] == "old"
    assert both.destination_is is None


def test_the_same_change_on_both_sides_is_no_news() -> None:
    found = merged({"Name": "b"}, {"Name": "b"}, synced({"Name": "a"}, {"Name": "a"}), PROJECT)

    assert (found.changes, found.decisions, found.clean_ups) == ([], [], [])


def test_own_fields_are_the_destinations_once_it_exists() -> None:
    found = merged({"IsDisabled": False}, {"IsDisabled": True}, synced({"IsDisabled": True}, {}), PROJECT)
    assert found.document["IsDisabled"] is True
    found = merged({"IsDefault": True}, {"IsDefault": False}, None, WORKER_POOL)
    assert found.document["IsDefault"] is False


def test_what_cannot_change_is_reported_and_not_sent() -> None:
    found = merged({"AccountType": "Token"}, {"AccountType": "UsernamePassword"}, None, ACCOUNT)

    assert found.document == {"AccountType": "UsernamePassword"}
    assert reasons(found) == [("AccountType", "fixed-differs")]


def test_objects_that_no_declaration_knows_merge_key_by_key() -> None:
    old = {"ConnectivityPolicy": {"AllowDeploymentsToNoTargets": False, "SkipMachineBehavior": "None"}}
    want = {"ConnectivityPolicy": {"AllowDeploymentsToNoTargets": True, "SkipMachineBehavior": "None"}}
    there = {"ConnectivityPolicy": {"AllowDeploymentsToNoTargets": False, "SkipMachineBehavior": "Skip"}}

    found = merged(want, there, synced(old, old), DEPLOYMENT_SETTINGS)

    assert found.document == {
        "ConnectivityPolicy": {"AllowDeploymentsToNoTargets": True, "SkipMachineBehavior": "Skip"}
    }
    assert reasons(found) == []


def test_a_whole_object_is_taken_or_left_as_one() -> None:
    template = {"VersioningStrategy": {"Template": "#{x}", "DonorPackage": None}}
    donor = {"VersioningStrategy": {"Template": None, "DonorPackage": {"DeploymentAction": "Deploy"}}}

    found = merged(donor, template, synced(template, template), DEPLOYMENT_SETTINGS)
    assert found.document == donor

    # Left out by the translation: the destination's stays.
    found = merged({}, template, synced(template, template), DEPLOYMENT_SETTINGS)
    assert found.document == template
    assert found.changes == []


def test_a_property_that_the_source_dropped_goes_and_one_that_is_only_here_stays() -> None:
    before = process(step("s", "A", Properties={"Kept": "1", "Dropped": "2"}))
    there = process(step("d", "A", Properties={"Kept": "1", "Dropped": "2", "Here": "3"}))
    want = process(step("s", "A", Properties={"Kept": "1"}))

    found = merged(want, there, synced(before, there, links("A")))

    assert found.document["Steps"][0]["Actions"][0]["Properties"] == {"Kept": "1", "Here": "3"}
    assert edits(found) == [("remove", "Steps[A]/Actions[A]/Properties/Dropped")]
