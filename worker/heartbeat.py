"""Beat's health: what it writes down each time it goes round, and the probe that reads it.

    python -m worker.heartbeat FILE            is it alive? No only when a new process would do better: its clock stands
    python -m worker.heartbeat FILE --sends    is it ready? No as long as its ticks reach nobody (Redis is away, say)

Beat listens nowhere, and needs no port for this: it writes a file (``OCTOSYNC_BEAT_FILE``), and the probe runs beside
it. Going round is also to wait for a Redis that is away, so an outage kills no beat. Times are those of
``time.monotonic``, which all processes of a machine share and nobody sets.

The probe starts every few seconds, so this module loads nothing but the standard library.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ALIVE_S = 120.0
"""Longer than any round: waiting for Redis, Celery says so every 30 seconds at least (kombu, ``retry_over_time``)."""
MISSED = 4
"""So many ticks in a row can get lost before it is said."""
AT_LEAST_S = 20.0
"""… and for so long it is not said: one reconnection is no news."""


@dataclass(frozen=True, slots=True)
class Round:
    """``at``: when beat last went round. ``sent``: when a tick last reached Redis, ``None`` if none did yet.
    ``every_s``: how far apart ticks are."""

    at: float
    sent: float | None
    every_s: float


def alive(found: Round, now: float) -> tuple[bool, str]:
    """The answer, and why, for people."""
    age = now - found.at
    if age < 0:
        return False, "it last went round before this machine was started"
    return age <= ALIVE_S, f"it last went round {age:.0f} s ago"


def sends(found: Round, now: float) -> tuple[bool, str]:
    """Likewise."""
    well, why = alive(found, now)
    if not well:
        return False, why
    if found.sent is None:
        return False, "none of its ticks has reached Redis yet"
    age = now - found.sent
    return age <= max(AT_LEAST_S, MISSED * found.every_s), f"a tick last reached Redis {age:.0f} s ago"


class Heartbeat:
    """The side that writes. Raises :class:`OSError` where the file cannot be written."""

    def __init__(self, file: Path, every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._every_s = every_s
        self._clock = clock
        self._sent: float | None = None

    def went_round(self) -> None:
        written = json.dumps({"at": self._clock(), "sent": self._sent, "every_s": self._every_s})
        beside = self._file.with_name(self._file.name + ".new")
        beside.write_text(written, encoding="ascii")
        os.replace(beside, self._file)  # whoever reads finds the one or the other, never half of it

    def sent(self) -> None:
        self._sent = self._clock()
        self.went_round()


def read(file: Path) -> Round:
    """Raises :class:`OSError` if it is not there, :class:`ValueError` if it is none of ours."""
    try:
        found = json.loads(file.read_text(encoding="ascii"))
        return Round(float(found["at"]), None if found["sent"] is None else float(found["sent"]), found["every_s"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file} was not written by beat") from error


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m worker.heartbeat", description="How beat is doing.")
    parser.add_argument("file", type=Path, metavar="FILE", help="what OCTOSYNC_BEAT_FILE names for beat")
    parser.add_argument("--sends", action="store_true", help="also whether its ticks reach Redis")
    given = parser.parse_args(argv)
    try:
        well, why = (sends if given.sends else alive)(read(given.file), time.monotonic())
    except OSError as error:
        well, why = False, f"{given.file} cannot be read ({error.strerror}): beat has not begun, or writes elsewhere"
    except ValueError as error:
        well, why = False, str(error)
    sys.stdout.write(f"{'well' if well else 'not well'}: {why}\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
