"""Versions of packages: which is later, and which two are one."""

from __future__ import annotations

import pytest

from worker.sync.world.package_versions import version_key


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("1.0.0", "1.0.1"),
        ("1.9", "1.10"),
        ("1.0.0-alpha", "1.0.0"),
        ("1.0.0-alpha", "1.0.0-beta"),
        ("1.0.0-alpha.2", "1.0.0-alpha.10"),
        ("1.0.0-1", "1.0.0-alpha"),
        ("1.0.0-beta-10", "1.0.0-beta-2"),
        ("1.0.0-alpha", "1.0.0-alpha.1"),
        ("20231128", "20231129"),
        ("v1.9", "v1.10"),
        ("1.0.RC1", "1.0"),
        ("2021.12.31.1", "2022.1.1"),
    ],
)
def test_versions_in_their_order(earlier: str, later: str) -> None:
    assert version_key(earlier) < version_key(later)


def test_versions_that_are_one() -> None:
    assert version_key("1.0") == version_key("1.0.0") == version_key("1.0.0+build.5") == version_key("1.0.0.0")
    assert version_key("2016.01.02") == version_key("2016.1.2")
    assert version_key("1.0-RC") == version_key("1.0.0-rc")


@pytest.mark.parametrize(("one", "other"), [("1.0-a.b", "1.0-a-b"), ("1.0.Final", "1.0"), ("1.0.RC1", "1.0.RC2")])
def test_versions_that_are_two(one: str, other: str) -> None:
    assert version_key(one) != version_key(other)
