"""Documents that both sides had before the first sync, and such as the server has just made."""

from __future__ import annotations

from tests.merging import SECRET, links, merged, process, step
from worker.kinds.library import LIFECYCLE
from worker.plan.values import Document
from worker.sync.world.baseline import Baseline


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
