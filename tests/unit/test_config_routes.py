from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from config.checks import warnings
from config.routes import Endpoint, Instance, Route, RoutesFile


def instance(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "url": f"https://{name}.example.com", "api_key": {"env": "KEY"}} | more


def route(name: str = "dev-to-prod", **more: Any) -> dict[str, Any]:
    return {"name": name, "source": {"instance": "dev"}, "destination": {"instance": "prod"}} | more


def routes_file(*routes: dict[str, Any], instances: tuple[str, ...] = ("dev", "prod")) -> RoutesFile:
    return RoutesFile.model_validate({"instances": [instance(name) for name in instances], "routes": routes})


def one(**more: Any) -> Route:
    return Route.model_validate(route(**more))


def test_nothing_is_included_unless_listed() -> None:
    assert not one().includes("project", "OctoFX")
    assert not one(include={"project": []}).includes("project", "OctoFX")
    assert one(include={"project": ["*"]}).includes("project", "OctoFX")
    assert not one(include={"project": ["*"]}).includes("environment", "Test")


def test_exclude_beats_include() -> None:
    chosen = one(include={"project": ["Octo*"]}, exclude={"project": ["*fx"]})
    assert chosen.includes("project", "OctoShop")
    assert not chosen.includes("project", "OctoFX")
    assert chosen.excludes("project", "OctoFX")


def test_excluded_and_not_included_are_two_things() -> None:
    chosen = one(include={"project": ["*"]}, exclude={"lifecycle": ["QA"]})
    assert chosen.excludes("lifecycle", "qa")
    assert not chosen.excludes("lifecycle", "Default")
    assert not chosen.includes("lifecycle", "Default")


def test_parts_cross_with_their_project() -> None:
    chosen = one(include={"project": ["OctoFX"]}, exclude={"channel": ["QA"]})
    assert chosen.includes("runbook", "Rebuild index", project="OctoFX")
    assert chosen.includes("channel", "Default", project="OctoFX")
    assert not chosen.includes("channel", "QA", project="OctoFX")
    assert not chosen.includes("channel", "Default", project="Another")


def test_parts_that_are_listed_cross_alone() -> None:
    chosen = one(include={"project": ["*"], "runbook": ["Restart*"]})
    assert chosen.includes("runbook", "Restart web", project="OctoFX")
    assert not chosen.includes("runbook", "Rebuild index", project="OctoFX")
    assert chosen.includes("channel", "QA", project="OctoFX")


def test_part_of_one_project_only() -> None:
    chosen = one(include={"project": ["*"]}, exclude={"channel": [{"project": "OctoFX", "name": "QA"}]})
    assert not chosen.includes("channel", "QA", project="octofx")
    assert chosen.includes("channel", "QA", project="Shop")


def test_targets_never_cross() -> None:
    assert not one(include={"project": ["*"]}).includes("machine", "web-1")


def test_kind_that_no_route_can_name() -> None:
    with pytest.raises(ValueError, match="no route can name the kind 'projects'"):
        one().includes("projects", "OctoFX")


def test_maps() -> None:
    maps = {"environment": {"Test": "Staging", "Dev": ["Production", "Pre, Prod"]}}
    assert one(maps=maps).mapped("environment", " TEST ") == ["Staging"]
    assert one(maps=maps).mapped("environment", "Dev") == ["Production", "Pre, Prod"]
    assert one(maps=maps).mapped("environment", "Production") is None
    assert one(maps=maps).mapped("tenant", "Test") is None
    assert list(one(maps=maps).maps["environment"]) == ["Test", "Dev"]


@pytest.mark.parametrize(
    "environments",
    [
        {"Dev": "Staging", "Test": ["Staging", "Production"]},  # nothing of Test's would get to Production
        {"Test": ["Staging", "Production"], "Dev": "staging "},  # all of Dev's would
        {"Test": ["A", "B"], "Dev": ["B", "C"]},
    ],
)
def test_names_share_all_that_they_are_mapped_to_or_nothing(environments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="and one of them is mapped to more than that"):
        one(maps={"environment": environments})
    one(maps={"environment": {"Dev": ["A", "B"], "Test": ["b", "a"], "QA": "C"}})


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        one().name = "other"  # type: ignore[misc]  # that is what is tested


def test_route_survives_json() -> None:
    chosen = one(
        include={"project": ["*"], "channel": [{"project": "OctoFX", "name": "QA"}]},
        maps={"environment": {"Dev": ["A", "B"], "Test": "C"}},
        rules={"preset": "mirror"},
    )
    assert Route.model_validate_json(chosen.model_dump_json()) == chosen


def test_fingerprint_changes_with_what_is_wanted_and_with_nothing_else() -> None:
    plain = one(include={"project": ["*"]})
    assert (
        one(include={"project": ["*"]}, mode="read-only", limits={"window_hours": 1}).fingerprint == plain.fingerprint
    )
    different = [
        one(include={"project": ["A"]}),
        one(include={"project": ["*"]}, exclude={"project": ["A"]}),
        one(include={"project": ["*"]}, maps={"environment": {"Test": "Staging"}}),
        one(include={"project": ["*"]}, rules={"removed": "remove-ours"}),
    ]
    assert len({plain.fingerprint, *(r.fingerprint for r in different)}) == 5


