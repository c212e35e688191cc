"""The page on references says what the declarations say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from worker.kinds.controls import CONTROL_TYPES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "references.md"


def test_the_table_is_what_the_declarations_say() -> None:
    script = [sys.executable, "scripts/references_page.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, f"{done.stderr}run scripts/references_page.py"


def test_every_control_type_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [one for one in CONTROL_TYPES if f"`{one}`" not in text] == []
