"""Generated spaces: as large as asked, the same each time, and such as a server would take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.errors import ApiError
from sandbox.generator import Sizes, generate
from sandbox.settings import Settings
from sandbox.store import Store

SMALL = Sizes(projects=3, variables=31, tenants=4, environments=5, library_sets=2, step_templates=1, runbooks=2)


def made(sizes: Sizes = SMALL, **more: Any) -> Store:
    store = Store(**more)
    generate(store, Settings(), sizes)
    return store


def test_there_is_as_much_as_asked() -> None:
    space = made().space("Spaces-1")
    counts = {name: len(space.collection(name)) for name in ("projects", "tenants", "environments", "runbooks")}
    assert counts == {"projects": 3, "tenants": 4, "environments": 5, "runbooks": 2}
    of_projects = [one for one in space.collection("variables").values() if one["OwnerId"].startswith("Projects-")]
    assert sum(len(one["Variables"]) for one in of_projects) == 31
    assert all(len(one["Steps"]) == SMALL.steps for one in space.collection("deploymentprocesses").values())


def without_time(store: Store) -> str:
    state = {name: part for name, part in store.state.items() if name != "Audit"}
    return json.dumps(state, sort_keys=True).replace(
        next(user["Created"] for user in store.system.collection("users").values()), "then"
    )


def test_the_same_seed_gives_the_same_space_and_another_another() -> None:
    assert without_time(made(seed=3)) == without_time(made(seed=3))
    assert without_time(made(seed=3)) != without_time(made(seed=4))
    shared = set(made(first_id=1).space("Spaces-1").collection("projects"))
    assert not shared & set(made(first_id=1001).space("Spaces-1001").collection("projects"))


def test_secrets_are_apart_and_the_log_tells_of_it() -> None:
    store = made(Sizes(projects=1, variables=700, tenants=0, accounts=2, runbooks=0))
    assert "password of account 0" not in json.dumps(store.state["Spaces"])
    assert sum(len(of_one) for of_one in store.secrets.values()) > 20
    assert any("Projects-1" in row["Entry"]["related"] for row in store.state["Audit"]["Events"])
    assert store.on_commit == []


def test_a_running_server_audits_what_is_generated_into_it() -> None:
    told = []
    store = Store()
    store.on_commit.append(told.append)
    generate(store, Settings(), Sizes(projects=1, variables=0, tenants=0))
    assert told
    assert "Audit" not in store.state


def test_names_stay_unique_however_many() -> None:
    sizes = Sizes(projects=40, variables=0, tenants=0, project_groups=300, runbooks=0, steps=1, environments=9)
    space = made(sizes).space("Spaces-1")
    for collection in ("projects", "projectgroups", "environments"):
        names = [one["Name"].casefold() for one in space.collection(collection).values()]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", ["projects", "projects=-1", "projects=many", "colours=3", "projects=1,environments=0"])
def test_sizes_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"projects|colours"):
        Sizes.parse(text)


def test_sizes_are_read_from_text() -> None:
    assert Sizes.parse("projects=2, tenants=0") == Sizes(projects=2, tenants=0)
    assert Sizes.parse("") == Sizes()


def test_a_space_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no space Spaces-9"):
        generate(Store(), Settings(), SMALL, "Spaces-9")


def test_what_is_there_already_keeps_its_name() -> None:
    store = made()
    with pytest.raises(ApiError):
        generate(store, Settings(), SMALL)  # the environments would have the same names
