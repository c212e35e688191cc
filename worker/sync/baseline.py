"""What we remember of a document: the third side of the merge.

``want`` is what the source asked for (in destination terms) when we last decided; ``wrote`` what the destination
returned after *our* last write, ``None`` where we never wrote. ``elements`` links the ids of steps, actions, phases,
templates and rules, source → destination. The ledger stores it as JSON and does not look inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from worker.plan.values import CleanUp, Document

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    want: Document = field(default_factory=dict)
    wrote: Document | None = None
    elements: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    """Destination ids of elements of ours that the source dropped and the route keeps, with where they stand."""
    rows: Document | None = None
    """Of a variable set: what :mod:`worker.sync.variables` remembers."""
    fresh: bool = False
    """The destination's server has just made the document, together with its owner, for us: nothing in it is
    anybody's."""

    def to_json(self) -> Document:
        return {
            "schema": SCHEMA,
            "want": self.want,
            "wrote": self.wrote,
            "elements": dict(self.elements),
            "kept": dict(self.kept),
            "rows": self.rows,
            "fresh": self.fresh,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Baseline:
        return cls(
            want=data.get("want") or {},
            wrote=data.get("wrote"),
            elements=data.get("elements") or {},
            kept=data.get("kept") or {},
            rows=data.get("rows"),
            fresh=bool(data.get("fresh")),
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be sent, stored before it was: the process may die before it hears the answer."""

    op: str
    want: Document
    body: Document
    destination_id: str | None = None
    clean_ups: tuple[CleanUp, ...] = ()

    def to_json(self) -> Document:
        return {
            "op": self.op,
            "want": self.want,
            "body": self.body,
            "destination_id": self.destination_id,
            "clean_ups": [[list(c.item), c.where, c.reason, c.text] for c in self.clean_ups],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Intent:
        return cls(
            op=data["op"],
            want=data["want"],
            body=data["body"],
            destination_id=data.get("destination_id"),
            clean_ups=tuple(
                CleanUp(tuple(item), where, reason, text) for item, where, reason, text in data["clean_ups"]
            ),
        )
