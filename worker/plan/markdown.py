"""A plan as Markdown, for a pull request or a ticket: the counts, then each action as a diff.

Whatever was typed by people stands in a code span or a code block. There it is no Markdown and no HTML, mentions nobody
(``@team``) and links nothing (``#12``); both grow their fences as long as their content needs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from worker.plan.lines import NOTHING, Line, Role, changed, details, finding, name, shown
from worker.plan.text import visible
from worker.plan.values import Action, Plan

ROOM = 60_000
"""Characters. A comment on GitHub holds 65,536, so some are left for what others write around the plan."""

MOST_FINDINGS = 50
"""That are shown; the JSON form has all."""

_SIGN = {Role.ADDED: "+", Role.REMOVED: "-", Role.DESTROYS: "-", Role.CHANGED: "!", Role.WAITS: "!", Role.CLEAN_UP: "!"}


def render(plan: Plan, *, everything: bool = False, room: int = ROOM, listed: Mapping[str, bool] = NOTHING) -> str:
    """``plan`` in at most about ``room`` characters; what found no room is counted. Ends with a line end.
    ``everything`` and ``listed``: see :func:`worker.plan.console.print_plan`."""
    head = f"### Plan of route {code(plan.route)}\n\n{plan.summary()}. Hash `{plan.hash}`.\n"
    head += "".join(f"\nNote: {code(note)}\n" for note in plan.notes)
    actions = shown(plan, everything=everything, listed=listed)
    parts: list[str] = [head]
    room -= len(head)
    if plan.findings:
        parts.append(_findings(plan))
        room -= len(parts[-1])
    for at, action in enumerate(actions):
        part = _action(action, everything=everything, listed=listed)
        if len(part) > room:
            parts.append(f"\n{len(actions) - at} more in the plan, for which there is no room here.\n")
            break
        parts.append(part)
        room -= len(part)
    if plan.drifted:
        parts.append(_drift(plan, room))
    return "".join(parts)


def _findings(plan: Plan) -> str:
    """Before the actions: so the room that these take never costs one of them its place."""
    lines = [f"! {finding(one).text}" for one in plan.findings[:MOST_FINDINGS]]
    if len(plan.findings) > MOST_FINDINGS:
        lines.append(f"  {len(plan.findings) - MOST_FINDINGS} more")
    return _block("\n#### Would not work on the destination\n", lines)


def _drift(plan: Plan, room: int) -> str:
    head = "\n#### Edited on the destination since it was written; that stays\n"
    parts = [head]
    room -= len(head)
    for at, action in enumerate(plan.drifted):
        part = _block(f"\n{code(name(action))}\n", [_in_diff(line) for line in changed(action.drift)])
        if len(part) > room:
            parts.append(f"\n{len(plan.drifted) - at} more, for which there is no room here.\n")
            break
        parts.append(part)
        room -= len(part)
    return "".join(parts)


def code(text: str) -> str:
    """``text`` as a code span, whatever it holds."""
    text = visible(text)
    fence = "`" * (_longest_run(text) + 1)
    padding = " " if not text.strip() or text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _action(action: Action, *, everything: bool, listed: Collection[str]) -> str:
    lines = [_in_diff(line) for line in details(action, everything=everything, listed=listed)]
    return _block(f"\n**{action.op}** {code(name(action))}\n", lines)


def _block(head: str, lines: list[str]) -> str:
    if not lines:
        return head
    content = "\n".join(lines)
    fence = "`" * max(3, _longest_run(content) + 1)
    return f"{head}\n{fence}diff\n{content}\n{fence}\n"


def _in_diff(line: Line) -> str:
    """Renderers colour a diff by its first column, so that is where the sign must stand."""
    if line.role is Role.DECISION:
        return f"# {line.text}"
    sign = _SIGN.get(line.role, " ")
    return f"{sign} {line.text}" if line.sign else f"{sign}   {line.text.removeprefix(sign)}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
