"""A transcript in a document is typed again, in one shell, and what is printed compared with what the document says.

    ```console             commands after `$ ` (a line that ends with `\\` goes on in the next), and what each prints
    ```console until       the same, typed again and again until it prints that, for what happens in its own time

In what is printed a line `…` stands for any number of lines. Blanks are compared as one blank. What differs from run to
run (:data:`VOLATILE`) is only compared in its form; a hash that was printed is replaced in later commands by the one
that was really printed, as a person would copy it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console( until)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
END = "end-of-the-command"
ANYTHING = "…"
PATIENCE_S = 60.0
HASH = r"\b[0-9a-f]{12}\b"
VOLATILE = re.compile(
    rf"(?P<hash>{HASH})"
    r"|(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|\+00:00)?)"
    r"|(?P<seconds>\b\d+(\.\d+)? s\b)"
    r"|(?P<requests>\b\d+ requests\b|(?<= unchanged )\d+$)"  # the first to look asks more: versions, directories
    r"|(?P<version>\b(redis|valkey) \d[\d.]+)"
)


@dataclass(frozen=True)
class Command:
    line: int
    typed: str
    printed: tuple[str, ...]
    again: bool


def commands(page: Path) -> Iterator[Command]:
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(2)) + 1
        number, lines = 0, block[2].splitlines()
        while number < len(lines):
            at, typed = first + number, lines[number].removeprefix("$ ")
            assert lines[number].startswith("$ "), f"{page.name}:{at}: a command begins with `$ `"
            number += 1
            while typed.endswith("\\"):
                typed, number = f"{typed}\n{lines[number]}", number + 1
            printed = []
            while number < len(lines) and not lines[number].startswith("$ "):
                printed.append(lines[number])
                number += 1
            yield Command(at, typed, tuple(printed), bool(block[1]))


class Shell:
    """A Bash in ``folder``. ``ports``: of the document, and which ones really are used."""

    def __init__(self, folder: Path, environment: Mapping[str, str], ports: Mapping[str, str]) -> None:
        self._ports = ports
        self._hashes: dict[str, str] = {}
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def types(self, command: Command) -> None:
        """Fails where something else is printed than the document says."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            said = self._run(self._as_here(command.typed))
            wrong = self._difference(command.printed, said)
            if wrong is None:
                return
            if not command.again or time.monotonic() > deadline:
                raise AssertionError(f"line {command.line}: {command.typed}\n{wrong}")
            time.sleep(0.2)

    def close(self) -> None:
        """Ends the shell, and all that it has started."""
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait()
        for pipe in (self._bash.stdin, self._bash.stdout):
            if pipe is not None:
                pipe.close()

    def _run(self, typed: str) -> list[str]:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{typed}\necho; echo {END}\n")
        self._bash.stdin.flush()
        said: list[str] = []
        for line in self._bash.stdout:
            if line.rstrip("\n") == END:
                break
            said.append(line.rstrip("\n"))
        while said and not said[-1].strip():
            said.pop()
        return [self._as_written(line) for line in said]

    def _difference(self, expected: tuple[str, ...], said: list[str]) -> str | None:
        wanted = [_form(line) for line in expected]
        got = [_form(line) for line in said]
        places = _matched(wanted, got)
        if places is None:
            return "expected:\n  " + "\n  ".join(expected) + "\nprinted:\n  " + "\n  ".join(said)
        for mine, theirs in places:
            for written, here in zip(re.findall(HASH, expected[mine]), re.findall(HASH, said[theirs]), strict=True):
                self._hashes[written] = here
        return None

    def _as_here(self, text: str) -> str:
        for written, here in {**self._ports, **self._hashes}.items():
            text = re.sub(rf"\b{written}\b", here, text)
        return text

    def _as_written(self, text: str) -> str:
        for written, here in self._ports.items():
            text = re.sub(rf"\b{here}\b", written, text)
        return text


def _form(line: str) -> str:
    return VOLATILE.sub(lambda found: f"<{found.lastgroup}>", " ".join(line.split()))


def _matched(wanted: list[str], got: list[str]) -> list[tuple[int, int]] | None:
    """Pairs of line numbers, or ``None``. ``…`` takes as few lines as will do."""
    if not wanted:
        return None if got else []
    if wanted[0] == ANYTHING:
        for skipped in range(len(got) + 1):
            rest = _matched(wanted[1:], got[skipped:])
            if rest is not None:
                return [(mine + 1, theirs + skipped) for mine, theirs in rest]
        return None
    if not got or wanted[0] != got[0]:
        return None
    rest = _matched(wanted[1:], got[1:])
    return rest if rest is None else [(0, 0), *((mine + 1, theirs + 1) for mine, theirs in rest)]
