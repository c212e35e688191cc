"""What became of a write whose answer nobody heard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import PROJECT
from worker.kinds.references import PendingId
from worker.plan.values import CleanUp, Document
from worker.sync.merging.recover import assigned_ids, holds, recovered
from worker.sync.world.baseline import Baseline, Intent

NEW = PendingId.of("deploymentprocess-Projects-1", "s-B")


def test_an_update_that_was_applied_is_ours() -> None:
    there = {"Id": "d", "Name": "new", "Description": "theirs", "Version": 8}
    intent = Intent(
        "update",
        {"Name": "new"},
        {"Id": "d", "Name": "new"},
        "d",
        there={"Id": "d", "Name": "old", "Description": "theirs"},
    )

    assert recovered(PROJECT.shape, intent, there, None) == Baseline({"Name": "new"}, {"Name": "new", "Version": 8})


def test_an_update_that_was_not_applied_left_nothing() -> None:
    intent = Intent("update", {"Name": "new"}, {"Name": "new"}, "d")

    assert recovered(PROJECT.shape, intent, {"Name": "old"}, None) is None


def test_a_creation_is_ours_though_somebody_filled_it_since() -> None:
    intent = Intent("create", {"Name": "a"}, {"Name": "a"})

    found = recovered(PROJECT.shape, intent, {"Id": "d", "Name": "a", "Description": "since"}, None)

    assert found is not None
    assert found.wrote == {"Id": "d", "Name": "a", "Description": "since"}


def test_links_of_what_was_there_and_of_what_is_new_are_known() -> None:
    body = {"Steps": [{"Id": "d-A", "Name": "A"}, {"Id": NEW, "Name": "B"}]}
    there = {"Steps": [{"Id": "d-A", "Name": "A"}, {"Id": "d-B", "Name": "B"}]}
    intent = Intent(
        "update", {}, body, "d", elements={"s-A": "d-A"}, kept={"d-X": "Steps[X]"}, there={"Steps": there["Steps"][:1]}
    )

    found = recovered(DEPLOYMENT_PROCESS.shape, intent, there, None)

    assert found is not None
    assert found.elements == {"s-A": "d-A", "s-B": "d-B"}
    assert found.kept == {"d-X": "Steps[X]"}
    assert found.wrote == {"Steps": [{"Id": "d-B", "Name": "B"}]}


def test_an_intent_survives_the_ledger() -> None:
    entry = CleanUp(("project", "A"), "where", "reason", "text")
    intent = Intent("update", {"a": 1}, {"Id": NEW}, "d", (entry,), {"s": "d"}, {"x": "y"}, {"Name": "old"})

    again = Intent.from_json(json.loads(json.dumps(intent.to_json())))

    assert again == intent
    assert PendingId.element_of(again.body["Id"]) == "s-B"


def test_a_baseline_survives_the_ledger() -> None:
    baseline = Baseline({"a": 1}, {"b": 2}, {"s": "d"}, {"x": "y"}, {"rows": []}, fresh=True)

    assert Baseline.from_json(json.loads(json.dumps(baseline.to_json()))) == baseline


@pytest.mark.parametrize(
    ("body", "there", "expected"),
    [
        pytest.param({"Name": "a"}, {"Name": "a", "More": 1}, True, id="more is there"),
        pytest.param({"Name": "a"}, {"Name": "b"}, False, id="another value"),
        pytest.param({"Name": "a", "Version": 3}, {"Name": "a", "Version": 9}, True, id="only the server decides it"),
        pytest.param({"Id": NEW}, {"Id": "d"}, True, id="a stand-in for what the server gives"),
        pytest.param({"Text": ""}, {}, True, id="the server drops what is empty"),
        pytest.param([1, 2], [1], False, id="fewer elements"),
        pytest.param([{"Name": "a"}], [{"Name": "a", "Id": "x"}], True, id="elements"),
        pytest.param({"Key": {"HasValue": True, "NewValue": "x"}}, {"Key": {"HasValue": True}}, True, id="a secret"),
        pytest.param({"Key": {"HasValue": True, "NewValue": "x"}}, {"Key": {"HasValue": False}}, False, id="no secret"),
        pytest.param({"Key": {"HasValue": True, "NewValue": "x"}}, {"Key": "x"}, False, id="readable"),
        pytest.param({"Value": "x", "Name": "a"}, {"Value": None, "Name": "a", "IsSensitive": True}, True, id="hidden"),
    ],
)
def test_whether_a_document_has_all_that_was_sent(body: Any, there: Any, expected: bool) -> None:
    assert holds(body, there) is expected


def test_ids_are_read_off_the_answer_at_every_depth() -> None:
    def stand_in(element: str) -> PendingId:
        return PendingId.of("x", element)

    sent: Document = {
        "Steps": [
            {"Id": "kept", "Actions": [{"Id": stand_in("a-1")}]},
            {"Id": stand_in("s-2"), "Actions": [{"Id": stand_in("a:2"), "Packages": [{"Id": stand_in("p-3")}]}]},
        ]
    }
    answer = {
        "Steps": [
            {"Id": "kept", "Actions": [{"Id": "d-1"}]},
            {"Id": "d-2", "Actions": [{"Id": "d-3", "Packages": [{"Id": "d-4"}]}]},
        ]
    }

    assert assigned_ids(sent, answer) == {"a-1": "d-1", "s-2": "d-2", "a:2": "d-3", "p-3": "d-4"}


def test_an_answer_of_another_shape_teaches_nothing() -> None:
    assert assigned_ids({"Steps": [{"Id": NEW}]}, {"Steps": []}) == {}
    assert assigned_ids({"Steps": [{"Id": NEW}]}, {}) == {}
