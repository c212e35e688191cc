"""What hypothesis draws of spaces: plain values that name each other, and nothing of any server.

    Space ── environments, lifecycles, groups, feeds, accounts, pools
      ├─ Library ── tag sets, script modules, step templates, policies, git credentials, parent environments
      ├─ LibrarySet ── templates, rows
      ├─ Project ── channels, steps, runbooks, settings, templates, rows, triggers, a logo
      ├─ Tenant ── links, values
      └─ Team ── roles

Names hold whatever Octopus allows: commas, brackets, slashes, stars, quotes, emoji, names that look like ids. What
refers to something names it; :mod:`tests.property.building` puts a space on a server through its REST API.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.property.library import Library, Use


@dataclass(frozen=True)
class Phase:
    name: str
    automatic: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lifecycle:
    name: str
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True)
class Feed:
    name: str
    kind: str = "NuGet"
    password: bool = False


@dataclass(frozen=True)
class Account:
    name: str
    kind: str = "UsernamePassword"
    environments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    name: str
    default: str | None = None
    secret: bool = False


@dataclass(frozen=True)
class Row:
    """``scope``: dimension → names; of a process owner the runbook's, or "" for the project itself."""

    name: str
    value: str | None = "v"
    kind: str = "String"
    scope: tuple[tuple[str, tuple[str, ...]], ...] = ()
    prompt: bool = False


@dataclass(frozen=True)
class Step:
    """A step with one action of the same name, and perhaps a second one, ``child``."""

    name: str
    script: str = "echo 1"
    child: str | None = None
    environments: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    pool: str | None = None
    feed: str | None = None
    """Of the package that the action has, if it has one. "" is the feed that every space has built in."""
    secret: bool = False
    deploys: str | None = None
    """The project of which it deploys a release."""
    tags: tuple[str, ...] = ()
    use: Use | None = None
    """The step template that it was made from."""
    credential: str | None = None
    """Of the git repository from which it takes a file."""
    asks: str | None = None
    """The team that ``child`` waits for."""


@dataclass(frozen=True)
class Channel:
    name: str
    lifecycle: str | None = None
    ranges: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    """Of the project's own repository."""
    of_step: tuple[str, ...] = ()
    """Branches of the repository that the first step with one takes a file from."""


@dataclass(frozen=True)
class Runbook:
    name: str
    environments: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Trigger:
    """``when``: a schedule; ``machines`` that come, in ``environments``; or a new package of ``step``. ``what``: it
    deploys to what comes, or to ``environment`` by ``channel``, creates a release in that, or runs a ``runbook``."""

    name: str
    when: str = "schedule"
    environments: tuple[str, ...] = ()
    step: str = ""
    what: str = "auto"
    environment: str = ""
    channel: str | None = None
    runbook: str = ""
    off: bool = False


@dataclass(frozen=True)
class Project:
    name: str
    group: str
    lifecycle: str
    sets: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    """The first takes the place of the one that every project is born with."""
    steps: tuple[Step, ...] = ()
    runbooks: tuple[Runbook, ...] = ()
    templates: tuple[Template, ...] = ()
    rows: tuple[Row, ...] = ()
    by_package: bool = False
    """Versions and releases come from the first step that has a package."""
    roles: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    logo: str | None = None
    """``icon``, or a picture."""
    modules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class LibrarySet:
    name: str
    templates: tuple[Template, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Said:
    """A value of a tenant. ``owner``: of the template, ``("projects", name)`` or ``("libraryvariablesets", name)``;
    only those of projects have an environment."""

    owner: tuple[str, str]
    template: str
    environment: str
    text: str


@dataclass(frozen=True)
class Tenant:
    """``links``: of each project the environments."""

    name: str
    links: tuple[tuple[str, tuple[str, ...]], ...] = ()
    values: tuple[Said, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Role:
    """A user role that every server has, and to what it is restricted."""

    role: str
    environments: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Team:
    name: str
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True)
class Space:
    environments: tuple[str, ...] = ()
    lifecycles: tuple[Lifecycle, ...] = ()
    groups: tuple[str, ...] = ()
    feeds: tuple[Feed, ...] = ()
    accounts: tuple[Account, ...] = ()
    pools: tuple[str, ...] = ()
    sets: tuple[LibrarySet, ...] = ()
    projects: tuple[Project, ...] = ()
    tenants: tuple[Tenant, ...] = ()
    library: Library = field(default_factory=Library)
    teams: tuple[Team, ...] = ()
    certificates: tuple[str, ...] = ()
    """None is ever made on the destination: a person uploads them."""

    @property
    def all_environments(self) -> tuple[str, ...]:
        """Parents included, where these may stand, too."""
        return self.environments + self.library.parents


def secretive(space: Space) -> Space:
    """The same space, with a secret wherever there can be one."""

    def steps(given: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(replace(one, secret=True) for one in given)

    def hidden(given: tuple[Template, ...]) -> tuple[Template, ...]:
        return tuple(replace(one, secret=True, default="x") for one in given)

    return replace(
        space,
        feeds=tuple(replace(one, password=True) for one in space.feeds),
        sets=tuple(replace(one, templates=hidden(one.templates)) for one in space.sets),
        projects=tuple(
            replace(
                one,
                steps=steps(one.steps),
                runbooks=tuple(replace(runbook, steps=steps(runbook.steps)) for runbook in one.runbooks),
                templates=hidden(one.templates),
            )
            for one in space.projects
        ),
    )
