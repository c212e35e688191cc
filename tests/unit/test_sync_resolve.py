"""Which item of the destination an id of the source means."""

from __future__ import annotations

import pytest

from tests.worlds import World
from worker.kinds.references import PendingId
from worker.sync.world.baseline import Baseline
from worker.sync.world.resolved import Resolved


def resolve(world: World, kind: str, source_id: str, project: str | None = None) -> Resolved:
    return world.planner().resolver.resolve(kind, source_id, project=project)


def test_the_same_name_in_any_case() -> None:
    world = World()
    world.source("environment", "Environments-1", "Production")
    world.destination("environment", "Environments-9", " production")

    assert resolve(world, "environment", "Environments-1").ids == ("Environments-9",)


def test_of_two_that_differ_in_case_alone_the_one_that_is_spelt_so() -> None:
    world = World()
    world.source("environment", "Environments-1", "Prod")
    world.destination("environment", "Environments-8", "PROD")
    world.destination("environment", "Environments-9", "Prod")

    assert resolve(world, "environment", "Environments-1").ids == ("Environments-9",)


def test_of_two_that_are_both_spelt_otherwise_none() -> None:
    world = World()
    world.source("environment", "Environments-1", "prod")
    world.destination("environment", "Environments-8", "PROD")
    world.destination("environment", "Environments-9", "Prod")

    found = resolve(world, "environment", "Environments-1")

    assert found.ids == ()
    assert "2 items of the destination" in found.why


def test_a_link_outranks_the_name_and_a_map_the_link() -> None:
    world = World(links={"Environments-1": "Environments-8"})
    world.source("environment", "Environments-1", "Test")
    world.destination("environment", "Environments-8", "Renamed")
    world.destination("environment", "Environments-9", "Test")
    assert resolve(world, "environment", "Environments-1").ids == ("Environments-8",)

    mapped = World(links=world.links, maps={"environment": {"Test": "Staging"}})
    mapped.entries = world.entries
    mapped.destination("environment", "Environments-7", "Staging")
    assert resolve(mapped, "environment", "Environments-1").ids == ("Environments-7",)


def test_a_link_to_what_is_gone_counts_for_nothing() -> None:
    world = World(links={"Environments-1": "Environments-8"})
    world.source("environment", "Environments-1", "Test")
    world.destination("environment", "Environments-9", "Test")

    assert resolve(world, "environment", "Environments-1").ids == ("Environments-9",)


def test_one_name_may_be_mapped_to_many() -> None:
    world = World(maps={"environment": {"Production": ["North", "South"]}})
    world.source("environment", "Environments-1", "Production")
    world.destination("environment", "Environments-8", "North")
    world.destination("environment", "Environments-9", "South")

    assert resolve(world, "environment", "Environments-1").ids == ("Environments-8", "Environments-9")


def test_of_many_those_that_are_there() -> None:
    world = World(maps={"environment": {"Production": ["North", "South"]}})
    world.source("environment", "Environments-1", "Production")
    world.destination("environment", "Environments-9", "South")

    assert resolve(world, "environment", "Environments-1").ids == ("Environments-9",)


def test_many_names_may_be_mapped_to_one() -> None:
    world = World(maps={"environment": {"Dev": "Staging", "Test": "Staging"}})
    world.source("environment", "Environments-1", "Dev")
    world.source("environment", "Environments-2", "Test")
    world.destination("environment", "Environments-9", "Staging")

    for source_id in ("Environments-1", "Environments-2"):
        assert resolve(world, "environment", source_id).ids == ("Environments-9",)


@pytest.mark.parametrize("kind", ["account", "feed"])
def test_the_same_name_with_another_type_is_no_match(kind: str) -> None:
    world = World()
    prefix = {"account": "Accounts", "feed": "Feeds"}[kind]
    world.source(kind, f"{prefix}-1", "Shared", Type="One")
    world.destination(kind, f"{prefix}-9", "Shared", Type="Two")

    found = resolve(world, kind, f"{prefix}-1")

    assert found.ids == ()
    assert "is Two on the destination and One on the source" in found.why
    assert not found.may_come


