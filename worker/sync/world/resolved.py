"""What a reference of the source comes to, and who answers when the destination lacks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from worker.kinds.kind import Kind
from worker.kinds.references import Nested, PendingId, Ref
from worker.plan.values import Document, NamePath
from worker.sync.world.world import Entry
from worker.sync.world.written import Renamed

STAYS = "does not cross"


@dataclass(frozen=True, slots=True)
class Resolved:
    """``ids``: of the destination, empty where there is none. ``why``: then the reason, for people."""

    ids: tuple[str, ...] = ()
    name: str = ""
    """What the source calls it."""
    why: str = ""
    item: NamePath = ()
    may_come: bool = False
    """It is not there and could come to exist: who requires it waits, rather than fails."""
    alone: bool = False
    """No item of the source has this id. It may be no id at all; or of an item that the key may not see."""
    linked: str | None = None
    """Of one that is *alone*: what it is on the destination, as the ledger remembers. Of a variable of which nothing
    may be said there: its counterpart."""
    lacks: str = ""
    """The source item that is missing, where it is not what the reference itself names: of a tag its set."""
    means: Ref | Nested | None = None
    """Of a variable: what its values name, where they are no plain text."""
    soon: bool = False
    """It crosses by itself and has not yet: what needs it waits, rather than do without."""

    @property
    def stays_at_home(self) -> bool:
        """A rule of the route keeps it from crossing: nothing is wrong, and nobody waits for it."""
        return not self.may_come and self.why.startswith(STAYS)

    @property
    def is_namesake(self) -> bool:
        """The maps of the route give it the name of another item of the source, which comes before it."""
        return bool(self.item) and self.item[-1] != self.name


class Closure(Protocol):
    """What the planner does about an item that the destination lacks."""

    pending: dict[str, PendingId]
    """Source id → stand-in, of what this plan creates."""
    planned: dict[str, dict[str, str]]
    """Source id of a document in this plan → (element id → the destination's id or its stand-in)."""
    bodies: dict[str, Document]
    """Source id of a document that this plan changes → what the destination's will be, as far as it is known."""
    names: dict[str, Renamed]
    """By destination id, what the plan gives another name: their old names are free."""
    seen: dict[str, str]
    """Source id → destination id, of what was found by name: to be linked, so that it survives a rename."""
    relinked: set[str]
    """Source ids that were deleted, and whose counterpart another item of that name has taken over."""

    def ensure(self, kind: Kind, source_id: str) -> Resolved: ...

    def uses(self, source_id: str) -> None:
        """The document at hand names an item that this plan creates."""
        ...

    def is_gone(self, source_id: str) -> bool:
        """Whether a source item was deleted, or what it belonged to."""
        ...

    def moves_away(self, kind: Kind, entry: Entry, destination_id: str) -> bool:
        """Whether the counterpart of a source item gives its name up; then the plan says so."""
        ...

    def included(self, kind: Kind, entry: Entry) -> bool: ...
