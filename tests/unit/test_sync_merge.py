"""What a document of the destination becomes: elements, secrets, own fields, first contact, and what we wrote of it.

The documents are deployment processes, projects and lifecycles, cut down to what a test is about. ``s-…`` are ids of
the source, ``d-…`` of the destination.
"""

from __future__ import annotations

from typing import Any

import pytest

from config.rules import Removed, Rules, ValueRule, VariableRules
from worker.kinds.infrastructure import ACCOUNT, WORKER_POOL
from worker.kinds.kind import Kind
from worker.kinds.library import LIFECYCLE
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import CHANNEL, DEPLOYMENT_SETTINGS, PROJECT
from worker.kinds.references import PendingId
from worker.plan.values import MASK, BothSides, Change, Document, Edit
from worker.sync.merging.merge import Terms, merge
from worker.sync.world.baseline import Baseline, wrote_after
from worker.sync.world.fields import MISSING
from worker.sync.world.outcome import Merged

PATH = ("project", "OctoFX", "deployment-process")
REMOVE_OURS = Rules(removed=Removed.REMOVE_OURS)
SECRET = {"HasValue": True, "NewValue": None}
NO_SECRET = {"HasValue": False, "NewValue": None}


def step(side: str, name: str, key: str | None = None, **action: Any) -> Document:
    """``key``: what its ids are made of, where the name has changed since."""
    key = key or name
    properties = action.pop("Properties", {})
    return {
        "Id": f"{side}-{key}",
        "Name": name,
        "Actions": [{"Id": f"{side}-{key}-action", "Name": name, "Properties": properties, **action}],
    }


def process(*steps: Document) -> Document:
    return {"Steps": list(steps)}


def links(*keys: str) -> dict[str, str]:
    return {f"s-{key}{part}": f"d-{key}{part}" for key in keys for part in ("", "-action")}


def merged(
    want: Document,
    there: Document,
    baseline: Baseline | None,
    kind: Kind = DEPLOYMENT_PROCESS,
    rules: Rules | None = None,
    **more: Any,
) -> Merged:
    return merge(kind.shape, want, there, baseline, Terms(PATH, "the-source-id", rules or Rules(), **more))


def names(found: Merged) -> list[str]:
    return [one["Name"] for one in found.document["Steps"]]


def edits(found: Merged) -> list[tuple[str, str]]:
    return [(str(change.edit), change.where) for change in found.changes]


def reasons(found: Merged) -> list[tuple[str, str]]:
    return [(entry.where, entry.reason) for entry in found.clean_ups]


# ── fields ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def synced(want: Document, there: Document, elements: dict[str, str] | None = None) -> Baseline:
    """Both sides as the last sync left them."""
    return Baseline(want=want, wrote=there, elements=elements or {})


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


# ── what we wrote ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_of_the_destination_does_not_become_ours_because_we_wrote_beside_it() -> None:
    old = {"Id": "d", "Name": "a", "Description": "a"}
    edited = {**old, "Description": "edited here"}
    answer = {**edited, "Name": "b"}

    wrote = wrote_after(PROJECT.shape, old, edited, answer)

    assert wrote == {"Id": "d", "Name": "b", "Description": "a"}
    found = merged(
        {"Name": "b", "Description": "c"}, answer, Baseline({"Name": "b", "Description": "a"}, wrote), PROJECT
    )
    assert reasons(found) == [("Description", "conflict")]


def test_an_element_that_was_there_before_us_is_not_ours() -> None:
    there = process(step("d", "A"))
    answer = process(step("d", "A"), step("d", "B"))

    wrote = wrote_after(DEPLOYMENT_PROCESS.shape, MISSING, there, answer)

    assert wrote == process(step("d", "B"))
    baseline = Baseline(process(step("s", "A"), step("s", "B")), wrote, links("A", "B"))
    found = merged(process(), answer, baseline, rules=REMOVE_OURS)
    assert names(found) == ["A"]
    assert reasons(found) == [("Steps[A]", "removed-on-source")]


def test_an_element_edited_here_before_another_write_of_ours_is_not_removed() -> None:
    old = process(step("d", "A"), step("d", "B"))
    edited = process(step("d", "A", IsDisabled=True), step("d", "B"))
    answer = process(step("d", "A", IsDisabled=True), step("d", "B", IsRequired=True))
    wrote = wrote_after(DEPLOYMENT_PROCESS.shape, old, edited, answer)

    baseline = Baseline(process(step("s", "A"), step("s", "B", IsRequired=True)), wrote, links("A", "B"))
    found = merged(process(), answer, baseline, rules=REMOVE_OURS)

    assert names(found) == ["A"]


