"""A route: one source space, one destination space, and the rules between them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, field_validator

from config.instances import Slug
from config.limits import Limits
from config.model import Finding, Model, Refused, refuse
from config.names import INCLUDABLE_KINDS, KINDS, NEVER_KINDS, ONE_TO_MANY_KINDS, PART_KINDS, name_key
from config.rules import Rules
from config.selection import MappableKind, Selection, same_names
from config.versions import Versions


class Mode(StrEnum):
    WRITE = "write"
    READ_ONLY = "read-only"
    """Plans are made and shown; nothing is ever written."""


class FirstContact(StrEnum):
    HOLD = "hold"
    """A route without a memory that meets matching items on the destination is held until its plan is approved."""
    ADOPT = "adopt"
    """It links the matching items and goes on."""


class Endpoint(Model):
    instance: str
    space: str = Field(default="Default", min_length=1)

    @property
    def key(self) -> tuple[str, str]:
        """Equal for the same space of the same entry under `instances`."""
        return self.instance, name_key(self.space)

    def __str__(self) -> str:
        return f"{self.instance}/{self.space}"


def _names(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    if value is None:
        raise refuse("a name is missing here", 'write the name, "null" in quotes if that is the name')
    return value


MapTarget = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(
        _names,
        json_schema_input_type=Annotated[str, Field(min_length=1)]
        | Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)],
    ),
    PlainSerializer(lambda names: names[0] if len(names) == 1 else list(names), return_type=str | list[str]),
]


class Route(Model):
    name: Slug
    source: Endpoint
    destination: Endpoint
    include: Selection = Selection()
    """What crosses in its own right. What it refers to is created with it where missing, except environments and
    tenants: these cross only if they are included by name."""
    exclude: Selection = Selection()
    """Beats `include`, and what is referred to. Something required that is excluded is looked up on the destination."""
    maps: dict[MappableKind, dict[str, MapTarget]] = Field(default={})
    """Kind to (name on the source to name, or names, on the destination). Plain names, no patterns. Several only for
    environments (in scopes) and tenants. Where several names map to one, the first in the list wins; the others leave
    clean-up entries."""
    rules: Rules = Rules()
    limits: Limits = Limits()
    mode: Mode = Mode.WRITE
    first_contact: FirstContact = FirstContact.HOLD
    versions: Versions = Versions.ONE_APART

    @field_validator("maps")
    @classmethod
    def _maps_hold(cls, maps: dict[str, dict[str, tuple[str, ...]]]) -> dict[str, dict[str, tuple[str, ...]]]:
        wrong = [finding for kind, names in maps.items() for finding in _wrong_names(kind, names)]
        if wrong:
            raise Refused(*wrong)
        return maps

    def includes(self, kind: str, name: str, project: str | None = None) -> bool:
        """Whether an item crosses in its own right. ``name`` is the source's; ``project`` the owner's, for its parts.

        A part of a project crosses with it unless ``include`` lists its kind: then only what matches does. Raises
        :class:`ValueError` for a kind that no route can name.
        """
        if self.excludes(kind, name, project) or kind not in INCLUDABLE_KINDS:
            return False
        if kind not in PART_KINDS:
            return self.include.matches(kind, name)
        if project is not None and not self.includes("project", project):
            return False
        return kind not in self.include.kinds or self.include.matches(kind, name, project)

    def excludes(self, kind: str, name: str, project: str | None = None) -> bool:
        """Whether the route names the item as one that must not cross, not even because something refers to it."""
        if kind not in KINDS and kind not in NEVER_KINDS:
            raise ValueError(f"no route can name the kind {kind!r}")
        return self.exclude.matches(kind, name, project)

    def mapped(self, kind: str, name: str) -> list[str] | None:
        """The names that a name of the source has on the destination, or ``None`` where no map names it."""
        wanted = name_key(name)
        for source, destinations in self.maps.get(kind, {}).items():
            if name_key(source) == wanted:
                return list(destinations)
        return None

    @property
    def fingerprint(self) -> str:
        """Stands for everything that decides what a sync wants: a route whose fingerprint changed is held.

        Sixteen hexadecimal digits, the same in every process. Limits and mode do not count.
        """
        wanted = self.model_dump_json(include={"source", "destination", "include", "exclude", "maps", "rules"})
        return hashlib.blake2b(wanted.encode(), digest_size=8).hexdigest()


def _wrong_names(kind: str, names: Mapping[str, tuple[str, ...]]) -> list[Finding]:
    wrong = [
        Finding((kind, later), f"{later!r} and {first!r} are one name to Octopus", "map it once")
        for later, first in same_names(names)
    ]
    for source, destinations in names.items():
        if not source.strip() or not all(name.strip() for name in destinations):
            wrong.append(Finding((kind, source), "an empty name", "write the name, or take the entry out"))
        if not destinations:
            wrong.append(Finding((kind, source), f"{source!r} is mapped to nothing", "exclude it instead"))
        if len(destinations) > 1 and kind not in ONE_TO_MANY_KINDS:
            several = " and ".join(ONE_TO_MANY_KINDS)
            message = f"a {kind} has one name on the destination: only {several} may have several"
            wrong.append(Finding((kind, source), message, "keep one of them"))
        if len({name_key(name) for name in destinations}) < len(destinations):
            wrong.append(Finding((kind, source), f"{source!r} is mapped to the same name twice", "keep one of them"))
    return wrong + [Finding((kind, later), *said) for later, said in _half_shared(names)]


def _half_shared(names: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Names that share some of what they are mapped to, and not all of it. Of names that share, the first counts for
    all: the others would lose what is theirs alone, or get what is the first one's."""
    known: list[tuple[str, dict[str, str]]] = []
    for source, destinations in names.items():
        given = {name_key(name): name for name in destinations}
        for first, others in known:
            shared = [name for key, name in given.items() if key in others]
            if shared and given.keys() != others.keys():
                said = f"{first!r} and {source!r} share {shared[0]!r}, and one of them is mapped to more than that"
                yield source, (said, "let them share all of it, or nothing")
                break
        known.append((source, given))
