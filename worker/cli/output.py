"""Where output goes: results to standard output, all else to standard error, so that a pipe gets results alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from worker.plan.text import visible

Report = Callable[[str], None]
"""Called with what is done next."""

_LONGEST_STEP = 60

_WIDTH_OF_A_PIPE = 200
"""Characters. A table that is not written to a terminal is cut by no screen."""


def results() -> Console:
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=_WIDTH_OF_A_PIPE)


def messages() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """A line for the person, on standard error."""
    messages().print(Text(visible(text), style=style))


def moment(at: str) -> str:
    """An ISO instant for a person: to the second, in UTC. Anything else stays as it is."""
    try:
        return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return at


def print_json(value: Any) -> None:
    """As ASCII: whatever names hold, it acts on no terminal and fits every encoding."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def print_table(columns: list[str], rows: list[list[str]], *, empty: str) -> None:
    """Cells are taken literally. ``empty``: what to say instead of a table without rows."""
    if not rows:
        say(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    results().print(table, soft_wrap=False)


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """What goes on and for how long, on standard error, if that is a terminal; silent otherwise."""
    console = messages()
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what)

        def report(step: str) -> None:
            shown.update(task, description=f"{what}: {visible(step)[:_LONGEST_STEP]}")

        yield report
