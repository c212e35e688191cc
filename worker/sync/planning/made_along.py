"""Made along: what the server made together with an item of ours, and what is ours of a document that goes. Pure."""

from __future__ import annotations

from config.names import name_key
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.shape import SERVER_FIELDS
from worker.plan.values import Document
from worker.sync.merging.recall import Plans, Recall
from worker.sync.world.baseline import Baseline
from worker.sync.world.unheard import source_of
from worker.sync.world.world import Entry, World

_AS_MADE = frozenset({"Name", "ProjectId", "IsDefault", "Type"})
"""What a channel says that was made with its project; all else is empty."""


class MadeAlong:
    """Of one plan. All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, plan: Plans) -> None:
        self.world = world
        self.recall = Recall(world, plan)

    def came_with_its_owner(self, kind: Kind, there: Entry) -> bool:
        """Whether it is the channel that the server made with a project of ours, just as it made it. It has no link
        where the source's project went before its channels were looked at."""
        if kind.name != "channel" or not there.default or there.owner is None or name_key(there.name) != "default":
            return False
        owner = source_of(self.world, registry.BY_NAME["project"], Entry(there.owner, self._name_of(there.owner)))
        if owner is None or not self._is_our_making(owner):
            return False
        document = self.world.destination.document(kind, there.id, there.owner)
        told = {name: value for name, value in (document or {}).items() if name not in SERVER_FIELDS | _AS_MADE}
        return document is not None and not any(told.values())

    def _is_our_making(self, source_id: str) -> bool:
        intent, baseline = self.world.intents.get(source_id), self.world.baselines.get(source_id)
        unheard = intent is not None and intent.op == "create"
        return unheard or (baseline is not None and (baseline.created or baseline.fresh))

    def baseline(self, kind: Kind, source_id: str | None, there: Document) -> Baseline | None:
        """What is ours of a document: also what was written and not heard. ``source_id``: ``None`` for what the server
        made together with its owner."""
        if source_id is None:
            return Baseline(fresh=True, created=True)
        return self.recall.baseline(kind, source_id, there)[0]

    def _name_of(self, item_id: str) -> str:
        entry = self.world.destination.listed("project", item_id)
        return entry.name if entry is not None else ""
