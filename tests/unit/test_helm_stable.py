"""Values of the chart that people have set stay valid: none is renamed or removed within a first number of its version.

tests/chart_values.txt lists them. A new value is added to it, once and for all; with a new first number it may be
written anew, and what to do is told in the chart's README under "Upgrading".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.chart import CHART
from tests.shipping import ROOT

LIST = ROOT / "tests" / "chart_values.txt"
FREE = {
    "settings",
    "commonLabels",
    "labels",
    "annotations",
    "podAnnotations",
    "nodeSelector",
    "resources",
    "tolerations",
}
"""What is below these is the user's own."""


def paths(values: Any, before: str = "") -> Iterator[str]:
    for name, value in values.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and value and name not in FREE:
            yield from paths(value, f"{path}.")
        else:
            yield path


def test_no_value_was_renamed_or_removed() -> None:
    first, *listed = LIST.read_text(encoding="utf-8").split()
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"].split(".")[0] == first, "a new first number: write the list anew"
    now = set(paths(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))))
    assert set(listed) - now == set(), "within one first number of the version, values stay"
    assert now - set(listed) == set(), "new: add it to tests/chart_values.txt, where it then stays"
