"""Each trait of a release shows in what it writes: from its first release on, and no longer once it is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.audit import AuditLog
from sandbox.event_dialect import TRAITS
from sandbox.event_noise import deployment, package_pushed
from sandbox.event_query import EventQuery
from sandbox.event_resource import event_resource
from sandbox.store import SYSTEM, Store, Write
from sandbox.subscription_resource import subscription_from_body, subscription_resource

SPACE = "Spaces-1"
PROJECT: dict[str, Any] = {"Id": "Projects-1", "Name": "Shop"}
SETTINGS: dict[str, Any] = {"Id": "deploymentsettings-Projects-1", "ProjectId": "Projects-1"}
PROCESS: dict[str, Any] = {"Id": "deploymentprocess-Projects-1", "ProjectId": "Projects-1"}
CERTIFICATE: dict[str, Any] = {"Id": "Certificates-1", "Name": "Web", "Archived": None, "Thumbprint": "T"}
ENVIRONMENT: dict[str, Any] = {"Id": "Environments-1", "Name": "Dev"}


def _variables(owner: str) -> dict[str, Any]:
    return {"Id": f"variableset-{owner}", "OwnerId": owner}


def _event(version: str) -> dict[str, Any]:
    log = AuditLog(Store(), version)
    return event_resource(log.add(package_pushed(SPACE, version)), version)


def _subscription(version: str) -> dict[str, Any]:
    body = {"Name": "S", "EventNotificationSubscription": {"WebhookURI": "http://127.0.0.1:9/"}}
    document, header = subscription_from_body(body, "Subscriptions-1", SPACE, None)
    return subscription_resource(document, (None, None), header, version)


def _notification(version: str) -> dict[str, Any]:
    found: dict[str, Any] = _subscription(version)["EventNotificationSubscription"]
    return found


def _told(version: str, *writes: Write) -> list[tuple[str, set[str]]]:
    """Category and related ids of the events that writes leave."""
    store = Store()
    log = AuditLog(store, version)
    store.commit(SPACE, writes, SYSTEM)
    return [(event.entry.category, set(event.entry.related)) for event in log.after(0)]


def _passes(version: str, filters: dict[str, Any], related: set[str]) -> bool:
    log = AuditLog(Store(), version)
    event = log.add(deployment(SPACE, "Projects-1", "Environments-1", version="2018.1.0"))
    assert related <= set(event.entry.related)
    return EventQuery.from_filter(filters, SPACE, version).matches(event)


SHOWS: dict[str, Callable[[str], bool]] = {
    "webhook header": lambda v: "WebhookHeaderKey" in _notification(v),
    "spaces": lambda v: "SpaceId" in _event(v) and "EventAgents" in _notification(v)["Filter"],
    "project group filter": lambda v: "ProjectGroups" in _notification(v)["Filter"],
    "change details": lambda v: "ChangeDetails" in _event(v),
    "enums as names": lambda v: (_subscription(v)["Type"], _notification(v)["EmailPriority"]) == ("Event", "Normal"),
    "space id as object": lambda v: _subscription(v).get("SpaceId") == {"Value": SPACE},
    "self links": lambda v: _event(v)["Links"]["Self"] != {} and _subscription(v)["Links"]["Self"] != {},
    "milliseconds": lambda v: len(_event(v)["Occurred"].partition(".")[2].partition("+")[0]) == 3,
    "ip address": lambda v: "IpAddress" in _event(v),
    "system identity": lambda v: _event(v)["IdentityEstablishedWith"] == "System",
    "api key": lambda v: {"ApiKeyId", "ApiKeyHint"} <= _event(v).keys(),
    "slack": lambda v: "SlackChannelIds" in _notification(v),
    "project created twice": lambda v: len(_told(v, Write("projects", None, PROJECT))) == 2,
    "process without project": lambda v: (
        _told(v, Write("deploymentprocesses", PROCESS, PROCESS)) == [("Modified", {PROCESS["Id"]})]
    ),
    "library variables without owner": lambda v: (
        _told(v, Write("variables", _variables("LibraryVariableSets-1"), _variables("LibraryVariableSets-1")))
        == [("Modified", {"variableset-LibraryVariableSets-1"})]
    ),
    "cascade without owner": lambda v: (
        ("Modified", {"variableset-Projects-1"})
        in _told(
            v,
            Write("environments", ENVIRONMENT, None),
            Write("variables", _variables("Projects-1"), _variables("Projects-1"), side_effect=True),
        )
    ),
    "deployments without project group": lambda v: (
        "ProjectGroups-1" not in deployment(SPACE, "Projects-1", "Environments-1", version=v).related
    ),
    "archiving unaudited": lambda v: (
        _told(v, Write("certificates", CERTIFICATE, {**CERTIFICATE, "Archived": "2020-01-01"})) == []
    ),
    "package pushed has its own category": lambda v: _event(v)["Category"] == "PackageAddedToBuiltInFeed",
    "types with groups are deaf": lambda v: (
        not _passes(v, {"EventGroups": ["Deployment"], "DocumentTypes": ["Projects"]}, {"Projects-1"})
    ),
    "project groups are heard": lambda v: _passes(v, {"ProjectGroups": ["ProjectGroups-1"]}, {"ProjectGroups-1"}),
}


# What takes a receiver to see.
ELSEWHERE = {"oldest first": "test_sandbox_audit_history.py"}


def _before(version: str) -> str:
    """A release just below another one."""
    year, month, build = map(int, version.split("."))
    if build:
        return f"{year}.{month}.{build - 1}"
    return f"{year}.{month - 1}.99999" if month > 1 else f"{year - 1}.99.99999"


def test_every_trait_is_shown() -> None:
    assert set(SHOWS) | set(ELSEWHERE) == set(TRAITS)


@pytest.mark.parametrize("trait", SHOWS)
def test_a_trait_shows_while_it_is_there(trait: str) -> None:
    first, gone = TRAITS[trait]
    shows = SHOWS[trait]
    assert shows(first)
    assert not shows(_before(first))
    if gone:
        assert shows(_before(gone))
        assert not shows(gone)
    else:
        assert shows("2026.3.15581")
