"""From what a person wrote, and what the API reference writes, to the URL that is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from worker.octopus.address import base_url, segment, url_of

BASE = base_url("https://octopus.example.com")


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://octopus.example.com", "https://octopus.example.com/"),
        (" https://octopus.example.com/ ", "https://octopus.example.com/"),
        ("https://octopus.example.com:8443/deploy", "https://octopus.example.com:8443/deploy/"),
        ("https://octopus.example.com/api", "https://octopus.example.com/"),
        ("https://octopus.example.com/deploy/api/", "https://octopus.example.com/deploy/"),
        ("https://octopus.example.com/app#/Spaces-1/projects", "https://octopus.example.com/"),
        ("http://localhost:8065", "http://localhost:8065/"),
    ],
)
def test_a_base_url_as_people_copy_it(written: str, base: str) -> None:
    assert str(base_url(written)) == base


@pytest.mark.parametrize(
    "written",
    [
        "",
        "octopus.example.com",
        "/octopus",
        "ftp://octopus.example.com",
        "https://",
        "https://user:hunter2@octopus.example.com",
        "https://octopus.example.com/?ApiKey=hunter2",
        "https://octopus.example.com:hunter2",
    ],
)
def test_what_is_no_base_url_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(ValueError, match="base URL") as caught:
        base_url(written)
    assert "hunter2" not in str(caught.value)


def test_routes_are_relative_to_a_virtual_directory() -> None:
    assert str(url_of(base_url("https://example.com/a/b"), "api/Spaces-1/projects")) == (
        "https://example.com/a/b/api/Spaces-1/projects"
    )


@pytest.mark.parametrize("route", ["projects//channels", "", "/projects", "projects/", "projects/../users", "./x"])
def test_a_missing_id_does_not_become_another_route(route: str) -> None:
    with pytest.raises(ValueError, match="not a route"):
        url_of(BASE, route)


def test_a_segment_holds_anything() -> None:
    route = f"projects/Projects-1/{segment('refs/heads/a b?c#d%é')}/variables"
    assert url_of(BASE, route).raw_path == "/projects/Projects-1/refs%2Fheads%2Fa%20b%3Fc%23d%25%C3%A9/variables"


def test_a_route_cannot_carry_a_query() -> None:
    assert url_of(BASE, "projects?take=1").raw_query_string == ""


def test_the_query_says_what_was_meant() -> None:
    url = url_of(
        BASE,
        "events",
        {
            "from": datetime(2026, 11, 23, 5, tzinfo=UTC),
            "excludeDifference": True,
            "includeSystem": False,
            "take": 30,
            "ids": ["Events-1", "Events-2"],
            "to": None,
            "partialName": "a&b=c+d é",
        },
    )
    assert url.raw_query_string == (
        "from=2026-11-23T05:00:00%2B00:00&excludeDifference=true&includeSystem=false&take=30&ids=Events-1,Events-2"
        "&partialName=a%26b%3Dc%2Bd%20%C3%A9"
    )


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        url_of(BASE, "events", {"from": datetime(2026, 11, 23)})
