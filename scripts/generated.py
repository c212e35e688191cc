"""The generated part of a page: between two marks, with what is written by hand around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Generated:
    """``begin`` and ``end``: the marks, each on a line of its own."""

    page: Path
    begin: str
    end: str

    def around(self, page: str, text: str) -> str:
        """The page with ``text`` between the marks. Raises :class:`ValueError` where these are not there."""
        head, begin, rest = page.partition(self.begin)
        _, end, tail = rest.partition(self.end)
        if not begin or not end:
            raise ValueError(f"{self.page.name} has no place for it: {self.begin} … {self.end}")
        return f"{head}{self.begin}\n{text.rstrip()}\n{self.end}{tail}"

    def main(self, text: str, arguments: Sequence[str]) -> int:
        """Writes the page; with ``--check`` the exit status says whether it is current."""
        before = self.page.read_text(encoding="utf-8")
        after = self.around(before, text)
        if "--check" not in arguments:
            self.page.write_text(after, encoding="utf-8")
            return 0
        return int(after != before)
