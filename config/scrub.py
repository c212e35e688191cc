"""Secrets out of whatever leaves a process for the eyes of others: log lines and error reports.

Three nets, since each has holes: *names* (a header or field called ``…token…`` or ``…password…`` holds one), *shapes*
(an API key, a URL with credentials, a SensitiveValue in JSON, an ``Authorization``), and *values* (what the secrets
named in the routes file are just now, and what they were before they were rotated).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from config.routes import RoutesFile
from config.secret import Secret, SecretMissingError

MASK = "••••••••"
API_KEY = re.compile(r"\bAPI-[A-Za-z0-9]{6,}")
"""How an Octopus API key looks. Older servers make 25 characters after the dash, newer ones more."""

NOT_TOLD = "(not logged)"

_VALUE_FIELDS = frozenset({"after", "before", "body", "content", "data", "document", "payload", "value", "values"})
"""Fields that would hold what people typed into Octopus. Whoever logs one by mistake logs that there was one."""

_SHORTEST = 4
"""Shorter values are not looked for: masking them would punch holes in ordinary words and hide nothing."""

_SECRET_NAME = re.compile(
    r"api[-_]?key|token|secret|password|passwd|authorization|cookie|credential|redis_?url|dsn|new_?value|private", re.I
)
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (("api-",), API_KEY, MASK),
    (("://",), re.compile(r"(?<=://)[^/\s@]*:[^/\s]*@"), f"{MASK}@"),
    (("bearer", "basic"), re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{4,}"), rf"\1 {MASK}"),
    (
        ("newvalue",),
        re.compile(r"""(?i)(\\?["']NewValue\\?["']\s*:\s*\\?["'])(?:\\.|[^"'\\])*"""),
        rf"\g<1>{MASK}",
    ),
    (
        ("apikey", "api-key", "token", "secret", "password"),
        re.compile(r"(?i)\b([\w-]*(?:api-?key|token|secret|password))(['\"]?\s*[:=]\s*['\"]?)[^\s'\",;&]{4,}"),
        rf"\1\2{MASK}",
    ),
)
"""Each after words, in small letters, without one of which it cannot match: to look for these costs a twentieth, and
most lines hold none of them."""

_watched: list[Secret] = []
_values: set[str] = set()


def watch(routes: RoutesFile) -> None:
    """From now on, what the secrets of ``routes`` hold is masked by value, too."""
    for instance in routes.instances:
        _watched.extend({instance.api_key, *instance.webhook_secrets} - set(_watched))
    refresh()


def remember(*values: str) -> None:
    """Mask these values from now on: a password in a URL, a token of the settings."""
    _values.update(value for value in values if len(value) >= _SHORTEST)


def refresh() -> None:
    """Read the watched secrets anew. What they held before stays masked."""
    for secret in _watched:
        with contextlib.suppress(SecretMissingError):
            remember(secret.reveal())


def text(value: str) -> str:
    """``value`` without secrets."""
    for known in sorted(_values, key=len, reverse=True):
        value = value.replace(known, MASK)
    small = value.casefold()  # as `(?i)` compares: it takes a Kelvin sign for a k
    for words, shape, replacement in _SHAPES:
        if any(word in small for word in words):
            value = shape.sub(replacement, value)
    return value


@lru_cache(maxsize=1_000)
def is_secret_name(name: str) -> bool:
    """Whether a header or field of this name holds a secret, judging by the name."""
    return _SECRET_NAME.search(name) is not None


def anything(value: Any) -> Any:
    """``value``, JSON-like, without secrets. Numbers and truth values pass, whatever their name: they are counters."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bytes):
        return text(value.decode("utf-8", "replace"))
    if isinstance(value, dict):
        return {key: _named(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        if len(value) == 2 and isinstance(value[0], str) and is_secret_name(value[0]):  # a header as a pair
            return [value[0], _named(value[0], value[1])]
        return type(value)(anything(inner) for inner in value)
    return value


def fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is told beside a line of a log or a report: without secrets, and without values of documents."""
    return {
        name: NOT_TOLD if name in _VALUE_FIELDS and inner is not None else inner
        for name, inner in anything(dict(given)).items()
    }


def _named(name: str, value: Any) -> Any:
    if not is_secret_name(name) or value is None or isinstance(value, bool | int | float):
        return anything(value)
    return _all_masked(value)


def _all_masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _all_masked(inner) for key, inner in value.items()}
    return MASK
