"""The difference of two JSON documents, as an audit event carries it.

Octopus stores a change as a list of JSON Patch operations (`op`, `path`, `value`) that turn the document *before*
into the one *after* when they are applied one after the other: every index counts what the operations before it
have already added and removed. Lists are compared from both ends, so that one row inserted in front does not
rewrite all the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Operation = dict[str, Any]


def diff(before: Any, after: Any, path: str = "") -> list[Operation]:
    """Operations that turn `before` into `after`; none when they are equal. Values are those of `after`, not copies."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return _diff_objects(before, after, path)
    if _is_list(before) and _is_list(after):
        return _diff_lists(before, after, path)
    if _same(before, after):
        return []
    return [{"op": "replace", "path": path, "value": after}]


def _diff_objects(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> list[Operation]:
    operations: list[Operation] = []
    for key in before:
        where = f"{path}/{_token(key)}"
        if key not in after:
            operations.append({"op": "remove", "path": where})
        else:
            operations += diff(before[key], after[key], where)
    added = [key for key in after if key not in before]
    return operations + [{"op": "add", "path": f"{path}/{_token(key)}", "value": after[key]} for key in added]


def _diff_lists(before: Sequence[Any], after: Sequence[Any], path: str) -> list[Operation]:
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and _same(before[head], after[head]):
        head += 1
    tail = 0
    while tail < shorter - head and _same(before[-1 - tail], after[-1 - tail]):
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    both = min(len(old), len(new))
    operations: list[Operation] = []
    for index in range(both):
        operations += diff(old[index], new[index], f"{path}/{head + index}")
    # The elements move up as each is removed, so all go from the same index.
    operations += [{"op": "remove", "path": f"{path}/{head + both}"} for _ in old[both:]]
    operations += [
        {"op": "add", "path": f"{path}/{head + both + index}", "value": value} for index, value in enumerate(new[both:])
    ]
    return operations


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _same(before: Any, after: Any) -> bool:
    """Equal as JSON: in Python True == 1, there they are different values."""
    if before is after:
        return True
    if before != after or isinstance(before, bool) != isinstance(after, bool):
        return False
    if isinstance(before, Mapping):
        return all(_same(before[key], after[key]) for key in before)
    return not _is_list(before) or all(_same(old, new) for old, new in zip(before, after, strict=True))


def _token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
