"""The difference of two documents, applied in order, gives the second one."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.json_patch import diff

_KEYS = st.sampled_from(["Id", "Name", "Octopus.Action/Value", "a~b", "", "0"])
_LEAVES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "x", "é"])
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=20
)


def apply(document: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902, as far as the three operations go."""
    root = {"": copy.deepcopy(document)}
    for operation in operations:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")]
        target: Any = root
        for step in steps[:-1]:
            target = target[int(step) if isinstance(target, list) else step]
        key = int(steps[-1]) if isinstance(target, list) else steps[-1]
        if operation["op"] == "remove":
            del target[key]
        elif operation["op"] == "add" and isinstance(target, list):
            target.insert(key, copy.deepcopy(operation["value"]))
        else:
            assert operation["op"] == "add" or key in (range(len(target)) if isinstance(target, list) else target)
            target[key] = copy.deepcopy(operation["value"])
    return root[""]


def _typed(value: Any) -> Any:
    """As equal as JSON is: True is not 1."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    return [_typed(item) for item in value] if isinstance(value, list) else (type(value), value)


@given(_JSON, _JSON)
def test_the_difference_applied_in_order_gives_the_document_after(before: Any, after: Any) -> None:
    assert _typed(apply(before, diff(before, after))) == _typed(after)


@given(_JSON)
def test_equal_documents_have_no_difference(document: Any) -> None:
    assert diff(document, copy.deepcopy(document)) == []


def test_true_is_not_one() -> None:
    assert diff([{"A": True}], [{"A": 1}]) == [{"op": "replace", "path": "/0/A", "value": 1}]


def test_a_row_put_in_front_does_not_rewrite_those_behind_it() -> None:
    rows = [{"Id": str(n)} for n in range(100)]
    assert diff({"Rows": rows}, {"Rows": [{"Id": "new"}, *rows]}) == [
        {"op": "add", "path": "/Rows/0", "value": {"Id": "new"}}
    ]


def test_indexes_count_what_was_removed_before() -> None:
    assert diff([1, 2, 3, 4], [1, 4]) == [{"op": "remove", "path": "/1"}, {"op": "remove", "path": "/1"}]
