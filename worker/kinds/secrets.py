"""Secrets: in which form the server wants a new one.

The API never gives a secret, so a new item gets a placeholder in its place. It must be one that the server accepts:
some secrets are files, which it wants in base64, and some it opens at once.

Facts: Octopus API reference 2026, "Accounts", "Feeds"; what is read when is (?) for all of them, so what can be well
formed is well formed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from enum import StrEnum


class Form(StrEnum):
    TEXT = "text"
    FILE = "file"
    """Base64 of a file."""
    JSON_FILE = "json-file"
    """Base64 of a JSON file."""
    GENUINE = "genuine"
    """Only a real one will do, since the server opens it: none is sent."""


FORMS: Mapping[str, Form] = {
    "PrivateKeyFile": Form.FILE,
    "JsonKey": Form.JSON_FILE,
    "ServiceAccountJsonKey": Form.JSON_FILE,
    # A management certificate. Without one the server makes its own.
    "CertificateBytes": Form.GENUINE,
}
"""By the name of the field; all others are text."""


def placeholder_for(field: str, text: str) -> str | None:
    """``text`` in the form that the field wants; ``None`` where nothing can stand in."""
    match FORMS.get(field, Form.TEXT):
        case Form.FILE:
            return base64.b64encode(text.encode()).decode()
        case Form.JSON_FILE:
            return base64.b64encode(json.dumps({"placeholder": text}).encode()).decode()
        case Form.GENUINE:
            return None
        case _:
            return text
