"""Whether the releases of two servers are near enough."""

from __future__ import annotations

import pytest

from config.versions import ServerVersion, Verdict, Versions, checked

FINE, WARNING, REFUSED = Verdict.FINE, Verdict.WARNING, Verdict.REFUSED


def verdicts(source: str, destination: str) -> tuple[Verdict, Verdict]:
    """By the guide, and with what a route may override."""
    one, other = ServerVersion.parse(source), ServerVersion.parse(destination)
    return (
        checked(one, other, Versions.ONE_APART).verdict,
        checked(one, other, Versions.SAME_YEAR).verdict,
    )


@pytest.mark.guide("version-near", "version-far")
@pytest.mark.parametrize(
    ("source", "destination", "by_the_guide", "overridden"),
    [
        ("2026.1.9674", "2026.1.9674", FINE, FINE),
        ("2026.1.9674", "2026.1.11000", FINE, FINE),
        ("2026.1.9674", "2026.2.1", WARNING, WARNING),
        ("2026.2.1", "2026.1.9674", WARNING, WARNING),
        ("2023.1.1", "2023.4.8290", REFUSED, WARNING),
        ("2023.3.1", "2023.1.8290", REFUSED, WARNING),
        ("2020.6.1", "2021.3.1", REFUSED, REFUSED),
        ("2025.4.1", "2026.1.1", REFUSED, REFUSED),
        ("2026.1.1", "2025.4.1", REFUSED, REFUSED),
        ("2018.3.6", "2018.3.6", REFUSED, REFUSED),
        ("3.17.14", "3.17.14", REFUSED, REFUSED),
        ("2026.1.1", "3.17.14", REFUSED, REFUSED),
        ("2020.5.0-rc0004", "2020.5.346", WARNING, WARNING),
        ("0.0.0-local", "0.0.0-local", FINE, FINE),
        ("0.0.0-local", "2026.1.1", WARNING, WARNING),
    ],
)
def test_how_far_apart_two_releases_may_be(
    source: str, destination: str, by_the_guide: Verdict, overridden: Verdict
) -> None:
    assert verdicts(source, destination) == (by_the_guide, overridden)


def text(source: str, destination: str, allowed: Versions = Versions.ONE_APART) -> str:
    return checked(ServerVersion.parse(source), ServerVersion.parse(destination), allowed).text


def test_a_refusal_says_what_to_do() -> None:
    assert text("2020.6.1", "2021.3.1") == (
        "Octopus 2020.6 → 2021.3: of different years, so any part of a document may have another form: "
        "upgrade the source; no setting overrides this"
    )
    assert "upgrade the destination" in text("2026.1.1", "2025.4.1")
    assert "`versions: same-year`" in text("2023.1.1", "2023.4.1")
    assert "the destination is Octopus 2018.3.6, which has no spaces" in text("2026.1.1", "2018.3.6")


def test_an_override_says_what_it_overrides() -> None:
    assert text("2023.1.1", "2023.4.1", Versions.SAME_YEAR) == (
        "Octopus 2023.1 → 2023.4: 3 releases apart, which would be refused: "
        "`versions: same-year` of the route overrides it"
    )


def test_what_is_older_than_anything_tried_is_said() -> None:
    assert "settings of deployments do not cross" in text("2020.5.1", "2020.5.2")
