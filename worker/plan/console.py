"""A plan on a terminal: like a good diff, in colour where there is a terminal, with the counts at the end."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from worker.plan.lines import Line, Role, details, headline, shown
from worker.plan.values import Op, Plan

_OF_OP = {
    Op.CREATE: "bold green",
    Op.UPDATE: "bold yellow",
    Op.DELETE: "bold red",
    Op.BLOCK: "bold magenta",
    Op.SKIP: "dim",
    Op.LEAVE: "dim",
}
_OF_ROLE = {
    Role.ADDED: "green",
    Role.REMOVED: "red",
    Role.CHANGED: "yellow",
    Role.CONTEXT: "dim",
    Role.DECISION: "dim",
    Role.DESTROYS: "bold red",
    Role.WAITS: "magenta",
    Role.CLEAN_UP: "cyan",
}


def print_plan(plan: Plan, console: Console, *, everything: bool = False) -> None:
    """Print ``plan``, in colour if ``console`` wants colours. ``everything``: also the items that stay as they are."""
    for action in shown(plan, everything=everything):
        _print(console, headline(action), _OF_OP[action.op])
        for line in details(action):
            _print(console, line, _OF_ROLE[line.role])
    _print_text(console, Text(plan.summary(), style="bold"))
    if plan.clean_ups:
        _print_text(console, Text(f"{len(plan.clean_ups)} to finish by hand on the destination", style="cyan"))


def _print(console: Console, line: Line, style: str) -> None:
    _print_text(console, Text(str(line), style=style))


def _print_text(console: Console, text: Text) -> None:
    # A Text is taken literally: no markup, no :emoji: codes. Long lines are the terminal's to wrap: they can be copied.
    console.print(text, soft_wrap=True, highlight=False)
