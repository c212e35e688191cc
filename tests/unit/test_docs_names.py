"""Whatever the documents name is there: commands, options, settings, keys of the routes file, make targets, metrics,
files, pages and their headings. And the other way round: each command and setting is told of."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from typer.main import get_command

from config import settings
from tests.chart import CHART
from tests.shipping import ROOT, SETTINGS
from worker.cli.main import app

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), CHART / "README.md"]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
FOLDERS = {one.name for one in ROOT.iterdir() if one.is_dir()}
MADE = {".octosync", ".venv"}
"""Folders that the tools make."""
PLACES_OF_SECRETS = re.compile(
    r"OCTOSYNC_[A-Z0-9_]+_(API_KEY|WEBHOOK_SECRET)|OCTOSYNC_(TEST_REDIS_URL|SAMPLES|ACCEPTANCE|TOOLS)"
)
"""Variables that a routes file names, and those of the tests."""


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code(page: Path) -> Iterator[str]:
    """What stands in boxes, a line that goes on in the next one taken together; and in backticks."""
    text = page.read_text(encoding="utf-8")
    for block in FENCE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from INLINE.findall(FENCE.sub("", text))


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def typed(line: str) -> Iterator[list[str]]:
    """Commands of ours in a line, as words: of a shell, of Compose, of kubectl."""
    for found in re.finditer(r"(?:^|[\s(;])(octosync (?![a-z]+[:/])[a-z-].*)", line.split("  #")[0]):
        text = re.split(r"[|;>`]|\s#|\$\(| then |, | &&|…", found[1])[0]
        try:
            yield shlex.split(text.replace("'", ""))[1:]
        except ValueError:
            yield text.split()[1:]


COMMAND: Any = get_command(app)


def unknown(words: list[str]) -> str | None:
    """What is no command, or no option of it."""
    command, words = COMMAND, list(words)
    while words and not words[0].startswith("-") and (inner := getattr(command, "commands", None)):
        if words[0] not in inner:
            return words[0]
        command = inner[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    if "list" in getattr(command, "commands", {}):  # `octosync runs` is `octosync runs list`
        known |= {name for parameter in command.commands["list"].params for name in parameter.opts}
    given = {word.split("=")[0].rstrip(".,)") for word in words if re.match(r"--?[a-z]", word)}
    return ", ".join(sorted(given - known - {"--install-completion", "--show-completion"})) or None


IN_OTHER_MEANINGS = re.compile(
    r"kubectl (create|label|-n|port)|helm |ACL |docker (build|compose (?!exec))|python -m|alias |_COMPLETE=|cd octosync"
)
"""Lines in which `octosync` is a name: of a namespace, a release, a user, an image."""


@every_page
def test_every_command_is_one(page: Path) -> None:
    wrong = []
    for line in code(page):
        if IN_OTHER_MEANINGS.search(line) and " -- octosync" not in line:
            continue
        for words in typed(line.rpartition(" -- ")[2] if " -- octosync" in line else line):
            if (what := unknown(words)) is not None:
                wrong.append(f"{what!r} in: octosync {' '.join(words)}")
    assert wrong == []


def said(node: ast.AST) -> Iterator[str]:
    """Texts that a program prints, with X for what is filled in; a docstring is for those who read the code."""
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "X" for one in each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and "\n\n" not in each.value:
            yield each.value


def test_every_command_that_a_message_speaks_of_is_one() -> None:
    """Messages say what to do next: the command must be there, with those options."""
    wrong, number = [], 0
    for file in (file for folder in ("config", "webhook_receiver", "worker") for file in (ROOT / folder).rglob("*.py")):
        for text in said(ast.parse(file.read_text(encoding="utf-8"))):
            for found in re.findall(r"octosync ([a-z]+(?:-[a-z]+)*)((?: [a-zA-Z-]+(?:/[A-Za-z]+)?)*)", text):
                number += 1
                words = [found[0], *(word for word in found[1].split() if word.startswith("-"))]
                inner = getattr(COMMAND.commands.get(found[0]), "commands", {})
                words[1:1] = [word for word in found[1].split()[:1] if word in inner]
                if unknown(words) is not None:
                    wrong.append(f"{file.relative_to(ROOT)}: octosync {found[0]}{found[1]}")
    assert wrong == []
    assert number > 50


def test_a_command_that_is_none_is_found() -> None:
    assert unknown(["plan", "everything", "--route", "x"]) is None
    assert unknown(["runs", "--limit", "3"]) is None
    assert unknown(["plam"]) == "plam"
    assert unknown(["ledger", "explode"]) == "explode"
    assert unknown(["plan", "--colour"]) == "--colour"


def test_settings_and_commands_are_told_of_and_as_they_are() -> None:
    pages = script("reference_pages")
    for name, page in pages.PAGES.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), f"make reference-pages ({name})"
    commands = {" ".join(path) for path, _ in pages.commands()}
    assert {"plan", "ledger import", "cleanup close", "config check"} <= commands
    assert [name for name, field in settings.Settings.model_fields.items() if not field.description] == []


# ── settings, keys, targets, metrics ──────────────────────────────────────────────────────────────────────────────────


@every_page
def test_every_variable_is_a_setting(page: Path) -> None:
    named = set(re.findall(r"\bOCTOSYNC_[A-Z0-9_]*[A-Z0-9]\b", page.read_text(encoding="utf-8")))
    assert {one for one in named - SETTINGS if not PLACES_OF_SECRETS.fullmatch(one)} - {"OCTOSYNC_COMPLETE"} == set()


def keys_of_the_routes_file() -> set[str]:
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.update(node.get("properties", {}))
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    walk(json.loads((ROOT / "config" / "octosync.schema.json").read_text(encoding="utf-8")))
    return found


def keys_of_the_chart() -> set[str]:
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.update(map(str, node))
            for each in node.values():
                walk(each)

    walk(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")))
    return found


@every_page
def test_every_key_of_the_routes_file_is_one(page: Path) -> None:
    """In backticks: `key: value`, and `rules.variables.scopes`."""
    known = keys_of_the_routes_file() | keys_of_the_chart()
    wrong = []
    for text in INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if found := re.match(r"([a-z]+(?:_[a-z]+)*): (?![/ ])", text):
            wrong += [text] if found[1] not in known | OF_OTHERS else []
        elif re.fullmatch(r"rules(\.[a-z_]+)+", text):
            wrong += [text] if not set(text.split(".")) <= known else []
    assert wrong == []


@every_page
def test_every_value_of_the_chart_is_one(page: Path) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    wrong = []
    for name in re.findall(r"--set(?:-file)? ([A-Za-z.]+)=", page.read_text(encoding="utf-8")):
        node = values
        for part in name.split("."):
            if not isinstance(node, dict) or part not in node:
                wrong.append(name)
                break
            node = node[part]
    assert wrong == []


@every_page
def test_every_make_target_is_one(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for line in code(page) for name in re.findall(r"(?:^|\s)make ([a-z][a-z-]+)\b(?! *=)", line)}
    several = {
        name for line in code(page) if line.startswith("make ") for name in re.findall(r" ([a-z][a-z-]+)\b", line[4:])
    }
    assert (named | (several if page.name == "architecture.md" else set())) - targets == set()


@every_page
def test_every_metric_is_one(page: Path) -> None:
    table = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    metrics = set(re.findall(r"^\| `(octosync_[a-z_]+)`", table, re.MULTILINE))
    in_files = {one.lower() for one in SETTINGS}
    named = set(re.findall(r"\boctosync_[a-z_]*[a-z]\b", page.read_text(encoding="utf-8")))
    assert {re.sub(r"_(bucket|count|sum)$", "", one) for one in named - in_files} - metrics == set()


OF_OTHERS = {"appendonly", "honor_labels"}
"""Keys of Redis' and Prometheus' configuration."""


# ── files and links ───────────────────────────────────────────────────────────────────────────────────────────────────


@every_page
def test_every_file_is_there(page: Path) -> None:
    """In backticks, from the root of the sources: `worker/kinds/kind.py`."""
    wrong = []
    for text in INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        path = re.sub(r"::.*", "", text).rstrip("/")
        if not re.fullmatch(r"[A-Za-z0-9_.*-]+(/[A-Za-z0-9_.*-]+)+", path) or path.split("/")[0] not in FOLDERS - MADE:
            continue
        if not (any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists()):
            wrong.append(text)
    assert wrong == []


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", one).lower()).replace(" ", "-") for one in found}


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    text = INLINE.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            wrong.append(target)
    assert wrong == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {one.name for one in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {one for one in pages if f"({one})" not in index} == set()