def test_what_we_wrote_of_a_whole_object_is_all_of_it() -> None:
    before = {"VersioningStrategy": {"Template": "#{x}", "DonorPackage": None}}
    after = {"VersioningStrategy": {"Template": "#{y}", "DonorPackage": None}}

    assert wrote_after(DEPLOYMENT_SETTINGS.shape, MISSING, before, after) == after


def test_what_the_destination_cleared_before_another_write_is_remembered_as_we_wrote_it() -> None:
    def document(name: str, **properties: str) -> Document:
        return process({**step("d", "A", Properties=properties), "Condition": name})

    wrote = wrote_after(DEPLOYMENT_PROCESS.shape, document("x", Key="1"), document("x"), document("y"))

    assert wrote["Steps"][0]["Actions"][0]["Properties"] == {"Key": "1"}
    assert wrote["Steps"][0]["Condition"] == "y"


# ── elements ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_element_gets_a_stand_in_for_the_id_that_the_server_will_give() -> None:
    there = process(step("d", "A"))

    found = merged(process(step("s", "A"), step("s", "B")), there, synced(process(step("s", "A")), there, links("A")))

    assert names(found) == ["A", "B"]
    new = found.document["Steps"][1]
    assert new["Id"] == PendingId.of("the-source-id", "s-B")
    assert new["Actions"][0]["Id"] == PendingId.of("the-source-id", "s-B-action")
    assert edits(found) == [("add", "Steps[B]")]


def test_a_rename_is_a_rename() -> None:
    there = process(step("d", "A"))

    found = merged(process(step("s", "A 2", "A")), there, synced(process(step("s", "A")), there, links("A")))

    assert [(one["Id"], one["Name"]) for one in found.document["Steps"]] == [("d-A", "A 2")]
    assert found.elements == links("A")


def test_a_rename_on_the_destination_stays_and_the_source_still_reaches_it() -> None:
    there = process(step("d", "Ours", "A"))
    baseline = synced(process(step("s", "A")), process(step("d", "A")), links("A"))

    found = merged(process(step("s", "A", IsDisabled=True)), there, baseline)

    assert [(one["Id"], one["Name"]) for one in found.document["Steps"]] == [("d-A", "Ours")]
    assert found.document["Steps"][0]["Actions"][0]["IsDisabled"] is True


def test_one_that_is_renamed_makes_room_for_a_new_one_that_looks_as_it_did() -> None:
    there = process(step("d", "A"))

    found = merged(
        process(step("s", "B", "A"), step("s", "A", "clone")),
        there,
        synced(process(step("s", "A")), there, links("A")),
    )

    assert names(found) == ["B", "A"]
    assert found.document["Steps"][0]["Id"] == "d-A"


def test_two_that_swap_their_names_swap_their_names() -> None:
    there = process(step("d", "A"), step("d", "B"))
    baseline = synced(process(step("s", "A"), step("s", "B")), there, links("A", "B"))

    found = merged(process(step("s", "B", "A"), step("s", "A", "B")), there, baseline)

    assert [(one["Id"], one["Name"]) for one in found.document["Steps"]] == [("d-A", "B"), ("d-B", "A")]


@pytest.mark.parametrize("rules", [Rules(), REMOVE_OURS], ids=["keep", "remove-ours"])
def test_an_element_that_the_source_dropped(rules: Rules) -> None:
    there = process(step("d", "A"), step("d", "B"))
    baseline = synced(process(step("s", "A"), step("s", "B")), there, links("A", "B"))

    found = merged(process(step("s", "A")), there, baseline, rules=rules)

    if rules is REMOVE_OURS:
        assert names(found) == ["A"]
        assert edits(found) == [("remove", "Steps[B]")]
        assert reasons(found) == []
    else:
        assert names(found) == ["A", "B"]
        assert edits(found) == []
        assert reasons(found) == [("Steps[B]", "removed-on-source")]


@pytest.mark.parametrize("case", ["edited here", "made here", "met here"])
def test_remove_ours_removes_only_ours(case: str) -> None:
    there = process(step("d", "A"), step("d", "B"))
    if case == "edited here":
        baseline = synced(process(step("s", "A"), step("s", "B")), there, links("A", "B"))
        there = process(step("d", "A"), step("d", "B", IsDisabled=True))
    elif case == "made here":
        baseline = synced(process(step("s", "A")), process(step("d", "A")), links("A"))
    else:
        baseline = Baseline(process(step("s", "A"), step("s", "B")), None, links("A", "B"))

    found = merged(process(step("s", "A")), there, baseline, rules=REMOVE_OURS)

    assert found.document == there
    assert found.changes == []


