"""What the commands print, for people."""

from __future__ import annotations

import pytest

from worker.cli.output import moment


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-28T03:53:44.596056+00:00", "2026-11-28 03:53:44 UTC"),
        ("2026-11-28T04:53:44+01:00", "2026-11-28 03:53:44 UTC"),
        ("never", "never"),
    ],
)
def test_an_instant_is_shown_to_the_second_in_utc(at: str, shown: str) -> None:
    assert moment(at) == shown
