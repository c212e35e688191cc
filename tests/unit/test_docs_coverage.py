"""Every rule of the guide, and all that is known of SpaceCloner, has a test; the pages that say so are current."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_pages", ROOT / "scripts" / "coverage_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PAGES = _script()


@pytest.mark.parametrize("page", PAGES.PAGES, ids=lambda page: page.marker)
def test_every_line_is_held(page: object) -> None:
    assert PAGES.problems(page, PAGES.claims(page.marker)) == []  # type: ignore[attr-defined]  # of the script


@pytest.mark.parametrize("page", PAGES.PAGES, ids=lambda page: page.marker)
def test_page_is_current(page: object) -> None:
    expected = PAGES.written(page, PAGES.claims(page.marker))  # type: ignore[attr-defined]  # of the script
    assert page.path.read_text(encoding="utf-8") == expected, "python scripts/coverage_pages.py"  # type: ignore[attr-defined]  # of the script


def test_a_rule_without_a_test_is_found(tmp_path: Path) -> None:
    tmp_path.joinpath("test_one.py").write_text(
        "import pytest\n\n@pytest.mark.guide('match-names', 'made-up')\ndef test_it(): ...\n"
        "class TestMore:\n    @pytest.mark.guide('match-names')\n    def test_that(self): ...\n"
    )
    page = PAGES.PAGES[0]
    found = PAGES.claims("guide", tmp_path)
    assert found == {
        "match-names": ["test_one.py::test_it", "test_one.py::TestMore::test_that"],
        "made-up": ["test_one.py::test_it"],
    }
    wrong = PAGES.problems(page, found)
    assert "guide: no test claims 'order-precedence'" in wrong
    assert "guide: test_one.py::test_it claims 'made-up', which is not in the list" in wrong
