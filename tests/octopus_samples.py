"""Real Octopus documents and the server's own API description, for tests that compare the sandbox with them.

They are not part of this repository. `OCTOSYNC_SAMPLES` names their folder; without it, `shared/samples` beside the
repository is tried. Tests that need them skip when they are not there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from swagger import Swagger, load

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "samples"
# Read when the module is imported: fixtures clear the environment of a test.
SAMPLES = Path(os.environ.get("OCTOSYNC_SAMPLES") or _BESIDE)

SWAGGER_VERSION = "2026.1.9674"
NO_SAMPLES = "no folder of real Octopus documents; set OCTOSYNC_SAMPLES to one"

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=NO_SAMPLES)


def sample(*path: str) -> Any:
    """One JSON document below the folder."""
    return json.loads(SAMPLES.joinpath(*path).read_text(encoding="utf-8-sig"))


def swagger_of(version: str = SWAGGER_VERSION) -> Swagger:
    """What the server of a release says of its own API."""
    return load(SAMPLES, version)


def answer_schema(template: str) -> dict[str, Any] | None:
    """The schema of what a GET of this route (`/{spaceId}/projects/{id}`) answers; None if Swagger does not know it."""
    operation = swagger_of().of_template("GET", template)
    return operation.answer if operation else None


def violations(template: str, answer: Any) -> set[str]:
    """How an answer breaks its schema: `<path without indexes>: <message>`, from the innermost schema that failed."""
    schema = answer_schema(template)
    assert schema is not None, f"Swagger has no GET {template}"
    return swagger_of().violations(schema, answer)


def properties_missing(template: str, answer: dict[str, Any]) -> set[str]:
    """Properties that the schema of an object knows and this answer does not have."""
    schema = answer_schema(template)
    assert schema is not None
    return set(swagger_of().properties(schema)) - set(answer)
