"""The JSON Schema of the routes file, for editors and for other tools.

It knows less than :func:`config.load.load`: kinds, keys and values, but not whether routes lead in a circle or overlap.
``config/octosync.schema.json`` is this, exported; a test fails when the two differ.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from config.routes import RoutesFile

EXPORTED = Path(__file__).with_name("octosync.schema.json")
EXAMPLE = Path(__file__).with_name("octosync.example.yaml")


def schema() -> dict[str, Any]:
    document: dict[str, Any] = _clean(RoutesFile.model_json_schema(mode="validation"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | document | {"title": "Octosync routes"}


def text() -> str:
    """The schema as it is exported."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _clean(node: Any) -> Any:
    """Descriptions without the indentation of our sources."""
    if isinstance(node, dict):
        return {
            key: inspect.cleandoc(value) if key == "description" and isinstance(value, str) else _clean(value)
            for key, value in node.items()
        }
    return [_clean(entry) for entry in node] if isinstance(node, list) else node
