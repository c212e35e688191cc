"""An object or a list as an outline: the manner of YAML, for eyes and not for parsers.

    Name: "Warm up the cache"
    Actions:
      - ActionType: "Octopus.Script"
        Properties:
          Octopus.Action.Script.ScriptBody: |
            curl https://…
            echo done

A script stands there line by line, as it was written, which JSON would show as one line full of ``\\n``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from worker.plan.values import MASK

STEP = "  "


def outline(value: Any) -> list[str]:
    """The lines of ``value``, which is as JSON gives it. A text of several lines is a block of its own, below ``|``."""
    if isinstance(value, dict) and value:
        return [line for name, inner in value.items() for line in _member(str(name), inner)]
    if isinstance(value, list) and value:
        return [line for inner in value for line in _element(inner)]
    return [_leaf(value)]


def said(value: Any) -> Any:
    """``value`` without the members that say nothing: null, the empty text, the empty list and object. Octopus'
    documents are full of them, and in something new they tell a reader nothing."""
    if isinstance(value, dict):
        return {name: inner for name, inner in ((name, said(inner)) for name, inner in value.items()) if _says(inner)}
    return [said(inner) for inner in value] if isinstance(value, list) else value


def _says(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {}


def _member(name: str, value: Any) -> Iterable[str]:
    if isinstance(value, dict | list) and value:
        return [f"{name}:", *_indented(outline(value))]
    if isinstance(value, str) and "\n" in value:
        return [f"{name}: |", *_indented(value.split("\n"))]
    return [f"{name}: {_leaf(value)}"]


def _element(value: Any) -> Iterable[str]:
    if isinstance(value, str) and "\n" in value:
        return ["- |", *_indented(value.split("\n"))]
    first, *rest = outline(value)
    return [f"- {first}", *_indented(rest)]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{STEP}{line}" for line in lines]


def _leaf(value: Any) -> str:
    return MASK if value == MASK else json.dumps(value, ensure_ascii=False, default=str)
