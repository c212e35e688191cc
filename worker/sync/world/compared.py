"""Compared: what stood against what in one place, and what came of it, for whoever asks why. Pure.

Nobody asks when a route syncs: then nothing is told and nothing is made (:func:`say_nothing`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from worker.sync.world.fields import MISSING, Sides, same
from worker.sync.world.outcome import plain

OWN = "own"
"""Beside the verdicts of :class:`worker.sync.world.fields.Verdict`: the destination's, whatever the source says."""
SECRET = "secret"  # noqa: S105  (no secret, but the word for one)
CONFLICT_KEPT = "conflict-kept"

WORDS = {
    "same": "both sides have the same",
    "keep": "the source has not changed it since the last sync: what the destination has stays",
    "take": "changed on the source, and on the destination as we wrote it: the source's is taken",
    "conflict": "changed on both sides since the last sync: the source's is taken",
    CONFLICT_KEPT: "changed on both sides since the last sync: a value, so the destination's stays",
    "drift": "of a kind that must be exact, and edited on the destination: put back",
    OWN: "always the destination's own",
    "left": "changed on the source; a rule keeps it from crossing, see what is said above",
    "written": "the source's is written",
    SECRET: "a secret: never read, and never written over one that is there",
}
AT_FIRST = {
    "keep": "first contact: what the destination has stays",
    "take": "first contact: taken from the source",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """``source_was``: what the source asked for when we last decided, ``source_is`` what it asks for now, in the
    destination's terms. ``destination_was``: what the destination returned after our last write. ``None`` also for what
    is not there; secrets are masked. ``settled``: both sides have the same, and the destination has it from us
    or always had it."""

    where: str
    verdict: str
    source_was: Any
    source_is: Any
    destination_was: Any
    destination_is: Any
    first_contact: bool
    settled: bool
    hidden: bool = False
    """The values are a secret's, or the destination's own, and are not shown."""

    @property
    def text(self) -> str:
        found = AT_FIRST.get(self.verdict) if self.first_contact else None
        return found or WORDS.get(self.verdict, self.verdict)


Tell = Callable[[Compared], None]


def say_nothing(_: Compared) -> None:
    """Nobody asks."""


def compared(where: str, verdict: str, sides: Sides) -> Compared:
    known = not sides.contact
    return Compared(
        where,
        verdict,
        plain(sides.before) if known else None,
        plain(sides.want),
        plain(sides.wrote) if known else None,
        plain(sides.there),
        sides.contact,
        same(sides.want, sides.there) and (sides.wrote is MISSING or not known or same(sides.wrote, sides.there)),
        hidden=verdict == SECRET,
    )
