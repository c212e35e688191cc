"""References: the places in a document that name another item.

A reference is declared where it stands (see :mod:`worker.kinds.shape`), so that the declarations of all kinds together
are the reference graph. Everything that follows references (closure, order of writing, translation, the tables in the
docs) reads it from there.

The forms in which Octopus writes a reference (Octopus API reference 2026, sections "Processes" and "Variables"):

    ID      "LifecycleId": "Lifecycles-1"                                  one id, or null
    LIST    "Environments": ["Environments-1", "Environments-2"]           ids, order of no meaning
    CSV     "Octopus.Action.Manual.ResponsibleTeamIds": "Teams-1,Teams-2"  ids in one string
    TAG     "TenantTags": ["Region/North"]                                 names, not ids: the same on every server

Ids also stand deep inside of what is otherwise data (:class:`Nested`): the inputs of a step package, and JSON that a
property holds as text. What a step template's parameter holds, its control type says (:mod:`worker.kinds.controls`).

A value with ``#{`` in it is an Octopus expression. It is evaluated when a deployment runs, and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

EXPRESSION = re.compile(r"#\{")


_SLUG = ":slug"

OWN_STEP = "own-step"
"""The kind of a reference to an action of the same process, by its id. The server assigns that when it is written, so a
reference to a new one can only be written afterwards."""

ANSWERS = "prompted-variable"
"""The kind of what answers prompted variables, see :mod:`worker.kinds.answers`."""

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class PendingId(str):
    """Stands in a document for an id that will exist only once the plan is being applied.

    ``PendingId.of("deploymentprocess-Projects-1", "<action id>")`` names the source element that the id will belong
    to; the apply step replaces it with what the destination assigned.
    """

    __slots__ = ()

    @classmethod
    def of(cls, source_id: str, element_id: str | None = None) -> PendingId:
        return cls(f"new:{source_id}" if element_id is None else f"new:{source_id}:{element_id}")

    @classmethod
    def slug_of(cls, pending: str) -> PendingId:
        """Stands for the slug of the element whose id ``pending`` stands for."""
        return cls(f"{pending}{_SLUG}")

    @staticmethod
    def stands_for(value: str) -> str | None:
        """The source item that a stand-in belongs to; ``None`` for an id."""
        return value.split(":", 2)[1] if value.startswith("new:") else None

    @staticmethod
    def element_of(value: object) -> str | None:
        """The source element that a stand-in belongs to. Also for one that went through JSON and is a plain string."""
        if not isinstance(value, str) or not value.startswith("new:") or value.count(":") < 2:
            return None
        return value.split(":", 2)[2]


class PendingText(str):
    """Text that stand-ins are part of: a list of ids in one string, JSON with an id inside.

    As a string it shows them; the apply step replaces them (:meth:`bound`).
    """

    __slots__ = ("parts",)
    parts: tuple[str, ...]

    @classmethod
    def of(cls, parts: Iterable[str]) -> str:
        """The parts joined: a plain string where none of them is a stand-in."""
        known = tuple(parts)
        text = "".join(known)
        if not any(isinstance(part, PendingId | PendingText) for part in known):
            return text
        made = cls(text)
        made.parts = known
        return made

    @property
    def stand_ins(self) -> Iterator[PendingId]:
        for part in self.parts:
            if isinstance(part, PendingId):
                yield part
            elif isinstance(part, PendingText):
                yield from part.stand_ins

    def bound(self, bind: Callable[[str], str]) -> str:
        """The text with every part put through ``bind``."""
        return "".join(bind(part) for part in self.parts)


class Form(StrEnum):
    ID = "id"
    LIST = "list"
    CSV = "csv"
    TAG = "tag"


class Empty(StrEnum):
    """What an empty list means where it stands."""

    ANYWHERE = "anywhere"
    """No restriction. A list that was not empty is never emptied: the element is dropped or blocked."""
    NOWHERE = "nowhere"
    DEFAULT = "default"
    """The server falls back on something (a null worker pool is the default one)."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One place that names another item.

    ``kind``: what it names. ``required``: the document means nothing without it; where it cannot be translated, the
    document is blocked (or its element skipped, if the route says so). ``loose``: the place may also hold something
    that is no id (a package id, an action's name); what is not the id of a known source item is left alone.
    ``closure``: what it names may be created for its sake, where it is missing. ``foreign``: what it names belongs to
    one server and has no counterpart on another: it is left out, and a person chooses one there.
    """

    kind: str
    form: Form = Form.ID
    required: bool = False
    empty: Empty = Empty.NOWHERE
    loose: bool = False
    closure: bool = True
    foreign: bool = False
    version_key: str | None = None
    """The key beside it that holds the version of what is named. Versions do not travel: it takes the destination's."""


@dataclass(frozen=True, slots=True)
class Nested:
    """References at whatever depth they stand, known by the key that holds them. All else there is data.

    ``text``: they stand in JSON text. What is not JSON (an expression, say) holds none. Where nothing of it is
    translated the text stays as it is, byte by byte; else all of it but the ids.
    """

    keys: Mapping[str, Ref]
    text: bool = False

    def references(self) -> Iterator[tuple[str, Ref]]:
        for key, ref in self.keys.items():
            yield (f"(JSON).{key}" if self.text else f"**.{key}"), ref


@dataclass(frozen=True, slots=True)
class Scope:
    """Fields which together say where an element applies.

    When none of what they name exists on the destination, the rule of ``dimension`` decides about the element. Several
    fields, because a lifecycle phase may list an environment as automatic or as optional. ``exclusive``: the fields say
    where it does *not* apply; an exclusion of something that the destination lacks is satisfied, not mismatched.
    """

    fields: tuple[str, ...]
    dimension: str
    exclusive: bool = False


def is_expression(value: Any) -> bool:
    return isinstance(value, str) and EXPRESSION.search(value) is not None


def is_secret(value: Any) -> bool:
    """Whether this is Octopus' SensitiveValue object: ``{"HasValue": …, "NewValue": …}``, its value never readable."""
    return isinstance(value, dict) and "HasValue" in value
