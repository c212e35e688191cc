"""Secrets out of what a server says.

A server may repeat in an error what it was sent: the credential, or a value that it could not convert. What it says
goes into logs, plans and dead letters, so the secrets that we know of are masked first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MASK = "••••••••"
API_KEY = re.compile(r"API-[A-Za-z0-9]{6,}")
SHORTEST = 3
"""Masking a shorter value would punch holes in ordinary words and hide nothing."""
LONGEST = 2_000
"""Characters that are kept. An exception of the server's, 100 kB long, helps nobody in a log line."""


def secrets_of(document: Any) -> Iterator[str]:
    """What is secret in a document that is sent: each ``NewValue``, and the ``Value`` of what ``IsSensitive``."""
    if isinstance(document, dict):
        sensitive = document.get("IsSensitive") is True
        for name, value in document.items():
            if isinstance(value, str) and (name == "NewValue" or (sensitive and name == "Value")):
                yield value
            else:
                yield from secrets_of(value)
    elif isinstance(document, list):
        for item in document:
            yield from secrets_of(item)


def masked(text: str, api_key: str, document: Any = None) -> str:
    """``text`` on one line, without the credential, anything of the shape of an API key, and the document's secrets."""
    text = _on_one_line(text)
    secrets = {_on_one_line(secret) for secret in (api_key, *secrets_of(document))}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    text = API_KEY.sub(MASK, text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
