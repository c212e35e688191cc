"""Reads a routes file, and says of everything wrong with it where it is and what would be right.

    text → document (values, and the place of every key) → models → problems

All problems are found at once, but for those of YAML itself: after one of these nothing else can be trusted.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError

from config.checks import warnings
from config.document import Document, DocumentError, parse
from config.model import Finding, Refused, Where
from config.names import nearest
from config.problems import ConfigError, Problem
from config.right import EXPLAINED, right
from config.routes import RoutesFile

__all__ = ["ConfigError", "Problem", "check", "load", "loads", "read"]

_ANOTHER_FILE = "`octosync init` writes one; --config or OCTOSYNC_ROUTES names another"


def load(path: str | Path) -> RoutesFile:
    """The routes file at ``path``, UTF-8. Raises :class:`ConfigError`."""
    file = Path(path)
    return loads(_text(file), str(path), base=file.parent)


def loads(text: str, name: str, base: Path | None = None) -> RoutesFile:
    """The routes file in ``text``, called ``name`` in problems. Relative paths in it count from ``base``."""
    return _models(_document(text, name), name, base)


def read(path: str | Path) -> tuple[RoutesFile, Document]:
    """The routes file at ``path``, and its text with the place of every key. Raises :class:`ConfigError`."""
    file = Path(path)
    document = _document(_text(file), str(path))
    return _models(document, str(path), file.parent), document


def check(path: str | Path) -> tuple[RoutesFile, list[Problem]]:
    """The routes file, and the warnings about it. Raises :class:`ConfigError` if it cannot be used."""
    file = Path(path)
    document = _document(_text(file), str(path))
    routes = _models(document, str(path), file.parent)
    return routes, [_problem(f, document, str(path)) for f in warnings(routes.instances, routes.routes)]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        hint = _ANOTHER_FILE if isinstance(error, FileNotFoundError) else "let this user read it, or name another"
        raise ConfigError([Problem(str(file), 0, 0, "", f"cannot be read: {error.strerror}", hint)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([Problem(str(file), line, 1, "", "not UTF-8", "save it as UTF-8")]) from None


def _document(text: str, name: str) -> Document:
    try:
        return parse(text)
    except DocumentError as error:
        problem = Problem(
            name, error.place.line, error.place.column, _printed(error.where), error.message, error.suggestion
        )
        raise ConfigError([problem]) from None


def _models(document: Document, name: str, base: Path | None) -> RoutesFile:
    if document.content is None:
        raise ConfigError(
            [Problem(name, 1, 1, "", "the file is empty", "`octosync config example` prints one to start from")]
        )
    try:
        return RoutesFile.model_validate(document.content, context={"base": base} if base is not None else None)
    except ValidationError as error:
        found = (_problem(finding, document, name) for e in error.errors() for finding in _findings(e))
        raise ConfigError(dict.fromkeys(found)) from None


def _findings(error: Mapping[str, Any]) -> Iterator[Finding]:
    where: Where = tuple(part for part in error["loc"] if part != "[key]")
    kind, context = error["type"], error.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, Refused):
        for finding in cause.findings:
            yield Finding((*where, *finding.where), finding.message, finding.suggestion, finding.severity)
    elif kind == "extra_forbidden":
        known = _keys_at(where[:-1])
        guess = nearest(str(where[-1]), known)
        hint = f"did you mean {guess!r}?" if guess else f"known here are {', '.join(known)}"
        yield Finding(where, f"there is no setting {where[-1]!r}", hint)
    elif kind == "missing":
        yield Finding(where[:-1], f"{where[-1]!r} is missing", f"add it: {EXPLAINED}")
    elif error["input"] is None:
        yield Finding(where, "nothing is given here", "leave the key out for the default")
    elif kind in {"enum", "literal_error"}:
        allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        guess = nearest(str(error["input"]), allowed)
        meant = f"did you mean {guess!r}?" if guess else "write one of these"
        yield Finding(where, f"{error['input']!r} is not one of {', '.join(allowed)}", meant)
    elif kind in {"model_type", "dict_type"}:
        yield Finding(
            where,
            "this takes keys with values, `key: value`",
            f"known here are {keys}" if (keys := ", ".join(_keys_at(where))) else EXPLAINED,
        )
    elif kind in {"tuple_type", "frozen_set_type"}:
        yield Finding(where, "this takes a list", "one entry to a line after a dash, or [a, b]")
    elif kind == "string_type":
        yield Finding(where, "this takes a name or text, not a list or keys", right(kind, context))
    else:
        yield Finding(where, str(error["msg"]).removeprefix("Value error, "), right(kind, context))


def _keys_at(where: Where) -> list[str]:
    """The keys that the model at a place has, none where there is no model."""
    annotation: Any = RoutesFile
    for part in where:
        annotation = _within(annotation, part)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and not issubclass(annotation, RootModel):
        return list(annotation.model_fields)
    return []


def _within(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part)) or annotation.model_fields.get("root")
        inner = field.annotation if field is not None else None
        return _within(inner, part) if issubclass(annotation, RootModel) else inner
    if get_origin(annotation) is Annotated:
        return _within(get_args(annotation)[0], part)
    if get_origin(annotation) in {tuple, dict, types.UnionType}:
        return next((a for a in reversed(get_args(annotation)) if a not in {Ellipsis, type(None)}), None)
    return None


def _problem(finding: Finding, document: Document, name: str) -> Problem:
    where = finding.where
    place = document.place(where)
    return Problem(
        name, place.line, place.column, _printed(where), finding.message, finding.suggestion, finding.severity
    )


def _printed(where: Where) -> str:
    """``routes[0].include.project``; a key that holds dots or blanks in quotes."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = part if re.fullmatch(r"[\w-]+", part) else repr(part)
            text += f".{plain}" if text else plain
    return text
