"""The order of a merged list is a field of its own."""

from __future__ import annotations

import pytest

from worker.sync.merging.order import interleave


@pytest.mark.parametrize(
    ("wanted", "before", "there", "result"),
    [
        pytest.param("abc", "abc", "abc", "abc", id="nothing happened"),
        pytest.param("abc", "abc", "cab", "cab", id="moved on the destination: stays"),
        pytest.param("cab", "abc", "abc", "cab", id="moved on the source: follows"),
        pytest.param("abc", None, "cba", "abc", id="first contact: the source's"),
        pytest.param("abc", "ac", "ac", "abc", id="new in the middle"),
        pytest.param("abc", "bc", "bc", "abc", id="new in front"),
        pytest.param("abc", "ab", "ab", "abc", id="new at the end"),
        pytest.param("abc", "ac", "ca", "cab", id="new, after the one that it follows on the source"),
        pytest.param("ab", "ab", "axb", "axb", id="only here: where it stood"),
        pytest.param("anb", "ab", "axb", "axnb", id="new behind what only the destination has there"),
        pytest.param("ba", "ab", "axb", "bax", id="moved on the source: what is only here follows its neighbour"),
        pytest.param("ab", "ab", "xab", "xab", id="only here, in front"),
        pytest.param("ba", "ab", "xab", "xba", id="only here, in front, and the source moved"),
        pytest.param("nab", "ab", "xab", "nxab", id="new in front of all"),
        pytest.param("ab", "abc", "acb", "acb", id="dropped by the source, kept here"),
        pytest.param("", "", "xy", "xy", id="the source has none"),
        pytest.param("ab", None, "", "ab", id="the destination has none"),
        pytest.param("abcd", "ad", "ad", "abcd", id="two new ones keep their order"),
    ],
)
@pytest.mark.spacecloner("feature-17")
def test_order(wanted: str, before: str | None, there: str, result: str) -> None:
    assert "".join(interleave(wanted, before, there)) == result


def test_a_second_time_changes_nothing() -> None:
    once = interleave("ncab", "abc", "xaybzc")

    assert interleave("ncab", "ncab", once) == once
    assert interleave("ncab", None, once) == once
