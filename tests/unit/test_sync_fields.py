"""One field, three ways: the table of the merge row by row, and sets element by element."""

from __future__ import annotations

from typing import Any

import pytest

from worker.sync.world.fields import MISSING, Sides, Verdict, decide, merge_set, same


def sides(want: Any, before: Any, there: Any, wrote: Any, **more: bool) -> Sides:
    return Sides(want, before, there, wrote, **more)


@pytest.mark.parametrize("values_win", [False, True], ids=["structure", "value"])
@pytest.mark.parametrize(
    ("want", "before", "there", "wrote", "verdict"),
    [
        pytest.param("a", "a", "a", "a", Verdict.SAME, id="nothing happened"),
        pytest.param("a", "a", "x", "a", Verdict.KEEP, id="edited on the destination only"),
        pytest.param("a", "a", MISSING, "a", Verdict.KEEP, id="cleared on the destination only"),
        pytest.param("b", "a", "a", "a", Verdict.TAKE, id="changed on the source only"),
        pytest.param("b", "a", "b", "a", Verdict.SAME, id="changed on both to the same"),
        pytest.param("b", "a", "x", "a", Verdict.CONFLICT, id="changed on both"),
        pytest.param("b", "a", "own", MISSING, Verdict.CONFLICT, id="we never wrote it, and both differed"),
        pytest.param("b", "a", "a", MISSING, Verdict.TAKE, id="we never wrote it, but both agreed"),
        pytest.param(MISSING, "a", "a", "a", Verdict.TAKE, id="dropped by the source"),
        pytest.param(MISSING, "a", "x", "a", Verdict.CONFLICT, id="dropped by the source, edited here"),
    ],
)
def test_the_table(want: Any, before: Any, there: Any, wrote: Any, verdict: Verdict, values_win: bool) -> None:
    assert decide(sides(want, before, there, wrote), values_win=values_win) is verdict


def test_on_first_contact_structure_is_the_sources_and_a_value_the_destinations() -> None:
    met = sides("a", MISSING, "x", MISSING, contact=True)

    assert decide(met, values_win=False) is Verdict.TAKE
    assert decide(met, values_win=True) is Verdict.KEEP


def test_in_what_the_server_has_just_made_nothing_is_anybodys() -> None:
    made = sides("a", MISSING, "the server's default", MISSING, ours=True)

    assert decide(made, values_win=True) is Verdict.TAKE


@pytest.mark.parametrize("blank", [None, "", [], {}, MISSING, False, 0])
def test_an_absent_field_equals_its_default(blank: Any) -> None:
    assert same(MISSING, blank)
    assert same(blank, MISSING)


@pytest.mark.parametrize(
    ("a", "b"),
    [(True, 1), (False, 0), ("1", 1), ("a", "A"), ("a", "a "), (MISSING, True), (MISSING, "x"), ([], False), (None, 0)],
)
def test_different_values_are_different(a: Any, b: Any) -> None:
    assert not same(a, b)
    assert not same(b, a)


def test_within_an_object_only_what_one_server_can_know_is_overlooked() -> None:
    assert same({"Id": "a", "Links": {}, "Name": "x"}, {"Id": "b", "Name": "x", "Description": ""})
    assert not same({"Name": "x"}, {"Name": "y"})
    assert same([{"Id": "1", "Name": "x"}], [{"Name": "x"}])
    assert not same([{"Name": "x"}], [{"Name": "x"}, {"Name": "y"}])


def test_of_a_secret_only_whether_there_is_one_can_be_compared() -> None:
    assert same({"HasValue": True, "NewValue": None}, {"HasValue": True, "Hint": "*****"})
    assert not same({"HasValue": True}, {"HasValue": False})


@pytest.mark.parametrize(
    ("want", "before", "there", "wrote", "merged", "verdict"),
    [
        pytest.param("ab", "ab", "ba", "ab", "ba", Verdict.SAME, id="order means nothing"),
        pytest.param("abc", "ab", "ab", "ab", "abc", Verdict.TAKE, id="added on the source"),
        pytest.param("a", "ab", "ab", "ab", "a", Verdict.TAKE, id="dropped by the source"),
        pytest.param("ab", "ab", "abx", "ab", "abx", Verdict.SAME, id="added on the destination"),
        pytest.param("ab", "ab", "a", "ab", "a", Verdict.SAME, id="dropped on the destination"),
        pytest.param("abc", "ab", "abx", "ab", "abxc", Verdict.TAKE, id="added on both sides"),
        pytest.param("abc", "ab", "a", "ab", "ac", Verdict.TAKE, id="what the destination dropped stays dropped"),
        pytest.param("b", "ab", "abx", "ab", "bx", Verdict.TAKE, id="dropped by the source, added here"),
        pytest.param("b", "ab", "b", "ab", "b", Verdict.SAME, id="dropped on both sides"),
        # From or to empty is a change of the whole field.
        pytest.param("a", "", "", "", "a", Verdict.TAKE, id="from empty"),
        pytest.param("", "a", "a", "a", "", Verdict.TAKE, id="to empty"),
        pytest.param("a", "", "x", "", "a", Verdict.CONFLICT, id="from empty, and edited here"),
        pytest.param("", "a", "ax", "a", "", Verdict.CONFLICT, id="to empty, and edited here"),
        pytest.param("", "", "x", "", "x", Verdict.SAME, id="empty still, and edited here"),
        pytest.param("a", "a", "", "a", "", Verdict.SAME, id="unrestricted here, and unchanged on the source"),
        pytest.param("ab", "a", "", "a", "ab", Verdict.CONFLICT, id="unrestricted here, and added on the source"),
        # [a,b] on both; here only a is left, on the source only b: nothing would be left, which means everything.
        pytest.param("b", "ab", "a", "ab", "b", Verdict.CONFLICT, id="nothing in common is left"),
    ],
)
def test_sets_merge_by_element(want: str, before: str, there: str, wrote: str, merged: str, verdict: Verdict) -> None:
    found = merge_set(sides(list(want), list(before), list(there), list(wrote)), is_scope=True, widens_when_empty=True)

    assert found == (list(merged), verdict)


def test_on_first_contact_a_scope_stays_the_destinations() -> None:
    met = sides(["a"], MISSING, ["x"], MISSING, contact=True)

    assert merge_set(met, is_scope=True, widens_when_empty=True) == (["x"], Verdict.SAME)


def test_on_first_contact_labels_of_both_sides_come_together() -> None:
    met = sides(["a"], MISSING, ["x"], MISSING, contact=True)

    assert merge_set(met, is_scope=False, widens_when_empty=False) == (["x", "a"], Verdict.TAKE)
    met = sides(["a"], MISSING, ["x", "a"], MISSING, contact=True)
    assert merge_set(met, is_scope=False, widens_when_empty=False) == (["x", "a"], Verdict.SAME)


def test_where_empty_means_nothing_a_set_may_become_empty() -> None:
    assert merge_set(sides(["b"], ["a", "b"], ["a"], ["a", "b"]), is_scope=False, widens_when_empty=False) == (
        [],
        Verdict.TAKE,
    )
