"""`channels/rule-test`: would a version pass?"""

from __future__ import annotations

import pytest
from sandbox_http import http


@pytest.mark.parametrize(
    ("query", "in_range", "tagged"),
    [
        ("version=1.5.0&versionRange=[1.0,2.0)", True, True),
        ("version=2.0.0&versionRange=[1.0,2.0)", False, True),
        ("version=1.5.0&preReleaseTag=^$", True, True),
        ("version=1.5.0-beta.1&preReleaseTag=^$", True, False),
        ("version=1.5.0-beta.1%2B7&preReleaseTag=^beta", True, True),
        ("version=1.5.0", True, True),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_version_is_held_to_a_range_and_a_tag(method: str, query: str, in_range: bool, tagged: bool) -> None:
    async with http() as api:
        told = await api.ok(method, f"Spaces-1/channels/rule-test?{query}")
        assert told == {"SatisfiesVersionRange": in_range, "SatisfiesPreReleaseTag": tagged, "Errors": []}
        assert await api.ok(method, f"Spaces-1/channels/rule-test/v1?{query}") == told


@pytest.mark.parametrize("rule", ["versionRange=[1.0", "preReleaseTag=("])
async def test_what_is_no_rule_is_said_in_the_answer(rule: str) -> None:
    async with http() as api:
        told = await api.get(f"channels/rule-test?version=1.0.0&{rule}")
        assert len(told["Errors"]) == 1
        assert not (told["SatisfiesVersionRange"] and told["SatisfiesPreReleaseTag"])


async def test_the_version_must_be_named() -> None:
    async with http() as api:
        assert "Version" in await api.refused("GET", "channels/rule-test")
