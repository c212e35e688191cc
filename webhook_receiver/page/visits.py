"""One request to the page: who asks, and what for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from worker.ledger.sessions import Session

LONGEST = 500
NOBODY = "status page"


@dataclass(frozen=True, slots=True)
class Visit:
    """``now`` is the time, in the zone that people are shown. ``form``: what was sent with a POST, names and values."""

    request: web.Request
    session: Session | None
    now: datetime
    form: Sequence[tuple[str, str]] = field(default=())

    @property
    def by(self) -> str:
        """Who did it, for the record."""
        return self.session.person if self.session is not None and self.session.person else NOBODY

    def asked(self, name: str, otherwise: str = "") -> str:
        """A parameter of the address, at most so long."""
        return self.request.query.get(name, otherwise)[:LONGEST].strip()

    def number(self, name: str) -> int:
        """A parameter that is a count; 0 for whatever is none."""
        given = self.asked(name)
        return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0

    def sent(self, name: str) -> str:
        """A field of the form; the last one, if it came several times."""
        return next((value[:LONGEST].strip() for field_, value in reversed(self.form) if field_ == name), "")

    def all_sent(self, name: str) -> list[str]:
        return [value for field_, value in self.form if field_ == name]
