"""Where output goes: results to standard output, all else to standard error, so that a pipe gets results alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from worker.plan.text import visible

Report = Callable[[int, int, str], None]
"""Called with how many are done, of how many, and what is done next."""

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
    """A progress bar on standard error, if that is a terminal; silent otherwise."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=messages(), transient=True, disable=not messages().is_terminal
    ) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{what} {visible(name)[:60]}".rstrip())

        yield report
