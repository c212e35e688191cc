"""Ids become names in what people read, and names stay as they are."""

from __future__ import annotations

from config.route import Endpoint, Route
from worker.kinds.references import PendingId
from worker.plan.values import Action, CleanUp, Op
from worker.sync.translating.translate import label
from worker.sync.variables.rows import label as row_label
from worker.sync.world.baseline import Baseline
from worker.sync.world.naming import Names, verbatim
from worker.sync.world.world import Directory, Entry, World


def names() -> Names:
    world = World(Route(name="route", source=Endpoint(instance="dev"), destination=Endpoint(instance="prod")))
    world.destination.directories["environment"] = Directory([Entry("Environments-1", "Production")])
    step = {"Name": "Deploy", "Actions": [{"Id": ACTION, "Name": "Deploy"}]}
    world.source.documents["deploymentprocess-Projects-1"] = {"Steps": [step]}
    return Names(world)


ACTION = "c4c4def0-4c54-5515-ab92-349bcfd50e3c"


def where(text: str) -> str:
    action = Action(Op.LEAVE, "project", ("project", "X"), None, None, clean_ups=(CleanUp(("x",), text, "r", "t"),))
    return names().action(action).clean_ups[0].where


def test_an_id_is_shown_as_a_name() -> None:
    assert where("Phases/Environments-1") == "Phases/Production"


def test_an_id_that_is_to_come_is_shown_as_the_same_name() -> None:
    pending = PendingId.of("deploymentprocess-Projects-1", ACTION)
    assert where(row_label({"Name": "Port", "Scope": {"Action": [pending]}})) == "Variables[Port · Action: Deploy]"


def test_a_name_that_looks_like_an_id_is_shown_as_it_is() -> None:
    assert where(f"Steps[{label({'Name': 'Environments-1'}, ('Name',))}]/Environments") == (
        "Steps[Environments-1]/Environments"
    )
    row = {"Name": "Environments-1", "Scope": {"Environment": ["Environments-1"]}}
    assert where(row_label(row)) == "Variables[Environments-1 · Environment: Production]"


def test_other_names_need_no_care() -> None:
    for name in ("Deploy [Prod]", "😀, -", "a/b", ""):
        assert verbatim(name) == name


def test_an_entry_stays_the_same_one_whatever_its_scope_is_called_and_whether_it_exists() -> None:
    def entry(world: World, text: str) -> CleanUp:
        action = Action(Op.LEAVE, "project", ("project", "X"), None, None, clean_ups=(CleanUp(("x",), text, "r", "t"),))
        return Names(world).action(action).clean_ups[0]

    def world(name: str, elements: dict[str, str]) -> World:
        route = Route(name="route", source=Endpoint(instance="dev"), destination=Endpoint(instance="prod"))
        found = World(route, links={"Environments-1": "Environments-9"})
        found.destination.directories["environment"] = Directory([Entry("Environments-9", name)])
        found.baselines.known["deploymentprocess-Projects-1"] = Baseline(elements=elements)
        return found

    there = "d4c4def0-4c54-5515-ab92-349bcfd50e3c"
    scope = {"Environment": ["Environments-9"], "Action": [there]}
    pending = {"Environment": ["Environments-9"], "Action": [PendingId.of("deploymentprocess-Projects-1", ACTION)]}
    first = entry(world("Test", {}), row_label({"Name": "Port", "Scope": pending}))
    later = entry(world("QA", {ACTION: there}), row_label({"Name": "Port", "Scope": scope}))

    assert first.where != later.where
    assert first.key == later.key
    assert entry(world("QA", {}), "Steps[Deploy]").place == "", "nothing else is named"
