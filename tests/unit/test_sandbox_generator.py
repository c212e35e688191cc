"""Generated spaces: as large as asked, the same each time, and such as a server would take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.errors import ApiError
from sandbox.generator import Sizes, generate
from sandbox.settings import Settings
from sandbox.store import Store

SMALL = Sizes(
    projects=3,
    variables=31,
    tenants=4,
    environments=5,
    library_sets=2,
    step_templates=1,
    runbooks=2,
    channels=4,
    triggers=17,
    tenant_values=30,
)


def made(sizes: Sizes = SMALL, **more: Any) -> Store:
    store = Store(**more)
    generate(store, Settings(), sizes)
    return store


def test_there_is_as_much_as_asked() -> None:
    space = made().space("Spaces-1")
    wanted = {"projects": 3, "tenants": 4, "environments": 5, "runbooks": 2}
    wanted |= {"projecttriggers": 17, "tenantvariables": 30}
    assert {name: len(space.collection(name)) for name in wanted} == wanted
    assert len([one for one in space.collection("channels").values() if not one["IsDefault"]]) == 4
    of_projects = [one for one in space.collection("variables").values() if one["OwnerId"].startswith("Projects-")]
    assert sum(len(one["Variables"]) for one in of_projects) == 31
    assert all(len(one["Steps"]) == SMALL.steps for one in space.collection("deploymentprocesses").values())


def test_channels_choose_by_the_versions_of_a_package() -> None:
    space = made(Sizes(projects=1, variables=0, tenants=0, channels=7)).space("Spaces-1")
    channels = {one["Name"]: one for one in space.collection("channels").values()}
    assert {*channels} >= {"Default", "Hotfix", "Preview", "Long-term", "Hotfix 2"}
    action = channels["Hotfix"]["Rules"][0]["ActionPackages"][0]["DeploymentAction"]
    steps = next(iter(space.collection("deploymentprocesses").values()))["Steps"]
    packages = next(step["Actions"][0]["Packages"] for step in steps if step["Name"] == action)
    assert space.collection("feeds")[packages[0]["FeedId"]]["FeedType"] == "BuiltIn"
    assert channels["Hotfix"]["LifecycleId"]
    assert channels["Preview"]["TenantTags"]


def test_triggers_are_of_many_types_and_run_the_runbooks_of_their_own_project() -> None:
    space = made(Sizes(projects=2, variables=0, tenants=0, runbooks=2, triggers=12)).space("Spaces-1")
    triggers = [*space.collection("projecttriggers").values()]
    types = {one["Action"]["ActionType"] for one in triggers}
    assert types == {
        "AutoDeploy",
        "DeployLatestRelease",
        "DeployLatestReleaseToEnvironment",
        "DeployNewRelease",
        "RunRunbook",
    }
    assert len({one["Filter"]["FilterType"] for one in triggers}) == 5
    runs = [one for one in triggers if one["Action"]["ActionType"] == "RunRunbook"]
    assert {space.collection("runbooks")[one["Action"]["RunbookId"]]["ProjectId"] for one in runs} == {
        "Projects-1",
        "Projects-2",
    }


def test_tenants_say_what_they_are_asked_for_and_no_more() -> None:
    store = made(Sizes(projects=2, variables=0, tenants=3, library_sets=2, tenant_values=10_000))
    space = store.space("Spaces-1")
    said = [*space.collection("tenantvariables").values()]
    # Two templates of each project in two environments, and one of the one library set that asks for something.
    assert len(said) == 3 * (2 * 2 * 2 + 1)
    places = {(one["TenantId"], one["OwnerId"], one["VariableTemplateId"], *one["EnvironmentIds"]) for one in said}
    assert len(places) == len(said)
    secret = [one for one in said if isinstance(one["Value"], dict)]
    assert len(secret) == 3 * 2 * 2
    assert all(store.secret(one["Id"], "Value") for one in secret)


def test_without_tenants_that_speak_nobody_is_asked() -> None:
    space = made(Sizes(projects=1, variables=0, tenants=2, tenant_values=0, channels=0)).space("Spaces-1")
    owners = [*space.collection("projects").values(), *space.collection("libraryvariablesets").values()]
    assert not any(one["Templates"] for one in owners)
    assert len(space.collection("lifecycles")) == 2  # the default one, and the projects'


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
