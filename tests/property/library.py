"""What projects share: tag sets, script modules, step templates and their versions, policies, git credentials, parent
environments. Plain values, as in :mod:`tests.property.spaces`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.property.names import maybe, names

SYNTAXES = ("PowerShell", "Bash", "Python")
BODIES = ("echo 0", "echo 1", "function F { 42 } # ActionTemplates-1", "x\r\n\ty 😀")


@dataclass(frozen=True)
class TagSet:
    """For tenants and projects. Names of sets have no slash: it is what separates them from their tags."""

    name: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Module:
    name: str
    script: str = "echo 0"
    syntax: str = "PowerShell"


@dataclass(frozen=True)
class StepTemplate:
    """``scripts``: of each version, the first one first. ``parameters``: name, and whether its default is a secret."""

    name: str
    scripts: tuple[str, ...] = ("echo 0",)
    parameters: tuple[tuple[str, bool], ...] = ()
    feed: str | None = None


@dataclass(frozen=True)
class Use:
    """A step that was made from a version of a template."""

    template: str
    version: int
    script: str


@dataclass(frozen=True)
class Library:
    tag_sets: tuple[TagSet, ...] = ()
    modules: tuple[Module, ...] = ()
    templates: tuple[StepTemplate, ...] = ()
    policies: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """By their canonical names."""
        return tuple(f"{one.name}/{tag}" for one in self.tag_sets for tag in one.tags)


@st.composite
def libraries(draw: st.DrawFn, environments: Sequence[str], feeds: Sequence[str]) -> Library:
    if draw(st.booleans()):
        return Library()
    taken = {name.casefold() for name in environments}
    sets = [TagSet(one.replace("/", "|"), tuple(draw(names(1, 3)))) for one in draw(names(0, 1))]
    modules = [Module(one, draw(st.sampled_from(BODIES)), draw(st.sampled_from(SYNTAXES))) for one in draw(names(0, 1))]
    templates = [
        StepTemplate(
            one,
            tuple(draw(st.lists(st.sampled_from(BODIES), min_size=1, max_size=3))),
            tuple((name, draw(st.booleans())) for name in draw(names(0, 2))),
            draw(maybe(feeds)),
        )
        for one in draw(names(0, 1))
    ]
    return Library(
        tuple(sets),
        tuple(modules),
        tuple(templates),
        tuple(draw(names(0, 1))),
        tuple(draw(names(0, 1))),
        tuple(one for one in draw(names(0, 1)) if one.casefold() not in taken),
    )


@st.composite
def uses(draw: st.DrawFn, library: Library) -> Use | None:
    if not library.templates or draw(st.integers(0, 2)):
        return None
    template = draw(st.sampled_from(library.templates))
    version = draw(st.integers(0, len(template.scripts) - 1))
    return Use(template.name, version, template.scripts[version])
