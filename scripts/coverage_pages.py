"""Writes docs/guide-coverage.md and docs/spacecloner.md: each rule, bug and feature with the tests that hold it.

    python scripts/coverage_pages.py           writes them
    python scripts/coverage_pages.py --check   says what is missing, exit status 1

What must be held stands in docs/coverage/*.yaml. Tests claim it with a marker, ``@pytest.mark.guide("id", …)`` or
``@pytest.mark.spacecloner("id", …)``, on a function or (``pytestmark``) on a module. They are read, not imported.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"


@dataclass(frozen=True)
class Page:
    """``marker``: of pytest. A line of its list is text, or a mapping of ``text`` and ``cannot_apply``: why not."""

    marker: str
    title: str
    intro: str
    file: str

    @property
    def path(self) -> Path:
        return ROOT / "docs" / self.file

    def sections(self) -> dict[str, dict[str, str]]:
        text = (ROOT / "docs" / "coverage" / f"{self.marker}.yaml").read_text(encoding="utf-8")
        found: dict[str, dict[str, str]] = yaml.safe_load(text)
        return found


PAGES = (
    Page(
        "guide",
        "What the guide asks for, and the tests that hold it",
        "Octopus' guide [Sync multiple instances](https://octopus.com/docs/administration/sync-instances) says what a\n"
        "syncing process must do and decide. Its rules, in its order: a list, then each with its tests.",
        "guide-coverage.md",
    ),
    Page(
        "spacecloner",
        "What is known to go wrong with SpaceCloner, and the tests that hold it here",
        "[SpaceCloner](https://github.com/OctopusDeployLabs/SpaceCloner) is the sample that Octopus' solutions team\n"
        "wrote for this problem. What its code, its issues and its users tell is a list of what to do better.",
        "spacecloner.md",
    ),
)


def claims(marker: str, tests: Path = TESTS) -> dict[str, list[str]]:
    """Id → the tests that claim it: ``integration/test_engine_guide_names.py::test_x``."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(tests.rglob("test_*.py")):
        module = ast.parse(file.read_text(encoding="utf-8"))
        where = file.relative_to(tests).as_posix()
        of_module = [
            name
            for node in module.body
            if isinstance(node, ast.Assign) and _is_pytestmark(node)
            for name in _names(node.value, marker)
        ]
        for name in of_module:
            found[name].append(where)
        for node, place in _tests(module, where):
            for decorator in node.decorator_list:
                for name in _names(decorator, marker):
                    found[name].append(place)
    return dict(found)


def _tests(within: ast.AST, where: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, str]]:
    """Functions and classes, each with its name as pytest takes it: ``test_x.py::TestThis::test_that``."""
    for node in ast.iter_child_nodes(within):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            place = f"{where}::{node.name}"
            yield node, place
            if isinstance(node, ast.ClassDef):
                yield from _tests(node, place)


def _is_pytestmark(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)


def _names(node: ast.AST, marker: str) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == marker:
            yield from (argument.value for argument in call.args if isinstance(argument, ast.Constant))


def problems(page: Page, found: dict[str, list[str]]) -> list[str]:
    known = {name for lines in page.sections().values() for name in lines}
    unknown = [(name, tests[0]) for name, tests in sorted(found.items()) if name not in known]
    return [
        *(f"{page.marker}: no test claims {name!r}" for name in _unheld(page, found)),
        *(f"{page.marker}: {test} claims {name!r}, which is not in the list" for name, test in unknown),
    ]


def _unheld(page: Page, found: dict[str, list[str]]) -> Iterator[str]:
    for lines in page.sections().values():
        for name, line in lines.items():
            if name not in found and not (isinstance(line, dict) and line.get("cannot_apply")):
                yield name


def written(page: Page, found: dict[str, list[str]]) -> str:
    out = [f"# {page.title}", "", page.intro, "", "Written by `scripts/coverage_pages.py`.", "", "## The list", ""]
    for section, lines in page.sections().items():
        out += [f"**{section}**", ""]
        out += [f"- [`{name}`](#{name}) {_text(line)}" for name, line in lines.items()]
        out.append("")
    for section, lines in page.sections().items():
        out += [f"## {section}", ""]
        for name, line in lines.items():
            out += [f"### {name}", "", f"{_text(line)}.", ""]
            out += [f"- `{test}`" for test in found.get(name, [])]
            if isinstance(line, dict):
                out.append(f"- Cannot apply: {line['cannot_apply']}")
            out.append("")
    return "\n".join(out).rstrip() + "\n"


def _text(line: object) -> str:
    return str(line["text"] if isinstance(line, dict) else line)


def main() -> int:
    wrong: list[str] = []
    for page in PAGES:
        found = claims(page.marker)
        wrong += problems(page, found)
        if "--check" not in sys.argv:
            page.path.write_text(written(page, found), encoding="utf-8")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
