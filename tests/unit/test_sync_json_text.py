"""JSON in a string: what is found in it, and that all else of it stays as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.kinds.references import PendingId, PendingText
from worker.sync.translating.json_text import replaced, strings

CONTAINERS = (
    '[{"Name": "web",\t"FeedId":"Feeds-1","Ports":[{"key":"http"}] ,\r\n "x": null},{"FeedId":"Feeds\\u002d2"}]'
)


def test_every_string_is_found_with_its_key_and_place() -> None:
    found = [(spot.key, spot.value, spot.place) for spot in strings(CONTAINERS) or []]

    assert found == [
        ("Name", "web", "[0].Name"),
        ("FeedId", "Feeds-1", "[0].FeedId"),
        ("key", "http", "[0].Ports[0].key"),
        ("FeedId", "Feeds-2", "[1].FeedId"),
    ]


def test_a_list_of_strings_belongs_to_its_key() -> None:
    assert [(spot.key, spot.place) for spot in strings('{"a": ["x", "y"], "b": [["z"]]}') or []] == [
        ("a", "a[0]"),
        ("a", "a[1]"),
        ("b", "b[0][0]"),
    ]


def test_only_what_is_replaced_changes() -> None:
    out = replaced(CONTAINERS, lambda spot: {"Feeds-2": "Feeds-92"}.get(spot.value))

    assert out == CONTAINERS.replace("Feeds\\u002d2", "Feeds-92")


@pytest.mark.parametrize(
    "text", ["", "Feeds-1", '"Feeds-1"', "#{Containers}", '[{"FeedId": #{Feed}}]', '{"FeedId": "Feeds-1"', "[1]x"]
)
def test_what_is_no_json_object_or_list_stays(text: str) -> None:
    assert strings(text) is None
    assert replaced(text, lambda _: "x") == text


def test_a_stand_in_is_bound_later() -> None:
    pending = PendingId.of("Feeds-1")
    out = replaced(CONTAINERS, lambda spot: pending if spot.value == "Feeds-1" else None)

    assert isinstance(out, PendingText)
    assert list(out.stand_ins) == [pending]
    assert out == CONTAINERS.replace("Feeds-1", "new:Feeds-1")
    assert out.bound(lambda part: "Feeds-91" if part == pending else part) == CONTAINERS.replace("Feeds-1", "Feeds-91")


def test_stand_ins_survive_being_joined_again() -> None:
    inner = PendingText.of([PendingId.of("Teams-1"), ",", "Teams-92"])
    outer = PendingText.of(["[", inner, "]"])

    assert outer == "[new:Teams-1,Teams-92]"
    assert isinstance(outer, PendingText)
    assert list(outer.stand_ins) == ["new:Teams-1"]
    assert type(PendingText.of(["a", "b"])) is str


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value] if isinstance(value, str) else []


@given(
    VALUES.filter(lambda value: isinstance(value, dict | list)),
    st.sampled_from([None, 2, "\t"]),
    st.booleans(),
)
def test_there_and_back_is_what_it_was(value: Any, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    assert [spot.value for spot in strings(text) or []] == leaves(value)
    there = replaced(text, lambda spot: f"<{spot.value}>")
    assert leaves(json.loads(there)) == [f"<{leaf}>" for leaf in leaves(value)]
    assert json.loads(replaced(there, lambda spot: spot.value[1:-1])) == value
    assert replaced(text, lambda spot: spot.value) == text
