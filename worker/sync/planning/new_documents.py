"""What a plan says of a document that is new to the destination, or of a part of one. Pure."""

from __future__ import annotations

from worker.kinds.kind import Kind
from worker.kinds.references import PendingId
from worker.plan.values import Action, Document, NamePath, Op
from worker.sync.merging.fresh import Fresh
from worker.sync.translating.crossing import Translated
from worker.sync.world.bodies import added
from worker.sync.world.world import Entry


def of_new(
    kind: Kind,
    entry: Entry,
    path: NamePath,
    pending: PendingId,
    body: Document,
    out: Translated,
    fresh: Fresh,
    *,
    overlay: bool,
    op: Op = Op.CREATE,
) -> Action:
    """Of a document, or of a part of one, that the destination does not have yet."""
    clean_ups = (*out.clean_ups, *fresh.clean_ups)
    changes, decisions = added(body), tuple(out.decisions)
    return Action(op, kind.name, path, entry.id, pending, changes, decisions, clean_ups, body, overlay=overlay)
