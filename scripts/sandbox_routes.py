#!/usr/bin/env python3
"""Writes the table of routes in docs/sandbox.md anew, from the sandbox itself.

.venv/bin/python scripts/sandbox_routes.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "sandbox.md"
BEGIN, END = "<!-- routes: begin -->\n", "<!-- routes: end -->"
SCOPES = {
    "space": "space",
    "named-space": "space, named in the path",
    "system": "system",
    "mixed": "system and space",
}


def table() -> str:
    """A row for each template: its methods, where it lives, and the first release that has it."""
    sys.path.insert(0, str(ROOT))
    from sandbox.app import ROUTER, create_app
    from sandbox.settings import Settings
    from sandbox.store import Store

    rows: dict[tuple[str, str, str], set[str]] = {}
    for route in create_app(Store(), Settings())[ROUTER]:
        if not route.template.startswith("sandbox/"):
            rows.setdefault((route.template, SCOPES[route.scope], route.since), set()).add(route.method)
    order = ["GET", "POST", "PUT", "DELETE"]
    lines = ["| route below `/api` | methods | lives in | since |", "|---|---|---|---|"]
    for (template, scope, since), methods in sorted(rows.items()):
        words = " ".join(sorted(methods, key=order.index))
        lines.append(f"| `/{template}` | {words} | {scope} | {since} |")
    return "\n".join(lines) + "\n"


def rewritten(page: str) -> str:
    """The page with the table as it should be. Raises ValueError for a page without the two marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
