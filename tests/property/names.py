"""Names as Octopus allows them, and how to choose among what was drawn."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from config.names import name_key

AWKWARD = (
    "Web",
    "web 2",
    "A, B",
    "A,B",
    "Deploy [Prod]/*",
    "*",
    "\\*",
    "1st 😀",
    "ÜBER Straße",
    "\"quoted\" 'name'",
    "x/y/channel/z",
    "a  b",
    "#1: {x}",
    "Environments-5001",
    "new:Projects-1",
    "null",
    "-",
)
LETTERS = "abAB12 ,;:/[]{}()*?#'\"\\-_.&<>😀éß"

name = st.one_of(
    st.sampled_from(AWKWARD),
    st.sampled_from(AWKWARD),
    st.text(LETTERS, min_size=1, max_size=8).map(str.strip).filter(lambda text: text not in ("", "all")),
)


def names(least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(name, min_size=least, max_size=most, unique_by=name_key)


def some(of: Sequence[str], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of these, mostly none."""
    if not of:
        return st.just(())
    chosen = st.lists(st.sampled_from(of), max_size=most, unique=True).map(tuple)
    return st.one_of(st.just(()), chosen)


def maybe(of: Sequence[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(of)) if of else st.none()
