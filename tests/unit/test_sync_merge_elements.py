"""Lists with identity, element by element: new, renamed, removed, kept, and their order."""

from __future__ import annotations

import pytest

from config.rules import Rules
from tests.merging import REMOVE_OURS, edits, links, merged, names, process, reasons, step, synced
from worker.kinds.projects import CHANNEL, PROJECT
from worker.kinds.references import PendingId
from worker.plan.values import Document
from worker.sync.world.baseline import Baseline


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
