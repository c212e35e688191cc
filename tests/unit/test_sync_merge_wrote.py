"""What is remembered as written by us, and so is ours to change and to remove."""

from __future__ import annotations

from tests.merging import REMOVE_OURS, links, merged, names, process, reasons, step
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import DEPLOYMENT_SETTINGS, PROJECT
from worker.plan.values import Document
from worker.sync.world.baseline import Baseline, wrote_after
from worker.sync.world.fields import MISSING


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
