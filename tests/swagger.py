"""The server's own description of its API, for tests that hold the sandbox and our client to it.

Octopus serves a description of every route with the schemas of bodies and answers. Those of three releases are public
(2021.2 and 2026.1 as Swagger 2.0, 2023.4 as OpenAPI 3.1) but no part of this repository: they lie in the folder of
samples (`octopus_samples.SAMPLES`). Here they become one form: an operation by method and path.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

__all__ = ["FILES", "OPEN_TYPES", "Operation", "Swagger", "load", "shape"]

Schema = dict[str, Any]

FILES = {
    "2021.2.1290": "OctopusDeployLabs__node-octopus-deploy__spec.swagger-2021.2.1290.json.gz",
    "2023.4.8290": "guercheLE__octopus-mcp-rs__docs.octopus-openapi-v2023.4.8290-3.1.json.gz",
    "2026.1.9674": "OctopusDeploy__terraform-provider-octopusdeploy__swagger-2026.1.9674.json.gz",
}

# Swagger describes some types by the base class of their variants alone; each variant has properties of its own.
OPEN_TYPES = {
    "AccountDetailsResource",
    "AccountResource",
    "BaseEnvironmentV2Resource",
    "EndpointResource",
    "FeedResource",
    "GitCredentialUsageResource",
    "PersistenceSettingsResource",
    "SpaceDefaultRetentionPolicyResource",
    "GitCredentialDetailsResource",
    "TriggerActionResource",
    "TriggerFilterResource",
    "WorkerPoolResource",
}

# Swagger shows the server's class for a value that may be sensitive. On the wire it is a string or a SensitiveValue
# (Octopus.Client's PropertyValueResource converter).
_WIRE_FORMS = {"PropertyValueResource": {"anyOf": [{"type": "string"}, {"$ref": "#/definitions/SensitiveValue"}]}}

_SPACE = re.compile(r"^/\{(base)?spaceid\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with one method. `answers` are the schemas by status (None: without a body, or none is given),
    `described` what is said of a parameter of the query."""

    method: str
    template: str
    query: frozenset[str]
    body: Schema | None
    answers: dict[int, Schema | None]
    described: dict[str, str]

    @property
    def answer(self) -> Schema | None:
        """The schema of what success answers."""
        return next((schema for status, schema in sorted(self.answers.items()) if status < 300 and schema), None)


class Swagger:
    def __init__(self, description: Schema) -> None:
        self.version = str(description["info"]["version"])
        raw = description.get("definitions") or description["components"]["schemas"]
        self.definitions: dict[str, Schema] = {name: _local(schema) for name, schema in raw.items()}
        self._by_shape: dict[str, dict[str, Operation]] = {}
        for path, methods in description["paths"].items():
            for method, operation in methods.items():
                one = _operation(method.upper(), path, operation)
                known = self._by_shape.setdefault(shape(path), {})
                known[one.method] = _richer(known.get(one.method), one)

    @cached_property
    def _validated(self) -> dict[str, Schema]:
        """The definitions as values are checked against them. Swagger cannot say that a value may be null, and the
        server answers null for nearly everything that it does not have, so every property may be. `format` says
        nothing about JSON types and is left out. 2021.2 and 2026.1 close every object, 2023.4 leaves that out."""
        definitions = {name: _nullable(schema) for name, schema in self.definitions.items()}
        for name, schema in definitions.items():
            if "properties" in schema:
                definitions[name] = {"additionalProperties": False, **schema}
        for name in OPEN_TYPES & definitions.keys():
            definitions[name] = {**definitions[name], "additionalProperties": True}
        return definitions | _WIRE_FORMS

    @cached_property
    def _routes(self) -> dict[int, list[tuple[list[str], dict[str, Operation]]]]:
        routes: dict[int, list[tuple[list[str], dict[str, Operation]]]] = {}
        for path, operations in self._by_shape.items():
            segments = path.strip("/").split("/")
            routes.setdefault(len(segments), []).append((segments, operations))
        for found in routes.values():
            found.sort(key=lambda route: ["{" in segment for segment in route[0]])
        return routes

    @property
    def shapes(self) -> dict[str, set[str]]:
        """Every path without the names of its parameters, and its methods."""
        return {path: set(operations) for path, operations in self._by_shape.items()}

    def of_template(self, method: str, template: str) -> Operation | None:
        """The operation of a path given with its parameters (`/{spaceId}/projects/{id}`)."""
        return self._by_shape.get(shape(template), {}).get(method)

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that answers a request to `path`, below `/api` and without the query. Words go before
        parameters, as on the server."""
        segments = [segment.lower() for segment in path.strip("/").split("/")]
        for parts, operations in self._routes.get(len(segments), []):
            if method in operations and all(_fits(part, given) for part, given in zip(parts, segments, strict=True)):
                return operations[method]
        return None

    def violations(self, schema: Schema, value: Any, **more: Schema) -> set[str]:
        """How a value breaks a schema: `<path without indexes>: <message>`, from the innermost schema that failed.
        `more` are definitions besides those of Swagger."""
        definitions = self._validated | {name: _nullable(one) for name, one in more.items()}
        validator = Draft4Validator({**schema, "definitions": definitions})
        return {leaf for error in validator.iter_errors(value) for leaf in _leaves(error)}

    def resolved(self, schema: Schema) -> Schema:
        """The definition that a schema refers to, or the schema itself."""
        return self.definitions[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema

    def properties(self, schema: Schema) -> dict[str, Schema]:
        """The properties of an object's schema, by name."""
        found: dict[str, Schema] = self.resolved(schema).get("properties", {})
        return found


