"""docs/metrics.md tells of every metric that there is, and of no other."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.shipping import ROOT


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("metrics_table", ROOT / "scripts" / "metrics_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_metrics() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text()
    assert generator().written(text) == text, "make metrics-table"


def test_every_metric_says_what_it_tells() -> None:
    rows = [row for table in generator().tables().values() for row in table.splitlines()[2:]]
    assert len(rows) > 30
    assert [row for row in rows if len(row.split("|")[4].split()) < 2] == []
