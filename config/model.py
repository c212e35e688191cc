"""What all models of the routes file share, and how a rule that pydantic cannot know reports what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

Where = tuple[str | int, ...]
"""The way to a place in the file: ``("routes", 0, "include", "project")``."""


class Model(BaseModel):
    """Frozen, and closed: a key that nobody knows is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, or doubtful, with a file that is well formed. ``where`` counts from the model that found it."""

    where: Where
    message: str
    suggestion: str
    severity: Literal["error", "warning"] = "error"


class Refused(ValueError):  # noqa: N818 - it is never caught by name outside of this package
    """Raised by a validator that found one thing or several, each with its place."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("; ".join(_line(finding) for finding in findings))


def refuse(message: str, suggestion: str, where: Where = ()) -> Refused:
    """``suggestion``: what would be right. Nobody is told only what is wrong."""
    return Refused(Finding(where, message, suggestion))


def _line(finding: Finding) -> str:
    return f"{finding.message}: {finding.suggestion}"