def test_of_two_types_under_one_name_the_same() -> None:
    world = World()
    world.source("account", "Accounts-1", "Shared", Type="Token")
    world.destination("account", "Accounts-8", "Shared", Type="UsernamePassword")
    world.destination("account", "Accounts-9", "Shared", Type="Token")

    assert resolve(world, "account", "Accounts-1").ids == ("Accounts-9",)


def test_the_built_in_feed_is_known_by_its_type() -> None:
    world = World()
    world.source("feed", "Feeds-1", "Octopus Server (built-in)", Type="BuiltIn")
    world.destination("feed", "Feeds-9", "Renamed", Type="BuiltIn")

    assert resolve(world, "feed", "Feeds-1").ids == ("Feeds-9",)


def test_a_channel_is_looked_for_in_its_own_project() -> None:
    world = World()
    world.source("project", "Projects-1", "OctoFX")
    world.source("channel", "Channels-1", "Beta", "Projects-1")
    world.destination("project", "Projects-9", "OctoFX")
    world.destination("project", "Projects-8", "Other")
    world.destination("channel", "Channels-8", "Beta", "Projects-8")
    world.destination("channel", "Channels-9", "Beta", "Projects-9")

    assert resolve(world, "channel", "Channels-1").ids == ("Channels-9",)


def test_what_the_source_does_not_list_is_left_as_it_stands() -> None:
    found = resolve(World(), "feed", "Feeds-404")

    assert (found.ids, found.alone) == ((), True)


@pytest.mark.parametrize("kind", ["machine", "community-step-template"])
def test_what_is_only_looked_up_is_never_created(kind: str) -> None:
    world = World()
    prefix = {"machine": "Machines"}
    item = f"{prefix.get(kind, 'CommunityActionTemplates')}-1"
    world.source(kind, item, "Only here")

    found = resolve(world, kind, item)

    assert found.ids == ()
    assert "this route creates none" in found.why


def test_an_environment_is_created_only_where_the_route_names_it() -> None:
    world = World()
    world.source("environment", "Environments-1", "Test")
    assert "only one that the route includes by name" in resolve(world, "environment", "Environments-1").why

    world = World(include={"project": ["*"], "environment": ["Test"]})
    world.source("environment", "Environments-1", "Test")
    assert resolve(world, "environment", "Environments-1").ids == (PendingId.of("Environments-1"),)


def test_what_is_missing_is_created_by_closure_once() -> None:
    world = World()
    world.source("project-group", "ProjectGroups-1", "Web")
    planner = world.planner()

    first = planner.resolver.resolve("project-group", "ProjectGroups-1")
    again = planner.resolver.resolve("project-group", "ProjectGroups-1")

    assert first.ids == again.ids == (PendingId.of("ProjectGroups-1"),)
    assert [action.kind for action in planner.actions] == ["project-group"]


def test_what_the_route_excludes_is_looked_up_and_never_created() -> None:
    world = World(exclude={"project-group": ["Web"]})
    world.source("project-group", "ProjectGroups-1", "Web")
    assert "the route excludes it" in resolve(world, "project-group", "ProjectGroups-1").why

    world.destination("project-group", "ProjectGroups-9", "Web")
    assert resolve(world, "project-group", "ProjectGroups-1").ids == ("ProjectGroups-9",)


def test_tags_go_by_their_canonical_name() -> None:
    world = World()
    world.destination("tag", "Region/North", "Region/North")

    assert resolve(world, "tag", "Region/North").ids == ("Region/North",)
    assert resolve(world, "tag", "Region/South").ids == ()


