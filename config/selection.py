"""A selection: which items a route includes or excludes, by kind and name pattern.

    project: ["OctoFX*", "Shared API"]
    channel:
      - "QA*"                                # in every project
      - { project: OctoFX, name: Hotfix }    # in one

Nothing is selected unless listed. ``"*"`` selects all of a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    RootModel,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from config.model import Finding, Model, Refused, refuse
from config.names import INCLUDABLE_KINDS, KINDS, NEVER_KINDS, PART_KINDS, Pattern, name_key, nearest


def _includable_kind(kind: str) -> str:
    if kind in INCLUDABLE_KINDS:
        return kind
    guess = nearest(kind, [*INCLUDABLE_KINDS, *NEVER_KINDS])
    if kind in NEVER_KINDS or guess in NEVER_KINDS:
        never = kind if kind in NEVER_KINDS else str(guess)
        raise refuse(
            f"{kind!r} can be neither included nor excluded: items of kind {never!r} {NEVER_KINDS[never]}",
            "take it out: it never crosses",
        )
    hint = f"did you mean {guess!r}?" if guess else f"the kinds are {', '.join(INCLUDABLE_KINDS)}"
    raise refuse(f"there is no kind {kind!r}", hint)


def mappable_kind(kind: str) -> str:
    if kind in KINDS:
        return kind
    guess = nearest(kind, KINDS)
    hint = f"did you mean {guess!r}?" if guess else f"the kinds are {', '.join(KINDS)}"
    raise refuse(f"there is no kind {kind!r} with names to map", hint)


class Selector(Model):
    """One entry of a selection: a name pattern, and for parts of projects the project's, where not all are meant."""

    name: str
    project: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _mostly_just_a_name(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data

    @field_validator("name", "project")
    @classmethod
    def _not_blank(cls, pattern: str | None) -> str | None:
        if pattern is not None and not pattern.strip():
            raise refuse("an empty name matches nothing", 'write "*" for all')
        return pattern

    @cached_property
    def pattern(self) -> Pattern:
        return Pattern(self.name)

    def matches(self, name: str, project: str | None = None) -> bool:
        if self.project is None:
            return self.pattern.matches(name)
        return project is not None and Pattern(self.project).matches(project) and self.pattern.matches(name)

    @model_serializer(mode="plain")
    def _as_written(self) -> str | dict[str, str]:
        return self.name if self.project is None else {"project": self.project, "name": self.name}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {name: {"type": "string", "minLength": 1} for name in ("project", "name")},
                    "required": ["project", "name"],
                    "additionalProperties": False,
                },
            ]
        }


def _a_list(patterns: Any) -> Any:
    if isinstance(patterns, str):
        raise refuse("name patterns come in a list, one to an entry", f"write [{patterns!r}]")
    if patterns is None:
        raise refuse("nothing is listed here", 'write ["*"] for all, or leave the kind out')
    return patterns


IncludableKind = Annotated[
    str, AfterValidator(_includable_kind), Field(json_schema_extra={"enum": list(INCLUDABLE_KINDS)})
]
MappableKind = Annotated[str, AfterValidator(mappable_kind), Field(json_schema_extra={"enum": list(KINDS)})]
Selectors = Annotated[tuple[Selector, ...], BeforeValidator(_a_list)]


class Selection(RootModel[dict[IncludableKind, Selectors]]):
    """Kind to name patterns. See the module."""

    model_config = ConfigDict(frozen=True)
    root: dict[IncludableKind, Selectors] = {}

    @model_validator(mode="after")
    def _projects_have_only_parts(self) -> Selection:
        wrong = [
            Finding((kind, at, "project"), f"a {kind} belongs to no project", "only parts do: " + ", ".join(PART_KINDS))
            for kind, selectors in self.root.items()
            for at, selector in enumerate(selectors)
            if selector.project is not None and kind not in PART_KINDS
        ]
        if wrong:
            raise Refused(*wrong)
        return self

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that are listed, with or without an entry."""
        return frozenset(self.root)

    def selectors(self, kind: str) -> tuple[Selector, ...]:
        return self.root.get(kind, ())

    def matches(self, kind: str, name: str, project: str | None = None) -> bool:
        """Whether an entry of ``kind`` matches. ``project`` is the owner's name, for parts of projects."""
        return any(selector.matches(name, project) for selector in self.selectors(kind))


def same_names(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of keys that are one name to Octopus: the later one, and the first."""
    first: dict[str, str] = {}
    return [(name, first[name_key(name)]) for name in names if first.setdefault(name_key(name), name) is not name]
