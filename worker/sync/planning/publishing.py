"""Publishing: after a runbook's process was written, publish a new snapshot, where the route says so. Pure.

What was published last is remembered by the version of the process; before a plan begins to write, that it will have to
be published is noted. So one that was stopped in between is published by the next run, and one whose process we did not
write never is.
"""

from __future__ import annotations

from collections.abc import Mapping

from config.options import Runbooks
from worker.kinds import registry
from worker.kinds.processes import RUNBOOK_PROCESS
from worker.kinds.publishing import PUBLISHED_SNAPSHOT
from worker.kinds.references import PendingId
from worker.plan.values import Action, Change, Decision, Document, Edit, NamePath, Op
from worker.sync.world.baseline import Baseline
from worker.sync.world.world import World
from worker.sync.world.written import Written

VERSION = "Process"
"""In what is remembered: the version of the destination's process that was published."""


def snapshot_of(process_id: str) -> str:
    """The document that stands for the published snapshot of a source's process."""
    return registry.made_with_owner(PUBLISHED_SNAPSHOT, registry.owner_of(process_id) or "")


def publication(
    world: World, bodies: Mapping[str, Document], source_id: str, path: NamePath, destination_id: str
) -> tuple[Action, Written] | None:
    """The action that publishes a runbook; ``None`` where there is nothing to publish.

    ``bodies``: what the plan at hand writes, by source id. Raises :class:`worker.sync.world.world.NotObserved`.
    """
    if world.route.rules.of(path).runbooks is not Runbooks.PUBLISH:
        return None
    process_id = registry.made_with_owner(RUNBOOK_PROCESS, registry.owner_of(source_id) or "")
    process, known = world.baselines.get(process_id), world.baselines.get(source_id)
    written = _version(process.wrote if process else None, "Version")
    published = _version(known.wrote if known else None, VERSION)
    if process_id in bodies:
        text = "the process of the runbook is written, so a new snapshot of it is published"
    elif known is not None and written is not None and written != published:
        text = "the process of the runbook was written and not published yet"
    else:
        return None
    action = Action(
        Op.CREATE,
        PUBLISHED_SNAPSHOT.name,
        path,
        source_id,
        destination_id,
        (Change(Edit.ADD, "Snapshot", None, "of the process as it then is"),),
        (Decision("runbooks=publish", "", text),),
        body={"Snapshot": "new"},
        overlay=True,
    )
    before = None if isinstance(destination_id, PendingId) else _there(world, destination_id)
    due = known or Baseline(wrote={VERSION: before})
    return action, Written(destination_id, before=known, due=due)


def _there(world: World, destination_id: str) -> int | None:
    owner_id = registry.owner_of(destination_id) or ""
    process_id = registry.made_with_owner(RUNBOOK_PROCESS, owner_id)
    return _version(world.destination.document(RUNBOOK_PROCESS, process_id, owner_id), "Version")


def _version(document: Document | None, name: str) -> int | None:
    found = (document or {}).get(name)
    return found if isinstance(found, int) else None
