"""Tags: named by ``Set/Tag`` wherever they are used, so that a renamed tag changes every document that names it. Pure.

The server itself keeps ids (``TagSets-1/Tags-2``), and shows a new name everywhere at once. So on each side a tag is
found by its name, crosses by its id, and gets the name that it has on the other side. What was read before a tag set
was written is brought up to date here, what is about to be written and what is remembered too.

A set of the type FreeText has no tags: ``Set/whatever`` is the text of whoever writes it, and what crosses is the set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from worker.kinds.kind import Kind
from worker.kinds.references import Form
from worker.kinds.shape import Shape
from worker.kinds.variables import VARIABLE_SET
from worker.plan.values import Document
from worker.sync.world.baseline import Baseline
from worker.sync.world.world import Directory, Entry

FREE = "*"
"""In place of a tag: any text."""

Names = Mapping[str, str]
"""Canonical name that a tag had → the one that it has now."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The directory of tags. It is read from the list of tag sets."""

    name: str = "tag"
    listed_with: str = "tag-set"


TAGS = Tags()


def tag_entries(tag_sets: Iterable[Document]) -> list[Entry]:
    """One line for each tag, by its canonical name; of a set for free text one that stands for all."""
    found = []
    for tag_set in tag_sets:
        found += [Entry(tag["Id"], f"{tag_set['Name']}/{tag['Name']}") for tag in tag_set.get("Tags") or []]
        if tag_set.get("Type") == "FreeText":
            found.append(Entry(f"{tag_set['Id']}/{FREE}", f"{tag_set['Name']}/{FREE}"))
    return found


def tag_called(tags: Directory, name: str) -> Entry | None:
    """The tag of a canonical name (or of an id: Octopus takes both), or the line that stands for a text."""
    if name in tags.by_id:
        return tags.by_id[name]
    exact = next((tag for tag in tags.named(name) if not tag.id.endswith(f"/{FREE}")), None)
    if exact is not None:
        return exact
    at = name.find("/")
    while at >= 0:  # a slash may stand in the name of the set, too
        free = [tag for tag in tags.named(f"{name[:at]}/{FREE}") if tag.id.endswith(f"/{FREE}")]
        if free:
            return free[0]
        at = name.find("/", at + 1)
    return None


def set_of(tag: Entry) -> str:
    """The id of the tag's set."""
    return tag.id.rpartition("/")[0]


def renames(before: Document, after: Document) -> dict[str, str]:
    """What a write of a tag set does to the names of its tags. ``before``, ``after``: as the server answered it."""
    was = {tag["Id"]: tag["Name"] for tag in before.get("Tags") or []}
    found = {}
    for tag in after.get("Tags") or []:
        # A new tag has a name by the set's old one, in what was planned before.
        old = f"{before['Name']}/{was.get(tag['Id'], tag['Name'])}"
        new = f"{after['Name']}/{tag['Name']}"
        if old != new:
            found[old] = new
    return found


def renamed_in(kind: Kind, document: Document, names: Names) -> Document:
    """The document with the new names; the same object where nothing of it changes."""
    if kind is VARIABLE_SET:
        rows = document.get("Variables")
        return document if not rows else {**document, "Variables": [_row(row, names) for row in rows]}
    changed: Document = _walk(kind.shape, document, names)
    return changed


def renamed_in_baseline(kind: Kind, baseline: Baseline, names: Names) -> Baseline:
    rows = baseline.rows
    if rows is not None:
        rows = {**rows, "rows": [_remembered_row(row, names) for row in rows.get("rows") or []]}
    return replace(
        baseline,
        want=renamed_in(kind, baseline.want, names),
        wrote=renamed_in(kind, baseline.wrote, names) if baseline.wrote is not None else None,
        rows=rows,
    )


def _remembered_row(row: Document, names: Names) -> Document:
    changed = {part: _row(row[part], names) for part in ("want", "wrote") if isinstance(row.get(part), dict)}
    return {**row, **changed}


def _row(row: Document, names: Names) -> Document:
    tags = (row.get("Scope") or {}).get("TenantTag")
    return row if not tags else {**row, "Scope": {**row["Scope"], "TenantTag": _new(tags, names)}}


def _new(tags: Any, names: Names) -> Any:
    """``tags``: canonical names, or one."""
    if isinstance(tags, list):
        return [_new(tag, names) for tag in tags]
    return names.get(tags, tags) if isinstance(tags, str) else tags


def _walk(shape: Shape, value: Any, names: Names) -> Any:
    if not isinstance(value, dict):
        return value
    changed: Document = {}
    for name, ref in shape.refs.items():
        if ref.form is Form.TAG and name in value:
            changed[name] = _new(value[name], names)
    for name, child in shape.children.items():
        if name in value:
            changed[name] = _walk(child, value[name], names)
    for name, elements in shape.elements.items():
        if isinstance(value.get(name), list):
            changed[name] = [_walk(elements.shape, item, names) for item in value[name]]
    return {**value, **changed}
