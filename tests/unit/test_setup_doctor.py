"""Doctor and init, the pure parts: which permissions a route needs, what a key has too much, what Redis lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.load import loads
from config.presets import Preset
from config.routes import Route
from worker.kinds import permissions, registry
from worker.kinds.granted import Granted
from worker.kinds.permissions import Need, needs, of_destination, of_source
from worker.ledger.store import Store
from worker.setup import first_file
from worker.setup.doctor import delivered
from worker.setup.findings import Finding, Level, worst
from worker.setup.first_file import Side
from worker.setup.granted import judged
from worker.setup.memory import of_store
from worker.setup.servers import clock, told


def route(**settings: Any) -> Route:
    instances = [
        {"name": name, "url": f"https://{name}.example.com", "api_key": {"env": "KEY"}} for name in ("dev", "prod")
    ]
    one = {"name": "r", "source": {"instance": "dev"}, "destination": {"instance": "prod"}, **settings}
    return loads(json.dumps({"instances": instances, "routes": [one]}), "routes.json").routes[0]


PROJECTS = {"include": {"project": ["*"]}}


def test_every_kind_says_what_guards_it() -> None:
    assert {kind.name for kind in registry.ALL} == set(permissions._GUARDS)


def test_a_source_is_only_looked_at() -> None:
    found = of_source(route(**PROJECTS)).permissions
    assert all(name.endswith(("View", "ViewUnscoped")) for name in found), found
    assert {"ProjectView", "ProcessView", "VariableView", "VariableViewUnscoped", "EventView"} <= set(found)
    assert "TagSetView" not in found, "there is no such permission"


def test_a_destination_is_written_as_far_as_the_route_goes() -> None:
    found = set(of_destination(route(**PROJECTS)).permissions)
    assert {"ProjectCreate", "ProjectEdit", "ProcessEdit", "VariableEditUnscoped", "RunbookEdit"} <= found
    assert {"LifecycleCreate", "AccountCreate"} <= found, "what a project requires is created with it"
    assert not {"LifecycleEdit", "EnvironmentCreate", "TenantEdit", "CertificateCreate"} & found
    assert not [name for name in found if name.endswith("Delete")], "nothing is ever deleted"


def test_rules_and_mode_decide_too() -> None:
    assert "LifecycleEdit" in of_destination(route(**PROJECTS, rules={"update": ["lifecycle"]})).permissions
    assert "AccountCreate" not in of_destination(route(**PROJECTS, rules={"accounts": "none"})).permissions
    read_only = of_destination(route(**PROJECTS, mode="read-only")).permissions
    assert all("View" in name for name in read_only)
    assert needs(route(include={"environment": ["*"]}))["environment"] is Need.MAKE
    assert needs(route()) == {}


def answer(names: list[str], *, system: list[str] | None = None, **restricted: list[str]) -> dict[str, Any]:
    return {
        "SpacePermissions": {
            name: [{"SpaceId": "Spaces-1", "RestrictedToProjectIds": restricted.get(name, [])}] for name in names
        },
        "SystemPermissions": system or [],
    }


def test_what_is_missing_and_what_is_too_much() -> None:
    wanted = of_source(route(**PROJECTS))
    names = [name for name in wanted.permissions if name != "FeedView"]
    given = answer([*names, "ProjectDelete", "SubscriptionEdit"], ProjectView=["Projects-1"])
    given["SpacePermissions"]["ProjectEdit"] = [{"SpaceId": "Spaces-2"}]
    known = {*wanted.permissions, "ProjectDelete"}
    verdict = judged(wanted, Granted.of(given, "Spaces-1"), known, may_subscribe=True)
    assert set(verdict.missing) == {"FeedView"}
    assert set(verdict.restricted) == {"ProjectView"}
    assert verdict.too_much == ("ProjectDelete",), "a source may have the subscription made"
    assert verdict.elsewhere == ("Spaces-2",)
    levels = [one.level for one in told("dev", verdict, 9, is_source=True)]
    assert levels == [Level.FAILURE, Level.WARNING, Level.WARNING, Level.WARNING]
    assert "FeedView" in told("dev", verdict, 9, is_source=True)[0].text
    old = judged(wanted, Granted.of(given, "Spaces-1"), known - {"FeedView"}, may_subscribe=False)
    assert old.missing == {}, "a release without a permission cannot ask for it"
    assert "SubscriptionEdit" in old.too_much


def test_a_permission_without_restriction_outdoes_one_with() -> None:
    both = {
        "SpacePermissions": {
            "ProjectView": [
                {"SpaceId": "Spaces-1", "RestrictedToProjectIds": ["Projects-1"]},
                {"SpaceId": "Spaces-1", "RestrictedToProjectIds": []},
            ]
        },
        "SystemPermissions": ["AdministerSystem"],
    }
    granted = Granted.of(both, "Spaces-1")
    assert granted.in_space == {"ProjectView": frozenset()}
    verdict = judged(of_source(route()), granted, [], may_subscribe=True)
    assert verdict.is_administrator
    with pytest.raises(ValueError, match="SpacePermissions"):
        Granted.of({}, "Spaces-1")


GOOD = Store("valkey", "8.1.3", True, "noeviction", 10, 100)


@pytest.mark.parametrize(
    ("store", "check", "level"),
    [
        (GOOD, "redis", Level.OK),
        (replace(GOOD, name="redis", version="5.0.7"), "redis", Level.FAILURE),
        (replace(GOOD, replica=True), "redis", Level.FAILURE),
        (replace(GOOD, appends=False), "redis-durability", Level.WARNING),
        (replace(GOOD, last_write_failed=True), "redis-durability", Level.FAILURE),
        (replace(GOOD, eviction="allkeys-lru"), "redis-eviction", Level.FAILURE),
        (replace(GOOD, used=90), "redis-memory", Level.WARNING),
        (None, "redis", Level.WARNING),
    ],
)
def test_redis(store: Store | None, check: str, level: Level) -> None:
    found = of_store(store)
    assert worst(found) is level
    assert all(one.then for one in found if one.level is not Level.OK)
    assert any(one.check == check and one.level is level for one in found)


def test_clocks_and_deliveries() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert clock("dev", now + timedelta(seconds=2), now).level is Level.OK
    behind: Finding = clock("dev", now - timedelta(minutes=3), now)
    assert (behind.level, "180 s behind" in behind.text) == (Level.WARNING, True)
    assert delivered("dev", None, 0).level is Level.WARNING
    assert delivered("dev", 0, 60_000).text == "the last webhook came 60 s ago"
    assert delivered("dev", 0, 3 * 86_400_000).level is Level.WARNING


@pytest.mark.parametrize("preset", [None, *Preset])
def test_a_first_routes_file_is_accepted_as_it_is(preset: Preset | None) -> None:
    source = Side("dev", "https://octopus-dev.example.com", 'Ops "QA": 🐙 #1')
    text = first_file.text(source, Side("prod", "https://octopus.example.com"), preset)
    one = loads(text, "octosync.yaml").routes[0]
    assert (one.name, one.source.space) == ("dev-to-prod", 'Ops "QA": 🐙 #1')
    assert "API-" not in text


def test_two_spaces_of_one_server_are_one_instance() -> None:
    text = first_file.text(Side("dev", "https://x.example.com"), Side("prod", "https://x.example.com/", "Production"))
    file = loads(text, "octosync.yaml")
    assert [one.name for one in file.instances] == ["dev"]
    assert file.routes[0].name == "default-to-production"


def test_a_first_routes_file_begins_with_the_projects_that_are_named_and_secrets_from_files() -> None:
    sides = Side("dev-1", "https://a.example.com"), Side("prod", "https://b.example.com")
    file = loads(first_file.text(*sides, projects=["OctoFX", "Shop: *"], secrets_dir="/run/secrets/"), "octosync.yaml")
    include = file.routes[0].include
    assert [include.matches("project", name) for name in ("OctoFX", "Shop: web", "Other")] == [True, True, False]
    places = [str(one.api_key.file) for one in file.instances] + [str(file.instances[0].webhook_secrets[0].file)]
    assert places == first_file.secrets(*sides, "/run/secrets")
    assert places[0] == "/run/secrets/dev_1_api_key"