@cache
def load(folder: Path, version: str) -> Swagger:
    """The description of one release out of the folder of samples."""
    with gzip.open(folder / "swagger" / FILES[version]) as file:
        return Swagger(json.load(file))


def shape(path: str) -> str:
    """A path in lower case, its parameters without names; that of the space in front keeps one."""
    path = path.lower()
    below = _SPACE.sub("", path)
    return ("/{space}" if below != path else "") + re.sub(r"\{[^}]*\}", "{}", below)


def _fits(part: str, segment: str) -> bool:
    if part == "{space}":
        return re.fullmatch(r"spaces-\d+", segment) is not None
    if "{" in part:
        return bool(segment)
    return part == segment


def _operation(method: str, path: str, described: Schema) -> Operation:
    parameters = described.get("parameters", [])
    body = next((one.get("schema") for one in parameters if one.get("in") == "body"), None)
    body = body or _content(described.get("requestBody", {}))
    answers = {
        int(status): _local(schema) if (schema := answer.get("schema") or _content(answer)) else None
        for status, answer in described.get("responses", {}).items()
        if status.isdigit()
    }
    query = frozenset(one["name"].lower() for one in parameters if one.get("in") == "query")
    said = {one["name"].lower(): str(one.get("description") or "") for one in parameters if one.get("in") == "query"}
    return Operation(method, path, query, _local(body) if body else None, answers, said)


def _content(described: Schema) -> Schema | None:
    for content_type, content in described.get("content", {}).items():
        if "json" in content_type:
            schema: Schema | None = content.get("schema")
            return schema
    return None


def _richer(one: Operation | None, other: Operation) -> Operation:
    """The same route may be described twice under two names of its parameter; the one with more to say counts."""
    if one is None:
        return other
    described = [bool(each.body) + sum(map(bool, each.answers.values())) for each in (one, other)]
    best = one if described[0] >= described[1] else other
    said = {**one.described, **other.described}
    return Operation(best.method, best.template, one.query | other.query, best.body, best.answers, said)


def _local(schema: Any) -> Any:
    """The schema with references to `#/definitions`, whichever form it came in."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/components/schemas/", "#/definitions/") if key == "$ref" else _local(value)
            for key, value in schema.items()
        }
    return [_local(item) for item in schema] if isinstance(schema, list) else schema


def _nullable(schema: Schema) -> Schema:
    schema = {key: value for key, value in schema.items() if key != "format"}
    if "properties" in schema:
        schema["properties"] = {
            name: {"anyOf": [{"type": "null"}, _nullable(value)]} for name, value in schema["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = {"anyOf": [{"type": "null"}, _nullable(schema[key])]}
    return schema


def _leaves(error: Any) -> set[str]:
    if error.context:
        # Of "null or this", the second branch is the one that tells.
        inner = [leaf for sub in error.context if sub.schema_path[0] == 1 for leaf in _leaves(sub)]
        if inner:
            return set(inner)
    where = ".".join(str(part) for part in error.absolute_path if not isinstance(part, int))
    return {f"{where}: {error.message}" if len(error.message) < 160 else f"{where}: {error.validator}"}
