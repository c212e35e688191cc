"""Spaces as hypothesis draws them: see :mod:`tests.property.values`.

Names hold whatever Octopus allows: commas, brackets, slashes, stars, quotes, emoji, names that look like ids.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from config.names import name_key
from tests.property.library import libraries, uses
from tests.property.names import maybe, name, names, some
from tests.property.values import (
    Account,
    Channel,
    Feed,
    LibrarySet,
    Lifecycle,
    Phase,
    Project,
    Role,
    Row,
    Runbook,
    Said,
    Space,
    Step,
    Team,
    Template,
    Tenant,
    Trigger,
)

SCOPES = ("Environment", "Role", "Channel", "Action", "ProcessOwner")
ACCOUNTS = ("UsernamePassword", "UsernamePassword", "Token", "SshKeyPair", "AmazonWebServicesAccount")
BRANCHES = ("main", "release/*", "refs/tags/v[1-9], x")
USER_ROLES = ("userroles-projectviewer", "userroles-projectdeployer", "userroles-tenantmanager")
ROLES = ("web", "db, main", "[x]")
SCRIPTS = ("echo 1", "echo 'Accounts-1 is only text'", 'Write-Host "#{Url}"\n', "exit 0 # 😀")


# ── the parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def lifecycles(draw: st.DrawFn, called: str, environments: Sequence[str]) -> Lifecycle:
    left = list(environments)
    phases = []
    for phase in draw(names(0, 3)):
        mine = draw(st.lists(st.sampled_from(left), min_size=1, max_size=2, unique=True)) if left else []
        if not mine:
            break
        left = [one for one in left if one not in mine]
        cut = draw(st.integers(0, len(mine)))
        phases.append(Phase(phase, tuple(mine[:cut]), tuple(mine[cut:])))
    return Lifecycle(called, tuple(phases))


@st.composite
def rows(draw: st.DrawFn, within: Sequence[tuple[str, Sequence[str]]], space: Space) -> Row:
    called = draw(name)
    holders = [account.name for account in space.accounts if account.kind == "UsernamePassword"]
    references = ["UsernamePasswordAccount"] * bool(holders) + ["Certificate"] * bool(space.certificates)
    kind = draw(st.sampled_from(["String"] * 5 + ["Sensitive"] + references))
    value = draw(st.sampled_from(["v", "V", "", "a,b", "#{Other}", "REPLACE ME"]))
    if kind == "UsernamePasswordAccount":
        value = draw(st.sampled_from(holders))
    if kind == "Certificate":
        value = draw(st.sampled_from(space.certificates))
    scope = []
    for dimension, known in within:
        if draw(st.integers(0, 3)) == 3 and (chosen := draw(some(known))):
            scope.append((dimension, chosen))
    prompt = {dimension for dimension, _ in scope} <= {"Environment"} and draw(st.integers(0, 7)) == 7
    return Row(called, value, kind, tuple(scope), prompt)


templates = st.builds(Template, name, st.sampled_from([None, "", "x", "y"]), st.sampled_from([False, False, True]))


def template_lists(most: int) -> st.SearchStrategy[tuple[Template, ...]]:
    return st.lists(templates, max_size=most, unique_by=lambda one: name_key(one.name)).map(tuple)


@st.composite
def steps(
    draw: st.DrawFn, most: int, space: Space, channels: Sequence[str], projects: Sequence[str]
) -> tuple[Step, ...]:
    """Names of actions are taken once in a process, so a child has one of its own."""
    found = []
    called = draw(names(0, most + 1))
    children = [called.pop()] if len(called) > 1 and draw(st.booleans()) else []
    for one in called:
        scope, excluded = draw(some(space.all_environments)), draw(some(space.environments, 1))
        if draw(st.booleans()):
            scope, excluded = (), ()
        found.append(
            Step(
                one,
                draw(st.sampled_from(SCRIPTS)),
                children.pop() if children and draw(st.booleans()) else None,
                scope,
                tuple(name for name in excluded if name not in scope),
                draw(some(channels)),
                draw(maybe(space.pools)),
                draw(maybe(["", *(feed.name for feed in space.feeds)])),
                draw(st.integers(0, 3)) == 3,
                draw(maybe(projects)) if draw(st.integers(0, 5)) == 5 else None,
                draw(some(space.library.tags)),
                draw(uses(space.library)),
                draw(maybe(space.library.credentials)),
                draw(maybe([team.name for team in space.teams])),
            )
        )
    return tuple(found)


@st.composite
def triggers(
    draw: st.DrawFn,
    called: str,
    space: Space,
    channels: Sequence[str],
    steps: Sequence[Step],
    runbooks: Sequence[Runbook],
) -> Trigger:
    packages = [step.name for step in steps if step.feed is not None and not step.deploys]
    when = draw(st.sampled_from(["schedule", "machines", *["package"] * bool(packages)]))
    what = draw(st.sampled_from(["auto", "deploy", "release", *["run"] * bool(runbooks)]))
    return Trigger(
        called,
        when,
        draw(some(space.environments)),
        draw(st.sampled_from(packages)) if when == "package" else "",
        what,
        draw(st.sampled_from(space.environments)),
        draw(st.sampled_from(channels)) if what == "release" else draw(maybe(channels)),
        draw(st.sampled_from([one.name for one in runbooks])) if what == "run" else "",
        draw(st.booleans()),
    )


@st.composite
def projects(draw: st.DrawFn, called: str, others: Sequence[str], space: Space) -> Project:
    channels = tuple(
        Channel(
            one,
            draw(maybe([lifecycle.name for lifecycle in space.lifecycles])),
            draw(some(["[1.0,2.0)", "[2.0,3.0)", ""], 1)),
            draw(some(space.library.tags)),
            draw(some(BRANCHES, 1)),
            draw(some(BRANCHES)),
        )
        for one in draw(names(1, 2))
    )
    lines = [channel.name for channel in channels]
    process = draw(steps(3, space, lines, others))
    runbooks = tuple(
        Runbook(one, draw(some(space.environments)), draw(steps(1, space, [], []))) for one in draw(names(0, 1))
    )
    actions = [one for step in process for one in (step.name, step.child) if one]
    within = (
        ("Environment", space.all_environments),
        ("Role", ROLES),
        ("TenantTag", space.library.tags),
        ("Channel", lines),
        ("Action", actions),
        ("ProcessOwner", ["", *(runbook.name for runbook in runbooks)]),
    )
    return Project(
        called,
        draw(st.sampled_from(space.groups or ("",))),
        draw(st.sampled_from([lifecycle.name for lifecycle in space.lifecycles] or [""])),
        draw(some([one.name for one in space.sets])),
        channels,
        process,
        runbooks,
        draw(template_lists(2)),
        tuple(draw(st.lists(rows(within, space), max_size=4))),
        draw(st.booleans()),
        draw(some(ROLES)),
        tuple(draw(triggers(one, space, lines, process, runbooks)) for one in draw(names(0, 2))),
        draw(st.sampled_from([None, None, "icon", "one", "two"])),
        draw(some([one.name for one in space.library.modules])),
        draw(some(space.library.tags)),
    )


@st.composite
def teams(draw: st.DrawFn, called: str, environments: Sequence[str], groups: Sequence[str]) -> Team:
    """Each role once: which of two is which nobody could tell."""
    roles = draw(some(USER_ROLES))
    return Team(called, tuple(Role(one, draw(some(environments)), draw(some(groups))) for one in roles))


@st.composite
def tenants(draw: st.DrawFn, called: str, space: Space) -> Tenant:
    linked = [one for one in space.projects if draw(st.integers(0, 2))]
    links = {one.name: draw(some(space.environments, 3)) for one in linked}
    sets = [one for one in space.sets if any(one.name in project.sets for project in linked)]
    places = [
        (("projects", project.name), one.name, environment)
        for project in linked
        for environment in links[project.name]
        for one in project.templates
    ]
    places += [(("libraryvariablesets", one.name), template.name, "") for one in sets for template in one.templates]
    values = tuple(Said(*place, draw(st.sampled_from(["v", "w", "#{Url}"]))) for place in places if draw(st.booleans()))
    return Tenant(called, tuple(links.items()), values, draw(some(space.library.tags)))


@st.composite
def spaces(draw: st.DrawFn, *, most_projects: int = 2) -> Space:
    environments = tuple(draw(names(1, 3)))
    found = tuple(draw(lifecycles(one, environments)) for one in draw(names(0, 2)))
    feeds = tuple(
        Feed(one[:40].strip(), draw(st.sampled_from(["NuGet", "Docker", "Helm", "S3"])), draw(st.booleans()))
        for one in draw(names(0, 1))
    )
    library = draw(libraries(environments, [one.name for one in feeds]))
    groups = tuple(draw(names(0, 1)))
    base = Space(
        environments,
        found,
        groups,
        feeds,
        tuple(
            Account(one, draw(st.sampled_from(ACCOUNTS)), draw(some(environments)), draw(some(library.tags)))
            for one in draw(names(0, 1))
        ),
        tuple(draw(names(0, 1))),
        library=library,
        teams=tuple(draw(teams(one, environments, groups)) for one in draw(names(0, 1))),
        certificates=tuple(draw(names(0, 1))),
    )
    within = (("Environment", base.all_environments), ("Role", ROLES), ("TenantTag", library.tags))
    sets = tuple(
        LibrarySet(one, draw(template_lists(1)), tuple(draw(st.lists(rows(within, base), max_size=2))))
        for one in draw(names(0, 2))
    )
    base = Space(**{**base.__dict__, "sets": sets})
    called = draw(names(1, most_projects))
    mine = tuple(draw(projects(one, [other for other in called if other != one], base)) for one in called)
    base = Space(**{**base.__dict__, "projects": mine})
    return Space(**{**base.__dict__, "tenants": tuple(draw(tenants(one, base)) for one in draw(names(0, 2)))})
