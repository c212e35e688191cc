"""A plan on a terminal: like a good diff, in colour where there is a terminal, with the counts at the end."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from worker.plan.lines import (
    IN_BLOCK,
    NOTHING,
    Line,
    Role,
    changed,
    details,
    drift_headline,
    finding,
    headline,
    shown,
    unlisted,
)
from worker.plan.text import visible
from worker.plan.values import Action, Change, NamePath, Op, Plan

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
    Role.DRIFTED: "bold blue",
    Role.SIDE: "cyan",
    Role.FINDING: "bold yellow",
}


def print_plan(plan: Plan, console: Console, *, everything: bool = False, listed: Mapping[str, bool] = NOTHING) -> None:
    """Print ``plan``, in colour if ``console`` wants colours. ``everything``: also the items that stay as they are.
    ``listed``: keys of entries that are on the clean-up list already, and whether they are still open."""
    for note in plan.notes:
        _print_text(console, Text(f"! {visible(note)}", style="bold yellow"))
    for action in shown(plan, everything=everything, listed=listed):
        print_action(console, action, everything=everything, listed=listed)
    for action in plan.drifted:
        print_drift(console, action.path, action.drift)
    print_lines(console, map(finding, plan.findings))
    _print_text(console, Text(plan.summary(), style="bold"))
    if (by_hand := by_hand_in(plan, listed)) is not None:
        _print_text(console, Text(by_hand, style="cyan"))
    if plan.drifted:
        edited = f"{len(plan.drifted)} edited on the destination since they were written; that stays"
        _print_text(console, Text(edited, style="blue"))
    if plan.findings:
        found = f"{len(plan.findings)} found that would not work on the destination"
        _print_text(console, Text(found, style="yellow"))


def by_hand_in(plan: Plan, listed: Mapping[str, bool]) -> str | None:
    """How much is left to people; ``None`` if nothing. What they have closed is done, though the plan still says it:
    that a secret was entered nobody can see."""
    entries = {entry.key: entry for entry in plan.clean_ups}  # planned twice, a document says the same twice
    new = len(unlisted(entries.values(), listed))
    standing = sum(listed.get(key, False) for key in entries)
    before = f"{standing} {'are' if standing > 1 else 'is'} on the list already: octosync cleanup list"
    if new:
        return f"{new} to finish by hand on the destination" + (f"; {before}" if standing else "")
    return f"nothing new to finish by hand on the destination; {before}" if standing else None


def print_action(
    console: Console,
    action: Action,
    *,
    everything: bool = False,
    indent: int = 0,
    most: int = sys.maxsize,
    listed: Collection[str] = (),
) -> int:
    """Print one action, ``indent`` columns to the right, and of each long value at most ``most`` lines. Returns how
    many lines were left out. ``everything`` and ``listed``: see :func:`details`."""
    left_out = of_block = 0
    _print(console, _moved(headline(action), indent), _OF_OP[action.op])
    for line in details(action, everything=everything, listed=listed):
        of_block = of_block + 1 if line.indent >= IN_BLOCK else 0
        if of_block > most:
            left_out += 1
        else:
            print_lines(console, [_moved(line, indent)])
    return left_out


def print_drift(console: Console, path: NamePath, changes: Iterable[Change], left_out: int = 0) -> None:
    """Print what was edited on the destination since we wrote it."""
    print_lines(console, [drift_headline(path, left_out), *changed(changes)])


def print_lines(console: Console, lines: Iterable[Line]) -> None:
    """Print lines that are no headline of an action."""
    for line in lines:
        _print(console, line, _OF_ROLE[line.role])


def _moved(line: Line, indent: int) -> Line:
    return replace(line, indent=line.indent + indent)


def _print(console: Console, line: Line, style: str) -> None:
    _print_text(console, Text(str(line), style=style))


def _print_text(console: Console, text: Text) -> None:
    # A Text is taken literally: no markup, no :emoji: codes. Long lines are the terminal's to wrap: they can be copied.
    console.print(text, soft_wrap=True, highlight=False)
