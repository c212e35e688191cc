"""Writes docs/settings.md and docs/commands.md anew, from the settings and the commands; `make reference-pages`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import time
from enum import Enum, EnumType
from pathlib import Path
from typing import Any

from typer.main import get_command

from config.settings import PREFIX, Settings
from worker.cli.main import app

DOCS = Path(__file__).parents[1] / "docs"

EVERYWHERE = {"config", "redis"}
"""Options that are explained once."""

SETTINGS_HEAD = """\
# Settings

What differs between a laptop and a cluster: each process reads these when it starts. *What* is synced stands in the
routes file, whose every key is explained in [config/octosync.example.yaml](../config/octosync.example.yaml).

Each setting is a variable of the environment. Or a file of that name in small letters (`octosync_redis_url`) in the
directory that `OCTOSYNC_SECRETS_DIR` names, as Docker and Kubernetes mount secrets; a variable outranks a file. An
empty variable counts as none, and `octosync config check` warns of a variable that begins with `OCTOSYNC_` and is no
setting.

This table is written by `make reference-pages` from `config/settings.py`.

| variable | default | what it is |
|---|---|---|
"""

COMMANDS_HEAD = """\
# Commands

Every command has `--help`, which says the same as this page. Exit status 0: nothing to do, or done. 1: an error,
which says what, where and what to do. 2: there are differences, or warnings. 3: refused by a limit, or held. With
`--json` standard output is JSON for other programs; what is said to a person goes to standard error. Commands that
need the routes file take `--config FILE`, those that need Redis `--redis URL`; without, the [settings](settings.md)
decide. Where to type them: in Compose `docker compose exec worker octosync …`, in Kubernetes `kubectl exec
deploy/octosync-worker-events -- octosync …`.

`octosync --debug COMMAND` logs everything to standard error; `octosync --version` prints the version.

## Completion in the shell

Bash, Zsh, Fish and PowerShell complete commands, options, their choices, and names of routes:

```sh
octosync --install-completion          # for the shell that it is typed in; then open a new one
octosync --show-completion             # prints the script instead, to be put where your shell looks for it
```

In a container image, or for all users of a machine, write the script of a shell that is named:
`_OCTOSYNC_COMPLETE=source_bash octosync` (`source_zsh`, `source_fish`).

This page is written by `make reference-pages` from the commands themselves.
"""


def settings_page() -> str:
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    own = "Directory in which settings and secrets may lie as files, too."
    return SETTINGS_HEAD + "\n".join([*rows, f"| `{PREFIX}SECRETS_DIR` | none | {own} |"]) + "\n"


def commands_page() -> str:
    return COMMANDS_HEAD + "".join(_command(path, one) for path, one in commands())


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by the words that name it; in the order of `octosync --help`."""

    def walk(one: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        inner = getattr(one, "commands", {})
        if path and (not inner or getattr(one, "invoke_without_command", False)):
            yield path, one
        for name, each in inner.items():
            yield from walk(each, (*path, name))

    return walk(get_command(app), ())


def _command(path: tuple[str, ...], one: Any) -> str:
    text = "\n\n".join(" ".join(part.split()) for part in (one.help or "").split("\n\n"))
    rows = [f"| {_names(each)} | {_cell(each.help or '')} |" for each in one.params if each.name not in EVERYWHERE]
    table = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    return f"\n## octosync {' '.join(path)}\n\n{text}\n{table}"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{(parameter.metavar or parameter.name.upper()).strip('[]')}`"
    value = "" if parameter.is_flag else f" {parameter.metavar or _choices(parameter)}"
    return ", ".join(f"`{name}{value}`" for name in parameter.opts)


def _choices(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    return "\\|".join(one.value for one in kind) if isinstance(kind, EnumType) else kind.__name__.upper()


def _default(value: Any) -> str:
    match value:
        case None | () | "":
            return "none"
        case Enum():
            return f"`{value.value}`"
        case time():
            return f"`{value:%H:%M}`"
        case bool():
            return f"`{str(value).lower()}`"
    return f"`{value}`"


def _cell(text: str) -> str:
    return re.sub(r"``", "`", " ".join(text.split())).replace("|", "\\|")


PAGES = {"settings.md": settings_page, "commands.md": commands_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    sys.stdout.write(f"written: {', '.join(PAGES)}\n")
