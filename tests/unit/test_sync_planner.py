"""What a plan does about each document: which cross, in which order, what closure creates, and what keeps one away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.worlds import World
from worker.kinds import registry
from worker.kinds.references import PendingId
from worker.plan.values import Action, Document, Op, Plan, printed
from worker.sync.planning.planner import Planner
from worker.sync.world.baseline import Baseline
from worker.sync.world.world import Entry, Need, NotObserved


def project(world: World, number: int = 1, name: str = "OctoFX", **fields: Any) -> str:
    """A project of the source with all that belongs to one."""
    project_id = f"Projects-{number}"
    world.source(
        "project", project_id, name, **({"ProjectGroupId": "ProjectGroups-1", "LifecycleId": "Lifecycles-1"} | fields)
    )
    world.source("channel", f"Channels-{number}", "Default", project_id, IsDefault=True)
    world.document("source", f"deploymentprocess-{project_id}", Steps=[])
    world.document("source", f"deploymentsettings-{project_id}")
    world.document("source", f"variableset-{project_id}", Variables=[])
    return project_id


def house(**route: Any) -> World:
    """A source with a project, its group and its lifecycle, and an empty destination."""
    world = World(**route)
    world.source("project-group", "ProjectGroups-1", "Web")
    world.source("lifecycle", "Lifecycles-1", "Default", Phases=[])
    project(world)
    return world


def there(world: World) -> None:
    """The destination has it all."""
    world.destination("project-group", "ProjectGroups-9", "Web")
    world.destination("lifecycle", "Lifecycles-9", "Default", Phases=[])
    world.destination(
        "project", "Projects-9", "OctoFX", ProjectGroupId="ProjectGroups-9", LifecycleId="Lifecycles-9", Slug="octofx"
    )
    world.destination("channel", "Channels-9", "Default", "Projects-9", IsDefault=True)
    world.document("destination", "deploymentprocess-Projects-9", Steps=[])
    world.document("destination", "deploymentsettings-Projects-9")
    world.document("destination", "variableset-Projects-9", Variables=[])


def ops(actions: dict[str, Action]) -> dict[str, str]:
    return {path: str(action.op) for path, action in actions.items()}


def why(action: Action) -> str:
    return " ".join(decision.text for decision in action.decisions)


# ── new ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_project_brings_what_it_requires_and_its_parts_in_the_order_of_writing() -> None:
    plan = house().plan("Projects-1").plan

    order = registry.precedence()
    ranks = [order[action.kind] for action in plan.actions]
    assert ranks == sorted(ranks)
    assert [printed(action.path) for action in plan.actions if action.op is Op.CREATE][:3] == [
        "project-group/Web",
        "lifecycle/Default",
        "project/OctoFX",
    ]
    body = next(action.body for action in plan.actions if action.kind == "project")
    assert body is not None
    assert body["ProjectGroupId"] == PendingId.of("ProjectGroups-1")
    assert body["LifecycleId"] == PendingId.of("Lifecycles-1")


def test_a_plan_is_the_same_whatever_the_order_in_which_it_is_asked_for() -> None:
    world = house()
    ids = ["variableset-Projects-1", "deploymentprocess-Projects-1", "Projects-1", "Channels-1"]

    assert world.plan(*ids).plan.hash == world.plan(*reversed(ids)).plan.hash


def test_a_part_brings_its_project_along() -> None:
    found = ops(house().actions("variableset-Projects-1"))

    assert found["project/OctoFX"] == "create"
    assert "project/OctoFX/variables" in found


def test_a_new_project_is_created_without_what_must_wait() -> None:
    world = house()
    world.source("channel", "Channels-2", "Beta", "Projects-1")
    world.change("source", "Projects-1", ReleaseCreationStrategy={"ChannelId": "Channels-2"})
    world.change("source", "Projects-1", AutoCreateRelease=True)

    created = [action for action in world.plan("Projects-1").plan.actions if action.kind == "project"]

    assert [action.overlay for action in created] == [False, True]
    assert created[0].body is not None
    assert "ReleaseCreationStrategy" not in created[0].body
    assert created[1].body == {
        "ReleaseCreationStrategy": {"ChannelId": PendingId.of("Channels-2")},
        "AutoCreateRelease": True,
    }


def test_the_default_channel_of_a_new_project_takes_the_place_of_the_servers() -> None:
    channel = house().actions("Projects-1")["project/OctoFX/channel/Default"]

    assert channel.overlay
    assert channel.destination_id == PendingId.of("Channels-1")


# ── existing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_alike_is_left_and_adopted() -> None:
    world = house()
    there(world)

    planned = world.plan("Projects-1", "Channels-1", "deploymentprocess-Projects-1", "variableset-Projects-1")

    assert planned.plan.is_empty
    assert sorted(printed(path) for path in planned.adopts) == [
        "project/OctoFX",
        "project/OctoFX/channel/Default",
        "project/OctoFX/deployment-process",
        "project/OctoFX/variables",
    ]


def test_what_a_document_needs_and_what_exists_is_not_touched_in_its_plan() -> None:
    world = house(rules={"update": ["lifecycle", "project-group"]})
    there(world)
    world.change("source", "Lifecycles-1", Description="changed")

    assert list(world.actions("Projects-1")) == ["project/OctoFX"]


def test_an_update_sends_what_the_destination_has_with_what_changed_laid_over_it() -> None:
    world = house()
    there(world)
    world.change("source", "Projects-1", Description="new")

    action = world.actions("Projects-1")["project/OctoFX"]

    assert action.op is Op.UPDATE
    assert [change.where for change in action.changes] == ["Description"]
    assert action.body is not None
    assert (action.body["Id"], action.body["Slug"], action.body["Description"]) == ("Projects-9", "octofx", "new")


def test_the_details_of_a_shared_name_follow_only_where_the_route_says_so() -> None:
    for update, expected in (([], Op.LEAVE), (["lifecycle"], Op.UPDATE)):
        world = house(include={"lifecycle": ["*"]}, rules={"update": update})
        there(world)
        world.change("source", "Lifecycles-1", Description="new")

        assert world.actions("Lifecycles-1")["lifecycle/Default"].op is expected


def test_a_rename_follows_the_link() -> None:
    world = house()
    there(world)
    world.links["Projects-1"] = "Projects-9"
    world.entries["source"]["project"] = [Entry("Projects-1", "OctoFX 2")]
    world.change("source", "Projects-1", Name="OctoFX 2")
    world.baselines["Projects-1"] = Baseline(
        {"Name": "OctoFX", "ProjectGroupId": "ProjectGroups-9", "LifecycleId": "Lifecycles-9"},
        world.documents["destination"]["Projects-9"],
    )

    action = world.actions("Projects-1")["project/OctoFX 2"]

    assert (action.op, action.destination_id) == (Op.UPDATE, "Projects-9")
    assert [change.where for change in action.changes] == ["Name"]


def test_a_mapped_name_stays_mapped() -> None:
    world = house(maps={"project": {"OctoFX": "OctoFX Live"}})
    there(world)
    world.destination(
        "project", "Projects-8", "OctoFX Live", ProjectGroupId="ProjectGroups-9", LifecycleId="Lifecycles-9"
    )

    action = world.actions("Projects-1")["project/OctoFX"]

    assert (action.op, action.destination_id) == (Op.LEAVE, "Projects-8")


def test_another_lifecycle_would_purge_values_of_tenants_and_is_left_to_a_person() -> None:
    world = house()
    there(world)
    world.source("lifecycle", "Lifecycles-2", "Other", Phases=[])
    world.destination("lifecycle", "Lifecycles-8", "Other", Phases=[])
    world.change("source", "Projects-1", LifecycleId="Lifecycles-2")
    world.change("destination", "Projects-9", TenantedDeploymentMode="Tenanted")
    world.change("source", "Projects-1", TenantedDeploymentMode="Tenanted")

    action = world.actions("Projects-1")["project/OctoFX"]

    assert action.op is Op.LEAVE
    assert [entry.reason for entry in action.clean_ups] == ["would-destroy"]
    assert action.destroys == ()

    allowing = house(rules={"destructive_updates": "allow"})
    allowing.entries, allowing.documents = world.entries, world.documents
    action = allowing.actions("Projects-1")["project/OctoFX"]

    assert action.op is Op.UPDATE
    assert [change.where for change in action.changes] == ["LifecycleId"]
    assert action.clean_ups == ()
    assert [text for text in action.destroys if "tenants' values" in text], "it counts as a delete"


# ── what stays at home ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_route_does_not_include_is_skipped_with_its_parts() -> None:
    world = house(include={"project": ["Other"]})

    found = world.actions("Projects-1", "variableset-Projects-1", "Channels-1")

    assert set(ops(found).values()) == {"skip"}


def test_exclude_beats_include() -> None:
    world = house(exclude={"project": ["Octo*"]})

    assert ops(world.actions("Projects-1")) == {"project/OctoFX": "skip"}


def test_an_item_that_crossed_because_it_was_needed_goes_on_crossing() -> None:
    world = house(include={"project": ["Parent"]})
    assert world.actions("Projects-1")["project/OctoFX"].op is Op.SKIP

    there(world)
    world.links["Projects-1"] = "Projects-9"
    assert world.actions("Projects-1")["project/OctoFX"].op is Op.SKIP, "it was only found there by its name"
    world.baselines["Projects-1"] = Baseline()
    assert world.actions("Projects-1")["project/OctoFX"].op is Op.LEAVE


def test_what_lives_in_git_is_skipped_with_its_parts() -> None:
    world = World()
    world.source("project", "Projects-1", "OctoFX", Type="VersionControlled")
    world.source("runbook", "Runbooks-1", "Restart", "Projects-1")

    for target in ("Projects-1", "Runbooks-1", "variableset-Projects-1", "RunbookProcess-Runbooks-1"):
        (action,) = world.actions(target).values()
        assert action.op is Op.SKIP
        assert "lives in Git" in why(action)


def test_absence_is_not_deletion() -> None:
    world = house()
    (action,) = world.actions("Projects-404").values()
    assert (action.op, action.clean_ups) == (Op.SKIP, ())
    assert "not known to be deleted" in why(action)

    there(world)
    world.deleted.add("Projects-404")
    world.links["Projects-404"] = "Projects-9"
    world.links["Projects-1"] = "Projects-8"
    world.destination("project", "Projects-8", "OctoFX 2")
    (action,) = world.actions("Projects-404").values()
    assert [entry.reason for entry in action.clean_ups] == ["deleted-on-source"]


@pytest.mark.parametrize("target", ["Machines-1", "Teams-1", "Certificates-1", "nonsense", "Users-1"])
def test_what_never_crosses_is_skipped(target: str) -> None:
    (action,) = house().actions(target).values()

    assert action.op is Op.SKIP


def test_of_two_projects_mapped_to_one_the_first_crosses_and_the_other_with_its_parts_does_not() -> None:
    world = house(maps={"project": {"Second": "Both", "OctoFX": "Both"}})
    project(world, 2, "Second")

    found = world.actions("Projects-1", "Projects-2", "variableset-Projects-1")

    assert found["project/Second"].op is Op.CREATE
    assert found["project/Second"].body is not None
    assert found["project/Second"].body["Name"] == "Both"
    assert found["project/OctoFX"].op is Op.SKIP
    assert [entry.reason for entry in found["project/OctoFX"].clean_ups] == ["many-to-one"]
    assert found["project/OctoFX/variables"].op is Op.SKIP


# ── what is blocked ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_name_with_another_type_blocks_the_item_and_its_users() -> None:
    world = house(include={"project": ["*"], "account": ["*"]})
    there(world)
    world.source("feed", "Feeds-1", "Packages", Type="NuGet")
    world.destination("feed", "Feeds-9", "Packages", Type="Docker")
    world.document(
        "source",
        "deploymentprocess-Projects-1",
        Steps=[
            {
                "Id": "s",
                "Name": "A",
                "Actions": [{"Id": "a", "Name": "A", "Packages": [{"PackageId": "Web", "FeedId": "Feeds-1"}]}],
            }
        ],
    )

    (action,) = world.actions("deploymentprocess-Projects-1").values()

    assert action.op is Op.BLOCK
    assert "is Docker on the destination and NuGet on the source" in why(action)


def test_what_requires_an_excluded_item_waits_for_it() -> None:
    world = house(exclude={"lifecycle": ["Default"]})

    found = world.actions("Projects-1")

    assert found["project/OctoFX"].op is Op.BLOCK
    assert found["project/OctoFX"].waits_for == (("lifecycle", "Default"),)
    # Its parts are not planned: nothing could be said of them.
    assert not any(action.writes for action in found.values() if action.kind != "project-group")


def test_the_part_of_a_blocked_project_waits_for_the_project() -> None:
    world = house(exclude={"lifecycle": ["Default"]})

    action = world.actions("variableset-Projects-1")["project/OctoFX/variables"]

    assert action.op is Op.BLOCK
    assert action.waits_for == (("project", "OctoFX"),)


def test_an_id_that_the_source_does_not_know_blocks_where_it_is_required() -> None:
    world = house()
    world.change("source", "Projects-1", LifecycleId="Lifecycles-404")

    action = world.actions("Projects-1")["project/OctoFX"]

    assert action.op is Op.BLOCK
    assert "Lifecycles-404" in why(action)


# ── cycles ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def deploys(target: str) -> Document:
    return {
        "Id": f"step-{target}",
        "Name": "Deploy",
        "Actions": [
            {
                "Id": f"action-{target}",
                "Name": "Deploy",
                "Properties": {"Octopus.Action.DeployRelease.ProjectId": target},
                "Packages": [{"Name": "", "PackageId": target, "FeedId": "feeds-builtin-releases"}],
            }
        ],
    }


@pytest.mark.parametrize("size", [1, 2, 5])
def test_projects_that_deploy_each_other_in_a_ring(size: int) -> None:
    world = house()
    for number in range(2, size + 1):
        project(world, number, f"P{number}")
    for number in range(1, size + 1):
        target = f"Projects-{number % size + 1}"
        world.document("source", f"deploymentprocess-Projects-{number}", Steps=[deploys(target)])

    plan = world.plan("Projects-1").plan

    assert not plan.blocked
    created = [action for action in plan.actions if action.kind == "project"]
    assert len(created) == size
    processes = [action for action in plan.actions if action.kind == "deployment-process"]
    assert len(processes) == size
    for action in processes:
        assert action.body is not None
        target = action.body["Steps"][0]["Actions"][0]["Packages"][0]["PackageId"]
        creation = next(one for one in created if one.destination_id == target)
        assert plan.actions.index(creation) < plan.actions.index(action)


# ── versioning by a step that stays at home ───────────────────────────────────────────────────────────────────────────


def test_versioning_by_a_step_that_does_not_cross_leaves_the_destinations() -> None:
    world = house()
    there(world)
    world.source("environment", "Environments-1", "Test")
    steps = [
        {"Id": "s-1", "Name": "Keep", "Actions": [{"Id": "a-1", "Name": "Keep"}]},
        {"Id": "s-2", "Name": "QA", "Actions": [{"Id": "a-2", "Name": "QA", "Environments": ["Environments-1"]}]},
    ]
    world.document("source", "deploymentprocess-Projects-1", Steps=steps)
    donor = {"Template": None, "DonorPackage": {"DeploymentAction": "QA", "PackageReference": ""}}
    world.document("source", "deploymentsettings-Projects-1", VersioningStrategy=donor)
    world.document("destination", "deploymentsettings-Projects-9", VersioningStrategy={"Template": "#{x}"})

    found = world.actions("deploymentprocess-Projects-1", "deploymentsettings-Projects-1")

    settings = found["project/OctoFX/deployment-settings"]
    assert settings.op is Op.LEAVE
    assert [entry.reason for entry in settings.clean_ups] == ["left-out"]


# ── what the planner asks for ─────────────────────────────────────────────────────────────────────────────────────────


def test_it_asks_for_all_that_it_needs_at_once() -> None:
    world = house()
    observed = world.observed()
    observed.source.documents.clear()
    for kind in ("project-group", "lifecycle", "library-variable-set"):
        observed.destination.directories.pop(kind)
    observed.source.documents["Projects-1"] = world.documents["source"]["Projects-1"]
    with pytest.raises(NotObserved) as question:
        Planner(observed).plan(["Projects-1"])

    assert question.value.needs == {Need("destination", "project-group"), Need("destination", "lifecycle")}


def test_nothing_to_plan_is_an_empty_plan() -> None:
    assert house().plan().plan == Plan("dev-to-prod")
