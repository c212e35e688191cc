"""Which release of Octopus knows which field of which kind.

From ``releases.json``, which ``scripts/release_table.py`` makes of what the servers of three releases say of their own
API. Between these a release is taken to know what the nearest older one knew; what a server itself returns is better
knowledge, and outranks this. Paths are written as ``Steps[].Actions[].Slug``.
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


ALWAYS = Span()


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a kind. ``objects``: paths, with a dot at their end, below which fields are known by name.

    ``required``: release → what a create must have, with what stands for nothing.
    """

    spans: Mapping[str, Span] = field(default_factory=dict)
    objects: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: Mapping[ServerVersion, Mapping[str, Any]] = field(default_factory=dict)

    def knows(self, path: str, release: ServerVersion) -> bool | None:
        """Whether ``release`` knows a field. ``None``: nobody can tell."""
        span = self.spans.get(path)
        return span.holds(release) if span is not None else None

    def describes(self, above: str) -> bool:
        """Whether all fields below ``above`` (``""``, ``Steps[].``) are described, so that another one is news."""
        return above in self.objects

    def new_in(self, path: str, then: ServerVersion | None, now: ServerVersion) -> bool:
        """Whether ``now`` knows a field that ``then`` did not. ``then`` unknown: whether some release did not."""
        span = self.spans.get(path)
        if span is None or not span.holds(now):
            return False
        return span.since is not None if then is None else not span.holds(then)

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
    )


def _span(text: str, releases: list[ServerVersion]) -> Span:
    since, _, last = text.partition("..")
    until = next((one for one in releases if last and one > ServerVersion.parse(last)), None)
    return Span(ServerVersion.parse(since) if since else None, until)
