"""Kinds that must be exact: the source always wins, and what the server itself makes of a document is no drift."""

from __future__ import annotations

from typing import Any

import pytest

from config.rules import Removed, Rules
from worker.kinds.references import Form, Ref
from worker.kinds.shape import Elements, Shape
from worker.plan.values import Document
from worker.sync.merging.merge import Terms, merge
from worker.sync.merging.recover import recovered
from worker.sync.world.baseline import Baseline, Intent
from worker.sync.world.fields import MISSING, Sides, Verdict, decide, merge_set
from worker.sync.world.outcome import Merged

SECRET = {"HasValue": True, "NewValue": None}

SHAPE = Shape(
    ordered=frozenset({"Scopes"}),
    refs={"TenantTags": Ref("tag", Form.TAG)},
    defaults={"Type": "MultiSelect"},
    elements={
        "Tags": Elements(Shape()),
        "Parameters": Elements(Shape(), additions_stay=False),
    },
    children={"Properties": Shape(server=frozenset(), free=True)},
)


def exact(want: Document, there: Document, baseline: Baseline | None, *, removed: bool = False) -> Merged:
    rules = Rules(removed=Removed.REMOVE_OURS) if removed else Rules()
    return merge(SHAPE, want, there, baseline, Terms(("tag-set", "Region"), "TagSets-1", rules, exact=True))


def drifted(found: Merged) -> list[str]:
    return [one.where for one in found.decisions if one.rule == "exact:drift"]


@pytest.mark.parametrize(
    ("want", "before", "there", "wrote", "verdict"),
    [
        pytest.param("a", "a", "a", "a", Verdict.SAME, id="nothing happened"),
        pytest.param("a", "a", "x", "a", Verdict.DRIFT, id="edited on the destination"),
        pytest.param("a", "a", MISSING, "a", Verdict.DRIFT, id="cleared on the destination"),
        pytest.param("b", "a", "a", "a", Verdict.TAKE, id="changed on the source"),
        pytest.param("b", "a", "x", "a", Verdict.DRIFT, id="changed on both"),
        pytest.param("b", "a", "b", "a", Verdict.SAME, id="changed on both to the same"),
        pytest.param("a ", "a ", "a", "a", Verdict.KEEP, id="the server writes it its own way"),
        pytest.param("a", "a", MISSING, MISSING, Verdict.KEEP, id="the server does not know it"),
        pytest.param(MISSING, "a", "a", "a", Verdict.TAKE, id="dropped by the source"),
    ],
)
def test_the_table(want: Any, before: Any, there: Any, wrote: Any, verdict: Verdict) -> None:
    assert decide(Sides(want, before, there, wrote, exact=True), values_win=True) is verdict


def test_what_we_never_wrote_since_it_was_as_wanted_drifts_too() -> None:
    sides = Sides("a", "a", MISSING, MISSING, exact=True, unwritten=True)

    assert decide(sides, values_win=False) is Verdict.DRIFT


def test_a_set_is_the_sources() -> None:
    sides = Sides(["b", "a"], ["a"], ["a", "x"], ["a"], exact=True)
    assert merge_set(sides, is_scope=True, widens_when_empty=True) == (["b", "a"], Verdict.DRIFT)

    unmoved = Sides(["a", "b"], ["b", "a"], ["b", "a"], ["a", "b"], exact=True)
    assert merge_set(unmoved, is_scope=True, widens_when_empty=True) == (["b", "a"], Verdict.SAME)


def test_properties_that_somebody_added_go_and_those_that_the_server_added_stay() -> None:
    want = {"Properties": {"Body": "echo"}}
    wrote = {"Properties": {"Body": "echo", "RunOnServer": "True"}}
    there = {"Properties": {"Body": "echo", "RunOnServer": "True", "Mine": "x"}}

    found = exact(want, there, Baseline(want=want, wrote=wrote))

    assert found.document == wrote
    assert drifted(found) == ["Properties/Mine"]


