"""What a failed run comes to: tried again, waiting, or a dead letter.

==========  ===================================================  ==========================================
again       the server may answer otherwise later, or has        another try, after longer and longer pauses
            less than it listed a moment ago
instance    nobody gets through to this server now               no try is counted; the circuit opens
setting     our own settings keep us out                         no try is counted; waits
never       the server understood, and says no                   dead letter, with the server's words
ours        a bug                                                dead letter, and a report to Sentry
==========  ===================================================  ==========================================
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import StrEnum

from config import scrub
from config.secret import SecretMissingError
from worker.octopus import errors
from worker.sync.applying.facing import RouteReversed
from worker.sync.servers.versions import VersionsRefused

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0
SETTING_PAUSE_S = 60.0


class Class(StrEnum):
    AGAIN = "again"
    INSTANCE = "instance"
    SETTING = "setting"
    NEVER = "never"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Failure:
    """``reason`` is for people; ``server_words`` what the server said, where it said something."""

    sort: Class
    reason: str
    server_words: str = ""
    at_least_s: float = 0.0
    """For how long the server asked to be left alone."""


def failure_of(error: BaseException) -> Failure:
    """Sorts an error that ended a run. What it says is kept for people to read, without the secrets that it quotes."""
    found = _failure_of(error)
    return replace(found, reason=scrub.text(found.reason), server_words=scrub.text(found.server_words))


def _failure_of(error: BaseException) -> Failure:
    match error:
        case SecretMissingError() | errors.UnknownSpace() | VersionsRefused() | RouteReversed():
            return Failure(Class.SETTING, str(error))
        case errors.OctopusError() if error.concerns_instance:
            asked = error.retry_after if isinstance(error, errors.TryAgain) else None
            return Failure(Class.INSTANCE, str(error), error.server_words, asked or 0.0)
        case errors.TryAgain() | errors.Misunderstood():
            return Failure(Class.AGAIN, str(error), error.server_words)
        case errors.NotFound() if error.method == "GET":
            # It was listed when we looked, and somebody has deleted it since; another run of ours, perhaps.
            return Failure(Class.AGAIN, str(error), error.server_words)
        case errors.OctopusError():
            return Failure(Class.NEVER, str(error), error.server_words)
        case TimeoutError():
            return Failure(Class.AGAIN, "it took too long")
    return Failure(Class.OURS, f"{type(error).__name__}: {error}")


def pause_ms(attempts: int, first_s: float = FIRST_PAUSE_S) -> int:
    """Before the next try, after so many failed ones. Not the same for all that failed together."""
    pause = min(first_s * 2 ** min(attempts, 10), LONGEST_PAUSE_S)
    return int(pause * random.uniform(0.8, 1.2) * 1000)  # noqa: S311 - spreads load
