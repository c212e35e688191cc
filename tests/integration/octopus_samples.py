"""Real Octopus documents and the server's own API description, for tests that compare the sandbox with them.

They are not part of this repository. `OCTOSYNC_SAMPLES` names their folder; without it, `shared/samples` beside the
repository is tried. Tests that need them skip when they are not there.
"""

import gzip
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "samples"
# Read when the module is imported: fixtures clear the environment of a test.
SAMPLES = Path(os.environ.get("OCTOSYNC_SAMPLES") or _BESIDE)

SWAGGER = "OctopusDeploy__terraform-provider-octopusdeploy__swagger-2026.1.9674.json.gz"
SWAGGER_VERSION = "2026.1.9674"

needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="no folder of real Octopus documents; set OCTOSYNC_SAMPLES to one"
)


def sample(*path: str) -> Any:
    """One JSON document below the folder."""
    return json.loads(SAMPLES.joinpath(*path).read_text(encoding="utf-8-sig"))


@cache
def _swagger() -> dict[str, Any]:
    with gzip.open(SAMPLES / "swagger" / SWAGGER) as file:
        description: dict[str, Any] = json.load(file)
    return description


@cache
def _get_paths() -> dict[str, dict[str, Any]]:
    """What a GET of each path answers, by the path without its parameters' names."""
    answers = {}
    for path, operations in _swagger()["paths"].items():
        schema = operations.get("get", {}).get("responses", {}).get("200", {}).get("schema")
        if schema:
            answers[_shape(path)] = schema
    return answers


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path).lower()


def answer_schema(template: str) -> dict[str, Any] | None:
    """The schema of what a GET of this route (`/{spaceId}/projects/{id}`) answers; None if Swagger does not know it.

    `format` says nothing about JSON types and is left out. Swagger 2.0 cannot say that a value may be null, and the
    server answers null for nearly everything that it does not have, so every property may be.
    """
    schema = _get_paths().get(_shape(template))
    return None if schema is None else {**schema, "definitions": _nullable_definitions()}


# Swagger describes some types by the base class of their variants alone; each variant has properties of its own.
OPEN_TYPES = {
    "AccountResource",
    "FeedResource",
    "TriggerActionResource",
    "TriggerFilterResource",
    "WorkerPoolResource",
}

# Swagger shows the server's class for a value that may be sensitive. On the wire it is a string or a SensitiveValue
# (Octopus.Client's PropertyValueResource converter).
_WIRE_FORMS = {"PropertyValueResource": {"anyOf": [{"type": "string"}, {"$ref": "#/definitions/SensitiveValue"}]}}


@cache
def _nullable_definitions() -> dict[str, Any]:
    definitions = {name: _nullable(definition) for name, definition in _swagger()["definitions"].items()}
    for name in OPEN_TYPES:
        definitions[name] = {**definitions[name], "additionalProperties": True}
    return definitions | _WIRE_FORMS


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    schema = {key: value for key, value in schema.items() if key != "format"}
    if "properties" in schema:
        schema["properties"] = {
            name: {"anyOf": [{"type": "null"}, _nullable(value)]} for name, value in schema["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = {"anyOf": [{"type": "null"}, _nullable(schema[key])]}
    return schema


def violations(template: str, answer: Any) -> set[str]:
    """How an answer breaks its schema: `<path without indexes>: <message>`, from the innermost schema that failed."""
    schema = answer_schema(template)
    assert schema is not None, f"Swagger has no GET {template}"
    found: set[str] = set()
    for error in Draft4Validator(schema).iter_errors(answer):
        found |= _leaves(error)
    return found


def _leaves(error: Any) -> set[str]:
    if error.context:
        # Of "null or this", the second branch is the one that tells.
        inner = [leaf for sub in error.context if sub.schema_path[0] == 1 for leaf in _leaves(sub)]
        if inner:
            return set(inner)
    where = ".".join(str(part) for part in error.absolute_path if not isinstance(part, int))
    return {f"{where}: {error.message}" if len(error.message) < 160 else f"{where}: {error.validator}"}


def properties_missing(template: str, answer: dict[str, Any]) -> set[str]:
    """Properties that the schema of an object knows and this answer does not have."""
    schema = answer_schema(template)
    assert schema is not None
    definition = schema["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    return set(definition["properties"]) - set(answer)