def test_order_of_a_many_to_one_map_is_part_of_the_fingerprint() -> None:
    ways = [{"Dev": "Staging", "Test": "Staging"}, {"Test": "Staging", "Dev": "Staging"}]
    assert len({one(maps={"environment": way}).fingerprint for way in ways}) == 2


def test_fingerprint_is_the_same_in_every_process() -> None:
    program = (
        "from config.routes import Route; print(Route.model_validate({'name': 'a', 'source': {'instance': 'a'}, "
        "'destination': {'instance': 'b'}, 'rules': {'preset': 'mirror'}}).fingerprint)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1


def test_source_feeds_all_its_routes_however_it_is_spelt() -> None:
    file = routes_file(
        route("one", source={"instance": "dev", "space": "Tools"}),
        route("two", source={"instance": "dev", "space": " TOOLS"}, destination={"instance": "prod", "space": "B"}),
        route("three"),
    )
    assert {str(space): [r.name for r in routes] for space, routes in file.sources().items()} == {
        "dev/Tools": ["one", "two"],
        "dev/Default": ["three"],
    }
    assert [r.name for r in file.fed_by("dev", "tools")] == ["one", "two"]
    assert file.fed_by("prod", "Default") == ()
    assert file.route("three").source == Endpoint(instance="dev")
    with pytest.raises(KeyError):
        file.route("four")


def test_two_routes_into_one_space_may_share_it_when_they_do_not_overlap() -> None:
    routes_file(
        route("one", include={"project": ["*"]}, exclude={"project": ["Shop*"]}),
        route("two", source={"instance": "dev", "space": "B"}, include={"project": ["Shop *", "shop"]}),
    )


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ({"include": {"project": ["a*"]}}, {"include": {"project": ["*b"]}}, "ab"),
        ({"include": {"project": ["a*"]}, "exclude": {"project": ["ab"]}}, {"include": {"project": ["*b"]}}, "acb"),
        (
            {"include": {"project": ["Dev App"]}, "maps": {"project": {"Dev App": "App"}}},
            {"include": {"project": ["App"]}},
            "app",
        ),
    ],
)
def test_overlap_is_refused_and_shown_by_a_name(first: dict[str, Any], second: dict[str, Any], name: str) -> None:
    with pytest.raises(ValidationError, match=rf"would both write project '{name}' in prod/Default"):
        routes_file(route("one", **first), route("two", source={"instance": "dev", "space": "B"}, **second))


def test_mapped_away_is_no_overlap() -> None:
    routes_file(
        route("one", include={"project": ["App"]}, maps={"project": {"app": "Dev App"}}),
        route("two", source={"instance": "dev", "space": "B"}, include={"project": ["App"]}),
    )


def test_overlap_that_cannot_be_decided_is_a_warning() -> None:
    wild = [f"*{letter}*{letter}*{letter}*" for letter in "abcdefghij"]
    file = routes_file(
        route("one", include={"project": ["*x"]}, exclude={"project": wild}),
        route("two", source={"instance": "dev", "space": "B"}, include={"project": ["*y"]}, exclude={"project": wild}),
    )
    found = warnings(file.instances, file.routes)
    assert [(f.severity, f.where) for f in found] == [("warning", ("routes", 1, "include"))]
    assert "cannot be decided" in found[0].message


def test_doubts_are_warnings() -> None:
    file = RoutesFile.model_validate(
        {"instances": [instance("dev"), instance("prod", verify_tls=False), instance("spare")], "routes": [route()]}
    )
    assert [finding.message for finding in warnings(file.instances, file.routes)] == [
        "no route uses the instance 'spare'",
        "anybody in between can read the API key",
        "route 'dev-to-prod' includes nothing",
    ]


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://octopus.example.com/", "https://octopus.example.com"),
        ("http://localhost:8065", "http://localhost:8065"),
        (" https://example.com/octopus/ ", "https://example.com/octopus"),
        ("https://example.com/application", "https://example.com/application"),
    ],
)
def test_url_is_a_base(url: str, base: str) -> None:
    assert Instance.model_validate(instance("dev", url=url)).url == base


@pytest.mark.parametrize(
    "more",
    [
        {"url": "ftp://example.com"},
        {"url": "https://[broken"},
        {"url": "https://example.com?x=1"},
        {"url": "https://example.com/api"},
        {"webhook_header": "X Token"},
        {"webhook_header": "X-Token\r\n"},
        {"requests_per_minute": 0},
        {"timeout_seconds": 0},
        {"verify_tls": False, "ca_file": "ca.pem"},
    ],
)
def test_instance_that_cannot_be(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Instance.model_validate(instance("dev", **more))
