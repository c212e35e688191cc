"""Which documents are meant by a name, by a dirty key, or by *everything*."""

from __future__ import annotations

from typing import Any

import pytest

from tests.worlds import World
from worker.kinds import registry
from worker.plan.values import NamePath
from worker.sync.planning.items import Items, UnknownItem
from worker.sync.world.baseline import Baseline


def space(**route: Any) -> World:
    world = World(include={"project": ["*"], "library-variable-set": ["Shared"]}, **route)
    world.source("project", "Projects-1", "OctoFX")
    world.source("project", "Projects-2", "a/b, [c]")
    world.source("channel", "Channels-1", "Default", "Projects-1")
    world.source("channel", "Channels-2", "Default", "Projects-2")
    world.source("runbook", "Runbooks-1", "Restart", "Projects-1")
    world.source("library-variable-set", "LibraryVariableSets-1", "Shared")
    world.source("library-variable-set", "LibraryVariableSets-2", "Other")
    world.source("lifecycle", "Lifecycles-1", "Default")
    return world


def among(world: World, *targets: str, paths: tuple[NamePath, ...] = ()) -> list[str]:
    return Items(targets, paths).among(world.observed())


OCTOFX = [
    "Projects-1",
    "Channels-1",
    "deploymentprocess-Projects-1",
    "deploymentsettings-Projects-1",
    "logo-Projects-1",
    "Runbooks-1",
    "RunbookProcess-Runbooks-1",
    "variableset-Projects-1",
]


def test_one_document() -> None:
    assert among(space(), "variableset-Projects-1") == ["variableset-Projects-1"]


def test_a_subtree() -> None:
    assert sorted(among(space(), "Projects-1/*")) == sorted(OCTOFX)


def test_everything_is_what_the_route_includes_with_its_parts_each_once_and_in_order_of_writing() -> None:
    found = among(space(), "*", "Projects-1/*")

    assert len(found) == len(set(found))
    assert set(OCTOFX) <= set(found)
    assert "LibraryVariableSets-1" in found
    assert "variableset-LibraryVariableSets-1" in found
    assert "LibraryVariableSets-2" not in found
    assert "Lifecycles-1" not in found
    order = registry.precedence()
    ranks = [order[kind.name] for one in found if (kind := registry.kind_of(one))]
    assert ranks == sorted(ranks)


def test_everything_holds_what_crossed_only_because_it_was_needed() -> None:
    world = space()
    world.links["LibraryVariableSets-2"] = "LibraryVariableSets-9"
    assert "LibraryVariableSets-2" not in among(world, "*"), "it was only found there by its name"
    world.baselines["LibraryVariableSets-2"] = Baseline()
    assert "LibraryVariableSets-2" in among(world, "*")

    world = space(exclude={"library-variable-set": ["Other"]})
    world.links["LibraryVariableSets-2"] = "LibraryVariableSets-9"
    world.baselines["LibraryVariableSets-2"] = Baseline()
    assert "LibraryVariableSets-2" not in among(world, "*")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("project", "OctoFX", "variables"), ["variableset-Projects-1"]),
        (("project", "octofx ", "deployment-process"), ["deploymentprocess-Projects-1"]),
        (("project", "OctoFX", "runbook", "Restart"), ["Runbooks-1", "RunbookProcess-Runbooks-1"]),
        (("project", "OctoFX", "runbook", "Restart", "process"), ["RunbookProcess-Runbooks-1"]),
        (("project", "a/b, [c]", "channel", "Default"), ["Channels-2"]),
        (("library-variable-set", "Shared", "variables"), ["variableset-LibraryVariableSets-1"]),
        (("lifecycle", "Default"), ["Lifecycles-1"]),
    ],
)
def test_a_name_path(path: NamePath, expected: list[str]) -> None:
    assert among(space(), paths=(path,)) == expected


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("project", "OctoFZ"), "did you mean 'OctoFX'"),
        (("project",), "write KIND/NAME"),
        (("projekt", "OctoFX"), "no kind that crosses"),
        (("channel", "Default"), "no kind that crosses"),
        (("machine", "web01"), "no kind that crosses"),
        (("project", "OctoFX", "steps"), "there is"),
        (("project", "OctoFX", "runbook"), "there is"),
        (("project", "OctoFX", "runbook", "Restrat"), "did you mean 'Restart'"),
        (("project", "OctoFX", "variables", "Url"), "there is"),
    ],
)
def test_a_name_that_means_nothing(path: NamePath, words: str) -> None:
    with pytest.raises(UnknownItem, match=words):
        among(space(), paths=(path,))
