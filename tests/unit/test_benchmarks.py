"""The page of the benchmarks is written from their figures, and the model of fleets counts right."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page, report
from benchmarks.__main__ import ALL
from benchmarks.fleet import Measured, Supposed, fleet, main, meanings
from tests.shipping import ROOT

TEXT = (ROOT / "docs" / "benchmarks.md").read_text()
KNOW = Measured(
    run_ms=50.0,
    run_requests=4.0,
    run_operations=100.0,
    run_redis_ms=2.0,
    event_us=200.0,
    event_redis_us=100.0,
    event_bytes=100.0,
    journal_mb=20.0,
    standing_operations=10.0,
    catch_up_operations=6.0,
    overlap_s=300.0,
    catch_up_requests=1.0,
    compare_ms=40.0,
    compare_requests=(30.0, 0.2),
    memory_kb=(100.0, 10.0),
)


def test_the_page_has_each_table_once() -> None:
    assert sorted(re.findall(r"<!-- figures: (.*?) -->", TEXT)) == sorted(page.TABLES)
    assert TEXT.count("<!-- end -->") == len(page.TABLES)


def test_every_benchmark_has_a_table_and_its_name_on_the_page() -> None:
    assert {benchmark for benchmark, _ in page.TABLES.values()} == set(ALL)
    for name in ALL:
        assert f"benchmarks/{name}.py" in TEXT


@pytest.mark.parametrize("name", ALL)
def test_every_benchmark_can_be_run(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").run)


def figures(name: str) -> dict[str, Any]:
    assert name == "arrival"
    row = {"workers": 2, "what": "burst", "changes": 150, "p50_ms": 41.33, "p99_ms": 1234.5, "worst_ms": 1300.0}
    return {"quick": False, "results": [row | {"waited_p50_ms": 20.0, "per_s": 9.87}]}


def test_figures_take_the_place_of_those_before_and_words_stay() -> None:
    text = "before\n<!-- figures: arrival -->\n| old |\n<!-- end -->\nafter\n"
    once = page.written(text, figures)
    assert "| 2 | burst | 150 | 41.3 | 1,234 | 1,300 | 20.0 | 9.87 |\n<!-- end -->\nafter\n" in once
    assert once.startswith("before\n<!-- figures: arrival -->\n| workers |")
    assert "old" not in once
    assert page.written(once, figures) == once


@pytest.mark.parametrize(
    ("text", "found", "says"),
    [
        ("<!-- figures: arival -->\n<!-- end -->", {"quick": False}, "no table is called arival"),
        ("<!-- figures: arrival -->\n<!-- end -->", {"quick": True}, "measured quickly"),
        ("<!-- figures: receiver -->\n<!-- end -->", {"quick": False, "skipped": "no wrk"}, "no wrk"),
        ("<!-- figures: fleet -->\n<!-- end -->", None, "make bench ARGS=fleet"),
    ],
)
def test_what_cannot_be_written_says_why(text: str, found: dict[str, Any] | None, says: str) -> None:
    def read(_: str) -> dict[str, Any]:
        if found is None:
            raise FileNotFoundError
        return found

    with pytest.raises(page.FiguresError, match=says):
        page.written(text, read)


def test_a_fleet_by_hand() -> None:
    """100 routes of 10 sources; 200 changes a day each, of them 30 in the busiest hour."""
    found = fleet(100, KNOW, Supposed())
    assert found["sources"] == 10
    assert found["runs_per_s"] == pytest.approx(100 * 30 / 3600)
    assert found["events_per_s"] == pytest.approx(10 * 30 / 3600 * 20)
    # A run is 50 ms and 4 answers of 50; a catch-up one answer, for 10 sources each minute; half of the time is free.
    assert found["workers"] == 1
    assert fleet(1_000, KNOW, Supposed())["workers"] == 5
    assert found["requests_per_minute"] == pytest.approx(100 * 30 / 60 * 4 + 10)
    assert found["requests_a_night"] == 100 * 50
    # 10 a second of a worker that waits; 6 a minute for each of 10 sources, and one for each event of 5 minutes.
    events_of_a_minute = 5 * found["events_per_s"]
    assert found["redis_operations_per_s"] == pytest.approx(100 * 30 / 3600 * 100 + 10 + 1 + events_of_a_minute)
    week = 10 * 200 * 20 * 7
    assert found["redis_mb"] == pytest.approx(100 * 1.1 + week * 100 / 1e6 + 20)


def test_a_fleet_grows_with_what_is_supposed() -> None:
    base = fleet(1_000, KNOW, Supposed())
    for more in ({"projects": 200}, {"changes": 400}, {"answers_after_ms": 200.0}, {"events_for_one": 40.0}):
        grown = fleet(1_000, KNOW, replace(Supposed(), **more))
        assert all(grown[name] >= value for name, value in base.items())
        assert grown != base


def test_all_that_is_supposed_or_measured_is_told() -> None:
    for of in (Supposed, Measured):
        assert all(len(words.split()) > 2 for words in meanings(of).values())


@pytest.mark.parametrize("written", [None, {"skipped": "the figures of another benchmark are missing"}])
def test_a_model_without_figures_says_where_they_come_from(
    written: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["fleet", "--suppose", "projects=3"])
    if written is not None:
        (tmp_path / "fleet.json").write_text(json.dumps(written))

    with pytest.raises(SystemExit):
        main()

    assert "run `make bench` first" in capsys.readouterr().err
