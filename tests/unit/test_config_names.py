from __future__ import annotations

import pytest

from config.names import INCLUDABLE_KINDS, KINDS, NEVER_KINDS, Pattern, name_key, nearest


@pytest.mark.guide("match-names")
@pytest.mark.parametrize("name", ["octofx", " OctoFX ", "OCTOFX\t"])
def test_case_and_blanks_around_a_name_do_not_count(name: str) -> None:
    assert name_key(name) == name_key("OctoFX")


def test_blanks_within_a_name_count() -> None:
    assert name_key("Octo FX") != name_key("OctoFX")


def test_case_is_folded_not_lowered() -> None:
    assert name_key("STRASSE") == name_key("Straße")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*", ""),
        ("*", "anything, [at] all"),
        ("OctoFX", " octofx "),
        ("Octo*", "OCTO"),
        ("*fx", "OctoFX"),
        ("a*b*c", "a--b--b--c"),
        ("*ab*ab*", "xabab"),
        ("**", "x"),
        ("Deploy [Prod]", "deploy [prod]"),
        ("a,b?", "A,B?"),
        (r"100\* better", "100* better"),
        (r"DOMAIN\user", r"domain\USER"),
        (r"DOMAIN\\*", "DOMAIN\\anybody"),
        ("straße *", "STRASSE 1"),
        ("two\nlines*", "two\nlines\nmore"),
    ],
)
def test_pattern_matches(pattern: str, name: str) -> None:
    assert Pattern(pattern).matches(name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("OctoFX", "OctoFX 2"),
        ("Octo*", "My Octo"),
        ("aba*aba", "aba"),
        ("a*bc*c", "abc"),
        ("Deploy [Prod]", "Deploy P"),
        ("a?", "ab"),
        ("a,b", "a"),
        (r"100\*", "1000"),
        ("", "x"),
        (r"DOMAIN\*", "DOMAIN\\anybody"),
    ],
)
def test_pattern_does_not_match(pattern: str, name: str) -> None:
    assert not Pattern(pattern).matches(name)


def test_pattern_of_many_stars_answers_at_once() -> None:
    assert not Pattern("*a" * 200 + "b").matches("a" * 20_000)


def test_deployment_targets_have_names_to_map_but_never_cross() -> None:
    assert "machine" in KINDS
    assert "machine" not in INCLUDABLE_KINDS
    assert "machine" in NEVER_KINDS


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Projects", "project"),
        ("worker_pools", "worker-pool"),
        ("library variable set", "library-variable-set"),
        ("zzz", None),
    ],
)
def test_nearest_forgives_plurals_case_and_dashes(word: str, meant: str | None) -> None:
    assert nearest(word, KINDS) == meant
