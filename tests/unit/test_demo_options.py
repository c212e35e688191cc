"""The options of `python -m demo`."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import __main__ as demo
from demo.house import open_house


def test_sizes_reach_the_source_and_nobody_else(tmp_path: Path) -> None:
    with open_house(tmp_path, sizes="projects=7,tenants=3") as house:
        source, destination = (house.processes[name].command for name in ("source", "destination"))
    assert source[-2:] == ["--generate", "projects=7,tenants=3"]
    assert "--generate" not in destination


def test_options_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[dict[str, object]] = []
    monkeypatch.setattr(demo, "play", lambda **options: played.append(options) or 0)
    assert demo.main([]) == 0
    assert demo.main(["--keep", "--generate", "projects=7"]) == 0
    assert played == [{"keep": False, "sizes": None}, {"keep": True, "sizes": "projects=7"}]


def test_sizes_that_cannot_be_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        demo.main(["--generate", "cats=1"])
    assert "there is no size cats; there are projects" in capsys.readouterr().err
