"""Which of two Octopus Servers is the newer one."""

from __future__ import annotations

import pytest

from worker.octopus.version import ServerVersion

IN_ORDER = [
    "3.17.14",
    "2018.7.9",
    "2019.7.12",
    "2020.5.0-rc0004",
    "2020.5.0",
    "2020.5.346",
    "2023.4.8290",
    "2026.1.9674",
    "2026.3.99",
    "2026.3.15581",
    "0.0.0-local",
]


def test_versions_follow_each_other_as_numbers_do() -> None:
    assert [str(v) for v in sorted(map(ServerVersion.parse, reversed(IN_ORDER)))] == IN_ORDER


def test_what_was_built_is_not_part_of_the_order() -> None:
    assert ServerVersion.parse("2026.3.1+Branch.main") == ServerVersion.parse("2026.3.1")


@pytest.mark.parametrize("text", ["", "2026", "latest", "2026.x", "v2026.3.1"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        ServerVersion.parse(text)
