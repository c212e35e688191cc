"""For the tests of what is shipped beside the code: the tools that judge it, and what it must keep to.

The tools come from requirements/tools.lock (``scripts/tools.sh``, which `make test` runs). Where they cannot be had,
the tests that need one skip, and say so; with OCTOSYNC_TOOLS=required they fail instead, for where nobody reads what
was skipped.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from config.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".octosync" / "tools" / "bin"

REQUIRED = os.environ.get("OCTOSYNC_TOOLS") == "required"

SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields} | {PREFIX + "SECRETS_DIR"}
"""Every variable that the processes read."""


def missing(what: str) -> NoReturn:
    """Ends a test that cannot be run for want of a tool: skipped, or failed where tools are required."""
    (pytest.fail if REQUIRED else pytest.skip)(what)


def run_tool(name: str, *arguments: object, text: str | None = None, **environment: str) -> str:
    """What it prints. Fails the test with what it says if it ends otherwise than with 0; skips if it is not there."""
    done = try_tool(name, *arguments, text=text, **environment)
    assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"
    return done.stdout


def try_tool(
    name: str, *arguments: object, text: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    program = TOOLS / name
    if not program.is_file():
        missing(f"{name} is not installed: scripts/tools.sh says why")
    return subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=ROOT,
        input=text,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def module_of(command: list[str]) -> str | None:
    """The module that ``python -m`` starts."""
    return command[2] if command[:2] == ["python", "-m"] else None


def metrics_in(expression: str) -> set[str]:
    """Names of our metrics in a PromQL expression."""
    return set(re.findall(r"\boctosync_[a-z0-9_]+\b", expression))
