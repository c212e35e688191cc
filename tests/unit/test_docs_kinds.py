"""The page on kinds says what the declarations say, of every kind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.names import INCLUDABLE_KINDS, NEVER_KINDS
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8")


def section(kind: str) -> str:
    [found] = re.findall(rf"^### {re.escape(kind)}\n(.*?)(?=^##|^<!--|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


def test_it_is_what_the_declarations_say() -> None:
    script = [sys.executable, "scripts/kinds_page.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, f"{done.stderr}make kinds-page"


@pytest.mark.parametrize("kind", registry.writable(), ids=lambda kind: kind.name)
def test_every_kind_that_is_written_has_its_section(kind: Kind) -> None:
    text = section(kind.name)
    for fact in ("Mode", "Lives", "Identified by", "Missing on the destination", "Deleted on the source"):
        assert f"**{fact}**" in text
    for name in (*kind.shape.refs, *kind.shape.own, *kind.shape.fixed, *kind.shape.elements):
        assert name in text
    assert kind.never_deleted in text


def test_what_a_route_may_name_and_what_it_never_may_is_there() -> None:
    written = {kind.name for kind in registry.ALL if kind.mode is not Mode.LOOKUP}
    assert set(INCLUDABLE_KINDS) <= written
    never = TEXT[TEXT.index("## Never written") : TEXT.index("## Every kind")]
    assert [name for name in NEVER_KINDS if not re.search(rf"\b{name}\b", never)] == []
