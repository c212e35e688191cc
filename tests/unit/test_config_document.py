from __future__ import annotations

import pytest

from config.document import DocumentError, Place, parse


def test_scalars_stay_as_they_are_written() -> None:
    text = "[2024, 007, 1e3, No, on, 12:30, 2024-01-31, 'null', \"~\", 0x1F]"
    assert parse(text).content == ["2024", "007", "1e3", "No", "on", "12:30", "2024-01-31", "null", "~", "0x1F"]


def test_only_null_is_nothing() -> None:
    assert parse("[~, null, Null]\n").content == [None, None, None]
    assert parse("a:\nb: ''\n").content == {"a": None, "b": ""}


def test_keys_and_entries_have_their_place() -> None:
    document = parse("a:\n  - b\n  - c:\n      d: 1\n")
    assert document.place(("a",)) == Place(1, 1)
    assert document.place(("a", 1)) == Place(3, 5)
    assert document.place(("a", 1, "c", "d")) == Place(4, 7)


def test_what_the_file_does_not_have_is_placed_where_it_would_be() -> None:
    assert parse("a:\n  b: 1\n").place(("a", "b", "c", 0)) == Place(2, 3)
    assert parse("a: 1\n").place(("z",)) == Place(1, 1)


def test_anchors_and_merge_keys() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 5}\nw: *x\n"
    content = parse(text).content
    assert content["z"] == {"a": "5", "b": "2", "c": "4"}
    assert content["w"] == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "the key 'a' is given twice, first in line 1"),
        ("? [a]\n: b\n", "a key is a plain name"),
        ("a: !!python/object/apply:os.system [ls]\n", "is not used here"),
        ("a: {<<: [b]}\n", "`<<` takes a mapping"),
        ("a: &a {<<: *a}\n", "holds itself"),
        ("a: *b\n", "undefined alias"),
    ],
)
def test_what_a_routes_file_may_not_hold(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message.replace("(", r"\(")):
        parse(text)
