"""What is installed beside the product: pinned, explained, and the scripts that do it are sound."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import shipping
from tests.browser import PROGRAMS
from tests.shipping import ROOT, TOOLS, missing, run_tool

REQUIREMENTS = ROOT / "requirements"
SECTIONS = {"tools": "Tools", "build": "Image"}


def named(inputs: str) -> list[str]:
    lines = (REQUIREMENTS / inputs).read_text().splitlines()
    return [re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith("#")]


def pins(lock: str) -> dict[str, str]:
    text = (REQUIREMENTS / lock).read_text()
    return {
        match["name"]: match["rest"]
        for match in re.finditer(r"^(?P<name>[a-z][\w.-]*)(?P<rest>.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    }


@pytest.mark.parametrize("which", SECTIONS)
def test_the_lock_holds_what_is_named_with_hashes_and_names_no_index(which: str) -> None:
    locked = pins(f"{which}.lock")
    assert set(locked) == set(named(f"{which}.in"))
    assert [name for name, rest in locked.items() if "==" not in rest or "--hash=sha256:" not in rest] == []
    text = (REQUIREMENTS / f"{which}.lock").read_text()
    assert re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links|--trusted-host| @ |^-", text, re.M) == []


@pytest.mark.parametrize(("which", "section"), SECTIONS.items())
def test_each_has_a_reason_in_the_docs(which: str, section: str) -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text()
    body = page.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line[:1] == "|"][2:]
    # What a tool imports follows it in the list, and needs no reason of its own.
    imported = {"attrs", "importlib-resources", "jsonschema", "jsonschema-specifications", "packaging", "pyyaml"}
    imported |= {"referencing", "rpds-py", "typing-extensions"}
    assert {name for name, _ in rows} == set(named(f"{which}.in")) - imported
    assert [name for name, why in rows if len(why.split()) < 3] == []


def test_the_scripts_are_sound() -> None:
    scripts = [*(ROOT / "scripts").glob("*.sh"), ROOT / ".ci" / "run"]
    run_tool("shellcheck", *scripts)


@pytest.mark.parametrize("program", ["helm", "docker-compose", "hadolint", "shellcheck", "kubernetes-validate"])
def test_each_program_is_there_when_the_script_says_so(program: str) -> None:
    if not (TOOLS.parent / ".stamp").is_file():
        missing("the tools are not installed: scripts/tools.sh says why")
    assert (TOOLS / program).is_file()


def test_without_a_tool_a_test_skips_or_fails_where_tools_are_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "TOOLS", tmp_path)
    for required, ends in ((False, pytest.skip.Exception), (True, pytest.fail.Exception)):
        monkeypatch.setattr(shipping, "REQUIRED", required)
        with pytest.raises(ends, match="helm is not installed"):
            run_tool("helm", "version")


def test_where_the_tools_cannot_be_had_the_script_says_so(tmp_path: Path) -> None:
    """A machine of another kind: nothing is installed, and the status tells it from a failure."""
    for name in ("requirements/tools.lock", "scripts/tools.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uname").write_text("#!/bin/sh\necho Plan9 vax\n")
    (programs / "uname").chmod(0o755)
    done = subprocess.run(
        ["bash", tmp_path / "scripts" / "tools.sh"],
        env={"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "Plan9 vax" in done.stderr
    assert not (tmp_path / ".octosync").exists()


def without_chromium(tmp_path: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", *programs):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return subprocess.run(
        [folder / "bash", ROOT / "scripts" / "browser.sh"],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_where_no_browser_can_be_had_the_script_says_so(tmp_path: Path) -> None:
    done = without_chromium(tmp_path)
    assert done.returncode == 3
    assert "no apt-get" in done.stderr


def test_only_root_installs_a_browser(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name, says in {"id": "1000", "apt-get": "never asked"}.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\necho {says}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    done = subprocess.run(
        [shutil.which("bash") or "bash", ROOT / "scripts" / "browser.sh"],
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "As root: apt-get install -y chromium" in done.stderr


def test_the_script_looks_for_the_browser_that_the_tests_use() -> None:
    text = (ROOT / "scripts" / "browser.sh").read_text()
    assert f"for program in {' '.join(PROGRAMS)}; do" in text
