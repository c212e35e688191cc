"""Versions: whether the releases of two servers are near enough for documents of one to mean the same on the other.

The rule is the guide's ("Avoid mismatched versions"): instances of one release, at most of two that follow each other
in one year, never of different years. What a route may allow with ``versions: same-year`` is to write between releases
of one year that are further apart; nothing allows another year.

==============================  ==============  ================================================
source → destination            ``one-apart``   ``same-year``
==============================  ==============  ================================================
2026.1 → 2026.1                 fine            fine
2026.1 → 2026.2, or back        a warning       a warning
2023.1 → 2023.4                 refused         a warning, which says what was overridden
2020.6 → 2021.3                 refused         refused
2018.3 → anything               refused         refused: such a server has no spaces
==============================  ==============  ================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

SHAPE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:\.\d+)?(?:-([^+]+))?(?:\+.*)?")
NEWEST = 2**31


@dataclass(frozen=True, slots=True, order=True)
class ServerVersion:
    """Ordered as releases follow each other; a pre-release comes before its release.

    ``0.0.0-local`` is what a developer's build of the server calls itself: newer than everything.
    """

    year: int
    release: int
    patch: int = 0
    final: bool = True
    label: str = ""
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> ServerVersion:
        """Raises ValueError for what is not a version."""
        match = SHAPE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"not a version of Octopus Server: {text!r}")
        if text.startswith("0.0.0"):
            return cls(NEWEST, 0, text=text)
        year, release, patch, label = match.groups()
        return cls(int(year), int(release), int(patch or 0), label is None, label or "", text)

    @property
    def is_local(self) -> bool:
        """A developer's build, of which nobody can say which release it is near to."""
        return self.year == NEWEST

    @property
    def line(self) -> str:
        """The release without its builds: ``2026.1``."""
        return "a local build" if self.is_local else f"{self.year}.{self.release}"

    def __str__(self) -> str:
        return self.text or f"{self.year}.{self.release}.{self.patch}"


class Versions(StrEnum):
    """How far the releases of the two servers may be apart."""

    ONE_APART = "one-apart"
    """One release within a year; what the guide calls safe."""
    SAME_YEAR = "same-year"
    """Any release of one year. Another year is always refused."""


OLDEST = ServerVersion.parse("2019.1.0")
"""The first release with spaces (Octopus API reference 2026, "Behavioural / release notes")."""

TRIED = ServerVersion.parse("2021.2.0")
"""The oldest whose own description of its API was read. Servers before it have no document of deployment settings."""


class Verdict(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Check:
    """``text`` says what was compared and, unless all is fine, what to do."""

    source: ServerVersion
    destination: ServerVersion
    verdict: Verdict
    text: str


def checked(source: ServerVersion, destination: ServerVersion, allowed: Versions) -> Check:
    """Pure."""
    verdict, text = _judged(source, destination, allowed)
    old = [one for one in (source, destination) if not one.is_local and one < TRIED]
    if verdict is not Verdict.REFUSED and old:
        verdict = Verdict.WARNING
        text += f"; {old[0].line} is older than {TRIED.line}: settings of deployments do not cross"
    return Check(source, destination, verdict, text)


def _judged(source: ServerVersion, destination: ServerVersion, allowed: Versions) -> tuple[Verdict, str]:
    pair = f"Octopus {source.line} → {destination.line}"
    for side, version in (("source", source), ("destination", destination)):
        if version < OLDEST:
            return (
                Verdict.REFUSED,
                f"the {side} is Octopus {version}, which has no spaces: upgrade it to 2021.2 or later",
            )
    if source.is_local or destination.is_local:
        if source.is_local and destination.is_local:
            return Verdict.FINE, pair
        return Verdict.WARNING, f"{pair}: nobody can tell how far they are apart"
    if source.year != destination.year:
        advice = f"upgrade the {'source' if source < destination else 'destination'}; no setting overrides this"
        return Verdict.REFUSED, f"{pair}: of different years, so any part of a document may have another form: {advice}"
    apart = abs(source.release - destination.release)
    if apart == 0:
        return Verdict.FINE, pair
    if apart == 1:
        return Verdict.WARNING, f"{pair}: one release apart; what only the newer one knows does not cross"
    if allowed is Versions.SAME_YEAR:
        text = (
            f"{pair}: {apart} releases apart, which would be refused: `versions: same-year` of the route overrides it"
        )
        return Verdict.WARNING, text
    advice = "upgrade one of them, or say `versions: same-year` in the route if the risk is known"
    return Verdict.REFUSED, f"{pair}: {apart} releases apart, and more than one is not safe: {advice}"
