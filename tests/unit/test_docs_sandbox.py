"""docs/sandbox.md tells of every setting, admin route, fault and route that the sandbox has, and of no other."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from sandbox.access import Access
from sandbox.app import ROUTER, create_app
from sandbox.delivery import DeliveryFaults
from sandbox.event_noise import NOISE
from sandbox.faults import Fault, FaultKind
from sandbox.generator import Sizes
from sandbox.settings import Settings
from sandbox.store import Store

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def first_cells(title: str) -> set[str]:
    """The code in the first column of the tables below a heading; of the one after `title` if that is no heading."""
    body = re.split(r"\n#+ ", PAGE.split(title, 1)[1], maxsplit=1)[0]
    table = body.split("\n|---", 1)[1].split("\n\n", 1)[0]
    return {match for line in table.splitlines() for match in re.findall(r"^\| `([^`]+)`", line)}


def test_every_setting_is_told_of() -> None:
    assert first_cells("\n## Settings\n") == {field.name for field in fields(Settings)}


def test_every_size_is_told_of_with_its_default() -> None:
    assert first_cells("\n## What is generated\n") == {field.name for field in fields(Sizes)}
    told = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE.split("\n## What is generated\n", 1)[1], re.MULTILINE))
    assert {name: int(told[name]) for name in told} == {field.name: field.default for field in fields(Sizes)}


def test_every_property_of_a_key_is_told_of() -> None:
    example = PAGE.split("\n### Keys\n", 1)[1].split("\n", 2)[1]
    named = {"".join(word.capitalize() for word in field.name.split("_")) for field in fields(Access)}
    assert set(re.findall(r'"([A-Z]\w+)"', example)) == named


def test_every_admin_route_is_told_of() -> None:
    routes = {
        f"{route.method} {route.template.removeprefix('sandbox')}"
        for route in create_app(Store(), Settings())[ROUTER]
        if route.template.startswith("sandbox/")
    }
    assert first_cells("\n## Admin routes\n") == routes


def test_every_fault_is_told_of() -> None:
    assert first_cells("\n### Faults\n") == set(get_args(FaultKind))
    assert first_cells("by `PUT /api/sandbox/deliveries/faults`; ") == set(DeliveryFaults().to_json())
    example = PAGE.split("\n### Faults\n", 1)[1].split("\n", 2)[1]
    known = set(Fault("status").to_json()) - {"Id", "Hits"}
    assert set(re.findall(r'"([A-Z]\w+)"', example)) - {"Retry"} >= known


def test_every_noise_is_told_of() -> None:
    assert first_cells("\n### Noise\n") == set(NOISE)


def test_the_table_of_routes_is_that_of_the_code() -> None:
    path = ROOT / "scripts" / "sandbox_routes.py"
    spec = importlib.util.spec_from_file_location("sandbox_routes", path)
    assert spec is not None
    assert spec.loader is not None
    script: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.rewritten(PAGE) == PAGE, "run .venv/bin/python scripts/sandbox_routes.py"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+\.py|contract\.py)`", PAGE))))
def test_the_tests_that_it_names_are_there(name: str) -> None:
    assert list((ROOT / "tests").rglob(name))