def test_tags_that_somebody_added_stay_and_parameters_go_but_for_secrets() -> None:
    want = {"Tags": [{"Id": "s1", "Name": "North"}], "Parameters": [{"Id": "s2", "Name": "Url"}]}
    there = {
        "Tags": [{"Id": "d1", "Name": "North"}, {"Id": "d8", "Name": "East"}],
        "Parameters": [
            {"Id": "d2", "Name": "Url"},
            {"Id": "d9", "Name": "Mine"},
            {"Id": "d7", "Name": "Key", "DefaultValue": SECRET},
        ],
    }
    wrote = {"Tags": there["Tags"][:1], "Parameters": there["Parameters"][:1]}

    found = exact(want, there, Baseline(want=want, wrote=wrote, elements={"s1": "d1", "s2": "d2"}))

    assert [one["Name"] for one in found.document["Tags"]] == ["North", "East"]
    assert [one["Name"] for one in found.document["Parameters"]] == ["Url", "Key"]
    assert drifted(found) == ["Parameters[Mine]"]
    assert [(one.where, one.reason) for one in found.clean_ups] == [("Parameters[Key]", "removed-on-source")]


def test_what_was_taken_out_on_the_destination_comes_back_and_the_order_is_the_sources() -> None:
    want = {"Tags": [{"Id": "s1", "Name": "A"}, {"Id": "s2", "Name": "B"}, {"Id": "s3", "Name": "C"}]}
    wrote = {"Tags": [{"Id": "d1", "Name": "A"}, {"Id": "d2", "Name": "B"}, {"Id": "d3", "Name": "C"}]}
    there = {"Tags": [wrote["Tags"][2], wrote["Tags"][0]]}
    known = Baseline(want=want, wrote=wrote, elements={"s1": "d1", "s2": "d2", "s3": "d3"})

    found = exact(want, there, known)

    assert [one["Name"] for one in found.document["Tags"]] == ["A", "B", "C"]
    assert drifted(found) == ["Tags[B]"]


def test_an_order_that_is_the_servers_own_is_left() -> None:
    want = {"Tags": [{"Id": "s1", "Name": "B"}, {"Id": "s2", "Name": "A"}]}
    wrote = {"Tags": [{"Id": "d2", "Name": "A"}, {"Id": "d1", "Name": "B"}]}

    assert exact(want, wrote, Baseline(want=want, wrote=wrote, elements={"s1": "d1", "s2": "d2"})).changes == []


def test_a_secret_is_never_put_back() -> None:
    want = {"Properties": {"Key": SECRET}}
    there: Document = {"Properties": {"Key": {"HasValue": False, "NewValue": None}}}

    found = exact(want, there, Baseline(want=want, wrote={"Properties": {"Key": SECRET}}))

    assert (found.changes, found.document) == ([], there)


def test_at_first_contact_all_that_the_source_says_is_taken_and_nobody_need_look_at_what_is_added() -> None:
    want = {"Name": "Region", "Type": "MultiSelect", "Scopes": ["Tenant"], "Tags": [{"Id": "s1", "Name": "North"}]}
    there = {"Name": "region", "Scopes": ["Tenant", "Project"], "Tags": [{"Id": "d1", "Name": "East"}]}

    found = exact(want, there, None)

    assert found.document["Name"] == "Region"
    assert "Type" not in found.document  # it is what its absence means
    assert found.document["Scopes"] == ["Tenant", "Project"]
    assert sorted(one["Name"] for one in found.document["Tags"]) == ["East", "North"]
    assert not found.contact_conflict


def test_a_creation_of_which_only_a_part_was_applied_is_finished() -> None:
    intent = Intent("create", {"Name": "Tools", "Properties": {"Body": "echo"}}, {"Properties": {"Body": "echo"}})
    there: Document = {"Id": "TagSets-9", "Name": "Tools", "Properties": {}}

    known = recovered(SHAPE, intent, there, None, exact=True)

    assert known is not None
    assert exact(intent.want, there, known).document["Properties"] == {"Body": "echo"}
