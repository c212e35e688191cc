"""A name may hold anything that Octopus allows, and a pattern means what it says whatever the name holds."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from config.load import loads
from config.names import Pattern, name_key
from config.overlap import Names, common

AWKWARD = st.text(st.sampled_from("aAbBß*\\,;[]?/.#:'\"{}! \t🐙éİſﬁ0"), max_size=12)
NAMES = st.one_of(AWKWARD, st.text(max_size=20))


@given(NAMES)
def test_name_key_is_settled(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
    assert name_key(f"  {name}\t") == name_key(name)


@given(NAMES)
def test_literal_pattern_matches_its_name_in_any_case(name: str) -> None:
    pattern = Pattern.literal(name)
    assert pattern.is_literal
    assert pattern.matches(name)
    assert pattern.matches(f" {name.swapcase().swapcase()} ") == (
        name_key(name.swapcase().swapcase()) == name_key(name)
    )


@given(NAMES, NAMES)
def test_literal_pattern_matches_no_other_name(one: str, other: str) -> None:
    assert Pattern.literal(one).matches(other) == (name_key(one) == name_key(other))


@given(NAMES.filter(lambda name: "*" not in name and "\\" not in name), NAMES)
def test_without_star_and_backslash_a_pattern_is_a_name(pattern: str, name: str) -> None:
    assert Pattern(pattern).matches(name) == (name_key(pattern) == name_key(name))


@given(AWKWARD, AWKWARD)
def test_pattern_agrees_with_a_regular_expression(pattern: str, name: str) -> None:
    escapes = {r"\*": re.escape("*"), r"\\": re.escape("\\"), "*": ".*"}
    expression = "".join(
        escapes.get(token, re.escape(token)) for token in re.findall(r"\\[*\\]|.", name_key(pattern), re.DOTALL)
    )
    assert Pattern(pattern).matches(name) == bool(re.fullmatch(expression, name_key(name), re.DOTALL))


PATTERNS = st.lists(st.text(st.sampled_from("ab *"), min_size=1, max_size=5).map(Pattern), max_size=3).map(tuple)
SETS = st.builds(Names, PATTERNS, PATTERNS)


def holds(names: Names, name: str) -> bool:
    return any(p.matches(name) for p in names.include) and not any(p.matches(name) for p in names.exclude)


@given(SETS, SETS, st.text(st.sampled_from("abc "), min_size=1, max_size=6).map(name_key))
def test_overlap_is_found_exactly_where_there_is_one(one: Names, other: Names, name: str) -> None:
    shown = common(one, other)
    if shown is not None:
        assert shown == name_key(shown) != ""
        assert holds(one, shown)
        assert holds(other, shown)
    elif name:
        assert not (holds(one, name) and holds(other, name))


@given(st.lists(NAMES.filter(lambda name: name.strip() and name.isprintable()), max_size=5))
def test_names_survive_the_routes_file(names: list[str]) -> None:
    entries = "".join("\n        - '" + name.replace("'", "''") + "'" for name in names)
    text = (
        "instances:\n  - {name: a, url: https://a.example.com, api_key: {env: A}}\n"
        "  - {name: b, url: https://b.example.com, api_key: {env: B}}\n"
        "routes:\n  - name: a-to-b\n    source: {instance: a}\n    destination: {instance: b}\n    include:\n"
        f"      project:{entries or ' []'}\n"
    )
    route = loads(text, "octosync.yaml").route("a-to-b")
    assert [selector.name for selector in route.include.selectors("project")] == names