def test_a_kept_element_is_known_again_when_the_source_takes_it_up_under_another_name() -> None:
    there = process(step("d", "A"), step("d", "B"))
    first = merged(
        process(step("s", "A")), there, synced(process(step("s", "A"), step("s", "B")), there, links("A", "B"))
    )
    baseline = Baseline(process(step("s", "A")), there, first.elements, first.kept)

    found = merged(process(step("s", "A"), step("s", "B again", "B")), there, baseline)

    assert [(one["Id"], one["Name"]) for one in found.document["Steps"]] == [("d-A", "A"), ("d-B", "B again")]


def test_keeping_is_said_once_and_holds() -> None:
    there = process(step("d", "A"), step("d", "B"))
    first = merged(
        process(step("s", "A")), there, synced(process(step("s", "A"), step("s", "B")), there, links("A", "B"))
    )
    baseline = Baseline(process(step("s", "A")), there, first.elements, first.kept)

    found = merged(process(step("s", "A")), there, baseline)

    assert found.changes == []
    assert reasons(found) == reasons(first)


def test_an_element_that_a_rule_skips_for_now_is_left_alone() -> None:
    there = process(step("d", "A"), step("d", "B"))
    baseline = synced(process(step("s", "A"), step("s", "B")), there, links("A", "B"))

    found = merged(process(step("s", "A")), there, baseline, rules=REMOVE_OURS, skipped={"s-B"})

    assert found.document == there
    assert (found.changes, found.clean_ups) == ([], [])
    assert found.elements == links("A", "B")


def test_removed_on_the_destination_stays_removed_until_the_source_changes_it() -> None:
    before = process(step("s", "A"), step("s", "B"))
    baseline = synced(before, process(step("d", "A"), step("d", "B")), links("A", "B"))
    there = process(step("d", "A"))

    unchanged = merged(before, there, baseline)
    assert names(unchanged) == ["A"]
    assert unchanged.changes == []

    changed = merged(process(step("s", "A"), step("s", "B", IsDisabled=True)), there, baseline)
    assert names(changed) == ["A", "B"]
    assert reasons(changed) == [("Steps[B]", "conflict")]


def test_what_is_only_on_the_destination_survives_with_its_id_and_place() -> None:
    there = process(step("d", "A"), step("d", "Here"), step("d", "B"))
    baseline = synced(process(step("s", "A"), step("s", "B")), process(step("d", "A"), step("d", "B")), links("A", "B"))

    found = merged(process(step("s", "B"), step("s", "A"), step("s", "C")), there, baseline, rules=REMOVE_OURS)

    assert names(found) == ["B", "A", "Here", "C"]
    assert found.document["Steps"][2] == step("d", "Here")


def test_two_rules_that_look_alike_stay_two() -> None:
    def rule(side: str, package: str) -> Document:
        return {
            "Id": f"{side}-{package}",
            "VersionRange": "[1.0,2.0)",
            "Tag": "",
            "ActionPackages": [{"DeploymentAction": package, "PackageReference": ""}],
        }

    want = {"Rules": [rule("s", "Web"), rule("s", "Api")]}
    there = {"Rules": [rule("d", "Web"), rule("d", "Api")]}

    found = merged(want, there, None, CHANNEL)

    assert found.document == there
    assert found.changes == []


def test_a_list_of_ids_with_an_order() -> None:
    def included(*ids: str) -> Document:
        return {"IncludedLibraryVariableSetIds": list(ids)}

    baseline = synced(included("a", "b"), included("a", "b"))
    assert merged(included("b", "a"), included("a", "b"), baseline, PROJECT).document == included("b", "a")
    assert merged(included("a", "b"), included("b", "a"), baseline, PROJECT).document == included("b", "a")
    assert merged(included("a", "b", "c"), included("a", "x", "b"), baseline, PROJECT).document == included(
        "a", "x", "b", "c"
    )
    assert merged(included("a", "b"), included("b"), baseline, PROJECT).document == included("b")
    kept = merged(included("a"), included("a", "b"), baseline, PROJECT)
    assert (kept.document, reasons(kept)) == (
        included("a", "b"),
        [("IncludedLibraryVariableSetIds=b", "removed-on-source")],
    )
    again = merged(
        included("a"), included("a", "b"), Baseline(included("a"), included("a", "b"), {}, kept.kept), PROJECT
    )
    assert (again.changes, reasons(again)) == ([], reasons(kept))
    gone = merged(included("a"), included("a", "b"), baseline, PROJECT, REMOVE_OURS)
    assert (gone.document, reasons(gone)) == (included("a"), [])


# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("want", "before", "there"),
    [
        pytest.param(SECRET, SECRET, SECRET, id="both have one"),
        pytest.param(NO_SECRET, SECRET, SECRET, id="the source cleared its own"),
        pytest.param("readable", SECRET, SECRET, id="readable on the source now"),
        pytest.param(MISSING, SECRET, SECRET, id="gone from the source"),
        pytest.param(SECRET, SECRET, NO_SECRET, id="cleared here by a person"),
        pytest.param(SECRET, "readable", "readable", id="became a secret on the source"),
    ],
)
def test_a_secret_of_the_destination_stays(want: Any, before: Any, there: Any) -> None:
    def document(value: Any) -> Document:
        return process(step("s", "A", Properties={"Key": value} if value is not MISSING else {}))

    here = process(step("d", "A", Properties={"Key": there}))

    found = merged(document(want), here, synced(document(before), here, links("A")))

    assert found.document == here
    assert found.changes == []


def test_a_new_secret_gets_a_placeholder_and_is_on_the_list() -> None:
    before, want = {"Name": "x"}, {"Name": "x", "Password": SECRET}

    found = merged(want, {"Name": "x", "Password": NO_SECRET}, synced(before, before), ACCOUNT)

    assert found.document["Password"] == {"HasValue": True, "NewValue": "REPLACE ME"}
    assert [(change.edit, change.after) for change in found.changes] == [(Edit.ADD, MASK)]
    assert reasons(found) == [("Password", "placeholder-secret")]


def test_secrets_deep_in_a_new_step_get_placeholders_too() -> None:
    found = merged(process(step("s", "A", Properties={"Key": SECRET})), process(), synced(process(), process()))

    assert found.document["Steps"][0]["Actions"][0]["Properties"]["Key"]["NewValue"] == "REPLACE ME"
    assert reasons(found) == [("Steps[A]/Actions[A]/Properties/Key", "placeholder-secret")]
    assert found.changes[0].after["Actions"][0]["Properties"]["Key"] == MASK


# ── first contact ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_first_contact_takes_structure_and_leaves_values_scopes_secrets_and_own_fields() -> None:
    want = process(step("s", "A", IsRequired=True, Environments=["prod"], Properties={"Body": "new", "Key": SECRET}))
    there = process(step("d", "a", "A", IsRequired=False, Environments=["own"], Properties={"Body": "old", "Key": ""}))

    found = merged(want, there, None)

    action = found.document["Steps"][0]["Actions"][0]
    assert found.document["Steps"][0]["Id"] == "d-A"
    assert action["Name"] == "A"
    assert action["IsRequired"] is True
    assert action["Environments"] == ["own"]
    assert action["Properties"] == {"Body": "new", "Key": ""}
    assert not found.contact_conflict


def test_first_contact_with_elements_on_both_sides_that_match_nothing_is_for_a_person() -> None:
    assert merged(process(step("s", "A")), process(step("d", "X")), None).contact_conflict
    assert not merged(process(step("s", "A")), process(), None).contact_conflict
    assert not merged(process(), process(step("d", "X")), None).contact_conflict


def test_after_first_contact_the_destinations_scope_is_its_own() -> None:
    def document(side: str, environments: list[str], name: str = "A") -> Document:
        return process(step(side, name, "A", Environments=environments))

    there = document("d", ["own"])
    baseline = Baseline(document("s", ["prod"]), None, links("A"))

    found = merged(document("s", ["prod"], "A 2"), there, baseline)
    assert found.document == document("d", ["own"], "A 2")
    found = merged(document("s", ["prod", "staging"]), there, baseline)
    assert found.document == document("d", ["own", "staging"])


def test_what_the_server_has_just_made_for_us_takes_all() -> None:
    there = {"Name": "Default", "Description": "made by the server", "Phases": [], "Id": "d"}
    want = {"Name": "Default", "Description": "", "Phases": [{"Id": "s-p", "Name": "P"}]}

    found = merged(want, there, Baseline(fresh=True), LIFECYCLE)

    assert found.document["Description"] == ""
    assert [phase["Name"] for phase in found.document["Phases"]] == ["P"]
    assert not found.contact_conflict
