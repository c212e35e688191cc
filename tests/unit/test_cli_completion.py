"""Completion in the shell: commands, options, choices and names of routes, as Bash, Zsh and Fish ask for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "octosync"
ROUTES = """
instances:
  - { name: dev, url: "https://dev.example.com", api_key: { env: DEV_KEY } }
  - { name: prod, url: "https://prod.example.com", api_key: { env: PROD_KEY } }
routes:
  - { name: dev-to-prod, source: { instance: dev }, destination: { instance: prod }, include: { project: ["*"] } }
"""


def environment(folder: Path) -> dict[str, str]:
    routes = folder / "octosync.yaml"
    routes.write_text(ROUTES)
    return {
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "OCTOSYNC_ROUTES": str(routes),
    }


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


CASES = {
    "octosync led": "ledger",
    "octosync ledger ex": "export",
    "octosync doctor --warn": "--warnings-pass",
    "octosync enqueue --priority ": "events bulk",
    "octosync approve dev": "dev-to-prod",
}


def test_bash_completes(tmp_path: Path) -> None:
    """In a real Bash, by the script that a person installs."""
    asked = "\n".join(f"complete_it {line}{'' if line[-1] != ' ' else chr(39) * 2}" for line in CASES)
    typed = f"""
        source <(_OCTOSYNC_COMPLETE=source_bash octosync)
        complete -p octosync >/dev/null || exit 1
        complete_it() {{
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _octosync_completion octosync
            echo "${{COMPREPLY[@]}}"
        }}
        {asked}
    """
    assert run("bash", "--norc", "-c", typed, **environment(tmp_path)).splitlines() == list(CASES.values())


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_given_the_same(shell: str, tmp_path: Path) -> None:
    """As their scripts ask; neither shell need be here."""
    script = run(str(PROGRAM), **environment(tmp_path), _OCTOSYNC_COMPLETE=f"source_{shell}")
    assert f"_OCTOSYNC_COMPLETE=complete_{shell}" in script
    asked = {"_OCTOSYNC_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "octosync plan --route dev"}
    said = run(str(PROGRAM), **environment(tmp_path), **asked, _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert "dev-to-prod" in said


def test_a_routes_file_with_a_mistake_disturbs_nobody_who_types(tmp_path: Path) -> None:
    given = environment(tmp_path)
    Path(given["OCTOSYNC_ROUTES"]).write_text("routes: [")
    done = subprocess.run(
        [str(PROGRAM)],
        env={**given, "_OCTOSYNC_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": "octosync plan --route "}
        | {"_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "dev-to-prod" not in done.stdout
