"""Secrets in documents: those of the destination stay, new ones get a placeholder."""

from __future__ import annotations

from typing import Any

import pytest

from tests.merging import NO_SECRET, SECRET, links, merged, process, reasons, step, synced
from worker.kinds.infrastructure import ACCOUNT
from worker.plan.values import MASK, Document, Edit
from worker.sync.world.fields import MISSING


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
