"""A problem: what is wrong with what a person wrote, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """``line`` and ``column`` count from 1; 0 where there is none, as for an environment variable or a missing file."""

    file: str
    line: int
    column: int
    key: str
    """The way to the key, as ``routes[0].include.project``."""
    message: str
    suggestion: str
    """What would be right, or what to do next."""
    severity: Literal["error", "warning"] = "error"

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        return f"{self.place}: {self.severity}: {key}{self.message} ({self.suggestion})"


class ConfigError(Exception):
    """What a person set cannot be used. ``problems`` holds every one that was found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
        super().__init__("\n".join(str(problem) for problem in self.problems))
