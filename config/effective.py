"""Effective settings: what each setting of a route comes to, and who said so.

    file      it is written in the routes file, at this line
    preset    the preset of the route says it (config.presets)
    default   nobody says anything

A rule may be said once more for some items (``overrides``); :func:`for_item` gives the rules of one item, each with who
spoke last. Secrets are no part of a route; of an instance it is shown where they are read from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from config.document import Document
from config.model import Where
from config.presets import PRESETS
from config.routes import RoutesFile


class Origin(StrEnum):
    FILE = "file"
    PRESET = "preset"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """``where``: its keys, from the route (or instance) on. ``line``: of the routes file, where that says it."""

    where: tuple[str, ...]
    value: Any
    origin: Origin
    line: int | None = None
    override: bool = False
    """It is said for some items only, this one among them."""

    @property
    def name(self) -> str:
        return ".".join(self.where)

    def said_by(self, file: str, preset: object) -> str:
        """For people: ``octosync.yaml:14``, ``preset mirror``, ``default``."""
        if self.origin is Origin.PRESET:
            return f"preset {preset}"
        if self.origin is Origin.DEFAULT:
            return "default"
        return f"{file}:{self.line}" + (" (overrides)" if self.override else "")


def of_route(document: Document, routes: RoutesFile, name: str) -> list[Setting]:
    """Every setting of a route. Raises :class:`KeyError`."""
    route, at = routes.route(name), _index(routes, name)
    written = _at(document.content, at)
    preset = PRESETS.get(str(route.rules.preset), {})
    shown = route.model_dump(mode="json", by_alias=True, exclude_none=True)
    # An override says what is written in it, and nothing by default.
    said = [one.model_dump(mode="json", by_alias=True, exclude_unset=True) for one in route.rules.overrides]
    shown["rules"]["overrides"] = said
    return [_told(document, at, where, value, written, {"rules": preset}) for where, value in _leaves(shown)]


def of_instance(document: Document, routes: RoutesFile, index: int) -> list[Setting]:
    at: Where = ("instances", index)
    shown = routes.instances[index].model_dump(mode="json", by_alias=True, exclude_none=True)
    return [_told(document, at, where, value, _at(document.content, at), {}) for where, value in _leaves(shown)]


def for_item(document: Document, routes: RoutesFile, name: str, path: Sequence[str]) -> list[Setting]:
    """Every rule for the item with this name path on the source, without the route's prefix ``rules``. Raises
    :class:`KeyError`."""
    route, at = routes.route(name), _index(routes, name)
    general = {one.where[1:]: one for one in of_route(document, routes, name) if one.where[0] == "rules"}
    shown = route.rules.of(path).model_dump(
        mode="json", by_alias=True, exclude={"preset", "overrides"}, exclude_none=True
    )
    found = []
    for where, value in _leaves(shown):
        setting = general.get(where) or Setting(where, value, Origin.DEFAULT)
        setting = Setting(where, value, setting.origin, setting.line)
        for number, override in enumerate(route.rules.overrides):
            place: Where = (*at, "rules", "overrides", number, *where)
            if override.concerns(path) and _is_said(document.content, place):
                setting = Setting(where, value, Origin.FILE, document.place(place).line, override=True)
        found.append(setting)
    return found


def _index(routes: RoutesFile, name: str) -> Where:
    return "routes", next(number for number, route in enumerate(routes.routes) if route.name == name)


def _told(
    document: Document, at: Where, where: tuple[str, ...], value: Any, written: Any, preset: Mapping[str, Any]
) -> Setting:
    if _is_said(written, where):
        return Setting(where, value, Origin.FILE, document.place((*at, *where)).line)
    return Setting(where, value, Origin.PRESET if _is_said(preset, where) else Origin.DEFAULT)


def _leaves(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Settings that hold no others. Lists count as a whole, as they do where a preset lies under what is written."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*where, name))
    else:
        yield where, value


def _is_said(content: Any, where: Where) -> bool:
    return _at(content, where) is not _NOTHING


_NOTHING: Any = object()


def _at(content: Any, where: Where) -> Any:
    for part in where:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return content
