"""Beat's health: dead only where a restart helps, ready only while its ticks reach Redis."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from celery.beat import SchedulingError
from structlog.testing import capture_logs

from tests.shipping import ROOT
from worker import heartbeat
from worker.app import app
from worker.beat import Beat
from worker.heartbeat import Heartbeat, Round, alive, read, sends

EVERY = 5.0


def verdict(*, round_ago: float, sent_ago: float | None) -> tuple[bool, bool]:
    now = 10_000.0
    found = Round(now - round_ago, None if sent_ago is None else now - sent_ago, EVERY)
    assert alive(found, now)[1]
    assert sends(found, now)[1]
    return alive(found, now)[0], sends(found, now)[0]


def test_one_that_ticks() -> None:
    assert verdict(round_ago=1, sent_ago=1) == (True, True)


def test_one_that_has_never_reached_redis() -> None:
    assert verdict(round_ago=1, sent_ago=None) == (True, False)


def test_one_for_which_redis_is_away_is_not_killed_however_long_that_lasts() -> None:
    assert verdict(round_ago=30, sent_ago=19) == (True, True), "a reconnection is no news"
    assert verdict(round_ago=30, sent_ago=40) == (True, False)
    assert verdict(round_ago=30, sent_ago=7 * 86_400) == (True, False)


def test_one_whose_clock_stands() -> None:
    assert verdict(round_ago=119, sent_ago=119) == (True, False)
    assert verdict(round_ago=121, sent_ago=121) == (False, False)


def test_what_an_earlier_start_of_the_machine_left_is_no_sign_of_life() -> None:
    assert verdict(round_ago=-5, sent_ago=-5) == (False, False)


def test_ticks_that_are_far_apart_by_its_settings_are_waited_for() -> None:
    assert sends(Round(1_000.0, 800.0, 60.0), 1_000.0)[0]
    assert not sends(Round(1_000.0, 700.0, 60.0), 1_000.0)[0]


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    now = [50.0]
    beat = Heartbeat(tmp_path / "beat", EVERY, clock=lambda: now[0])
    beat.went_round()
    assert read(tmp_path / "beat") == Round(50.0, None, EVERY)
    beat.sent()
    now[0] = 55.0
    beat.went_round()
    assert read(tmp_path / "beat") == Round(55.0, 50.0, EVERY)
    assert [one.name for one in tmp_path.iterdir()] == ["beat"]


def probe(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    return heartbeat.main(arguments), capsys.readouterr().out


def test_the_probe_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "beat"
    status, said = probe(capsys, str(file))
    assert (status, "cannot be read" in said) == (1, True)
    file.write_text("{}")
    status, said = probe(capsys, str(file))
    assert (status, "was not written by beat" in said) == (1, True)
    file.write_text("not json")
    assert probe(capsys, str(file))[0] == 1
    beat = Heartbeat(file, EVERY)
    beat.went_round()
    assert probe(capsys, str(file))[0] == 0
    assert probe(capsys, str(file), "--sends") == (1, "not well: none of its ticks has reached Redis yet\n")
    beat.sent()
    assert probe(capsys, str(file), "--sends")[0] == 0


def test_the_probe_starts_quickly() -> None:
    """It is started every few seconds, with hardly a processor to run on."""
    for name in ("worker/heartbeat.py", "worker/__init__.py"):
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert {one.partition(".")[0] for one in names} <= sys.stdlib_module_names, name


@pytest.fixture
def beat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Beat:
    monkeypatch.setenv("OCTOSYNC_BEAT_FILE", str(tmp_path / "beat"))
    return Beat(app)


def test_a_tick_that_reaches_nobody_is_a_round_all_the_same(
    beat: Beat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise SchedulingError("Redis is away")

    monkeypatch.setattr("celery.beat.Scheduler.apply_async", refused)
    with pytest.raises(SchedulingError):
        beat.apply_async()
    monkeypatch.setattr("celery.beat.Scheduler.tick", lambda *_: 5.0)
    assert beat.tick() == 5.0
    assert read(tmp_path / "beat").sent is None
    monkeypatch.setattr("celery.beat.Scheduler.apply_async", lambda *_, **__: "sent")
    assert beat.apply_async() == "sent"
    assert read(tmp_path / "beat").sent is not None
    assert read(tmp_path / "beat").every_s == 5.0


def test_a_file_that_cannot_be_written_stops_no_tick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCTOSYNC_BEAT_FILE", str(tmp_path / "nowhere" / "beat"))
    monkeypatch.setattr("celery.beat.Scheduler.tick", lambda *_: 5.0)
    blind = Beat(app)
    with capture_logs() as said:
        assert [blind.tick(), blind.tick()] == [5.0, 5.0]
    assert [line["event"] for line in said] == ["beat.file-unwritable"]


def test_without_a_file_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.beat.Scheduler.tick", lambda *_: 5.0)
    assert Beat(app).tick() == 5.0
