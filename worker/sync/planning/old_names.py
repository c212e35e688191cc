"""Texts that name a step by the name that it had. Pure.

Output variables are read by the name of a step: ``#{Octopus.Action[Deploy web].Output.Url}``, in values and in scripts.
Octopus does not rewrite them when the step is renamed, and neither do we: what the source says in its texts crosses as
it is, corrected there or not; and a text that is the destination's own (a value that is kept, a script that was edited
there) may mean what it says. But a plan that renames a step tells of every text on the destination that will then name
a step which is not there under that name any more.

Versioning, release creation and channel rules name steps, too. They are no texts: see
:mod:`worker.sync.translating.resolve`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from worker.plan.values import CleanUp, Decision, Document, NamePath
from worker.sync.translating.translate import at, label
from worker.sync.variables.rows import is_sensitive
from worker.sync.variables.rows import label as row_label
from worker.sync.world.naming import verbatim

OLD_NAME = "old-step-name"


def renamed_actions(before: Document, after: Document) -> list[tuple[Document, str]]:
    """The actions of a process that get another name: each as it was, and the new name."""
    names = {one["Id"]: one["Name"] for one in _actions(after) if isinstance(one.get("Id"), str)}
    return [(one, names[one["Id"]]) for one in _actions(before) if names.get(one["Id"], one["Name"]) != one["Name"]]


def still_named(
    process: Document,
    path: NamePath,
    rows: Iterable[Document],
    owner: NamePath,
    renamed: Iterable[tuple[Document, str]],
) -> Iterator[tuple[Decision, CleanUp]]:
    """``process`` and ``rows`` (of the variable set of ``owner``) as the destination will have them."""
    names = {str(action["Name"]): new for action, new in renamed}
    for where, text in _texts(process.get("Steps") or [], "Steps"):
        yield from _found(names, text, path, where)
    for row in rows:
        if not is_sensitive(row) and isinstance(row.get("Value"), str):
            yield from _found(names, row["Value"], (*owner, "variables"), row_label(row))


def _found(names: dict[str, str], text: str, item: NamePath, where: str) -> Iterator[tuple[Decision, CleanUp]]:
    folded = text.casefold()
    for old, new in names.items():
        if any(f"octopus.{word}[{old}]".casefold() in folded for word in ("action", "step")):
            said = (
                f"names the step {verbatim(repr(old))}, which is called {verbatim(repr(new))} now: texts are not "
                "rewritten, so correct it by hand if it still means that step"
            )
            yield Decision(OLD_NAME, where, said), CleanUp(item, f"{where}={verbatim(old)}", OLD_NAME, said)


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, at(where, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            name = label(item, ("Name",)) if isinstance(item, dict) else ""
            yield from _texts(item, f"{where}[{name or index}]")


def _actions(process: Document) -> Iterator[Document]:
    for step in process.get("Steps") or []:
        yield from step.get("Actions") or []
