"""Which release of Octopus knows which field of which kind.

From ``releases.json``, which ``scripts/release_table.py`` makes of what the servers of three releases say of their own
API. Between these a release is taken to know what the nearest older one knew; what a server itself returns is better
knowledge, and outranks this. Paths are written as ``Steps[].Actions[].Slug``.

Some objects (feeds, accounts, what a trigger waits for and does) are of types, each with fields of its own. Which types
a release has, its server says; which fields a type has, only Octopus' clients do: these are known as far as they were
read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from config.versions import ServerVersion


@dataclass(frozen=True, slots=True)
class Releases:
    """Of the two servers."""

    source: ServerVersion
    destination: ServerVersion

    @property
    def differ(self) -> bool:
        """Servers of one release have one form; their builds make no difference."""
        here, there = self.source, self.destination
        return (here.year, here.release) != (there.year, there.release)


@dataclass(frozen=True, slots=True)
class Span:
    """From which release on a field is known (``None``: always), and from which on not any more (``None``: never)."""

    since: ServerVersion | None = None
    until: ServerVersion | None = None

    def holds(self, release: ServerVersion) -> bool:
        here = (release.year, release.release)
        if self.since is not None and here < (self.since.year, self.since.release):
            return False
        return self.until is None or here < (self.until.year, self.until.release)

    def came(self, then: ServerVersion | None, now: ServerVersion) -> bool:
        """Whether ``now`` knows a field that ``then`` did not. ``then`` unknown: whether some release did not."""
        return self.holds(now) and (self.since is not None if then is None else not self.holds(then))


@dataclass(frozen=True, slots=True)
class Types:
    """Of an object whose type decides about its fields. ``by``: the field that says the type.

    ``lacking``: type → the last release that is known not to have it. ``fields``: type → those of its fields that were
    read of, each with the releases that know it.
    """

    by: str
    lacking: Mapping[str, ServerVersion] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, Span]] = field(default_factory=dict)

    def lacks(self, type_name: str, release: ServerVersion) -> bool:
        """Whether ``release`` is known not to have a type. Between two descriptions nobody can tell."""
        last = self.lacking.get(type_name)
        return last is not None and (release.year, release.release) <= (last.year, last.release)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a kind. ``objects``: paths, with a dot at their end, below which fields are known by name;
    ``types``: those below which the type of the object decides.

    ``required``: release → what a create must have, with what stands for nothing.
    """

    spans: Mapping[str, Span] = field(default_factory=dict)
    objects: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: Mapping[ServerVersion, Mapping[str, Any]] = field(default_factory=dict)
    types: Mapping[str, Types] = field(default_factory=dict)

    def span(self, above: str, name: str, of: Mapping[str, Any]) -> Span | None:
        """Which releases know a field of the object ``of``, which stands at ``above``. ``None``: nobody can tell."""
        types = self.types.get(above)
        by_type = types.fields.get(str(of.get(types.by)), {}) if types is not None else {}
        return self.spans.get(f"{above}{name}") or by_type.get(name)

    def knows(self, path: str, release: ServerVersion) -> bool | None:
        """Whether ``release`` knows a field. ``None``: nobody can tell."""
        span = self.spans.get(path)
        return span.holds(release) if span is not None else None

    def describes(self, above: str) -> bool:
        """Whether all fields below ``above`` (``""``, ``Steps[].``) are described, so that another one is news."""
        return above in self.objects

    def demanded_by(self, release: ServerVersion) -> Mapping[str, Any]:
        """Field → what stands for nothing, of what a create must have."""
        older = [one for one in self.required if (one.year, one.release) <= (release.year, release.release)]
        return self.required[max(older)] if older else {}


NOTHING_KNOWN = Fields()


def fields_of(kind: str) -> Fields:
    """By the kind's name. Of one that nobody has described, nothing is known."""
    return _table().get(kind, NOTHING_KNOWN)


@cache
def _table() -> dict[str, Fields]:
    text = resources.files(__package__).joinpath("releases.json").read_text(encoding="utf-8")
    document = json.loads(text)
    releases = [ServerVersion.parse(one) for one in document["releases"]]
    return {kind: _fields(one, releases) for kind, one in document["kinds"].items()}


def _fields(document: Mapping[str, Any], releases: list[ServerVersion]) -> Fields:
    spans = {path: _span(span, releases) for span, paths in document["fields"].items() for path in paths.split()}
    described = {"", *(path[: path.rindex(".") + 1] for path in spans if "." in path)}
    return Fields(
        spans,
        frozenset(described - set(document["open"])),
        document["defaults"],
        {ServerVersion.parse(release): demanded for release, demanded in document["required"].items()},
        {above: _types(one, releases) for above, one in document["types"].items()},
    )


def _types(document: Mapping[str, Any], releases: list[ServerVersion]) -> Types:
    return Types(
        document["by"],
        {name: ServerVersion.parse(last) for last, names in document["lacking"].items() for name in names.split()},
        {
            of: {name: _span(span, releases) for span, names in fields.items() for name in names.split()}
            for of, fields in document["fields"].items()
        },
    )


def _span(text: str, releases: list[ServerVersion]) -> Span:
    since, _, last = text.partition("..")
    until = next((one for one in releases if last and one > ServerVersion.parse(last)), None)
    return Span(ServerVersion.parse(since) if since else None, until)