def test_a_script_module_stands_in_the_same_list_as_a_library_set() -> None:
    world = World()
    world.source("script-module", "LibraryVariableSets-2", "Module")
    world.destination("script-module", "LibraryVariableSets-9", "Module")

    assert resolve(world, "library-variable-set", "LibraryVariableSets-2").ids == ("LibraryVariableSets-9",)


def test_in_a_new_project_nothing_is_looked_for() -> None:
    world = World()
    world.source("project", "Projects-1", "OctoFX", ProjectGroupId=None, LifecycleId=None)
    world.source("runbook", "Runbooks-1", "Restart", "Projects-1")
    world.destination("runbook", "Runbooks-9", "Restart", "Projects-9")

    assert resolve(world, "runbook", "Runbooks-1").ids == (PendingId.of("Runbooks-1"),)


# ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def process(side: str, *names: str) -> list[dict[str, object]]:
    return [
        {"Id": f"{side}-{name}-step", "Name": name, "Actions": [{"Id": f"{side}-{name}", "Name": name}]}
        for name in names
    ]


def with_processes() -> World:
    """A project with a runbook that was cloned from its process: the ids of the source's actions repeat."""
    world = World()
    for side, project, runbook in (("source", "Projects-1", "Runbooks-1"), ("destination", "Projects-9", "Runbooks-9")):
        add = getattr(world, side)
        add("project", project, "OctoFX")
        add("runbook", runbook, "Restart", project)
    world.document("source", "deploymentprocess-Projects-1", Steps=process("s", "Deploy", "Only here"))
    world.document("source", "RunbookProcess-Runbooks-1", Steps=process("s", "Deploy"))
    world.document("destination", "deploymentprocess-Projects-9", Steps=process("d", "Deploy"))
    world.document("destination", "RunbookProcess-Runbooks-9", Steps=process("r", "Deploy"))
    return world


def test_an_action_is_found_by_its_name_in_every_process_that_has_its_id() -> None:
    assert resolve(with_processes(), "action", "s-Deploy", "Projects-1").ids == ("d-Deploy", "r-Deploy")


def test_an_action_is_found_by_what_is_remembered_though_it_was_renamed() -> None:
    world = with_processes()
    world.baselines["deploymentprocess-Projects-1"] = Baseline(elements={"s-Deploy": "d-Renamed"})
    world.baselines["RunbookProcess-Runbooks-1"] = Baseline(elements={"s-Deploy": "r-Renamed"})

    assert resolve(world, "action", "s-Deploy", "Projects-1").ids == ("d-Renamed", "r-Renamed")


def test_an_action_that_did_not_cross_is_called_by_its_name() -> None:
    found = resolve(with_processes(), "action", "s-Only here", "Projects-1")

    assert (found.ids, found.name) == ((), "Only here")


def test_a_step_may_be_named_by_its_name_or_its_id() -> None:
    world = with_processes()

    assert resolve(world, "step", "Deploy", "Projects-1").ids == ("Deploy",)
    assert "d-Deploy" in resolve(world, "step", "s-Deploy", "Projects-1").ids
    assert "does not cross" in resolve(world, "step", "Only here", "Projects-1").why
    assert "has no step" in resolve(world, "step", "Nobody", "Projects-1").why


def test_a_process_owner_is_a_project_or_a_runbook() -> None:
    world = with_processes()

    assert resolve(world, "process-owner", "Projects-1").ids == ("Projects-9",)
    assert resolve(world, "process-owner", "Runbooks-1").ids == ("Runbooks-9",)
    assert resolve(world, "process-owner", "Tenants-1").alone


def test_of_many_names_for_one_that_is_missing_the_first_is_created() -> None:
    world = World(maps={"project-group": {"Web": "Apps", "Api": "Apps"}})
    world.source("project-group", "ProjectGroups-1", "Api")
    world.source("project-group", "ProjectGroups-2", "Web")

    for source_id in ("ProjectGroups-1", "ProjectGroups-2"):
        assert resolve(world, "project-group", source_id).ids == (PendingId.of("ProjectGroups-2"),)
