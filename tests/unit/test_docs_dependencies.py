"""Every direct dependency is justified in docs/dependencies.md, and nothing else is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTIONS = {"Runtime": None, "Embedded": "embedded", "Development": "dev"}


def declared(extra: str | None) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    return {re.split(r"[<>=!~;\s]", requirement, maxsplit=1)[0] for requirement in requirements}


def documented(section: str) -> dict[str, str]:
    page = (ROOT / "docs" / "dependencies.md").read_text()
    body = page.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line.startswith("|")]
    return dict(rows[2:])


@pytest.mark.parametrize(("section", "extra"), SECTIONS.items())
def test_documented_dependencies_are_the_declared_ones(section: str, extra: str | None) -> None:
    assert set(documented(section)) == declared(extra)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_dependency_has_a_reason(section: str) -> None:
    assert [package for package, why in documented(section).items() if len(why.split()) < 3] == []


def test_every_extra_has_a_section() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras) == {extra for extra in SECTIONS.values() if extra}
