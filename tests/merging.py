"""What the tests of the merge of documents share: documents, a merge, and what came of it.

The documents are deployment processes, projects and lifecycles, cut down to what a test is about. ``s-…`` are ids of
the source, ``d-…`` of the destination.
"""

from __future__ import annotations

from typing import Any

from config.rules import Removed, Rules
from worker.kinds.kind import Kind
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.plan.values import Document
from worker.sync.merging.merge import Terms, merge
from worker.sync.world.baseline import Baseline
from worker.sync.world.outcome import Merged

PATH = ("project", "OctoFX", "deployment-process")
REMOVE_OURS = Rules(removed=Removed.REMOVE_OURS)
SECRET = {"HasValue": True, "NewValue": None}
NO_SECRET = {"HasValue": False, "NewValue": None}


def step(side: str, name: str, key: str | None = None, **action: Any) -> Document:
    """``key``: what its ids are made of, where the name has changed since."""
    key = key or name
    properties = action.pop("Properties", {})
    return {
        "Id": f"{side}-{key}",
        "Name": name,
        "Actions": [{"Id": f"{side}-{key}-action", "Name": name, "Properties": properties, **action}],
    }


def process(*steps: Document) -> Document:
    return {"Steps": list(steps)}


def links(*keys: str) -> dict[str, str]:
    return {f"s-{key}{part}": f"d-{key}{part}" for key in keys for part in ("", "-action")}


def merged(
    want: Document,
    there: Document,
    baseline: Baseline | None,
    kind: Kind = DEPLOYMENT_PROCESS,
    rules: Rules | None = None,
    **more: Any,
) -> Merged:
    return merge(kind.shape, want, there, baseline, Terms(PATH, "the-source-id", rules or Rules(), **more))


def names(found: Merged) -> list[str]:
    return [one["Name"] for one in found.document["Steps"]]


def edits(found: Merged) -> list[tuple[str, str]]:
    return [(str(change.edit), change.where) for change in found.changes]


def reasons(found: Merged) -> list[tuple[str, str]]:
    return [(entry.where, entry.reason) for entry in found.clean_ups]


def synced(want: Document, there: Document, elements: dict[str, str] | None = None) -> Baseline:
    """Both sides as the last sync left them."""
    return Baseline(want=want, wrote=there, elements=elements or {})
