"""What the tests of the translation share: what the destination has, a translation, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.rules import OnMissing, ScopeOption, StepRules
from worker.kinds.kind import Kind
from worker.plan.values import Document
from worker.sync.translating.crossing import Translated
from worker.sync.translating.translate import translate
from worker.sync.world.resolved import Resolved

PATH = ("project", "OctoFX", "deployment-process")

THERE = {
    "Environments-Staging": "Environments-91",
    "Environments-Production": "Environments-92",
    "Channels-Default": "Channels-91",
    "Region/North": "Region/North",
    "WorkerPools-Ubuntu": "WorkerPools-91",
    "Feeds-Packages": "Feeds-91",
    "Teams-Admins": "Teams-91",
    "Projects-Child": "Projects-91",
    "Deploy": "Deploy",
    "Lifecycles-Default": "Lifecycles-91",
    "LibraryVariableSets-Shared": "LibraryVariableSets-91",
    "ProjectGroups-Web": "ProjectGroups-91",
}
HOME = {"Feeds-Excluded", "Lifecycles-Excluded"}
"""What the source has and the destination lacks, and no closure makes."""


VERSIONS = {
    ("ActionTemplates-Mine", "3", "ActionTemplates-91"): ("7", True),
    ("ActionTemplates-Mine", "1", "ActionTemplates-91"): ("5", False),
}
"""Of step templates. The second is only the nearest that the destination has."""


def resolve(kind: str, source_id: str) -> Resolved:
    if source_id == "Environments-Split":
        return Resolved(("Environments-91", "Environments-92"), "Split")
    if source_id == "ActionTemplates-Mine":
        return Resolved(("ActionTemplates-91",), "Mine")
    if source_id == "Lifecycles-Empty":
        return Resolved(name="Empty", item=("lifecycle", "Empty"), why="does not cross: none of its phases crosses")
    if source_id in THERE:
        return Resolved((THERE[source_id],), source_id)
    if kind == "step" or source_id == "Channels-QA":
        why = "does not cross: the route does not include it"
        return Resolved(name=source_id, item=(kind, source_id), why=why, may_come=kind != "step")
    name = source_id.partition("-")[2] or source_id
    if source_id in HOME:
        why = "does not cross: the route excludes it"
        return Resolved(name=name, item=(kind, name), why=why, may_come=True)
    known = ("Environments", "Channels", "Teams", "LibraryVariableSets", "Projects-")
    alone = kind != "tag" and not source_id.startswith(known)
    return Resolved(name=name, item=() if alone else (kind, name), alone=alone)


def translated(
    kind: Kind,
    document: Document,
    *,
    options: Mapping[str, ScopeOption] | None = None,
    on_missing: OnMissing = OnMissing.BLOCK,
    pins: Mapping[str, Mapping[str, list[str]]] | None = None,
) -> Translated:
    def option(dimension: str) -> ScopeOption:
        default: ScopeOption = getattr(StepRules(), dimension, ScopeOption.SKIP_UNLESS_PARTIAL)
        return (options or {}).get(dimension, default)

    return translate(
        kind,
        PATH,
        document,
        resolve,
        scope_option=lambda dimension, _step: option(dimension),
        on_missing=on_missing,
        pinned=lambda step: (pins or {}).get(step, {}),
        version=lambda template, version, there: VERSIONS[template, version, there],
    )


def step(name: str, **action: Any) -> Document:
    return {"Id": f"s-{name}", "Name": name, "Actions": [{"Id": f"a-{name}", "Name": name, **action}]}


def process(*steps: Document) -> Document:
    return {"Id": "deploymentprocess-Projects-1", "Steps": list(steps)}


def names(out: Translated) -> list[str]:
    assert out.document is not None, out.blocked or out.decisions
    return [one["Name"] for one in out.document["Steps"]]


def action(out: Translated, index: int = 0) -> Document:
    assert out.document is not None, out.blocked or out.decisions
    found: Document = out.document["Steps"][index]["Actions"][0]
    return found


def reasons(out: Translated) -> list[tuple[str, str]]:
    return [(entry.where, entry.reason) for entry in out.clean_ups]
