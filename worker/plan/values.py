"""What a plan is: the ordered actions that a sync would take, with the reason for each.

Values only. Nothing here talks to a server, reads a clock or knows Redis; a plan can be printed, counted against the
limits, stored, hashed (so that exactly the plan that a person approved is applied) and applied.

    Plan
     └─ Action            one document: create, update, leave, skip, block
         ├─ Change        one field of it, before and after, secrets masked; pending, or drift
         ├─ Decision      one line of why: what was compared, which rule answered
         └─ CleanUp       what a person must finish by hand on the destination
     └─ Finding           what a check after the plan found amiss on the destination, as it will be then
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Document = dict[str, Any]
"""An item's JSON as the API gives it."""

NamePath = tuple[str, ...]
"""What identifies an item for a person: kind, name, kind, name… as in ``("project", "OctoFX", "channel", "QA")``."""

MASK = "••••••••"


def printed(path: NamePath) -> str:
    """The path as people read it: ``project/OctoFX/channel/QA``. For display only: names may hold slashes."""
    return "/".join(path)


class Op(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    LEAVE = "leave"
    SKIP = "skip"
    """The route, or a rule, keeps the item from crossing. Nothing is wrong."""
    BLOCK = "block"
    """The item should cross and cannot: what it requires is not there. The decisions say what."""
    DELETE = "delete"


WRITES = frozenset({Op.CREATE, Op.UPDATE, Op.DELETE})


class Edit(StrEnum):
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a document. ``where`` is a readable path, ``Steps[Deploy web]/Actions[Deploy web]/IsDisabled``."""

    edit: Edit
    where: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class BothSides:
    """What a place was at the last sync and is now, on the source and on the destination: where both have changed it.

    In the destination's terms, secrets masked; of long texts the lines around what differs. ``hidden``: the rules of
    the route make the values the destination's own, so none is here and none is shown.
    """

    source_was: Any = None
    source_is: Any = None
    destination_was: Any = None
    destination_is: Any = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of why. ``rule`` names the rule that answered (``scope:environment=skip-unless-partial``)."""

    rule: str
    where: str
    text: str
    both: BothSides | None = None


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Something a person must finish by hand on the destination.

    ``reason`` is a short code that does not change between versions (``placeholder-secret``, ``scope-dropped``…):
    together with the item and the place it is the entry's identity, so that a second run adds nothing to the list.
    ``where`` is for people, and names what it names as it was called last.
    """

    item: NamePath
    where: str
    reason: str
    text: str
    about: str = ""
    """The source's id of the document: by it the entry stays the same one when the item gets another name."""
    both: BothSides | None = None
    """Of a conflict: what the place was and is, on both sides. No part of the entry's identity."""
    place: str = ""
    """``where`` with the source's ids for the names of other items in it, if there are any: by it the entry stays the
    same one when such an item gets another name."""

    @classmethod
    def from_dict(cls, known: Mapping[str, Any], sides: BothSides | None = None) -> CleanUp:
        """What :func:`dataclasses.asdict` made of one, also after it went through JSON; ``sides`` where these have
        another form. Raises :class:`KeyError` or :class:`TypeError` for anything else."""
        both = known.get("both") if sides is None else None
        return cls(
            tuple(known["item"]),
            known["where"],
            known["reason"],
            known["text"],
            known.get("about", ""),
            sides or (BothSides(**both) if both else None),
            known.get("place", ""),
        )

    @property
    def subject(self) -> str | NamePath:
        return self.about or self.item

    @property
    def key(self) -> str:
        identity = json.dumps([self.subject, self.place or self.where, self.reason], ensure_ascii=False)
        return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


@dataclass(frozen=True, slots=True)
class Finding:
    """What would not work on the destination once the plan is applied, though nothing keeps it from being written.

    ``rule`` is a short code that does not change between versions: ``worker-pool-empty``, ``role-without-target``,
    ``unknown-variable``. ``where`` is a place within the item, as in :class:`Change`.
    """

    item: NamePath
    where: str
    rule: str
    text: str

    @property
    def key(self) -> str:
        """The same for the same finding, whenever and by whichever process it is made."""
        identity = json.dumps([self.item, self.where, self.rule, self.text], ensure_ascii=False)
        return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to one document.

    ``body`` is the document to send, destination ids in place, but for :class:`worker.kinds.references.PendingId` where
    an id comes to exist only while the plan is applied. ``None`` unless the operation writes.
    """

    op: Op
    kind: str
    path: NamePath
    source_id: str | None
    destination_id: str | None
    changes: tuple[Change, ...] = ()
    decisions: tuple[Decision, ...] = ()
    clean_ups: tuple[CleanUp, ...] = ()
    body: Document | None = None
    overlay: bool = False
    """``body`` is laid over what the destination has at that moment: of documents which the server makes together with
    their owner, and of what is added to a new document once others exist."""
    destroys: tuple[str, ...] = ()
    """What else the write deletes, in words. Counted as deletes."""
    waits_for: tuple[NamePath, ...] = ()
    """Of a blocked action: the items that must exist first."""
    drift: tuple[Change, ...] = ()
    """What was edited on the destination since we wrote it, and stays: ``before`` as we wrote it, ``after`` as it is.
    Nothing that the action does; a plan shows it apart from what is pending."""

    @property
    def writes(self) -> bool:
        return self.op in WRITES


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered actions that a sync of ``route`` would take. Empty when nothing would be written."""

    route: str
    actions: tuple[Action, ...] = field(default=())
    notes: tuple[str, ...] = ()
    """What a person should know of the plan as a whole. No part of what is approved."""
    findings: tuple[Finding, ...] = ()
    """What the check after the plan found, where it was asked for. No part of what is approved."""

    @property
    def is_empty(self) -> bool:
        return not any(action.writes for action in self.actions)

    @property
    def writes(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.writes)

    @property
    def blocked(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.op is Op.BLOCK)

    @property
    def drifted(self) -> tuple[Action, ...]:
        """The actions of documents that were edited on the destination since we wrote them."""
        return tuple(action for action in self.actions if action.drift)

    @property
    def clean_ups(self) -> tuple[CleanUp, ...]:
        return tuple(entry for action in self.actions for entry in action.clean_ups)

    def counts(self) -> dict[Op, int]:
        found = Counter(action.op for action in self.actions)
        return {op: found.get(op, 0) for op in Op}

    def summary(self) -> str:
        """``1 to create, 2 to update, 0 to delete, 41 unchanged``, and what is skipped or blocked where anything is."""
        counts = self.counts()
        line = (
            f"{counts[Op.CREATE]} to create, {counts[Op.UPDATE]} to update, "
            f"{counts[Op.DELETE]} to delete, {counts[Op.LEAVE]} unchanged"
        )
        for op, word in ((Op.SKIP, "skipped"), (Op.BLOCK, "blocked")):
            if counts[op]:
                line += f", {counts[op]} {word}"
        return line

    def __iter__(self) -> Iterator[Action]:
        return iter(self.actions)

    @property
    def hash(self) -> str:
        """Stands for exactly these writes: twelve hexadecimal digits, the same in every process."""
        content = [[a.op, a.kind, a.path, a.destination_id, a.body, a.overlay] for a in self.actions if a.writes]
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
