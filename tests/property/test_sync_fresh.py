"""Invariants of a first sync onto a destination that has nothing, or nothing but some environments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from config.names import Pattern
from tests.pair import Document, Pair, Server, pair
from tests.property.building import build
from tests.property.edits import Edit, Editor, edits
from tests.property.engine import MIRROR, alike, sync, told, tries
from tests.property.portable import Key, portable
from tests.property.spaces import spaces
from tests.property.values import Project, Space
from worker.sync.run import Result


@tries(20)
@given(spaces())
async def test_mirrored_spaces_are_alike_and_stay_so(space: Space) -> None:
    async with pair(**MIRROR) as both:
        await build(both.source, space)
        both.source.sandbox.requests.clear()

        outcome = await sync(both)

        assert outcome.result is Result.CHANGED, told(outcome)
        assert alike(both) == [], told(outcome)
        again = await sync(both)
        assert again.plan.is_empty, told(again)
        assert {request.method for request in both.source.sandbox.requests} == {"GET"}


# ── one item excluded ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Left:
    """One item that stays at home."""

    kind: str
    collection: str
    name: str
    project: str | None = None

    @property
    def selector(self) -> Any:
        name = Pattern.literal(self.name).text
        return name if self.project is None else {"project": Pattern.literal(self.project).text, "name": name}


def candidates(space: Space) -> list[Left]:
    """All but what other documents require."""
    found = [Left("library-variable-set", "libraryvariablesets", one.name) for one in space.sets]
    needed = {step.deploys for project in space.projects for step in project.steps}
    for project in space.projects:
        donor = next((step for step in project.steps if step.feed is not None and not step.deploys), None)
        acting = {trigger.channel for trigger in project.triggers}
        for one in project.channels[1:]:
            if one.name not in acting and (donor is None or donor.channels != (one.name,)):
                found.append(Left("channel", "channels", one.name, project.name))
        found += [Left("runbook", "runbooks", one.name, project.name) for one in project.runbooks]
        if project.name not in needed and len(space.projects) > 1:
            found.append(Left("project", "projects", project.name))
    return found


@tries(20)
@given(spaces(), st.data())
async def test_with_an_item_excluded_the_space_comes_out_as_if_it_had_never_been(
    space: Space, data: st.DataObject
) -> None:
    among = candidates(space)
    assume(among)
    left = data.draw(st.sampled_from(among))
    async with pair(**MIRROR, exclude={left.kind: [left.selector]}) as both:
        builder = await build(both.source, space)
        outcome = await sync(both)

        await delete(both.source, left, builder.ids)
        assert alike(both, stand_ins=True) == [], told(outcome)


async def delete(server: Server, left: Left, ids: dict[tuple[str, ...], str]) -> None:
    key = (left.collection, left.name) if left.project is None else (left.collection, left.project, left.name)
    if left.kind == "library-variable-set":
        for project in await server.get("projects/all"):
            others = [one for one in project["IncludedLibraryVariableSetIds"] if one != ids[key]]
            await server.edit(f"projects/{project['Id']}", IncludedLibraryVariableSetIds=others)
    await server.call("DELETE", f"{left.collection}/{ids[key]}")


# ── nothing is widened ────────────────────────────────────────────────────────────────────────────────────────────────

OPTIONS = ["skip-unless-partial", "skip-unless-exact", "ignore-mismatch", "ignore-mismatch-on-new"]
TARGETS = ("AutomaticDeploymentTargets", "OptionalDeploymentTargets")


@tries(20)
@given(spaces(), st.integers(0, 3), st.sampled_from(OPTIONS), st.sampled_from(OPTIONS), st.lists(edits(), max_size=2))
async def test_nothing_is_permitted_beyond_what_the_source_says_unless_a_person_is_told(
    space: Space, shared: int, steps: str, rows: str, rounds: list[list[Edit]]
) -> None:
    """``shared``: how many of the environments the destination has."""
    rules = {"steps": {"environment": steps}, "variables": {"scopes": {"environment": rows}}}
    async with pair(rules=rules) as both:
        await build(both.source, told_apart(space))
        await both.destination.environments(*space.environments[:shared])
        for made in [[], *rounds]:
            await Editor(both.source).make(made)
            outcome = await sync(both)

            assert await widened(both, first=made == []) == [], told(outcome)


def told_apart(space: Space) -> Space:
    """The same space, but no two rows have the same value: so one can tell which one a row of the destination is."""

    def apart(project: Project) -> Project:
        marked = [
            replace(one, value=f"{number} of {project.name}") if one.kind == "String" else one
            for number, one in enumerate(project.rows)
        ]
        return replace(project, rows=tuple(marked))

    return replace(space, projects=tuple(apart(project) for project in space.projects))


async def widened(both: Pair, *, first: bool) -> list[str]:
    """Places where the destination allows more than the source, and no open clean-up entry says so."""
    told_of = " ".join(one.entry.where for one in await both.clean_ups())
    source, destination = portable(both.source.sandbox), portable(both.destination.sandbox)
    return [
        f"{' '.join(key)}: {name}: {here} became {there}"
        for key, form in destination.items()
        if key in source
        for name, here, there in scopes(key, source[key], form, first=first)
        if here and not (there and set(there) <= set(here)) and name not in told_of
    ]


def scopes(key: Key, source: Any, destination: Any, *, first: bool) -> Iterator[tuple[str, list[str], list[str]]]:
    """What an element is called, and where it applies on both sides. An empty list means everywhere."""
    match key[0]:
        case "deploymentprocesses" | "runbookprocesses":
            here, there = dict(actions(source)), dict(actions(destination))
            for name in here.keys() & there.keys():
                for field in ("Environments", "Channels"):
                    yield name, here[name][field], there[name][field]
        case "lifecycles" if first:  # later on, the details of a lifecycle are the destination's own
            phases = {phase["Name"]: phase for phase in source["Phases"]}
            for phase in destination["Phases"]:
                if phase["Name"] in phases:
                    yield phase["Name"], environments(phases[phase["Name"]]), environments(phase)
        case "accounts" if first:
            yield key[1], source["EnvironmentIds"], destination["EnvironmentIds"]
        case "runbooks":
            yield "Environments", source["Environments"], destination["Environments"]
        case "projecttriggers":
            yield "Filter", *(form["Filter"].get("EnvironmentIds", []) for form in (source, destination))
            yield "Action", *(form["Action"].get("EnvironmentIds", []) for form in (source, destination))
        case "channels":
            yield "LifecycleId", _one(source["LifecycleId"]), _one(destination["LifecycleId"])
        case "variables":
            yield from scopes_of_rows(source, destination)


def scopes_of_rows(source: list[Document], destination: list[Document]) -> Iterator[tuple[str, list[str], list[str]]]:
    for row in destination:
        meant = [one for one in source if one["Value"] == row["Value"] and one["Type"] == row["Type"] == "String"]
        if len(meant) == 1:
            for dimension, here in meant[0]["Scope"].items():
                yield row["Name"], here, row["Scope"].get(dimension, [])


def actions(process: Document) -> Iterator[tuple[str, Document]]:
    for step in process["Steps"]:
        for action in step["Actions"]:
            yield action["Name"], action


def environments(phase: Document) -> list[str]:
    return [*phase[TARGETS[0]], *phase[TARGETS[1]]]


def _one(value: str | None) -> list[str]:
    return [value] if value else []
