"""What a check found: fine, worth a look, or wrong; and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """``check`` is a short word that stays (scripts look for it), ``about`` what was looked at, ``then`` what to do."""

    level: Level
    check: str
    about: str
    text: str
    then: str = ""


def worst(findings: Iterable[Finding]) -> Level:
    order = list(Level)
    return max((one.level for one in findings), key=order.index, default=Level.OK)


def as_dict(one: Finding) -> dict[str, Any]:
    """For other programs."""
    return {"level": str(one.level), "check": one.check, "about": one.about, "text": one.text, "next": one.then}


def ok(check: str, about: str, text: str) -> Finding:
    return Finding(Level.OK, check, about, text)


def warning(check: str, about: str, text: str, then: str) -> Finding:
    return Finding(Level.WARNING, check, about, text, then)


def failure(check: str, about: str, text: str, then: str) -> Finding:
    return Finding(Level.FAILURE, check, about, text, then)
