"""Writes helm/octosync/README.md: README.md.in with the table of values, out of the comments in values.yaml.

python scripts/chart_readme.py            writes it
python scripts/chart_readme.py --check    status 1 if it is not what would be written

A comment that begins with ``# --`` describes the key below it; lines that follow it go on with ``#``. Every value is
described, or lies in a map that is.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[1] / "helm" / "octosync"
PLACEHOLDER = "<!-- values -->"
LONGEST_DEFAULT = 60

KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z_][\w-]*):")


class UndescribedError(Exception):
    """A value without a description. Says which."""


def descriptions(text: str) -> dict[str, str]:
    """Path (``image.tag``) → description, in the order of the file."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    pending: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("# --"):
            pending = [bare.removeprefix("# --").strip()]
        elif bare.startswith("#") and pending:
            pending.append(bare.removeprefix("#").strip())
        elif match := KEY.match(line):
            indent = len(match["indent"])
            path = [(depth, key) for depth, key in path if depth < indent] + [(indent, match["key"])]
            if pending:
                found[".".join(key for _, key in path)] = " ".join(pending)
            pending = []
        else:
            pending = []
    return found


def leaves(values: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(values, dict) and values:
        return [leaf for key, value in values.items() for leaf in leaves(value, (*path, key))]
    return [path]


def undescribed(values: Any, described: dict[str, str]) -> list[str]:
    return [
        ".".join(leaf)
        for leaf in leaves(values)
        if not any(".".join(leaf[: end + 1]) in described for end in range(len(leaf)))
    ]


def table(text: str) -> str:
    """The table in Markdown. Raises :class:`UndescribedError`."""
    values, described = yaml.safe_load(text), descriptions(text)
    if missing := undescribed(values, described):
        raise UndescribedError(f"values.yaml does not describe {', '.join(missing)}")
    rows = ["| value | default | what it is |", "|---|---|---|"]
    for path, description in described.items():
        default = values
        for key in path.split("."):
            default = default[key]
        shown = json.dumps(default, ensure_ascii=False)
        if len(shown) > LONGEST_DEFAULT:
            shown = "see values.yaml"
        elif shown:
            shown = f"`{shown}`"
        rows.append(f"| `{path}` | {shown} | {description.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def readme(folder: Path) -> str:
    begin = (folder / "README.md.in").read_text(encoding="utf-8")
    return begin.replace(PLACEHOLDER, table((folder / "values.yaml").read_text(encoding="utf-8")))


def main() -> int:
    wanted, target = readme(CHART), CHART / "README.md"
    if "--check" in sys.argv[1:]:
        if target.is_file() and target.read_text(encoding="utf-8") == wanted:
            return 0
        sys.stderr.write(f"{target} is out of step with values.yaml or README.md.in: make chart-readme\n")
        return 1
    target.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
