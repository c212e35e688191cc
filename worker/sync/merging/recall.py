"""Recall: what is known of a document from the last time: its baseline, and what a run that died has left. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from worker.kinds import registry
from worker.kinds.kind import Kind, Mode
from worker.kinds.logos import LOGO, is_plain
from worker.plan.values import Document
from worker.sync.merging.recover import recovered
from worker.sync.world.baseline import Baseline, Intent
from worker.sync.world.world import World
from worker.sync.world.written import Renamed


class Plans(Protocol):
    names: dict[str, Renamed]
    """By destination id, what the plan at hand has given another name."""


class Recall:
    """All of it may raise :class:`worker.sync.world.world.NotObserved`."""

    def __init__(self, world: World, plans: Plans) -> None:
        self.world = world
        self.plans = plans

    def there(self, kind: Kind, destination_id: str, owner: str | None = None) -> Document | None:
        """What the destination has, with the name that the plan has given it already."""
        document = self.world.destination.document(kind, destination_id, owner)
        renamed = self.plans.names.get(destination_id)
        return document if document is None or renamed is None else {**document, "Name": renamed.name}

    def baseline(self, kind: Kind, source_id: str, there: Document) -> tuple[Baseline | None, Intent | None]:
        """The baseline; where a write was begun and nobody heard the answer, what it left, and the intent."""
        if (renamed := self.plans.names.get(str(there.get("Id")))) is not None:
            return renamed.baseline, None
        baseline = self.world.baselines.get(source_id)
        if baseline is not None and baseline.destination_id not in {None, there.get("Id")}:
            baseline = None  # it was of a document that somebody has deleted since, and made anew
        intent = self.world.intents.get(source_id)
        if (
            intent is not None
            and (found := recovered(kind.shape, intent, there, baseline, exact=kind.mode is Mode.EXACT)) is not None
        ):
            rows = intent.want.get("rows")
            return (replace(found, want={}, rows=rows) if rows is not None else found), intent
        if baseline is None and kind is LOGO and is_plain(there):
            return Baseline(fresh=True), None
        return baseline or self.just_made(kind, source_id), None

    def just_made(self, kind: Kind, source_id: str) -> Baseline | None:
        """A part that the server made together with an owner of which nobody heard that it was created."""
        owner = registry.owner_of(source_id)
        if kind.name == "channel":
            entry = self.world.source.directory(kind.name).by_id.get(source_id)
            owner = entry.owner if entry is not None and entry.default else None
        intent = self.world.intents.get(owner or "")
        return Baseline(fresh=True, created=True) if intent is not None and intent.op == "create" else None
