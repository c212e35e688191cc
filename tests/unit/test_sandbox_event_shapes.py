"""Which audit events a commit leaves, without a server."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.audit import AuditEvent, AuditLog
from sandbox.event_dialect import TRAITS, has
from sandbox.event_entry import Entry
from sandbox.event_noise import package_pushed, release_modified
from sandbox.event_resource import event_resource
from sandbox.store import SYSTEM, Document, Store, Write

VERSION = "2026.1.9674"
SPACE = "Spaces-1"
PROJECT: Document = {"Id": "Projects-1", "Name": "Octo <FX>", "SpaceId": SPACE}


def _log(version: str = VERSION) -> tuple[Store, AuditLog]:
    store = Store()
    return store, AuditLog(store, version)


def _commit(store: Store, log: AuditLog, *writes: Write) -> list[AuditEvent]:
    last = log.last_auto_id
    store.commit(SPACE, writes, SYSTEM)
    return log.after(last)


def _told(events: list[AuditEvent]) -> list[tuple[str, set[str]]]:
    return [(event.entry.category, set(event.entry.related)) for event in events]


def _new_project() -> list[Write]:
    return [
        Write("projects", None, PROJECT),
        Write("variables", None, {"Id": "variableset-Projects-1", "OwnerId": "Projects-1"}, side_effect=True),
        Write(
            "deploymentprocesses",
            None,
            {"Id": "deploymentprocess-Projects-1", "ProjectId": "Projects-1"},
            side_effect=True,
        ),
        Write(
            "deploymentsettings",
            None,
            {"Id": "deploymentsettings-Projects-1", "ProjectId": "Projects-1"},
            side_effect=True,
        ),
        Write("channels", None, {"Id": "Channels-1", "Name": "Default", "ProjectId": "Projects-1"}, side_effect=True),
    ]


def test_a_new_project_is_one_event_and_its_parts_are_none() -> None:
    store, log = _log()
    assert _told(_commit(store, log, *_new_project())) == [("Created", {"Projects-1"})]


def test_in_2021_a_new_project_was_audited_twice_and_its_settings_too() -> None:
    store, log = _log("2021.3.8275")
    assert _told(_commit(store, log, *_new_project())) == [
        ("Created", {"Projects-1"}),
        ("Created", {"Projects-1"}),
        ("Created", {"deploymentsettings-Projects-1", "Projects-1"}),
    ]


def test_a_deleted_project_takes_its_parts_along_in_silence() -> None:
    store, log = _log()
    deletes = [Write(w.collection, w.after, None, side_effect=w.side_effect) for w in _new_project()]
    assert _told(_commit(store, log, *deletes)) == [("Deleted", {"Projects-1"})]


def _variables(*values: str) -> Document:
    rows = [{"Id": str(n), "Name": "A", "Value": value} for n, value in enumerate(values)]
    return {"Id": "variableset-Projects-1", "OwnerId": "Projects-1", "Variables": rows}


def test_saved_variables_name_their_owner_and_tell_the_difference() -> None:
    store, log = _log()
    _commit(store, log, Write("projects", None, PROJECT))
    before, after = _variables("1", "2"), _variables("1", "3")
    [event] = _commit(store, log, Write("variables", before, after))
    resource = event_resource(event, VERSION)
    assert resource["Message"] == "Variables for Octo <FX> were changed"
    assert resource["MessageHtml"] == ("Variables for <a href='#/projects/Projects-1'>Octo &lt;FX&gt;</a> were changed")
    assert resource["MessageReferences"] == [{"ReferencedDocumentId": "Projects-1", "StartIndex": 14, "Length": 9}]
    assert set(resource["RelatedDocumentIds"]) == {"variableset-Projects-1", "Projects-1"}
    assert resource["ChangeDetails"] == {
        "DocumentContext": before,
        "Differences": [{"op": "replace", "path": "/Variables/1/Value", "value": "3"}],
    }
    assert event_resource(event, VERSION, difference=False)["ChangeDetails"] == {
        "DocumentContext": None,
        "Differences": None,
    }


def test_a_changed_secret_shows_that_it_changed_and_not_what_it_is() -> None:
    store, log = _log()
    feed = {"Id": "Feeds-1", "Name": "F", "Password": {"HasValue": True, "NewValue": None, "Hint": None}}
    _commit(store, log, Write("feeds", None, feed, secrets={"Password": "old-secret"}))
    [event] = _commit(store, log, Write("feeds", feed, feed, secrets={"Password": "new-secret"}))
    differences = event_resource(event, VERSION)["ChangeDetails"]["Differences"]
    assert [difference["op"] for difference in differences] == ["replace"]
    assert "secret" not in str(differences)


def test_a_target_leaves_two_events_and_names_its_environments() -> None:
    store, log = _log()
    machine = {"Id": "Machines-1", "Name": "web", "EnvironmentIds": ["Environments-1"], "IsDisabled": False}
    related = {"Machines-1", "Environments-1"}
    assert _told(_commit(store, log, Write("machines", None, machine))) == [
        ("Created", related),
        ("MachineAdded", related),
    ]
    disabled = machine | {"IsDisabled": True}
    assert _told(_commit(store, log, Write("machines", machine, disabled))) == [
        ("Modified", related),
        ("MachineDisabled", related),
    ]
    assert _told(_commit(store, log, Write("machines", disabled, None)))[1] == ("MachineDeleted", related)


def test_a_deleted_environment_modifies_the_variable_sets_that_named_it() -> None:
    environment = {"Id": "Environments-1", "Name": "Dev"}
    cascade = Write("variables", _variables("1"), _variables(), side_effect=True)
    store, log = _log()
    assert _told(_commit(store, log, Write("environments", environment, None), cascade)) == [
        ("Deleted", {"Environments-1"}),
        ("Modified", {"variableset-Projects-1", "Projects-1"}),
    ]
    store, log = _log("2022.2.100")
    assert _told(_commit(store, log, Write("environments", environment, None), cascade))[1] == (
        "Modified",
        {"variableset-Projects-1"},
    )


@pytest.mark.parametrize(
    ("version", "related"),
    [
        ("2023.2.1", {"variableset-LibraryVariableSets-1"}),
        ("2023.4.1", {"variableset-LibraryVariableSets-1", "LibraryVariableSets-1"}),
    ],
)
def test_library_variables_lacked_their_owner_for_some_releases(version: str, related: set[str]) -> None:
    store, log = _log(version)
    document = {"Id": "variableset-LibraryVariableSets-1", "OwnerId": "LibraryVariableSets-1"}
    assert _told(_commit(store, log, Write("variables", document, document))) == [("Modified", related)]


def test_a_kind_that_nobody_described_is_audited_all_the_same() -> None:
    store, log = _log()
    [event] = _commit(store, log, Write("novelties", None, {"Id": "Novelties-1", "Name": "N"}))
    assert event.entry.message == "Novelties N was created"


def test_ids_are_not_auto_ids_and_do_not_grow_strictly() -> None:
    _, log = _log()
    events = [log.add(package_pushed(SPACE)) for _ in range(100)]
    numbers = [int(event.id.removeprefix("Events-")) for event in events]
    assert len(set(numbers)) == 100
    assert numbers != sorted(numbers)
    assert {event.auto_id for event in events}.isdisjoint(numbers)
    assert [event.auto_id for event in events] == sorted(event.auto_id for event in events)


def test_related_ids_come_in_no_order() -> None:
    _, log = _log()
    firsts = {
        event_resource(log.add(release_modified(SPACE, "Projects-1")), VERSION)["RelatedDocumentIds"][0]
        for _ in range(30)
    }
    assert firsts == {"Projects-1", "Releases-1"}


def test_late_events_appear_below_the_newest() -> None:
    _, log = _log()
    with pytest.raises(ValueError, match="needs an earlier one"):
        log.add(package_pushed(SPACE), late=True)
    newest = [log.add(package_pushed(SPACE)) for _ in range(3)][-1]
    late = [log.add(package_pushed(SPACE), late=True) for _ in range(2)]
    assert all(event.auto_id < newest.auto_id and event.occurred < newest.occurred for event in late)
    assert log.after(newest.auto_id) == []
    assert log.newest_first()[0] == newest


def test_the_log_is_saved_and_loaded_with_the_store(tmp_path: Path) -> None:
    store, log = _log()
    _commit(store, log, Write("projects", None, PROJECT))
    log.add(package_pushed(SPACE), late=False)
    store.save(tmp_path / "state.json")
    loaded = AuditLog(Store.load(tmp_path / "state.json"), VERSION)
    assert loaded.newest_first() == log.newest_first()
    assert loaded.add(package_pushed(SPACE)).id not in {event.id for event in log.newest_first()}


def test_an_entry_survives_json() -> None:
    entry = release_modified(SPACE, "Projects-1")
    assert Entry.from_json(entry.to_json()) == entry


def _keys(version: str) -> Any:
    _, log = _log(version)
    return event_resource(log.add(package_pushed(SPACE)), version).keys()


def test_properties_come_with_their_release() -> None:
    assert "ChangeDetails" not in _keys("2020.2.2")
    assert "ChangeDetails" in _keys("2021.1.1")
    assert "IpAddress" not in _keys("2022.4.1")
    assert "ApiKeyId" not in _keys(VERSION)
    assert "ApiKeyId" in _keys("2026.3.15581")
    assert "SpaceId" not in _keys("2018.9.1")


def test_a_development_build_is_the_newest_release() -> None:
    assert [trait for trait, (_, gone) in TRAITS.items() if has("0.0.0-local", trait) != (gone is None)] == []
