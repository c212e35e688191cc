"""Versions of Octopus Server, as ``GET /api`` tells them: ``2026.3.15581``, ``2020.5.0-rc0004``, ``0.0.0-local``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

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

    def __str__(self) -> str:
        return self.text or f"{self.year}.{self.release}.{self.patch}"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """``installation_id`` tells two servers apart whatever their URLs; empty on servers that do not give it."""

    version: ServerVersion
    installation_id: str
